"""GET /v1/network: what a wallet needs to work with this node's ledger."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from countermark_node.services import services_of

router = APIRouter()


@router.get("/v1/network")
def network(request: Request) -> dict[str, Any]:
    """Chain id, contract addresses, the path of JSON-RPC, the deployment's block, the node's own account."""
    installation = services_of(request).installation
    deployment = installation.deployment
    return {
        "chain_id": deployment.chain_id,
        "contracts": dict(deployment.addresses),
        "rpc": "/rpc",
        "requests": "/v1/requests",
        "block": deployment.block,
        "node_account": installation.account,
    }
