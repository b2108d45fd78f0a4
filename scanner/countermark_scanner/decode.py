"""Codes in a picture: several attempts in the order of what they cost for what they find.

`docs/verification.md` tells the order; `bench/decode_pictures.py` measures it. zxing-cpp and zbar both take time that
grows with the square of the number of finder patterns, so a sheet of nothing but finder patterns would keep them busy
for minutes. They are therefore never given more than a screenful of pixels at once: a larger picture is read in a
reduced size first, then in overlapping tiles from the middle outwards, within a time limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from types import ModuleType

import numpy as np
import zxingcpp
from PIL import Image, ImageFilter

from countermark.limits import DEFAULT_LIMITS, Limits
from countermark_scanner.pictures import GreyPixels, read_grey

_LINEAR = "Code128,ITF14,EAN13,EAN8,UPCA,UPCE,DataBarOmni,DataBarLimited,DataBarExpanded"
_QR = zxingcpp.barcode_formats_from_str("QRCode")
_OTHERS = zxingcpp.barcode_formats_from_str(f"DataMatrix,{_LINEAR}")
_ALL = zxingcpp.barcode_formats_from_str(f"QRCode,DataMatrix,{_LINEAR}")
_GS1_SYMBOLOGIES = frozenset({"]C1", "]e0", "]d2", "]Q3", "]J1"})

_LOCAL, _GLOBAL = zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram
_SCREENFUL = 1920 * 1088
_TILE = 1400
_STRIDE = _TILE // 2
_ZBAR_PIXELS = 1_000_000
_HALF_SIZE_FROM = 120
"""Pixels along the shorter side below which half the size leaves no module to read."""

ZBAR_MISSING = "the system library libzbar (Debian: libzbar0) is missing: the third decoder stays unused"
"""What a test summary says when `zbar_available` is false."""

Corner = tuple[int, int]


@dataclass(frozen=True, slots=True)
class DecodedCode:
    """One code. `corners` are pixels (x, y) of the stored picture: top left, top right, bottom right, bottom left."""

    text: str
    format: str
    symbology_identifier: str
    corners: tuple[Corner, Corner, Corner, Corner]

    @property
    def raw(self) -> str:
        """The text as a hand scanner would send it: GS1 carriers begin with their symbology identifier."""
        return f"{self.symbology_identifier}{self.text}" if self.symbology_identifier in _GS1_SYMBOLOGIES else self.text


@dataclass(frozen=True, slots=True)
class _Part:
    """Pixels cut out of the picture at `at`, whose lengths were divided by `scale`."""

    pixels: GreyPixels
    scale: float = 1.0
    at: Corner = (0, 0)


Codes = tuple[DecodedCode, ...]


def decode_picture(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Codes:
    """All codes in a JPEG, PNG or WebP file, none perhaps. Raises PictureRefused or TooLarge."""
    return decode_grey(read_grey(data, limits), limits)


def decode_grey(
    pixels: GreyPixels, limits: Limits = DEFAULT_LIMITS, clock: Callable[[], float] = time.monotonic
) -> Codes:
    """The codes in grey pixels, by the first attempt that finds any before the time is over; `clock` gives seconds."""
    end = clock() + limits.picture_seconds
    for attempt in _attempts(pixels):
        codes = attempt()
        if codes or clock() > end:
            return codes[: limits.codes_in_picture]
    return ()


def zbar_available() -> bool:
    """Whether the third decoder's system library is there."""
    return _zbar() is not None


def _attempts(pixels: GreyPixels) -> Iterator[Callable[[], Codes]]:
    screen = _reduced(pixels, _SCREENFUL)
    # A QR code is found in a fifth of the time that all formats take; then what stands beside it is looked for.
    yield partial(_with_neighbours, screen)
    yield partial(_zxing, screen, _OTHERS)
    yield partial(_zxing, screen, _QR, _GLOBAL)
    if min(screen.pixels.shape) >= _HALF_SIZE_FROM:
        # Patterns within the modules, as on decorated codes, melt into one grey.
        yield partial(_zxing, _divided(screen, 2.0), _QR, _GLOBAL)
    yield partial(_zbar_codes, _reduced(pixels, _ZBAR_PIXELS))
    tiles = _tiles(pixels) if screen.scale != 1.0 else []
    for corner in tiles:
        yield partial(_with_neighbours, _tile(pixels, corner))
    yield partial(_zxing, screen, _OTHERS, _GLOBAL)
    # The grain of pictures taken in low light looks like modules; softening takes it away.
    yield partial(_zxing, _softened(screen), _ALL)
    for corner in tiles:
        yield partial(_zxing, _tile(pixels, corner), _OTHERS)


