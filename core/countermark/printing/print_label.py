"""One label as printers see it: what its code holds, in which symbol, and the lines that people read."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from countermark.errors import InputRefused
from countermark.gs1.identity import ItemKey


class Carrier(StrEnum):
    """The symbol and what it holds."""

    QR = "qr"
    """Digital Link in a QR code."""
    DATAMATRIX = "datamatrix"
    """Digital Link in a DataMatrix."""
    GS1_DATAMATRIX = "gs1-datamatrix"
    """Element string with FNC1 in a DataMatrix: GTIN, lot and serial, no link and no signature."""


@dataclass(frozen=True, slots=True)
class PrintLabel:
    """One label to print; `link` is the printed link with its signature, `lot` the lot that the link names."""

    sequence: int
    item: ItemKey
    link: str = field(repr=False)
    lot: str | None = None

    @property
    def short_link(self) -> str:
        """The link without its signature: smaller, and it needs the network to be checked."""
        return self.link.partition("?")[0]

    def human_lines(self) -> tuple[str, ...]:
        """One line an element, its identifier in brackets (GS1 General Specifications, section 4.14).

        An element has a line of its own, so that no lot can pass for another element.
        """
        lot = (f"(10){self.lot}",) if self.lot else ()
        return (f"(01){self.item.gtin}", *lot, f"(21){self.item.serial}")

    def elements(self) -> str:
        """The element string in square brackets: no lot or serial may hold one, so it reads in one way only."""
        lot = f"[10]{self.lot}" if self.lot else ""
        return f"[01]{self.item.gtin}{lot}[21]{self.item.serial}"


@dataclass(frozen=True, slots=True)
class LabelStyle:
    """How labels are drawn. `short` leaves the signature out; `level` is the QR code's error correction, M or Q."""

    carrier: Carrier = Carrier.QR
    short: bool = False
    level: str = "M"

    def __post_init__(self) -> None:
        if self.level not in ("M", "Q"):
            raise InputRefused(
                got=f"error correction level {self.level}",
                expected="M or Q: L loses codes to scratches, H gives codes too large for labels",
                next_step="choose M, or Q for rough handling",
                reason="bad-label-style",
            )

    def content(self, label: PrintLabel) -> str:
        """What the code of `label` holds; an element string stands in square brackets."""
        if self.carrier is Carrier.GS1_DATAMATRIX:
            return label.elements()
        return label.short_link if self.short else label.link


PLAIN = LabelStyle()
"""A signed Digital Link in a QR code of level M."""
