"""Scans that somebody answers for: the statement that is signed, the same for signer and node."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from countermark.scans.statement import ScanStatement
from countermark.signing import AccountSigner
from countermark_scanner.anomalies.scans import Place

_MILLION = 1_000_000


def scan_statement(raw: str, occurred_at: datetime, place: Place | None, nonce: bytes) -> ScanStatement:
    """Whole seconds, millionths of a degree, whole metres; without a place zeros and an empty source."""
    return ScanStatement(
        raw=raw,
        occurred_at=int(occurred_at.timestamp()),
        latitude_e6=round(place.latitude * _MILLION) if place else 0,
        longitude_e6=round(place.longitude * _MILLION) if place else 0,
        accuracy_metres=round(place.accuracy_metres) if place else 0,
        place_source=place.source.value if place else "",
        nonce=nonce,
    )


def attest(
    signer: AccountSigner,
    *,
    raw: str,
    occurred_at: datetime,
    place: Place | None,
    chain_id: int,
    trust_registry: str,
    random: Callable[[int], bytes],
) -> dict[str, str]:
    """The `attestation` member of POST /v1/scans; `random` gives the nonce's 32 bytes."""
    nonce = random(32)
    signature = signer.sign_typed(scan_statement(raw, occurred_at, place, nonce).typed(chain_id, trust_registry))
    return {"account": signer.address, "nonce": f"0x{nonce.hex()}", "signature": f"0x{signature.hex()}"}
