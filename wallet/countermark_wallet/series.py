"""A brand's series: opened on chain, labelled by stream, commissioned from what the line really packed."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from countermark.chain.event_types import Commissioned, SeriesOpened
from countermark.errors import ContractRefused, NotPermitted, WrongChain
from countermark.gs1.identity import ItemKey
from countermark.identifiers import index_of, token_id
from countermark.labels.line_report import read_line_report
from countermark.labels.packing_list import PackingList, read_packing_list
from countermark.labels.print_line import write_print_line
from countermark.labels.series import Label, LabelOrder, make_labels
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.products import Product
from countermark_wallet.keystore import UnlockedWallet
from countermark_wallet.ledger import Ledger
from countermark_wallet.periods import utc_now
from countermark_wallet.safe_files import open_text, private_folder, whole_file, write_whole
from countermark_wallet.series_state import CommissionedSegment, SeriesState, SeriesStore

__all__ = ["BrandSeries", "CommissionedSegment", "LabelPicture", "MadeLabels", "SeriesState", "SeriesStore"]

_PREFIX_LENGTHS = range(12, 3, -1)


@dataclass(frozen=True, slots=True)
class LabelPicture:
    """One label as pictures for people."""

    sequence: int
    item: ItemKey
    svg: Path
    png: Path


@dataclass(frozen=True, slots=True)
class MadeLabels:
    """The file for the print line, and the pictures that were asked for."""

    count: int
    print_line: Path
    pictures: tuple[LabelPicture, ...]


@dataclass(frozen=True)
class BrandSeries:
    """The series of one brand's wallet. `host` is the listed host that new series print in their links."""

    ledger: Ledger
    wallet: UnlockedWallet
    host: str
    label_site: str = "main"
    label_period: int = 1
    clock: Callable[[], datetime] = utc_now
    limits: Limits = DEFAULT_LIMITS

    @property
    def store(self) -> SeriesStore:
        """What the wallet remembers."""
        return SeriesStore(self.wallet.folder)

    def open(self, product: Product) -> SeriesState:
        """Opens a series with `product.quantity` as its ceiling.

        Labels cannot be reprinted, so the host and the label key must be listed first. Raises NotPermitted
        (gtin-outside-prefixes, host-not-listed, label-key-not-listed), ContractRefused.
        """
        length = self._prefix_length(product.gtin)
        self._check_listings()
        token = self.ledger.token
        call = token.open_series(int(product.gtin), length, product.marks, product.quantity)
        opened = self.ledger.event(self.ledger.send(call), SeriesOpened)
        state = SeriesState(
            self.ledger.chain_id,
            self.ledger.account,
            opened.series,
            opened.number,
            product,
            self.host,
            self.label_site,
            self.label_period,
        )
        self.store.save(state)
        return state

    def make_labels(
        self,
        gtin: str,
        number: int,
        folder: Path,
        *,
        pictures: Collection[int] = (),
        progress: Callable[[int], None] | None = None,
    ) -> MadeLabels:
        """Writes print-line.csv for the whole series into `folder`, and SVG and PNG of the sequences in `pictures`.

        Labels pass one at a time, so a million take no more memory than ten. The same series gives the same labels.
        """
        state = self._load(gtin, number)
        drawn: list[LabelPicture] = []
        labels = self._drawing(self._labels(state), frozenset(pictures), folder, drawn)
        private_folder(folder)
        target = folder / f"{state.gtin}-{number}-print-line.csv"
        with _whole_text(target) as stream:
            count = write_print_line(labels, stream, progress)
        return MadeLabels(count, target, tuple(drawn))

    def commission(self, gtin: str, number: int, report: TextIO) -> CommissionedSegment:
        """Makes tokens of the items in a line report, in its packing order, and writes the files that prove them.

        Raises TableRefused when any line is wrong; then, and when the chain refuses, nothing is left behind.
        A report that was commissioned but not recorded here (a crash in between) is recorded, not commissioned again.
        """
        state = self._load(gtin, number)
        # (1) What was packed, all of it right.
        serials = read_line_report(
            report,
            gtin=state.gtin,
            series_number=state.number,
            quantity=state.quantity,
            secrets=self.wallet.series_secrets(state.gtin, state.number),
            already=self._commissioned_serials(state),
            limits=self.limits,
        )
        packing = PackingList.seal(state.gtin, serials, self.wallet.series_secrets(state.gtin, state.number))
        root = packing.root()
        # (2) The files before the tokens: salts lost after commissioning would leave items that nobody can prove.
        files = self._write_segment(state, packing, root)
        # (3) The tokens, unless the chain has them since an interrupted run.
        segment = self._interrupted(state, root, files) or self._commission(state, len(serials), root, files)
        self.store.save(state.with_segment(segment))
        return segment

    def _prefix_length(self, gtin: str) -> int:
        account, brands = self.ledger.account, self.ledger.brands
        for length in _PREFIX_LENGTHS:
            if brands.is_within(account, int(gtin), length):
                return length
        raise NotPermitted(
            got=f"product {gtin}",
            expected=f"a GTIN within the company prefixes of {account}",
            next_step="have the identifier registrar assign the prefix, or correct the product table",
            reason="gtin-outside-prefixes",
        )

    def _check_listings(self) -> None:
        account, brands = self.ledger.account, self.ledger.brands
        if not brands.is_host(account, self.host):
            raise NotPermitted(
                got=f"host {self.host}",
                expected="a host that the brand has listed",
                next_step=f"run: countermark account list-host {self.host}",
                reason="host-not-listed",
            )
        key = self.wallet.label_key(self.label_site, self.label_period).public
        listed = brands.label_key(account, key.x, key.y)
        now = int(self.clock().timestamp())
        revoked = 0 < listed.revoked_since <= now
        if revoked or not listed.valid_from <= now < listed.valid_until:
            raise NotPermitted(
                got=f"label key of site {self.label_site}, period {self.label_period}",
                expected="a label key that the brand has listed and that is valid now",
                next_step="run: countermark account list-label-key",
                reason="label-key-not-listed",
            )

    def _load(self, gtin: str, number: int) -> SeriesState:
        state = self.store.load(gtin, number)
        if state.chain_id != self.ledger.chain_id:
            raise WrongChain(
                got=f"chain {self.ledger.chain_id}",
                expected=f"chain {state.chain_id}, on which series {number} of {gtin} was opened",
                next_step="give the address of a node of that chain with --node",
            )
        return state

    def _labels(self, state: SeriesState) -> Iterator[Label]:
        order = LabelOrder(state.gtin, state.number, state.quantity, state.host, lot=state.product.lot)
        secrets = self.wallet.series_secrets(state.gtin, state.number)
        return make_labels(order, secrets, self.wallet.label_key(state.label_site, state.label_period))

    @staticmethod
    def _drawing(
        labels: Iterator[Label], wanted: frozenset[int], folder: Path, drawn: list[LabelPicture]
    ) -> Iterator[Label]:
        for label in labels:
            if label.sequence in wanted:
                drawn.append(_draw(label, folder))
            yield label

    def _commissioned_serials(self, state: SeriesState) -> frozenset[str]:
        serials: set[str] = set()
        for segment in state.segments:
            with open_text(segment.packing_list, what="packing list") as stream:
                serials.update(read_packing_list(stream, state.gtin, limits=self.limits).serials)
        return frozenset(serials)

    def _write_segment(self, state: SeriesState, packing: PackingList, root: bytes) -> tuple[Path, Path]:
        listed, record = self.store.segment_files(state.gtin, state.number, root)
        private_folder(listed.parent)
        with _whole_text(listed) as stream:
            packing.write(stream)
        write_whole(record, state.product.record.encode())
        return listed, record

    def _interrupted(self, state: SeriesState, root: bytes, files: tuple[Path, Path]) -> CommissionedSegment | None:
        """The chain's last segment of this series when it is this one: an earlier run ended before it was recorded."""
        issued = self.ledger.token.series_info(state.series).issued
        if not issued:
            return None
        segment = self.ledger.token.segment_of(token_id(state.series, issued - 1))
        if segment.root != root:
            return None
        first, last = (token_id(state.series, index_of(item)) for item in (segment.first, segment.last))
        return CommissionedSegment(first, last, root, "", *files)

    def _commission(self, state: SeriesState, count: int, root: bytes, files: tuple[Path, Path]) -> CommissionedSegment:
        product = state.product
        call = self.ledger.token.commission(
            state.series,
            count,
            root,
            product.lot or "",
            product.expiry_seconds(),
            product.record.digest(),
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


@contextmanager
def _whole_text(path: Path) -> Iterator[TextIO]:
    with whole_file(path) as raw:
        stream = io.TextIOWrapper(raw, encoding="utf-8", newline="")
        yield stream
        stream.flush()
        stream.detach()


def _draw(label: Label, folder: Path) -> LabelPicture:
    # Imported here: pictures need numpy, Pillow and the QR writer.
    from countermark.labels.render import label_png, label_svg

    private_folder(folder)
    # The serial may hold any of GS1's characters; the file names use the sequence alone.
    base = folder / f"label-{label.item.gtin}-{label.sequence:08d}"
    svg, png = base.with_suffix(".svg"), base.with_suffix(".png")
    write_whole(svg, label_svg(label.link, label.item).encode("utf-8"))
    write_whole(png, label_png(label.link, label.item))
    return LabelPicture(label.sequence, label.item, svg, png)
