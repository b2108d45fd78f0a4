"""Verification of labels against this node's data."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import text
from sqlmodel import Session

from countermark.chain.rpc_refused import RpcRefused
from countermark.errors import Unavailable
from countermark.gs1.label import ScannedLabel
from countermark.passports.passport import read_anchored_passport
from countermark_node.chain_sync.projector import Projector
from countermark_node.chain_sync.tables import HeadRow
from countermark_node.database import Database
from countermark_node.times import Clock, moment, seconds
from countermark_node.verification.sources import Kept, SqlSources
from countermark_scanner.sources import ANONYMOUS, ChainState, ScannerContext
from countermark_scanner.verdict import Outcome, VerdictReport
from countermark_scanner.verifier import Verifier

_SERIAL = 3
"""The check that looks at the signature; one that is there and wrong never passes."""
_KEPT_SECONDS = 5
_KEPT_ANSWERS = 10_000
_KEPT_PASSPORTS = 1_000
# Plain SQL: every scan asks this, and the object mapper takes longer than the database.
_HEAD = text("SELECT number, hash, time FROM chain_head WHERE id = 1")


class VerificationService:
    """Answers are as of the chain's head; when the ledger does not answer, their age says so.

    With `follow`, every answer first reads what is new: right for a ledger in this process. A remote one is followed
    in the background, so that no answer waits for it.
    """

    def __init__(self, database: Database, projector: Projector, *, clock: Clock, follow: bool = True) -> None:
        self._database = database
        self._projector = projector
        self._clock = clock
        self._follow = follow
        self._kept = Kept("", 0)
        self._read_passport = lru_cache(_KEPT_PASSPORTS)(read_anchored_passport)

    def verify(self, label: ScannedLabel, context: ScannerContext = ANONYMOUS) -> VerdictReport:
        """The verdict about a label. Nothing is stored. Raises WrongChain."""
        self.freshen()
        with self._database.read() as session:
            return self.verify_with(self.sources(session), label, context)

    def is_signed(self, label: ScannedLabel) -> bool:
        """Whether a label key of the brand signed the serial on a label: nobody can guess that. Raises WrongChain."""
        return label.s is not None and self.verify(label).checks[_SERIAL - 1].outcome is Outcome.PASS

    def freshen(self) -> None:
        """Read what is new on the chain. Raises WrongChain; a ledger that does not answer only makes data older."""
        if not self._follow:
            return
        try:
            self._projector.catch_up()
        except (Unavailable, RpcRefused):
            return

    def chain_id(self, session: Session) -> int | None:
        """The chain that was read; None before the first block."""
        row = session.get(HeadRow, 1)
        return None if row is None else row.chain_id

    def sources(self, session: Session) -> SqlSources:
        """What can be believed in one transaction."""
        row = session.connection().execute(_HEAD).first()
        head = None
        if row is not None:
            block_time = moment(row.time)
            head = ChainState(row.number, block_time, self._projector.synced_at or block_time)
        now = seconds(self._clock())
        return SqlSources(session, now=now, head=head, kept=self._keep("" if row is None else row.hash, now))

    def _keep(self, head: str, now: int) -> Kept:
        """Answers of other transactions at the same head. Roles begin and end by the clock, so none are kept long."""
        kept = self._kept
        if kept.head != head or not 0 <= now - kept.second < _KEPT_SECONDS or kept.size > _KEPT_ANSWERS:
            kept = self._kept = Kept(head, now)
        return kept

    def verify_with(self, sources: SqlSources, label: ScannedLabel, context: ScannerContext) -> VerdictReport:
        """The verdict from sources at hand."""
        verifier = Verifier(
            trust=sources.trust,
            chain=sources.chain,
            scans=sources.scans,
            clock=self._clock,
            read_passport=self._read_passport,
        )
        return verifier.verify(label, context)
