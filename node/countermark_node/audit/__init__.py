"""The projection compared with the ledger that it was read from."""
