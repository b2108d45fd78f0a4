"""A label file against a trust bundle: whether all its parts are about one commissioned item, by the right parties.

What is refused here is no statement about goods: a file whose parts do not fit proves nothing. What may change over
time (flags, marks that lapsed, expiry) is left to the verifier.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from countermark.credentials.did_key import did_of
from countermark.credentials.facts import AnchoredMark, OfficeKey
from countermark.credentials.trademark import credential_hash
from countermark.credentials.trust import check_credential
from countermark.errors import CountermarkError, CredentialRefused, TooLarge
from countermark.identifiers import index_of, series_of
from countermark.label_file.label_file import LabelFile, label_file_refused
from countermark.labels.merkle import verify_path
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PublicKey
from countermark.passports.corrections import Correction, read_corrections
from countermark.passports.passport import Passport, passport_hash, read_passport
from countermark.trust_bundle.bundle import TrustBundle
from countermark.trust_bundle.shard import ListedKey, MarkEntry, SegmentEntry, SeriesEntry, Shard, moment

_STATE_FINDINGS = frozenset(
    {"expired", "not-yet-valid", "mark-suspended", "mark-revoked", "mark-out-of-period", "status-unknown"}
)
"""What says that a mark is not in force now: the verifier judges that as of commissioning, by the bundle's status."""


_MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class ProvenItem:
    """An item whose leaf stands in a segment of the bundle, with its passport as first signed and as corrected."""

    file: LabelFile
    shard: Shard
    series: SeriesEntry
    segment: SegmentEntry
    passport: Passport
    corrections: tuple[tuple[Correction, Passport], ...]

    @property
    def index(self) -> int:
        """The item's index in its series."""
        return index_of(self.file.token)


class Prover:
    """Proves files against one bundle. Passports and credentials that many items share are checked once."""

    def __init__(self, bundle: TrustBundle, limits: Limits = DEFAULT_LIMITS) -> None:
        self._bundle, self._limits = bundle, limits
        self._passports: dict[tuple[bytes, int], tuple[str, LabelFile, Passport]] = {}
        self._credentials: set[tuple[str, str]] = set()

    def prove(self, file: LabelFile, now: datetime) -> ProvenItem | None:
        """What the file proves; None when the bundle knows nothing of its brand or series (they may be newer).

        Raises LabelFileRefused (wrong-ledger, wrong-segment, wrong-path, wrong-passport, wrong-correction,
        wrong-credential, parts-disagree).
        """
        # (1) The same ledger, brand and series.
        if file.ledger != self._bundle.ledger:
            raise label_file_refused(file.ledger.caip10, f"an item of {self._bundle.ledger.caip10}", "wrong-ledger")
        shard = self._bundle.shard(file.brand)
        series = _series(file, shard) if shard is not None else None
        segment = series.segment_at(index_of(file.first)) if series is not None else None
        if shard is None or series is None or segment is None:
            return None
        # (2) The item's leaf in the segment's tree.
        _check_leaf(file, segment)
        # (3) The segment's own passport, by the brand's key, about this product; then what corrects it.
        passport = self._passport(file, shard, segment)
        corrections = _corrections(file, passport, shard, self._limits)
        # (4) Credentials of the series' marks.
        self._check_credentials(file, shard, {shard.marks[each.place].mark for each in segment.marks}, now)
        return ProvenItem(file, shard, series, segment, passport, corrections)

    def _passport(self, file: LabelFile, shard: Shard, segment: SegmentEntry) -> Passport:
        # Leaf and segment were compared before, so files of one segment agree in all that the passport must fit.
        at = (segment.root, file.first)
        known = self._passports.get(at)
        if known is not None and (known[0], known[1].brand, known[1].item.gtin, known[1].lot) == (
            file.passport,
            file.brand,
            file.item.gtin,
            file.lot,
        ):
            return known[2]
        found = _passport(file, shard, segment, self._limits)
        if len(self._passports) >= _MOST_KEPT:
            self._passports.clear()
        self._passports[at] = (file.passport, file, found)
        return found

    def _check_credentials(self, file: LabelFile, shard: Shard, marks: Collection[str], now: datetime) -> None:
        known = {entry.credential_hash: entry for entry in shard.marks if entry.mark in marks}
        seen = set()
        for token in file.credentials:
            entry = known.get(credential_hash(token))
            if entry is None:
                raise label_file_refused(
                    "a credential of another mark", "those of the series' marks", "wrong-credential"
                )
            if entry.mark in seen:
                raise label_file_refused(f"two credentials of {entry.mark}", "one of each mark", "wrong-credential")
            seen.add(entry.mark)
            if (shard.brand, token) in self._credentials:
                continue
            _check_credential(token, entry, shard, file.ledger.chain_id, now, self._limits)
            if len(self._credentials) >= _MOST_KEPT:
                self._credentials.clear()
            self._credentials.add((shard.brand, token))


