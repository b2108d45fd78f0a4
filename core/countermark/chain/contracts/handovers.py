"""Custody passes with two signatures."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, ClassVar

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.transactions import ContractCall
from countermark.custody.handover import Handover, Receipt, RunLine, UnitLine


class OfferState(IntEnum):
    """Where an offer stands."""

    NONE = 0
    OPEN = 1
    WITHDRAWN = 2
    ACCEPTED = 3


class Handovers(BoundContract):
    """Typed access to Handovers. Anyone may submit: the signatures carry the consent."""

    NAME: ClassVar[str] = "Handovers"

    def hand_over(
        self, handover: Handover, giver_signature: bytes, receipt: Receipt, receiver_signature: bytes
    ) -> ContractCall:
        """Move what the receipt takes; what is missing stays with the giver and is recorded."""
        return self._write("handOver", _handover(handover), giver_signature, _receipt(receipt), receiver_signature)

    def offer(self, handover: Handover) -> ContractCall:
        """Offer goods on chain instead of signing; `handover.struct_hash()` names the offer."""
        return self._write("offer", _handover(handover))

    def accept(self, handover: Handover, receipt: Receipt) -> ContractCall:
        """Take all or fewer lines of an offer to the sender's account."""
        return self._write("accept", _handover(handover), _receipt(receipt))

    def withdraw(self, handover: bytes) -> ContractCall:
        """Withdraw an offer that was not accepted."""
        return self._write("withdraw", handover)

    def release_to_sale(self, runs: Sequence[RunLine]) -> ContractCall:
        """Put items on sale, so that consumers can claim them."""
        return self._write("releaseToSale", [(run.first, run.last) for run in runs])

    def release_off_network(self, runs: Sequence[RunLine], reason: bytes) -> ContractCall:
        """Record that items went to a party without a wallet; `reason` is a salted hash."""
        return self._write("releaseOffNetwork", [(run.first, run.last) for run in runs], reason)

    def report_attempt(self, first: int, last: int) -> ContractCall:
        """Raise a public alert: somebody tried to pass on locked items."""
        return self._write("reportAttempt", first, last)

    def cancel_nonce(self, nonce: int) -> ContractCall:
        """Void every handover of the sender's account with this nonce."""
        return self._write("cancelNonce", nonce)

    def handover_hash(self, handover: Handover) -> bytes:
        """The contract's own struct hash: equal to Handover.struct_hash()."""
        return bytes(self._read("handoverHash", _handover(handover)))

    def receipt_hash(self, receipt: Receipt) -> bytes:
        """The contract's own struct hash: equal to Receipt.struct_hash()."""
        return bytes(self._read("receiptHash", _receipt(receipt)))

    def offer_info(self, handover: bytes) -> tuple[str, OfferState]:
        """Who made an offer (the zero address: nobody), and where it stands."""
        giver, state = self._read("offerInfo", handover)
        return str(giver), OfferState(state)

    def off_network(self) -> str:
        """The address that has in hand what left the network."""
        return str(self._read("offNetwork"))

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
