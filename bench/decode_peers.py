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
from pathlib import Path

import cv2
import numpy as np
import zxingcpp
from decode_pictures import VARIANTS, label_link, photograph
from PIL import Image
from pyzbar import pyzbar  # type: ignore[import-untyped]
from rows import Limit, Row, at_least, at_most, report

from countermark_scanner.decode import decode_grey
from countermark_scanner.pictures import GreyPixels, read_grey

REPEATS = 3
OURS = "countermark, all formats"
SHARE, MILLISECONDS = 93, 1
Reader = Callable[[GreyPixels], Sequence[str]]


@dataclass(frozen=True)
class Shot:
    """A picture and the text that its code holds."""

    pixels: GreyPixels
    text: str


@dataclass(frozen=True)
class Reading:
    """How many pictures a reader read rightly and wrongly, and its mean time."""

    right: int
    wrong: int
    milliseconds: float


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
    height, width = pixels.shape
    found = pyzbar.decode((pixels.tobytes(), width, height), symbols=[pyzbar.ZBarSymbol.QRCODE])
    return [code.data.decode("utf-8", "replace") for code in found]


def opencv(detector: str) -> Reader:
    """One of OpenCV's two QR detectors."""
    reader = getattr(cv2, detector)()

    def read(pixels: GreyPixels) -> Sequence[str]:
        try:
            _, texts, _, _ = reader.detectAndDecodeMulti(pixels)
        except (cv2.error, UnicodeDecodeError):
            return []
        return [text for text in texts or () if text]

    return read


def readers() -> dict[str, Reader]:
    """Ours first, then the peers."""
    return {
        OURS: ours,
        "zxing-cpp, the same formats": zxing(
            "QRCode,DataMatrix,Code128,ITF14,EAN13,EAN8,UPCA,UPCE,DataBarOmni,DataBarLimited,DataBarExpanded"
        ),
        "zxing-cpp, QR alone": zxing("QRCode"),
        "pyzbar, QR alone": zbar,
        "OpenCV, QRCodeDetector": opencv("QRCodeDetector"),
        "OpenCV, QRCodeDetectorAruco": opencv("QRCodeDetectorAruco"),
    }


def simulated(pictures: int = 3) -> list[Shot]:
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


def read_all(reader: Reader, shots: Sequence[Shot]) -> Reading:
    """Each picture REPEATS times; the best processor time of each counts."""
    right = wrong = 0
    spent = 0.0
    for shot in shots:
        best = float("inf")
        for _ in range(REPEATS):
            started = time.process_time()
            texts = reader(shot.pixels)
            best = min(best, time.process_time() - started)
        spent += best
        found = shot.text.strip() in [text.strip() for text in texts]
        right += found
        wrong += bool(texts) and not found
    return Reading(right, wrong, 1_000 * spent / len(shots))


def compare(title: str, shots: Sequence[Shot], peers: Sequence[str], *, judged: bool = False) -> Iterator[Row]:
    """Print what each reader reads; the rows beside `peers`. The targets speak of photographed QR codes alone."""
    print(f"\n{title}: {len(shots)} pictures\n{'reader':32} {'read':>12} {'wrong':>6} {'ms':>8}")
    every = readers()
    found = {name: read_all(every[name], shots) for name in (OURS, *peers)}
    for name, one in found.items():
        print(f"{name:32} {one.right:5} {one.right / len(shots):6.1%} {one.wrong:6} {one.milliseconds:8.2f}")
    mine = found[OURS]
    share = {name: 100 * one.right / len(shots) for name, one in found.items()}
    read = at_least(share[OURS], SHARE, f"{SHARE} % of photographs") if judged else None
    quick = at_most(mine.milliseconds, MILLISECONDS, f"{MILLISECONDS} ms a photograph at most") if judged else None
    for peer in peers:
        yield Row(f"{title}: read", "%", share[OURS], peer, share[peer], Limit("all", 100), read)
    for peer in peers:
        theirs = found[peer].milliseconds
        yield Row(f"{title}: time", "ms", mine.milliseconds, peer, theirs, target=quick, less=True)


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


def main(arguments: Sequence[str]) -> int:
    """The rows of simulated photographs, or those of the public set; the exit code."""
    np.seterr(all="ignore")
    peers = [name for name in readers() if name != OURS]
    if not arguments:
        return report(list(compare("QR codes on simulated photographs", simulated(), peers)))
    folder = Path(arguments[0])
    squares = photographed(folder, [f"qrcode-{number}" for number in range(1, 7)])
    matrices = photographed(folder, [f"datamatrix-{number}" for number in range(1, 5)])
    rows = [
        *compare("photographed QR codes", squares, peers, judged=True),
        *compare("photographed DataMatrix codes", matrices, ["zxing-cpp, the same formats"]),
    ]
    false_reads(folder)
    return report(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
