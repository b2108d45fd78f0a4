"""Keeping the append-only lists of corrections: an entry is taken in when it follows the last one that is here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from countermark.credentials.did_key import did_of, key_of
from countermark.errors import CredentialRefused, NotFound
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PublicKey
from countermark.passports.corrections import KeyAt, read_corrections
from countermark.passports.passport import read_anchored_passport
from countermark_node.chain_sync.projector import Projector
from countermark_node.chain_sync.tables import CredentialKeyRow, SegmentRow, SeriesRow
from countermark_node.database import Database
from countermark_node.passports.tables import PassportCorrectionRow
from countermark_node.segments.tables import PackingListRow
from countermark_node.times import Clock, moment, seconds


@dataclass(frozen=True, slots=True)
class KeptPassport:
    """A passport as it was signed for its segment, and what corrected it since, oldest first."""

    token: str
    brand: str
    corrections: tuple[str, ...]


class PassportService:
    """Passports go by their hash, which stands on the chain and in label files: nobody can list a brand's segments."""

    def __init__(
        self, database: Database, projector: Projector, *, clock: Clock, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._database = database
        self._projector = projector
        self._clock = clock
        self._limits = limits

    def passport(self, digest: bytes) -> KeptPassport:
        """The passport with this SHA-256. Raises NotFound (no-such-passport)."""
        with self._database.read() as session:
            return self._find(session, digest)

    def correct(self, digest: bytes, token: str) -> int:
        """Append a correction; returns its number. The same one again changes nothing.

        Raises NotFound (no-such-passport), CredentialRefused with the reasons of `read_corrections`, TooLarge.
        """
        self._projector.catch_up()
        try:
            with self._database.write() as session:
                kept = self._find(session, digest)
                if token in kept.corrections:
                    return kept.corrections.index(token) + 1
                self._check(session, digest, kept, token)
                number = len(kept.corrections) + 1
                now = seconds(self._clock())
                session.add(PassportCorrectionRow(passport=digest, number=number, token=token, received_at=now))
                return number
        except IntegrityError:
            raise CredentialRefused(
                got="a correction beside another one that came in at the same time",
                expected="one correction after the other",
                next_step="read the list again, then sign a correction of its last entry",
                reason="wrong-chain-of-corrections",
            ) from None

    def _find(self, session: Session, digest: bytes) -> KeptPassport:
        found = session.exec(
            select(PackingListRow.passport, SeriesRow.brand)
            .where(SegmentRow.passport == digest)
            .where(PackingListRow.series == SegmentRow.series, PackingListRow.first_index == SegmentRow.first_index)
            .where(SeriesRow.series == SegmentRow.series)
            .limit(1)
        ).first()
        if found is None:
            raise NotFound(
                got=f"passport {digest.hex()}",
                expected="the SHA-256 of a passport whose packing list is at this node",
                next_step="ask the brand's own node",
                reason="no-such-passport",
            )
        row = PassportCorrectionRow
        corrections = session.exec(select(row.token).where(row.passport == digest).order_by(col(row.number)))
        return KeptPassport(found[0].decode("ascii"), found[1], tuple(corrections))

    def _check(self, session: Session, digest: bytes, kept: KeptPassport, token: str) -> None:
        first = read_anchored_passport(kept.token.encode("ascii"), digest, limits=self._limits).passport
        key_at = _brand_keys(session, kept.brand)
        entries: Sequence[str] = (*kept.corrections, token)
        (*_, (last, _)) = read_corrections(kept.token, first, entries, key_at, limits=self._limits)
        now = self._clock()
        if last.issued > now:
            raise CredentialRefused(
                got=f"a correction of {last.issued.isoformat()}",
                expected=f"one from before {now.isoformat()}",
                next_step="check the clock of the machine that signed it",
                reason="not-yet-valid",
            )


def _brand_keys(session: Session, brand: str) -> KeyAt:
    """Credential keys of a brand. Nothing on the chain dates a correction, so a key that was revoked signs none."""

    def key_at(did: str, at: datetime | None) -> PublicKey | None:
        try:
            key = key_of(did)
        except CredentialRefused:
            return None
        row = session.get(CredentialKeyRow, (brand, key.x, key.y))
        if row is None or row.revoked_since is not None or did_of(key) != did:
            return None
        usable = at is None or moment(row.valid_from) <= at < moment(row.valid_until)
        return key if usable else None

    return key_at
