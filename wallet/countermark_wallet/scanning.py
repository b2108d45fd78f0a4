"""Scans that an accredited party answers for: what was read, when and where, signed by its key."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from countermark.errors import InputRefused
from countermark.scans.statement import ScanStatement
from countermark.signing import AccountSigner

_SOURCES = frozenset({"gnss", "site", "declared", "network"})
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class ScanPlace:
    """Degrees (WGS 84), accuracy in metres, and how the place is known: gnss, site, declared or network."""

    latitude: float
    longitude: float
    accuracy_metres: int
    source: str

    def __post_init__(self) -> None:
        on_earth = -90 <= self.latitude <= 90 and -180 <= self.longitude <= 180
        if not on_earth or not 0 <= self.accuracy_metres < 1 << 32 or self.source not in _SOURCES:
            raise InputRefused(
                got=f"place {self.latitude}, {self.longitude} within {self.accuracy_metres} m by {self.source!r}",
                expected=f"degrees on Earth, an accuracy in metres and one of {', '.join(sorted(_SOURCES))}",
                next_step="correct the place of the scan",
                reason="bad-place",
            )

    def to_json(self) -> dict[str, object]:
        """As in POST /v1/scans."""
        return {
            "latitude": self.latitude,
            "longitude": self.longitude,
            "accuracy_metres": self.accuracy_metres,
            "source": self.source,
        }


def scan_statement(raw: str, occurred_at: datetime, place: ScanPlace | None, nonce: bytes) -> ScanStatement:
    """What is signed: whole seconds, millionths of a degree; without a place zeros and an empty source."""
    return ScanStatement(
        raw=raw,
        occurred_at=int(occurred_at.timestamp()),
        latitude_e6=round(place.latitude * _MILLION) if place else 0,
        longitude_e6=round(place.longitude * _MILLION) if place else 0,
        accuracy_metres=place.accuracy_metres if place else 0,
        place_source=place.source if place else "",
        nonce=nonce,
    )


def sign_scan(
    signer: AccountSigner,
    *,
    raw: str,
    occurred_at: datetime,
    place: ScanPlace | None,
    chain_id: int,
    trust_registry: str,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> dict[str, str]:
    """The attestation member of POST /v1/scans: account, nonce and signature as 0x strings."""
    nonce = random(32)
    signature = signer.sign_typed(scan_statement(raw, occurred_at, place, nonce).typed(chain_id, trust_registry))
    return {"account": signer.address, "nonce": "0x" + nonce.hex(), "signature": "0x" + signature.hex()}
