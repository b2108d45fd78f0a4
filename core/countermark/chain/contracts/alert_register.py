"""Alerts: salted commitments of participants, and what contracts raise themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eth_utils.crypto import keccak

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.transactions import ContractCall


@dataclass(frozen=True, slots=True)
class AlertInfo:
    """One alert; `commitment` is zero for public ones."""

    by: str
    commitment: bytes
    opened: bool


def alert_commitment(salt: bytes, content_hash: bytes) -> bytes:
    """keccak256(abi.encode(salt, contentHash)) of two 32-byte values: what raise_alert takes."""
    return keccak(salt + content_hash)


class AlertRegister(BoundContract):
    """Typed access to AlertRegister."""

    NAME: ClassVar[str] = "AlertRegister"

    def raise_alert(self, commitment: bytes) -> ContractCall:
        """Commit to an alert without showing it; its event is AlertRaised."""
        return self._write("raiseAlert", commitment)

    def open_alert(self, alert_id: int, salt: bytes, content_hash: bytes) -> ContractCall:
        """Show what an own alert committed to."""
        return self._write("openAlert", alert_id, salt, content_hash)

    def alert_info(self, alert_id: int) -> AlertInfo:
        """One alert. Raises ContractRefused (UnknownAlert)."""
        by, commitment, opened = self._read("alertInfo", alert_id)
        return AlertInfo(str(by), bytes(commitment), bool(opened))

    def alert_count(self) -> int:
        """How many alerts there are."""
        return int(self._read("alertCount"))

    def quota_left(self, account: str) -> int:
        """How many alerts an account may still raise today (UTC)."""
        return int(self._read("quotaLeft", account))

    def is_module(self, address: str) -> bool:
        """Whether a contract may raise public alerts."""
        return bool(self._read("isModule", address))
