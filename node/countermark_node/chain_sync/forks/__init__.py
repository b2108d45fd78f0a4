"""What it takes to follow a ledger whose newest blocks may still be replaced."""
