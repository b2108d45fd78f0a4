"""Writes of participants and of the node itself: stored, simulated, sent by senders without roles, confirmed."""
