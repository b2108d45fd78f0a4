"""A signed file as links or QR codes, for any channel between two people: chat, mail, a screen held up to a phone.

`countermark:paper/1/{id}/{part}/{parts}/{content}`: id is the first 16 hexadecimal digits of SHA-256 over the file,
content base64url without padding of a piece of its zlib stream (RFC 1950). Parts count from 1 and may come in any
order, more than once. The id finds slips; who is to be believed is for the signatures inside.
"""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from collections.abc import Iterable, Sequence

from countermark.base64url import decode, encode
from countermark.errors import InputRefused
from countermark_wallet.custody.handing_over import FILE_BYTES

CHARACTERS_IN_QR = 600
"""A code that a telephone reads off another one's screen without patience."""
_IN_LINK = 1 << 20
_MOST_PARTS = 512
_LINK = re.compile(r"countermark:paper/1/([0-9a-f]{16})/([1-9][0-9]{0,2})/([1-9][0-9]{0,2})/([A-Za-z0-9_-]+)")
_MODULE_PIXELS = 8


def to_links(data: bytes, *, characters: int = _IN_LINK) -> list[str]:
    """Links with at most `characters` of content each. Raises InputRefused (bad-paper) for more than 512."""
    if not 0 < len(data) <= FILE_BYTES:
        raise _refused(f"a file of {len(data)} bytes", f"1 to {FILE_BYTES} bytes")
    text = encode(zlib.compress(data, 9))
    # Pieces of whole base64 groups can be joined as text.
    size = max(4, characters // 4 * 4)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    if len(pieces) > _MOST_PARTS:
        raise _refused(f"a file for {len(pieces)} codes", f"at most {_MOST_PARTS}; pass on the file itself")
    name = _name(data)
    return [f"countermark:paper/1/{name}/{place}/{len(pieces)}/{piece}" for place, piece in enumerate(pieces, 1)]


def from_links(texts: Iterable[str]) -> bytes:
    """The file behind all its links, in any order. Raises InputRefused (bad-paper) and says which parts are missing."""
    parts: dict[int, str] = {}
    found: set[tuple[str, int]] = set()
    for text in texts:
        match = _LINK.fullmatch(text.strip()) if len(text) <= _IN_LINK + 100 else None
        if not match or int(match[2]) > int(match[3]) or int(match[3]) > _MOST_PARTS:
            raise _refused("a line that is no part of a paper", "lines that begin with countermark:paper/1/")
        found.add((match[1], int(match[3])))
        parts[int(match[2])] = match[4]
    if len(found) != 1:
        raise _refused(f"parts of {len(found)} papers", "the parts of one")
    ((name, count),) = found
    if missing := [place for place in range(1, count + 1) if place not in parts]:
        shown = ", ".join(map(str, missing[:10]))
        raise _refused(f"{len(parts)} of {count} parts", f"all of them; missing: {shown}")
    data = _inflated("".join(parts[place] for place in range(1, count + 1)))
    if _name(data) != name:
        raise _refused("parts that do not make the paper", "each part as it was sent")
    return data


def qr_pictures(links: Sequence[str]) -> list[bytes]:
    """A QR code for each link, PNG."""
    import zxingcpp
    from PIL import Image

    pictures = []
    for link in links:
        code = zxingcpp.create_barcode(link, zxingcpp.BarcodeFormat.QRCode, ec_level="L")
        stream = io.BytesIO()
        Image.fromarray(code.to_image(scale=_MODULE_PIXELS, add_quiet_zones=True)).save(stream, "PNG")
        pictures.append(stream.getvalue())
    return pictures


def _inflated(text: str) -> bytes:
    stream, packed = zlib.decompressobj(), decode(text) or b""
    try:
        data = stream.decompress(packed, FILE_BYTES + 1)
    except zlib.error:
        raise _refused("parts that do not make the paper", "each part as it was sent") from None
    if len(data) > FILE_BYTES or not stream.eof:
        raise _refused("a paper that is too long, or cut", f"at most {FILE_BYTES} bytes")
    return data


def _name(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _refused(got: str, expected: str) -> InputRefused:
    return InputRefused(
        got=got, expected=expected, next_step="ask the other party to send it again, or the file", reason="bad-paper"
    )
