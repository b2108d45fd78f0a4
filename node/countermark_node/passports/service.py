"""Keeping the append-only lists of corrections: an entry is taken in when it follows the last one that is here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from countermark.credentials.did_key import did_of, key_of
from countermark.errors import CredentialRefused, NotFound
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PublicKey
from countermark.passports.corrections import KeyAt, read_corrections, standing_corrections
from countermark.passports.passport import Passport, read_anchored_passport
from countermark_node.chain_sync.projector import Projector
from countermark_node.chain_sync.tables import CredentialKeyRow, SegmentRow, SeriesRow
from countermark_node.database import Database
from countermark_node.passports.tables import PassportCorrectionRow
from countermark_node.segments.tables import PackedItemRow, PackingListRow
from countermark_node.times import Clock, moment, seconds


@dataclass(frozen=True, slots=True)
class KeptPassport:
    """A passport as it was signed for its segment, and what corrected it since, oldest first.

    Corrections under a key that was revoked since are left out, with all that follow them.
    """

    token: str
    brand: str
    corrections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PassportVersion:
    """What a passport said from `since` on."""

    passport: Passport
    since: datetime


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

    def versions(self, digest: bytes) -> tuple[PassportVersion, ...]:
        """What the passport said at first, and after each correction that still counts, oldest first.

        Raises NotFound (no-such-passport).
        """
        with self._database.read() as session:
            kept = self._find(session, digest)
            first, key_at = self._first(digest, kept), _brand_keys(session, kept.brand)
            standing = standing_corrections(kept.token, first, kept.corrections, key_at, limits=self._limits)
        corrected = tuple(PassportVersion(told, entry.issued) for entry, told in standing)
        return (PassportVersion(first, first.valid_from), *corrected)

    def digest_of(self, identifiers: Mapping[str, str], *, signed: bool) -> bytes | None:
        """SHA-256 of the passport about an item (AI 01, 21), a lot (01, 10) or a model (01); the newest of several.

        A product number alone finds only passports that name no lot, so that nobody can list a brand's lots by it. For
        the same reason a serial counts only if it is `signed`; one that may be guessed is passed over.
        """
        gtin, lot = identifiers["01"], identifiers.get("10")
        serial = identifiers.get("21") if signed else None
        found = (
            select(SegmentRow.passport)
            .where(SeriesRow.gtin == gtin, SegmentRow.series == SeriesRow.series)
            .where(PackingListRow.series == SegmentRow.series, PackingListRow.first_index == SegmentRow.first_index)
        )
        if serial is not None:
            item = PackedItemRow
            found = found.where(item.gtin == gtin, item.serial == serial, item.series == SegmentRow.series)
            found = found.where(item.segment == SegmentRow.first_index)
        if serial is None or lot is not None:
            found = found.where(SegmentRow.lot == (lot or ""))
        with self._database.read() as session:
            return session.exec(found.order_by(col(SegmentRow.position).desc()).limit(1)).first()

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
                number, row = len(kept.corrections) + 1, PassportCorrectionRow
                session.execute(delete(row).where(col(row.passport) == digest, col(row.number) >= number))
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
        kept = KeptPassport(found[0].decode("ascii"), found[1], tuple(corrections))
        return self._without_revoked(session, digest, kept) if kept.corrections else kept

    def _without_revoked(self, session: Session, digest: bytes, kept: KeptPassport) -> KeptPassport:
        first, key_at = self._first(digest, kept), _brand_keys(session, kept.brand)
        standing = standing_corrections(kept.token, first, kept.corrections, key_at, limits=self._limits)
        return replace(kept, corrections=kept.corrections[: len(standing)])

    def _first(self, digest: bytes, kept: KeptPassport) -> Passport:
        return read_anchored_passport(kept.token.encode("ascii"), digest, limits=self._limits).passport

    def _check(self, session: Session, digest: bytes, kept: KeptPassport, token: str) -> None:
        first, key_at = self._first(digest, kept), _brand_keys(session, kept.brand)
        entries = (*kept.corrections, token)
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
