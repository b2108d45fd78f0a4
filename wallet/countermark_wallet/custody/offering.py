"""Handovers by transactions of both sides instead of signatures: offer, accept, withdraw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from countermark.chain.event_types import Offered
from countermark.chain.transactions import TransactionReceipt
from countermark.custody.handover import Handover, RunLine
from countermark.errors import NotPermitted
from countermark_wallet.custody.handing_over import DEADLINE_DAYS, HandingOver
from countermark_wallet.custody.holdings import WaitingOffer, find_offer, is_open
from countermark_wallet.custody.notes import Note


@dataclass(frozen=True)
class Offering:
    """Offers on the ledger by and to the party of `handing`."""

    handing: HandingOver

    def make(self, handover: Handover) -> WaitingOffer:
        """Sends the offer of a draft. Raises ContractRefused."""
        ledger = self.handing.ledger
        receipt = ledger.send(ledger.handovers.offer(handover))
        return WaitingOffer(ledger.event(receipt, Offered).handover, handover, receipt.tx_hash)

    def accept(
        self,
        handover: bytes,
        runs: Sequence[RunLine] | None = None,
        *,
        units: Sequence[int] | None = None,
        note: Note | None = None,
        days: int = DEADLINE_DAYS,
    ) -> TransactionReceipt:
        """Takes all or fewer lines. Raises NotFound, NotPermitted (offer-over, not-the-receiver), ContractRefused."""
        ledger, offer = self.handing.ledger, find_offer(self.handing.ledger, handover)
        self._require_open(offer)
        taken = self.handing.receipt_for(offer.terms, runs, units=units, note=note, days=days)
        return ledger.send(ledger.handovers.accept(offer.terms, taken))

    def withdraw(self, handover: bytes) -> TransactionReceipt:
        """Ends an own offer. Raises NotFound, NotPermitted (offer-over), ContractRefused."""
        ledger, offer = self.handing.ledger, find_offer(self.handing.ledger, handover)
        self._require_open(offer)
        return ledger.send(ledger.handovers.withdraw(handover))

    def _require_open(self, offer: WaitingOffer) -> None:
        if not is_open(self.handing.ledger, offer):
            raise NotPermitted(
                got=f"offer 0x{offer.handover.hex()}, which was accepted or withdrawn",
                expected="an open offer",
                next_step="run: countermark offers",
                reason="offer-over",
            )
