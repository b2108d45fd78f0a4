"""One party's way to the ledger, and what it reads there."""
