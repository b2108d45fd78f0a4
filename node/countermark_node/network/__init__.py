"""GET /v1/network: which ledger and contracts this node works with."""
