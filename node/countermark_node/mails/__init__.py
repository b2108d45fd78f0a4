"""Notifications by mail: plain words in a digest, so that a thousand alerts are one mail."""