def _with_neighbours(part: _Part) -> Codes:
    """QR codes in any direction, and if there is one, the other codes that stand on the same lines as text does."""
    found = _zxing(part, _QR)
    return found + _zxing(part, _OTHERS, aligned=True) if found else ()


def _tile(pixels: GreyPixels, corner: Corner) -> _Part:
    left, top = corner
    return _Part(np.ascontiguousarray(pixels[top : top + _TILE, left : left + _TILE]), at=corner)


def _softened(part: _Part) -> _Part:
    return _Part(np.asarray(Image.fromarray(part.pixels).filter(ImageFilter.GaussianBlur(1))), part.scale)


def _reduced(pixels: GreyPixels, most: int) -> _Part:
    """The picture with at most `most` pixels."""
    whole = _Part(pixels)
    return whole if pixels.size <= most else _divided(whole, (pixels.size / most) ** 0.5)


def _divided(part: _Part, by: float) -> _Part:
    height, width = part.pixels.shape
    size = max(1, int(width / by)), max(1, int(height / by))
    smaller = np.asarray(Image.fromarray(part.pixels).resize(size, Image.Resampling.BILINEAR))
    return _Part(smaller, part.scale * by, part.at)


def _tiles(pixels: GreyPixels) -> list[Corner]:
    """The left top corners of tiles that overlap by half, those nearest to the middle of the picture first."""
    height, width = int(pixels.shape[0]), int(pixels.shape[1])

    def starts(length: int) -> list[int]:
        return list(range(0, max(1, length - _STRIDE), _STRIDE))

    def from_middle(corner: Corner) -> int:
        aside, down = 2 * corner[0] + _TILE - width, 2 * corner[1] + _TILE - height
        return aside * aside + down * down

    return sorted(((left, top) for left in starts(width) for top in starts(height)), key=from_middle)


def _zxing(
    part: _Part,
    formats: zxingcpp.BarcodeFormats,
    binarizer: zxingcpp.Binarizer = _LOCAL,
    *,
    aligned: bool = False,
) -> Codes:
    """What zxing-cpp finds; `aligned` codes are dark on light and not turned by a quarter."""
    found = zxingcpp.read_barcodes(
        part.pixels,
        formats=formats,
        text_mode=zxingcpp.TextMode.Plain,
        binarizer=binarizer,
        try_rotate=not aligned,
        try_invert=not aligned,
    )
    return tuple(
        DecodedCode(
            text=code.text,
            format=str(code.format),
            symbology_identifier=code.symbology_identifier,
            corners=_corners(code.position, part),
        )
        for code in found
    )


def _corners(position: zxingcpp.Position, part: _Part) -> tuple[Corner, Corner, Corner, Corner]:
    """The code's corners in the whole picture."""

    def moved(point: zxingcpp.Point) -> Corner:
        return part.at[0] + round(point.x * part.scale), part.at[1] + round(point.y * part.scale)

    return (
        moved(position.top_left),
        moved(position.top_right),
        moved(position.bottom_right),
        moved(position.bottom_left),
    )


@cache
def _zbar() -> ModuleType | None:
    """pyzbar, if it finds its system library; it looks for it on import."""
    try:
        from pyzbar import pyzbar  # type: ignore[import-untyped]
    except (ImportError, OSError):
        return None
    module: ModuleType = pyzbar
    return module


def _zbar_codes(part: _Part) -> Codes:
    """QR codes only: zbar drops the separators of GS1 element strings."""
    zbar = _zbar()
    if zbar is None:
        return ()
    height, width = part.pixels.shape
    found = zbar.decode((part.pixels.tobytes(), width, height), symbols=[zbar.ZBarSymbol.QRCODE])
    return tuple(_from_zbar(code.data, code.rect, part.scale) for code in found)


def _from_zbar(data: bytes, rect: tuple[int, int, int, int], scale: float) -> DecodedCode:
    left, top, width, height = (round(length * scale) for length in rect)
    right, bottom = left + width, top + height
    return DecodedCode(
        text=data.decode("utf-8", "replace"),
        format="QR Code",
        symbology_identifier="]Q1",
        corners=((left, top), (right, top), (right, bottom), (left, bottom)),
    )
