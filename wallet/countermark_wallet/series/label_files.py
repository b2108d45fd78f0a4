"""The files of a label order: streams for two printers, what the wallet keeps of them, and pictures for people."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from countermark.gs1.identity import ItemKey
from countermark.labels.serials import SerialProfile, SeriesSerials
from countermark.labels.series import Label, LabelOrder, make_label
from countermark_wallet.files.safe import private_folder, write_whole
from countermark_wallet.keys.keystore import UnlockedWallet
from countermark_wallet.labels.making import LabelStreams, make_streams
from countermark_wallet.labels.workers import MakingSecrets
from countermark_wallet.series.adopted_lists import AdoptedFile
from countermark_wallet.series.state import SeriesState, SeriesStore


@dataclass(frozen=True, slots=True)
class LabelPicture:
    """One label as pictures for people."""

    sequence: int
    item: ItemKey
    svg: Path
    png: Path


@dataclass(frozen=True, slots=True)
class MadeLabels:
    """The file for the print line, the one for the printer of claim codes, and the pictures that were asked for."""

    count: int
    print_line: Path
    pictures: tuple[LabelPicture, ...]
    codes: Path | None = None


@dataclass(frozen=True)
class SeriesLabels:
    """The labels of one series of a wallet."""

    state: SeriesState
    wallet: UnlockedWallet

    @property
    def order(self) -> LabelOrder:
        """The whole series as one order."""
        state = self.state
        return LabelOrder(
            state.gtin,
            state.number,
            state.quantity,
            state.host,
            lot=state.product.lot,
            profile=state.profile,
            codes=state.codes,
        )

    @property
    def serials(self) -> SeriesSerials:
        """The serials of the series."""
        state = self.state
        if state.profile is SerialProfile.ADOPTED:
            files = SeriesStore(self.wallet.folder).files(state.gtin, state.number)
            return AdoptedFile(files.adopted, state.quantity).serials()
        return self.order.derived_serials(self.wallet.series_secrets(state.gtin, state.number))

    def write(
        self,
        folder: Path,
        codes_folder: Path | None,
        *,
        pictures: Collection[int] = (),
        workers: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> MadeLabels:
        """The print line and pictures of the sequences `pictures` into `folder`, claim codes into `codes_folder`."""
        state = self.state
        name = f"{state.gtin}-{state.number}"
        kept = SeriesStore(self.wallet.folder).files(state.gtin, state.number)
        streams = LabelStreams(
            folder / f"{name}-print-line.csv",
            kept.leaves,
            kept.journal,
            codes_folder / f"{name}-claim-codes.csv" if codes_folder else None,
            kept.claim_addresses if codes_folder else None,
        )
        secrets = MakingSecrets(
            self.wallet.series_secrets(state.gtin, state.number),
            self.wallet.label_key_seed(state.label_site, state.label_period),
        )
        adopted = self.serials if state.profile is SerialProfile.ADOPTED else None
        count = make_streams(self.order, secrets, streams, serials=adopted, workers=workers, progress=progress)
        drawn = tuple(_draw(label, folder) for label in self.labels(pictures))
        return MadeLabels(count, streams.print_line, drawn, streams.codes)

    def labels(self, sequences: Collection[int]) -> Iterator[Label]:
        """The labels with these `sequences`, in printing order; those past the series are left out."""
        key = self.wallet.label_key(self.state.label_site, self.state.label_period)
        wanted, last = frozenset(sequences), max(sequences, default=0)
        for sequence, serial in zip(range(1, last + 1), self.serials.stream(), strict=False):
            if sequence in wanted:
                yield make_label(self.order, sequence, serial, key)


def _draw(label: Label, folder: Path) -> LabelPicture:
    # Imported here: pictures need numpy, Pillow and the QR writer.
    from countermark.printing.picture import label_png
    from countermark.printing.print_label import PrintLabel
    from countermark.printing.svg import label_svg

    private_folder(folder)
    # The serial may hold any of GS1's characters; the file names use the sequence alone.
    base = folder / f"label-{label.item.gtin}-{label.sequence:08d}"
    printed = PrintLabel(label.sequence, label.item, label.link)
    svg, png = base.with_suffix(".svg"), base.with_suffix(".png")
    write_whole(svg, label_svg(printed).encode("utf-8"))
    write_whole(png, label_png(printed))
    return LabelPicture(label.sequence, label.item, svg, png)
