"""What this node hosts for issuers: signed status lists, and DID documents made from the ledger."""
