"""Digital label files for commissioned items, and corrections of their passports, out of the wallet's files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from countermark.credentials.account_id import AccountId
from countermark.credentials.did_key import did_of
from countermark.errors import InputRefused, NotFound
from countermark.gs1.identity import ItemKey
from countermark.label_file.label_file import LabelFile, LeafParts, read_label_file
from countermark.labels.merkle import MerkleTree
from countermark.labels.packing_list import read_packing_list
from countermark.labels.signature import sign_label
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PublicKey
from countermark.passports.corrections import Correction, read_corrections, sign_correction
from countermark.passports.passport import Passport, read_passport, sign_passport
from countermark_wallet.files.safe import open_text, read_bounded, write_whole
from countermark_wallet.keys.keystore import UnlockedWallet
from countermark_wallet.periods import utc_now
from countermark_wallet.series.state import CommissionedSegment, SeriesState, SeriesStore


@dataclass(frozen=True)
class DigitalLabels:
    """`token_contract` is the ProductToken of the chain on which the series were commissioned."""

    wallet: UnlockedWallet
    token_contract: str
    clock: Callable[[], datetime] = utc_now
    limits: Limits = DEFAULT_LIMITS

    def make(self, gtin: str, number: int, serial: str, credentials: Sequence[str] = ()) -> LabelFile:
        """The file of one commissioned item. Raises NotFound (no-such-series, no-such-item), InputRefused.

        `credentials` are the compact tokens of the series' marks, as the offices issued them.
        """
        state = self._store.load(gtin, number)
        item = ItemKey.parse(state.gtin, serial)
        for segment in state.segments:
            with open_text(segment.packing_list, what="packing list") as stream:
                packing = read_packing_list(stream, state.gtin, limits=self.limits)
            if item.serial not in packing.serials:
                continue
            tree, index = MerkleTree(list(packing.leaves())), packing.serials.index(item.serial)
            if tree.root != segment.root:
                raise _damaged(segment.packing_list)
            leaf = LeafParts(
                packing.claim_addresses[index], packing.chips[index], packing.salts[index], tuple(tree.path(index))
            )
            return self._file(state, segment, item, index, leaf, credentials)
        raise NotFound(
            got=f"item {item.text}",
            expected=f"an item that was commissioned in series {number}",
            next_step="check the serial; a label that was not packed has no file",
            reason="no-such-item",
        )

    def _file(
        self,
        state: SeriesState,
        segment: CommissionedSegment,
        item: ItemKey,
        index: int,
        leaf: LeafParts,
        credentials: Sequence[str],
    ) -> LabelFile:
        made = LabelFile(
            ledger=AccountId(state.chain_id, self.token_contract),
            token=segment.first + index,
            brand=state.brand,
            item=item,
            lot=state.product.lot,
            signature=sign_label(item, self.wallet.label_key(state.label_site, state.label_period)),
            leaf=leaf,
            first=segment.first,
            count=segment.count,
            passport=self._passport(segment),
            corrections=self.corrections(segment),
            credentials=tuple(credentials),
        )
        # What nobody could read must not be handed out.
        return read_label_file(made.encode(), self.limits)

    def correct(self, gtin: str, number: int, first: int, changes: Mapping[str, str], *, reason: str) -> Correction:
        """Appends a correction to the passport of the segment that begins at token `first`.

        `changes` are name, country or category of the product, as from now on; the rest stays as last corrected.
        Raises NotFound (no-such-series, no-such-segment), InputRefused (bad-reason, bad-cell), CredentialRefused.
        """
        segment = self._segment(gtin, number, first)
        original, earlier = self._passport(segment), self.corrections(segment)
        told = read_passport(original, self.wallet.credential_key().public, limits=self.limits).passport
        before = read_corrections(original, told, earlier, self._key_at, limits=self.limits)
        product = replace(before[-1][1].product if before else told.product, **changes)
        now = self.clock()
        corrected = Passport(f"{told.id}#{len(earlier) + 1}", told.brand, product, now, told.lot, told.expiry)
        key = self.wallet.credential_key()
        token = sign_correction(original, earlier, sign_passport(corrected, key), reason=reason, issued=now, key=key)
        entries = read_corrections(original, told, (*earlier, token), self._key_at, limits=self.limits)
        write_whole(_corrections_path(segment), "".join(f"{each}\n" for each in (*earlier, token)).encode("ascii"))
        return entries[-1][0]

    def passport(self, gtin: str, number: int, first: int) -> tuple[str, tuple[str, ...]]:
        """The passport of the segment that begins at token `first`, and its corrections. Raises NotFound."""
        segment = self._segment(gtin, number, first)
        return self._passport(segment), self.corrections(segment)

    def _segment(self, gtin: str, number: int, first: int) -> CommissionedSegment:
        found = next((each for each in self._store.load(gtin, number).segments if each.first == first), None)
        if found is None:
            raise NotFound(
                got=f"token {first}",
                expected=f"the first token of a segment of series {number}",
                next_step="run: countermark series list",
                reason="no-such-segment",
            )
        return found

    def corrections(self, segment: CommissionedSegment) -> tuple[str, ...]:
        """The corrections of a segment's passport, oldest first."""
        path = _corrections_path(segment)
        if not path.exists():
            return ()
        return tuple(self._text(path, self.limits.token_bytes * self.limits.passport_corrections).split())

    @property
    def _store(self) -> SeriesStore:
        return SeriesStore(self.wallet.folder)

    def _passport(self, segment: CommissionedSegment) -> str:
        return self._text(segment.passport, self.limits.token_bytes)

    def _text(self, path: Path, limit: int) -> str:
        try:
            return read_bounded(path, limit, what="passport").decode("ascii")
        except UnicodeDecodeError:
            raise _damaged(path) from None

    def _key_at(self, did: str, _at: datetime | None) -> PublicKey | None:
        public = self.wallet.credential_key().public
        return public if did == did_of(public) else None


def _corrections_path(segment: CommissionedSegment) -> Path:
    return segment.passport.with_name(segment.passport.name.removesuffix(".vc.jwt") + ".corrections")


def _damaged(path: Path) -> InputRefused:
    return InputRefused(
        got=f"{path.name}, which is damaged",
        expected="the file that commissioning wrote",
        next_step="restore it from a back-up",
        reason="damaged-file",
    )
