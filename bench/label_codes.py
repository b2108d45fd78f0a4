"""Label checking and QR writing and reading, each beside its baseline in the same run: `make bench-labels`.

Prints rates as a table; ratios travel between machines, absolute rates do not.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import qrcode
import qrcode.image.svg
from PIL import Image

from countermark.labels.series import LabelOrder, SeriesSecrets, make_labels
from countermark.labels.signature import label_message, read_signature
from countermark.p256 import PrivateKey
from countermark.printing.picture import label_image
from countermark.printing.print_label import PrintLabel
from countermark.printing.svg import label_svg
from countermark_node.demo.photos import BUSY, SOFT, TURNED, photograph
from countermark_scanner.decode import decode_picture, zbar_available

SECONDS = 2.0
ORDER = LabelOrder("09521234543213", 1, 1, "id.brand.example")


def rate(work: Callable[[], int]) -> float:
    """Units a second, over at least SECONDS."""
    work()
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        done += work()
    return done / (time.perf_counter() - started)


def row(what: str, ours: float, baseline: float, base_name: str) -> None:
    """One line of the table."""
    print(f"| {what} | {ours:,.0f} | {base_name} {baseline:,.0f} | {ours / baseline:.2f} |")


def main() -> None:
    """All rows."""
    key, secrets = PrivateKey.generate(), SeriesSecrets.from_master(bytes(32))
    label = next(make_labels(ORDER, secrets, key))
    printed = PrintLabel(label.sequence, label.item, label.link)
    message = label_message(label.item)
    signature = read_signature(label.link.partition("?s=")[2])
    photos = [photograph(label_image(printed), shot, seed=7) for shot in (TURNED, SOFT, BUSY)]
    print("| what | ours, a second | baseline, a second | ratio |\n|---|---|---|---|")
    checking = rate(lambda: len([signature.verify(label.item, key.public) for _ in range(500)]))
    verifying = rate(lambda: len([key.public.verify(message, signature.signature) for _ in range(500)]))
    row("label signatures checked", checking, verifying, "P-256 checks")
    ours = rate(lambda: len([label_svg(printed) for _ in range(50)]))
    theirs = rate(lambda: len(qrcode.make(label.link, image_factory=qrcode.image.svg.SvgPathImage).to_string()) and 1)
    row("label as SVG", ours, theirs, "qrcode")
    reading = rate(lambda: len([decode_picture(photo) for photo in photos]))
    if zbar_available():
        from pyzbar.pyzbar import ZBarSymbol, decode

        peer = rate(
            lambda: len([decode(Image.open(io.BytesIO(photo)), symbols=[ZBarSymbol.QRCODE]) for photo in photos])
        )
        row("photos read, 1.2 megapixels", reading, peer, "pyzbar")


if __name__ == "__main__":
    main()
