"""Codes in a picture: zxing-cpp, its other binarizer on a miss, zbar where the system has it, then softened pixels.

Both libraries take time that grows with the square of the number of finder patterns, so a sheet of nothing but finder
patterns would keep them busy for minutes. They are therefore never given more than a screenful of pixels at once: a
larger picture is read in a reduced size first, then in overlapping tiles from the middle outwards, within a time limit.
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

_FORMATS = zxingcpp.barcode_formats_from_str(
    "QRCode,DataMatrix,Code128,ITF14,EAN13,EAN8,UPCA,UPCE,DataBarOmni,DataBarLimited,DataBarExpanded"
)
_GS1_SYMBOLOGIES = frozenset({"]C1", "]e0", "]d2", "]Q3", "]J1"})

_SCREENFUL = 1920 * 1088
_TILE = 1400
_STRIDE = _TILE // 2
_ZBAR_PIXELS = 1_000_000

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


def decode_picture(data: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[DecodedCode, ...]:
    """All codes in a JPEG, PNG or WebP file, none perhaps. Raises PictureRefused or TooLarge."""
    return decode_grey(read_grey(data, limits), limits)


def decode_grey(
    pixels: GreyPixels, limits: Limits = DEFAULT_LIMITS, clock: Callable[[], float] = time.monotonic
) -> tuple[DecodedCode, ...]:
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


def _attempts(pixels: GreyPixels) -> Iterator[Callable[[], tuple[DecodedCode, ...]]]:
    screen, scale = _reduced(pixels, _SCREENFUL)
    yield partial(_zxing, screen, zxingcpp.Binarizer.LocalAverage, scale)
    yield partial(_zxing, screen, zxingcpp.Binarizer.GlobalHistogram, scale)
    yield partial(_zbar_codes, *_reduced(pixels, _ZBAR_PIXELS))
    # The grain of pictures taken in low light looks like modules; softening takes it away.
    soft = np.asarray(Image.fromarray(screen).filter(ImageFilter.GaussianBlur(1)))
    yield partial(_zxing, soft, zxingcpp.Binarizer.LocalAverage, scale)
    for left, top in _tiles(pixels) if scale != 1.0 else ():
        tile = np.ascontiguousarray(pixels[top : top + _TILE, left : left + _TILE])
        yield partial(_zxing, tile, zxingcpp.Binarizer.LocalAverage, 1.0, (left, top))


def _reduced(pixels: GreyPixels, most: int) -> tuple[GreyPixels, float]:
    """The picture with at most `most` pixels, and by how much its lengths were divided."""
    if pixels.size <= most:
        return pixels, 1.0
    height, width = pixels.shape
    scale = (pixels.size / most) ** 0.5
    size = max(1, int(width / scale)), max(1, int(height / scale))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)), scale


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
    pixels: GreyPixels, binarizer: zxingcpp.Binarizer, scale: float, at: Corner = (0, 0)
) -> tuple[DecodedCode, ...]:
    found = zxingcpp.read_barcodes(pixels, formats=_FORMATS, text_mode=zxingcpp.TextMode.Plain, binarizer=binarizer)
    return tuple(
        DecodedCode(
            text=code.text,
            format=str(code.format),
            symbology_identifier=code.symbology_identifier,
            corners=_corners(code.position, scale, at),
        )
        for code in found
    )


def _corners(position: zxingcpp.Position, scale: float, at: Corner) -> tuple[Corner, Corner, Corner, Corner]:
    """The code's corners in the whole picture."""

    def moved(point: zxingcpp.Point) -> Corner:
        return at[0] + round(point.x * scale), at[1] + round(point.y * scale)

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


def _zbar_codes(pixels: GreyPixels, scale: float) -> tuple[DecodedCode, ...]:
    """QR codes only: zbar drops the separators of GS1 element strings."""
    zbar = _zbar()
    if zbar is None:
        return ()
    height, width = pixels.shape
    found = zbar.decode((pixels.tobytes(), width, height), symbols=[zbar.ZBarSymbol.QRCODE])
    return tuple(_from_zbar(code.data, code.rect, scale) for code in found)


def _from_zbar(data: bytes, rect: tuple[int, int, int, int], scale: float) -> DecodedCode:
    left, top, width, height = (round(length * scale) for length in rect)
    right, bottom = left + width, top + height
    return DecodedCode(
        text=data.decode("utf-8", "replace"),
        format="QR Code",
        symbology_identifier="]Q1",
        corners=((left, top), (right, top), (right, bottom), (left, bottom)),
    )
