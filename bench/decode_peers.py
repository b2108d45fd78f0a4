"""What we read out of pictures beside zxing-cpp alone, pyzbar and OpenCV: `python bench/decode_peers.py [FOLDER]`.

Without FOLDER on simulated photographs. FOLDER is the folder `test/samples` of zxing-cpp's source: 137 photographed QR
codes (`qrcode-1` to `qrcode-6`), DataMatrix codes, and 46 pictures without a code. No package registry has them.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import zxingcpp
from decode_pictures import VARIANTS, label_link, photograph
from PIL import Image

from countermark_scanner.decode import decode_grey, zbar_available
from countermark_scanner.pictures import GreyPixels, read_grey

REPEATS = 3
Reader = Callable[[GreyPixels], Sequence[str]]


@dataclass(frozen=True)
class Shot:
    """A picture and the text that its code holds."""

    pixels: GreyPixels
    text: str


def ours(pixels: GreyPixels) -> Sequence[str]:
    """All formats, the whole ladder."""
    return [code.text for code in decode_grey(pixels)]


def zxing(formats: str) -> Reader:
    """One call of zxing-cpp with its defaults."""
    wanted = zxingcpp.barcode_formats_from_str(formats)
    return lambda pixels: [
        code.text for code in zxingcpp.read_barcodes(pixels, formats=wanted, text_mode=zxingcpp.TextMode.Plain)
    ]


def zbar(pixels: GreyPixels) -> Sequence[str]:
    """pyzbar, QR codes only."""
    from pyzbar import pyzbar  # type: ignore[import-untyped]

    height, width = pixels.shape
    found = pyzbar.decode((pixels.tobytes(), width, height), symbols=[pyzbar.ZBarSymbol.QRCODE])
    return [code.data.decode("utf-8", "replace") for code in found]


@cache
def _opencv() -> Any:
    """OpenCV, if it was installed for this measurement (`make bench-decode` does)."""
    try:
        import cv2  # type: ignore[import-not-found]
    except ImportError:
        return None
    return cv2


def opencv(detector: str) -> Reader:
    """One of OpenCV's two QR detectors."""
    reader = getattr(_opencv(), detector)()

    def read(pixels: GreyPixels) -> Sequence[str]:
        try:
            _, texts, _, _ = reader.detectAndDecodeMulti(pixels)
        except (_opencv().error, UnicodeDecodeError):
            return []
        return [text for text in texts or () if text]

    return read


def readers() -> Iterator[tuple[str, Reader]]:
    """Name and reader of all that are installed."""
    yield "countermark, all formats", ours
    yield (
        "zxing-cpp, the same formats",
        zxing("QRCode,DataMatrix,Code128,ITF14,EAN13,EAN8,UPCA,UPCE,DataBarOmni,DataBarLimited,DataBarExpanded"),
    )
    yield "zxing-cpp, QR alone", zxing("QRCode")
    if zbar_available():
        yield "pyzbar, QR alone", zbar
    if _opencv() is not None:
        yield "OpenCV, QRCodeDetector", opencv("QRCodeDetector")
        yield "OpenCV, QRCodeDetectorAruco", opencv("QRCodeDetectorAruco")


def simulated(pictures: int = 5) -> list[Shot]:
    """The photographs of decode_pictures.py."""
    return [
        Shot(read_grey(photograph(name, level, number)), label_link(number))
        for name, (_, levels) in VARIANTS.items()
        for level in levels
        for number in range(pictures)
    ]


def _as_grey(path: Path) -> GreyPixels:
    data = path.read_bytes()
    if path.suffix.lower() not in {".png", ".jpg", ".jpeg", ".webp"}:
        buffer = io.BytesIO()
        Image.open(path).convert("L").save(buffer, "PNG")
        data = buffer.getvalue()
    return read_grey(data)


def photographed(folder: Path, names: Sequence[str]) -> list[Shot]:
    """The pictures below some folders of the public set, with the text that stands beside each."""
    shots = []
    for path in sorted(path for name in names for path in (folder / name).iterdir()):
        truth = path.with_suffix(".txt")
        if path.suffix.lower() in {".webp", ".png", ".jpg", ".jpeg"} and truth.exists():
            shots.append(Shot(_as_grey(path), truth.read_bytes().decode("utf-8", "replace")))
    return shots


def table(title: str, shots: Sequence[Shot]) -> None:
    """Print the share read exactly, and the mean processor time (ms) of the best of three readings of each picture."""
    print(f"\n{title}: {len(shots)} pictures\n{'reader':32} {'read':>12} {'wrong':>6} {'ms':>8}")
    for name, reader in readers():
        right = wrong = 0
        spent = 0.0
        for shot in shots:
            best = float("inf")
            for _ in range(REPEATS):
                started = time.process_time()
                texts = reader(shot.pixels)
                best = min(best, time.process_time() - started)
            spent += best
            right += shot.text.strip() in [text.strip() for text in texts]
            wrong += bool(texts) and shot.text.strip() not in [text.strip() for text in texts]
        print(f"{name:32} {right:5} {right / len(shots):6.1%} {wrong:6} {1000 * spent / len(shots):8.2f}")


def false_reads(folder: Path) -> None:
    """Print what is read where there is no code."""
    pictures = [
        path
        for name in ("falsepositives-1", "falsepositives-2")
        for path in sorted((folder / name).iterdir())
        if path.suffix.lower() in {".webp", ".png", ".jpg", ".jpeg"}
    ]
    read = sum(bool(ours(_as_grey(path))) for path in pictures)
    print(f"\npictures without a code: {read} read of {len(pictures)}")


def main(arguments: Sequence[str]) -> None:
    """Print one table, or those of the public set."""
    np.seterr(all="ignore")
    if not arguments:
        table("simulated photographs of labels", simulated())
        return
    folder = Path(arguments[0])
    table("photographed QR codes", photographed(folder, [f"qrcode-{number}" for number in range(1, 7)]))
    table("photographed DataMatrix codes", photographed(folder, [f"datamatrix-{number}" for number in range(1, 5)]))
    false_reads(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
