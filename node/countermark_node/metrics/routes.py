"""GET /metrics: for who holds the key that the installation keeps in node/metrics.key, and nobody else."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from countermark.errors import NotSignedIn
from countermark_node.services import services_of

router = APIRouter()


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Prometheus' text format."""
    services = services_of(request)
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    # Of 256 random bits: guesses need no slowing down.
    if scheme.lower() != "bearer" or not services.metrics_key.fits(key.strip()):
        raise NotSignedIn(
            got="no key for metrics, or a wrong one",
            expected="the key in node/metrics.key of the node's home folder, as bearer",
            next_step="let Prometheus read the file: authorization: {credentials_file: …/node/metrics.key}",
            reason="metrics-key",
        )
    return Response(services.metrics.text(), media_type=CONTENT_TYPE_LATEST)
