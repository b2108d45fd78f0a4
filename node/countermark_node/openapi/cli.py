"""`countermark node openapi`: the API described without a node."""

from __future__ import annotations

import json

import typer


def register(node: typer.Typer) -> None:
    """Add `openapi` to the node's commands."""
    node.command()(openapi)


def openapi() -> None:
    """Write the API as an OpenAPI 3.1 document; no node is needed. A running one serves it at /v1/openapi.json."""
    from countermark_node.app import routed_app
    from countermark_node.openapi.document import openapi_document

    typer.echo(json.dumps(openapi_document(routed_app()), indent=2, ensure_ascii=False))