def _series(file: LabelFile, shard: Shard) -> SeriesEntry | None:
    found = next((series for series in shard.series if series.series == series_of(file.token)), None)
    if found is not None and found.gtin != file.item.gtin:
        raise label_file_refused(f"product {file.item.gtin}", f"product {found.gtin} of this series", "parts-disagree")
    return found


def _check_leaf(file: LabelFile, segment: SegmentEntry) -> None:
    if (index_of(file.first), file.count, file.lot or "") != (segment.first, segment.count, segment.lot):
        raise label_file_refused(
            "a segment with other items or lot", "the segment as the ledger has it", "wrong-segment"
        )
    if not verify_path(file.leaf_hash(), file.index, segment.count, file.leaf.path, segment.root):
        raise label_file_refused(
            f"a path from {file.item.text} that does not lead to the segment's root",
            "the item's own leaf and path",
            "wrong-path",
        )


def _passport(file: LabelFile, shard: Shard, segment: SegmentEntry, limits: Limits) -> Passport:
    if passport_hash(file.passport) != segment.passport:
        raise label_file_refused("another passport", "the passport that the segment carries", "wrong-passport")
    # The segment's hash dates the passport: what its key signed before a later revocation stands.
    keys = [
        listed.key
        for listed in shard.credential_keys
        if listed.revoked_since is None or segment.commissioned_at < listed.revoked_since
    ]
    told = _by_one_of(file.passport, keys, limits)
    expiry = moment(segment.expiry).date() if segment.expiry else None
    if (told.product.gtin, told.brand.address, told.brand.chain_id, told.lot, told.expiry) != (
        file.item.gtin,
        file.brand,
        file.ledger.chain_id,
        file.lot,
        expiry,
    ):
        raise label_file_refused(
            "a passport about something else", "one about this product, lot and brand", "parts-disagree"
        )
    return told


def _by_one_of(token: str, keys: Sequence[PublicKey], limits: Limits) -> Passport:
    for key in keys:
        try:
            return read_passport(token, key, limits=limits).passport
        except CredentialRefused as error:
            if error.reason != "wrong-signature":
                raise label_file_refused(error.got, error.expected, "wrong-passport") from None
        except TooLarge as error:
            raise label_file_refused(error.got, error.expected, "wrong-passport") from None
    raise label_file_refused("a passport under an unknown key", "one of the brand's credential keys", "wrong-passport")


def _corrections(
    file: LabelFile, first: Passport, shard: Shard, limits: Limits
) -> tuple[tuple[Correction, Passport], ...]:
    def key_at(did: str, at: datetime | None) -> PublicKey | None:
        # Nothing on the chain dates a correction, so a key that was ever revoked signs none.
        usable = (listed for listed in shard.credential_keys if _may_correct(listed, at))
        return next((listed.key for listed in usable if did_of(listed.key) == did), None)

    try:
        return read_corrections(file.passport, first, file.corrections, key_at, limits=limits)
    except CountermarkError as error:
        raise label_file_refused(error.got, error.expected, "wrong-correction") from None


def _may_correct(listed: ListedKey, at: datetime | None) -> bool:
    return listed.revoked_since is None and (at is None or listed.covers(int(at.timestamp())))


def _check_credential(token: str, entry: MarkEntry, shard: Shard, chain_id: int, now: datetime, limits: Limits) -> None:
    keys = [
        OfficeKey(
            listed.key,
            entry.office,
            moment(listed.valid_from),
            moment(listed.valid_until),
            None if listed.revoked_since is None else moment(listed.revoked_since),
        )
        for listed in shard.offices.get(entry.office, ())
    ]
    anchor = AnchoredMark(
        entry.mark,
        entry.office,
        entry.holder,
        entry.credential_hash,
        entry.status,
        moment(entry.valid_from),
        moment(entry.valid_until),
    )
    check = check_credential(token, keys=keys, anchor=anchor, chain_id=chain_id, now=now, limits=limits)
    against = [finding.code for finding in check.findings if finding.code not in _STATE_FINDINGS]
    if against:
        raise label_file_refused(
            f"a credential of {entry.mark}: {', '.join(against)}", "a right one", "wrong-credential"
        )
