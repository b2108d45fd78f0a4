"""Picture files into grey pixels, bounded before anything is decoded.

Only JPEG, PNG and WebP are read, each by its own Pillow plug-in chosen by the file's first bytes; of several frames
only the first. Sizes come from headers. EXIF is not looked at: codes are read in any orientation.
"""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from countermark.errors import PictureRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits

Plugin = type[JpegImageFile] | type[PngImageFile] | type[WebPImageFile]
GreyPixels = NDArray[np.uint8]

_DECODER_FAILURES = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What Pillow raises on files that break their format."""

_JPEG_SCANS = 100
"""Most scans of a JPEG: each may cost a pass over all pixels, however few bytes it has."""


def read_grey(data: bytes, limits: Limits = DEFAULT_LIMITS) -> GreyPixels:
    """The picture's first frame as rows of grey values, transparent parts white.

    Raises TooLarge (reasons `picture-bytes`, `picture-pixels`) or PictureRefused (`not-a-picture`, `broken-picture`).
    """
    if len(data) > limits.picture_bytes:
        raise _too_large(f"{len(data)} bytes", f"at most {limits.picture_bytes} bytes", "picture-bytes")
    plugin = _plugin(data)
    if plugin is WebPImageFile:
        # Its plug-in sets up canvases of the stated size on opening.
        _check_size(*_webp_size(data), limits)
    try:
        with plugin(io.BytesIO(data)) as picture:
            _check_size(*picture.size, limits)
            return _grey(picture)
    except _DECODER_FAILURES:
        raise _broken() from None


def _too_large(got: str, expected: str, reason: str) -> TooLarge:
    return TooLarge(got=f"a picture of {got}", expected=expected, next_step="send a smaller picture", reason=reason)


def _broken() -> PictureRefused:
    return PictureRefused(
        got="a file that breaks off or breaks its format",
        expected="a whole JPEG, PNG or WebP picture",
        next_step="take the picture again",
        reason="broken-picture",
    )


def _plugin(data: bytes) -> Plugin:
    """The one reader for these first bytes."""
    if data.startswith(b"\xff\xd8\xff"):
        if data.count(b"\xff\xda") > _JPEG_SCANS:
            raise _too_large("very many scans", f"at most {_JPEG_SCANS} scans", "picture-pixels")
        return JpegImageFile
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PngImageFile
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WebPImageFile
    raise PictureRefused(
        got=f"a file that begins with {data[:8].hex() or 'nothing'}",
        expected="a JPEG, PNG or WebP picture",
        next_step="convert it, or take the picture with the camera's usual settings",
        reason="not-a-picture",
    )


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height from the first chunk (RFC 9649, sections 2.5 to 2.7)."""
    kind, head = data[12:16], data[20:30]
    if len(head) < 10:
        raise _broken()
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF
    raise _broken()


def _check_size(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.picture_pixels:
        raise _too_large(f"{width} x {height} pixels", f"at most {limits.picture_pixels} pixels", "picture-pixels")


def _grey(picture: ImageFile) -> GreyPixels:
    picture.draft("L", picture.size)
    if picture.mode.startswith("I;16"):
        return (np.asarray(picture) >> 8).astype(np.uint8)
    if picture.has_transparency_data:
        layered = picture.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return np.asarray(Image.alpha_composite(white, layered).convert("L"))
    return np.asarray(picture.convert("L"))
