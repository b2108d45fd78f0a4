"""Label signatures checked and photo files read, each beside its baseline in the same run: `make bench-labels`.

Ratios travel between machines, absolute rates do not.
"""

from __future__ import annotations

import io
import sys

from PIL import Image
from pyzbar.pyzbar import ZBarSymbol, decode  # type: ignore[import-untyped]
from rates import rates, times
from rows import Limit, Row, report

from countermark.labels.series import LabelOrder, SeriesSecrets, make_labels
from countermark.labels.signature import label_message, read_signature
from countermark.p256 import PrivateKey
from countermark.printing.picture import label_image
from countermark.printing.print_label import PrintLabel
from countermark_node.demo.photos import BUSY, SOFT, TURNED, photograph
from countermark_scanner.decode import decode_picture

ORDER = LabelOrder("09521234543213", 1, 1, "id.brand.example")


def main() -> int:
    """All rows; the exit code."""
    key, secrets = PrivateKey.generate(), SeriesSecrets.from_master(bytes(32))
    label = next(make_labels(ORDER, secrets, key))
    printed = PrintLabel(label.sequence, label.item, label.link)
    message = label_message(label.item)
    signature = read_signature(label.link.partition("?s=")[2])
    photos = [photograph(label_image(printed), shot, seed=7) for shot in (TURNED, SOFT, BUSY)]
    checks = rates(
        {
            "ours": times(500, lambda: signature.verify(label.item, key.public)),
            "raw": times(500, lambda: key.public.verify(message, signature.signature)),
        }
    )
    readings = rates(
        {
            "ours": lambda: len([decode_picture(photo) for photo in photos]),
            "pyzbar": lambda: len(
                [decode(Image.open(io.BytesIO(photo)), symbols=[ZBarSymbol.QRCODE]) for photo in photos]
            ),
        }
    )
    limit = Limit("raw P-256 checks", checks["raw"])
    return report(
        [
            Row("label signatures checked", "a second", checks["ours"], "cryptography alone", checks["raw"], limit),
            Row(
                "photo files of 1.2 megapixels read (simulated)",
                "a second",
                readings["ours"],
                "pyzbar with Pillow",
                readings["pyzbar"],
            ),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
