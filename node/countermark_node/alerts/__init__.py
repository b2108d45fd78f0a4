"""Alerts: made from confirmed contradictions, committed to the ledger, streamed to the customs desk."""
