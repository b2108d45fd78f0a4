"""The brand's part of the story: series, labels, the packaging line with its waste bin, commissioning."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from countermark.gs1.identity import ItemKey
from countermark.products import Product
from countermark_node.demo.narrator import Narrator
from countermark_node.demo.photos import Shot, photograph
from countermark_node.demo.stage import Stage
from countermark_wallet.files.safe import private_folder, write_whole
from countermark_wallet.series.label_files import LabelPicture, MadeLabels
from countermark_wallet.series.state import CommissionedSegment

_WASTE_EVERY = 50
"""Each 50th label is torn, crooked or a roll's end, and goes into the bin."""


@dataclass(frozen=True)
class Goods:
    """One product's labels and what became of them."""

    product: Product
    number: int
    made: MadeLabels
    segment: CommissionedSegment

    def picture(self, sequence: int) -> LabelPicture:
        """The drawn label with this sequence."""
        return next(picture for picture in self.made.pictures if picture.sequence == sequence)

    def item(self, sequence: int) -> ItemKey:
        """The item behind a drawn label."""
        return self.picture(sequence).item

    def link(self, sequence: int) -> str:
        """The printed link of a label, as the print line got it."""
        return next(row["link"] for row in _print_line(self.made.print_line) if int(row["sequence"]) == sequence)


def is_waste(sequence: int) -> bool:
    """Whether the story's packaging line throws this label away."""
    return sequence % _WASTE_EVERY == 0


def produce(stage: Stage, product: Product, pictures: Collection[int], narrator: Narrator) -> Goods:
    """Open a series, make its labels, pack, commission, and hand the packing list to the brand's node."""
    series = stage.cast.series()
    state = series.open(product)
    folder = private_folder(stage.folder / "labels" / product.gtin)
    with narrator.progress(f"{product.record.name}: labels", product.quantity) as bar:
        made = series.make_labels(product.gtin, state.number, folder, pictures=pictures, progress=bar)
    report = _line_report(made.print_line)
    write_whole(folder / "line-report.csv", report.encode("utf-8"))
    segment = series.commission(product.gtin, state.number, io.StringIO(report))
    stage.client.send_packing_list(segment.first, segment.packing_list, segment.passport)
    return Goods(product, state.number, made, segment)


def _print_line(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def _line_report(print_line: Path) -> str:
    """What the packaging line reports: the serials it packed, in packing order."""
    packed = (row["serial"] for row in _print_line(print_line) if not is_waste(int(row["sequence"])))
    return "\n".join(("serial", *packed, ""))


def photograph_label(picture: LabelPicture, shot: Shot, folder: Path, name: str) -> Path:
    """A phone's picture of a printed label, as a file."""
    with Image.open(picture.png) as label:
        return save_photo(label.convert("L"), shot, folder, name, seed=picture.sequence)


def save_photo(label: Image.Image, shot: Shot, folder: Path, name: str, *, seed: int) -> Path:
    """A phone's picture of any label, as a file."""
    path = folder / f"{name}.jpg"
    write_whole(path, photograph(label, shot, seed=seed))
    return path
