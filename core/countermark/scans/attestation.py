"""Scans that somebody answers for: what was read, when and where, signed by an account's key."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from countermark.scans.place import Place
from countermark.scans.statement import ScanStatement
from countermark.signing import AccountSigner

_MILLION = 1_000_000


def scan_statement(raw: str, occurred_at: int, place: Place | None, nonce: bytes) -> ScanStatement:
    """What is signed: unix seconds, millionths of a degree, whole metres; without a place zeros and an empty source."""
    return ScanStatement(
        raw=raw,
        occurred_at=occurred_at,
        latitude_e6=round(place.latitude * _MILLION) if place else 0,
        longitude_e6=round(place.longitude * _MILLION) if place else 0,
        accuracy_metres=round(place.accuracy_metres) if place else 0,
        place_source=place.source.value if place else "",
        nonce=nonce,
    )


def attest_scan(
    signer: AccountSigner,
    *,
    raw: str,
    occurred_at: datetime,
    place: Place | None,
    chain_id: int,
    trust_registry: str,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> dict[str, str]:
    """The `attestation` member of POST /v1/scans; `random` gives the nonce's 32 bytes."""
    nonce = random(32)
    statement = scan_statement(raw, int(occurred_at.timestamp()), place, nonce)
    signature = signer.sign_typed(statement.typed(chain_id, trust_registry))
    return {"account": signer.address, "nonce": f"0x{nonce.hex()}", "signature": f"0x{signature.hex()}"}


def signed_scan(
    signer: AccountSigner,
    *,
    raw: str,
    occurred_at: datetime,
    place: Place,
    chain_id: int,
    trust_registry: str,
) -> dict[str, Any]:
    """The body of POST /v1/scans for a scan that `signer` answers for."""
    attestation = attest_scan(
        signer, raw=raw, occurred_at=occurred_at, place=place, chain_id=chain_id, trust_registry=trust_registry
    )
    members = {"raw": raw, "occurred_at": occurred_at.isoformat(), "place": place.to_json()}
    return {**members, "attestation": attestation}
