"""POST /rpc: JSON-RPC to the embedded ledger."""
