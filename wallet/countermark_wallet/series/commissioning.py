"""One commissioning: from what the line says it packed to a segment of tokens, and the files that prove it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from countermark.chain.event_types import Commissioned
from countermark.credentials.account_id import AccountId
from countermark.errors import ContractRefused, InputRefused, NotPermitted, TooLarge
from countermark.identifiers import index_of, token_id
from countermark.labels.leaf import NO_CHIP, NO_CLAIM
from countermark.labels.packing_list import PackingList, packed_serials
from countermark.labels.serial_set import SerialSet
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.passports.passport import Passport, sign_passport
from countermark_wallet.files.safe import open_bytes, open_text, private_folder, read_bounded, whole_text, write_whole
from countermark_wallet.keys.keystore import UnlockedWallet
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.series.label_files import SeriesLabels
from countermark_wallet.series.state import CommissionedSegment, SeriesState, SeriesStore


@dataclass(frozen=True)
class Commissioning:
    """The next segment of the series `state`."""

    ledger: Ledger
    wallet: UnlockedWallet
    state: SeriesState
    clock: Callable[[], datetime]
    limits: Limits = DEFAULT_LIMITS

    @property
    def store(self) -> SeriesStore:
        """What the wallet remembers."""
        return SeriesStore(self.wallet.folder)

    def before(self) -> SerialSet:
        """The serials that earlier segments commissioned. Raises NotFound when a packing list is lost."""
        return SerialSet(self._commissioned())

    def seal(self, serials: Sequence[str], chips: Mapping[str, bytes]) -> PackingList:
        """The packing list of `serials`, compared with what was printed. Raises InputRefused (labels-differ).

        `chips` has the chip value of each serial on whose label a chip is bound.
        """
        state = self.state
        secrets = self.wallet.series_secrets(state.gtin, state.number)
        kept = self.store.files(state.gtin, state.number)
        if not kept.leaves.exists():
            return PackingList.seal(state.gtin, serials, secrets, codes=state.codes, chips=chips)
        places = SeriesLabels(state, self.wallet).serials.sequences_of(serials)
        sequences = [places[serial] for serial in serials]
        addresses = tuple(_values(kept.claim_addresses, sequences, len(NO_CLAIM))) if state.codes else ()
        sealed = PackingList.seal(state.gtin, serials, secrets, claim_addresses=addresses)
        _check_printed(sealed, sequences, kept.leaves)
        return sealed.with_chips(chips)

    def commission(self, packing: PackingList) -> CommissionedSegment:
        """Makes tokens of a packing list's items. Raises NotPermitted (credential-key-not-listed), ContractRefused.

        The files come before the tokens: salts lost after commissioning would leave items that nobody can prove. What
        the chain refuses leaves nothing behind; what it has since an interrupted run is not sent again.
        """
        root = packing.root()
        self._check_credential_key()
        files = self._write(packing, root)
        return self._interrupted(root, files) or self._send(len(packing.serials), root, files)

    def _commissioned(self) -> Iterator[str]:
        for segment in self.state.segments:
            with open_text(segment.packing_list, what="packing list") as stream:
                yield from packed_serials(stream, self.limits)

    def _check_credential_key(self) -> None:
        """Nobody could believe a passport under a key that the brand has not listed."""
        key, account = self.wallet.credential_key().public, self.ledger.account
        listed = self.ledger.trust.credential_key(account, key.x, key.y)
        now = int(self.clock().timestamp())
        if not listed.valid_from <= now < listed.valid_until or 0 < listed.revoked_since <= now:
            raise NotPermitted(
                got=f"credential key {key.key_id.hex()}, which {account} has not listed as valid now",
                expected="a credential key that the brand has listed on the ledger, since passports are signed with it",
                next_step="run: countermark account list-credential-key",
                reason="credential-key-not-listed",
            )

    def _write(self, packing: PackingList, root: bytes) -> tuple[Path, Path]:
        listed, passport = self.store.segment_files(self.state.gtin, self.state.number, root)
        private_folder(listed.parent)
        with whole_text(listed) as stream:
            packing.write(stream)
            self._check_size(stream.tell())
        if not passport.exists():
            # A passport that an interrupted run signed may be on the chain already, so it is never signed twice.
            write_whole(passport, self._sign_passport(root).encode("ascii"))
        return listed, passport

    def _check_size(self, size: int) -> None:
        """No node would take a larger list, and by then its tokens would be there."""
        if size > self.limits.packing_list_bytes:
            raise TooLarge(
                got=f"a packing list of {size} bytes",
                expected=f"at most {self.limits.packing_list_bytes} bytes",
                next_step="commission the report in several parts; nothing was commissioned",
                reason="packing-list-too-large",
            )

    def _sign_passport(self, root: bytes) -> str:
        """Names the segment's root, so that two segments never share a passport's id."""
        state = self.state
        passport = Passport(
            id=uuid.uuid5(uuid.NAMESPACE_URL, f"urn:countermark:segment:{root.hex()}").urn,
            brand=AccountId(state.chain_id, self.ledger.account),
            product=state.product.record,
            valid_from=self.clock(),
            lot=state.product.lot,
            expiry=state.product.expiry,
        )
        return sign_passport(passport, self.wallet.credential_key())

    def _interrupted(self, root: bytes, files: tuple[Path, Path]) -> CommissionedSegment | None:
        """The chain's last segment of this series when it is this one: an earlier run ended before it was recorded."""
        series = self.state.series
        issued = self.ledger.token.series_info(series).issued
        if not issued:
            return None
        segment = self.ledger.token.segment_of(token_id(series, issued - 1))
        if segment.root != root:
            return None
        first, last = (token_id(series, index_of(item)) for item in (segment.first, segment.last))
        return CommissionedSegment(first, last, root, "", *files)

    def _send(self, count: int, root: bytes, files: tuple[Path, Path]) -> CommissionedSegment:
        product = self.state.product
        call = self.ledger.token.commission(
            self.state.series,
            count,
            root,
            product.lot or "",
            product.expiry_seconds(),
            hashlib.sha256(read_bounded(files[1], self.limits.token_bytes, what="passport")).digest(),
            self.ledger.account,
        )
        try:
            receipt = self.ledger.send(call)
        except ContractRefused:
            for path in files:
                with suppress(FileNotFoundError):
                    path.unlink()
            raise
        event = self.ledger.event(receipt, Commissioned)
        return CommissionedSegment(event.first, event.last, root, receipt.tx_hash, *files)


def _values(path: Path, sequences: Sequence[int], size: int) -> Iterator[bytes]:
    """The fixed-size values at these sequences of a file by sequence."""
    with open_bytes(path, what="values of the made labels") as stream:
        for sequence in sequences:
            stream.seek((sequence - 1) * size)
            yield stream.read(size)


def _check_printed(sealed: PackingList, sequences: Sequence[int], leaves: Path) -> None:
    """What this wallet derives now must be what it made then: tokens of other leaves could never be proved."""
    made = _values(leaves, sequences, len(NO_CHIP))
    for serial, now, then in zip(sealed.serials, sealed.leaves(), made, strict=True):
        if now != then:
            raise InputRefused(
                got=f"serial {serial!r}, which has another leaf than when its label was made",
                expected="labels that this wallet made, with its secrets and files unchanged",
                next_step="restore the wallet's folder from a back-up; nothing was commissioned",
                reason="labels-differ",
            )
