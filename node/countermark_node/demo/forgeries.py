"""What counterfeiters print: labels that look right and are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from countermark.gs1.digital_link import build_link
from countermark.gs1.identity import ItemKey
from countermark.gs1.label_text import read_label
from countermark.labels.serial import native_serial
from countermark.labels.signature import sign_label
from countermark.p256 import PrivateKey
from countermark.printing.picture import label_image
from countermark.printing.print_label import PrintLabel
from countermark_node.demo.cast import BRAND_HOST
from countermark_node.demo.goods import Goods, save_photo
from countermark_node.demo.photos import STRAIGHT, TURNED

FOREIGN_HOST = "id-brand.example"


def forge(goods: Goods, genuine: int, folder: Path) -> Iterator[tuple[str, str, Path]]:
    """(step name, what it is, picture) for each kind of forgery, starting from one genuine label."""
    gtin = goods.product.gtin
    invented = ItemKey(gtin, native_serial(gtin, goods.number, genuine, b"guessed by the counterfeiter"))
    own_key = PrivateKey.generate()
    label = read_label(goods.link(genuine))
    yield (
        "invented-serial",
        "an invented serial, unsigned",
        _print(build_link(BRAND_HOST, invented), invented, folder, "invented"),
    )
    yield (
        "borrowed-signature",
        "an invented serial with a genuine label's signature",
        _print(build_link(BRAND_HOST, invented, s=label.s), invented, folder, "borrowed"),
    )
    yield (
        "signed-by-stranger",
        "a genuine serial signed by a stranger",
        _print(build_link(BRAND_HOST, label.item, s=sign_label(label.item, own_key)), label.item, folder, "stranger"),
    )
    yield (
        "foreign-host",
        f"a genuine code on the foreign host {FOREIGN_HOST}",
        _print(build_link(FOREIGN_HOST, label.item, s=label.s), label.item, folder, "foreign-host"),
    )


def _print(link: str, item: ItemKey, folder: Path, name: str) -> Path:
    shot = TURNED if name in ("stranger", "foreign-host") else STRAIGHT
    return save_photo(label_image(PrintLabel(0, item, link)), shot, folder, name, seed=len(link))
