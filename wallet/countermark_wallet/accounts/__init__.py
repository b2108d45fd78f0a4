"""Accounts: under which names a wallet has them, their keys, and who may do what."""
