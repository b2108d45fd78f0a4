"""A gate reads many labels at once: one signature over all lines (EIP-712), however many there are."""

from __future__ import annotations

import hashlib
import secrets
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from countermark.scans.attestation import scan_statement
from countermark.scans.place import Place
from countermark.signing import AccountSigner, TypedMessage
from countermark.signing_check import domain

_TAG = b"countermark/gate/1\x00"
_GATE_STATEMENT = [
    {"name": "lines", "type": "bytes32"},
    {"name": "count", "type": "uint32"},
    {"name": "nonce", "type": "bytes32"},
]


@dataclass(frozen=True, slots=True)
class GateLine:
    """One label as read, unix seconds, and where."""

    raw: str
    occurred_at: int
    place: Place | None = None

    def encoded(self) -> bytes:
        """Length and bytes of `raw` (UTF-8), seconds (8), millionths of a degree (4 + 4), metres (4), the source."""
        found = scan_statement(self.raw, self.occurred_at, self.place, b"")
        raw, source = found.raw.encode("utf-8", "surrogatepass"), found.place_source.encode("ascii")
        numbers = (found.occurred_at, found.latitude_e6, found.longitude_e6, found.accuracy_metres, len(source))
        return struct.pack(">I", len(raw)) + raw + struct.pack(">QiiIB", *numbers) + source


def lines_hash(lines: Iterable[GateLine]) -> bytes:
    """SHA-256("countermark/gate/1" 00 and every line, in order)."""
    hashed = hashlib.sha256(_TAG)
    for line in lines:
        hashed.update(line.encoded())
    return hashed.digest()


@dataclass(frozen=True, slots=True)
class GateStatement:
    """What a gate signs: the hash of its lines, how many they are, and a 32-byte nonce."""

    lines: bytes
    count: int
    nonce: bytes

    def typed(self, chain_id: int, trust_address: str) -> TypedMessage:
        """The EIP-712 message for one chain and one TrustRegistry."""
        message = {"lines": self.lines, "count": self.count, "nonce": self.nonce}
        types = {"GateStatement": _GATE_STATEMENT}
        return TypedMessage(domain(chain_id, trust_address), types, "GateStatement", message)

    def line_nonce(self, number: int) -> bytes:
        """The nonce of one line (from 0), so that each can be told from every other one of the account."""
        return hashlib.sha256(_TAG + self.nonce + struct.pack(">I", number)).digest()


def attest_gate(
    signer: AccountSigner,
    lines: Sequence[tuple[str, datetime, Place | None]],
    *,
    chain_id: int,
    trust_registry: str,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> dict[str, str]:
    """The `attestation` member of POST /v1/scans/batch; `random` gives the nonce's 32 bytes."""
    nonce = random(32)
    hashed = lines_hash(GateLine(raw, int(at.timestamp()), place) for raw, at, place in lines)
    statement = GateStatement(hashed, len(lines), nonce)
    signature = signer.sign_typed(statement.typed(chain_id, trust_registry))
    return {"account": signer.address, "nonce": f"0x{nonce.hex()}", "signature": f"0x{signature.hex()}"}
