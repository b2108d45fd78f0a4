"""A scan as an accredited scanner signs it (EIP-712): what was read, when and where."""

from __future__ import annotations

from dataclasses import dataclass

from countermark.signing import TypedMessage
from countermark.signing_check import domain

_SCAN_STATEMENT = [
    {"name": "raw", "type": "string"},
    {"name": "occurredAt", "type": "uint64"},
    {"name": "latitudeE6", "type": "int32"},
    {"name": "longitudeE6", "type": "int32"},
    {"name": "accuracyMetres", "type": "uint32"},
    {"name": "placeSource", "type": "string"},
    {"name": "nonce", "type": "bytes32"},
]


@dataclass(frozen=True, slots=True)
class ScanStatement:
    """The raw string of a label, seconds UTC, millionths of a degree, metres, and a 32-byte nonce."""

    raw: str
    occurred_at: int
    latitude_e6: int
    longitude_e6: int
    accuracy_metres: int
    place_source: str
    nonce: bytes

    def typed(self, chain_id: int, trust_address: str) -> TypedMessage:
        """The EIP-712 message for one chain and one TrustRegistry, whose keys and roles give it weight."""
        message = {
            "raw": self.raw,
            "occurredAt": self.occurred_at,
            "latitudeE6": self.latitude_e6,
            "longitudeE6": self.longitude_e6,
            "accuracyMetres": self.accuracy_metres,
            "placeSource": self.place_source,
            "nonce": self.nonce,
        }
        types = {"ScanStatement": _SCAN_STATEMENT}
        return TypedMessage(domain(chain_id, trust_address), types, "ScanStatement", message)
