"""Custody passes with two signatures."""

from __future__ import annotations

from typing import Any, ClassVar

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.transactions import ContractCall
from countermark.custody.handover import Handover, Receipt, RunLine, UnitLine


class Handovers(BoundContract):
    """Typed access to Handovers. Anyone may submit: the signatures carry the consent."""

    NAME: ClassVar[str] = "Handovers"

    def hand_over(
        self, handover: Handover, giver_signature: bytes, receipt: Receipt, receiver_signature: bytes
    ) -> ContractCall:
        """Move what the receipt takes; what is missing stays with the giver and is recorded."""
        return self._write("handOver", _handover(handover), giver_signature, _receipt(receipt), receiver_signature)

    def cancel_nonce(self, nonce: int) -> ContractCall:
        """Void every handover of the sender's account with this nonce."""
        return self._write("cancelNonce", nonce)

    def handover_hash(self, handover: Handover) -> bytes:
        """The contract's own struct hash: equal to Handover.struct_hash()."""
        return bytes(self._read("handoverHash", _handover(handover)))

    def receipt_hash(self, receipt: Receipt) -> bytes:
        """The contract's own struct hash: equal to Receipt.struct_hash()."""
        return bytes(self._read("receiptHash", _receipt(receipt)))

    def nonce_used(self, account: str, nonce: int) -> bool:
        """Whether a nonce was used or cancelled."""
        return bool(self._read("nonceUsed", account, nonce))


def _lines(runs: tuple[RunLine, ...], units: tuple[UnitLine, ...]) -> tuple[list[Any], list[Any]]:
    return [(run.first, run.last) for run in runs], [(unit.unit, unit.version, unit.contents) for unit in units]


def _handover(handover: Handover) -> tuple[Any, ...]:
    return (
        handover.giver,
        handover.receiver,
        *_lines(handover.runs, handover.units),
        int(handover.purpose),
        int(handover.basis),
        handover.event_time,
        handover.place,
        handover.seals,
        handover.document,
        handover.nonce,
        handover.deadline,
    )


def _receipt(receipt: Receipt) -> tuple[Any, ...]:
    return (
        receipt.handover,
        *_lines(receipt.runs, receipt.units),
        receipt.exceptions,
        receipt.event_time,
        receipt.deadline,
    )
