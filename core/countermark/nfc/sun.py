"""The answer of an NTAG 424 DNA chip (secure unique NFC message): UID and tap counter, mirrored into its link, signed.

Source: NXP AN12196, sections 3.3 to 3.4. A chip's link is the printed link with query attributes behind all others:
`picc_data` (UID and counter, encrypted) or `uid` and `ctr` (plain), then perhaps `enc` (file data), then `cmac`. All
are upper-case hexadecimal digits, as the chip mirrors them.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from countermark.errors import LabelRefused
from countermark.nfc.keys import KEY_BYTES, ChipKeys

_ATTRIBUTES = frozenset({"picc_data", "uid", "ctr", "enc", "cmac"})
_TELLING = frozenset({"picc_data", "cmac"})
"""The others are words that a brand may use for something else."""
_MESSAGE = re.compile(
    r"(?:picc_data=(?P<picc>[0-9A-F]{32})|uid=(?P<uid>[0-9A-F]{14})&ctr=(?P<ctr>[0-9A-F]{6}))"
    r"(?:&enc=(?P<enc>(?:[0-9A-F]{32}){1,8}))?&cmac=(?P<cmac>[0-9A-F]{16})"
)
_UID_AND_COUNTER = 0xC7
"""PICCDataTag of a UID of 7 bytes and a counter, both mirrored (AN12196, table 2)."""
_MAC_VECTOR = bytes.fromhex("3CC300010080")
_ENCRYPTION_VECTOR = bytes.fromhex("C33C00010080")


@dataclass(frozen=True, slots=True)
class SunMessage:
    """What a chip mirrored, unchecked. `picc_data` is encrypted; without it `uid` and `counter` stand in plain.

    `signed` is the text that the chip signed beside UID and counter, empty unless file data is mirrored.
    """

    cmac: bytes
    picc_data: bytes | None = None
    uid: bytes = b""
    counter: int = 0
    file_data: bytes = b""
    signed: bytes = b""


@dataclass(frozen=True, slots=True)
class ChipAnswer:
    """A checked answer: the chip's UID (7 bytes), how often it was tapped, and its file data, decrypted."""

    uid: bytes
    counter: int
    file_data: bytes = b""


def read_sun(link: str) -> SunMessage | None:
    """The chip's message in a link, None when there is none.

    Raises LabelRefused (bad-chip-answer) for attributes of a chip that are not in the one form that chips write.
    """
    if not has_sun(link):
        return None
    parts = link.partition("?")[2].split("&")
    names = [part.partition("=")[0] for part in parts]
    first = next(place for place, name in enumerate(names) if name in _ATTRIBUTES)
    match = _MESSAGE.fullmatch("&".join(parts[first:]))
    if match is None:
        raise _refused("attributes of a chip in another form", "bad-chip-answer")
    file_data = match["enc"] or ""
    return SunMessage(
        cmac=bytes.fromhex(match["cmac"]),
        picc_data=bytes.fromhex(match["picc"]) if match["picc"] else None,
        uid=bytes.fromhex(match["uid"] or ""),
        counter=int(match["ctr"] or "0", 16),
        file_data=bytes.fromhex(file_data),
        signed=f"{file_data}&cmac=".encode("ascii") if file_data else b"",
    )


def has_sun(link: str) -> bool:
    """Whether a link has attributes of a chip, in whatever form."""
    return not _TELLING.isdisjoint(part.partition("=")[0] for part in link.partition("?")[2].split("&"))


def open_sun(message: SunMessage, keys: ChipKeys) -> ChipAnswer:
    """The chip's answer, if a chip of these keys gave it. Raises LabelRefused (wrong-chip-answer).

    Whether it is fresh is another question: compare `counter` with the last one that was accepted.
    """
    uid, counter = message.uid, message.counter
    if message.picc_data is not None:
        uid, counter = _open_picc_data(message.picc_data, keys.meta_key)
    return open_with_file_key(message, uid, counter, keys.file_key_of(uid))


def open_with_file_key(message: SunMessage, uid: bytes, counter: int, key: bytes) -> ChipAnswer:
    """As `open_sun`, with UID, counter and the chip's own file key (16 bytes) known. Raises LabelRefused."""
    mirrored = uid + counter.to_bytes(3, "little")
    full = _cmac(_cmac(key, _padded(_MAC_VECTOR + mirrored)), message.signed)
    # Of the sixteen bytes a chip shows every second one.
    if not hmac.compare_digest(full[1::2], message.cmac):
        raise _refused("an answer that no chip of this series gave", "wrong-chip-answer")
    return ChipAnswer(
        uid, counter, _open_file_data(message.file_data, counter, _cmac(key, _encryption_input(mirrored)))
    )


def _open_picc_data(encrypted: bytes, meta_key: bytes) -> tuple[bytes, int]:
    decryptor = Cipher(algorithms.AES(meta_key), modes.CBC(bytes(16))).decryptor()
    data = decryptor.update(encrypted) + decryptor.finalize()
    if data[0] != _UID_AND_COUNTER:
        raise _refused("chip data that the series' key does not open", "wrong-chip-answer")
    return data[1:8], int.from_bytes(data[8:11], "little")


def _open_file_data(encrypted: bytes, counter: int, key: bytes) -> bytes:
    if not encrypted:
        return b""
    start = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 (one block, as AN12196 asks)
    vector = start.update(counter.to_bytes(3, "little").ljust(16, b"\x00")) + start.finalize()
    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    return decryptor.update(encrypted) + decryptor.finalize()


def _encryption_input(mirrored: bytes) -> bytes:
    return _padded(_ENCRYPTION_VECTOR + mirrored)


def _padded(data: bytes) -> bytes:
    return data.ljust(-(-len(data) // KEY_BYTES) * KEY_BYTES, b"\x00")


def _cmac(key: bytes, data: bytes) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(data)
    return mac.finalize()


def _refused(got: str, reason: str) -> LabelRefused:
    return LabelRefused(
        got=got,
        expected="the link that the chip shows when it is tapped, unchanged",
        next_step="tap the chip again with the phone; do not copy its link",
        reason=reason,
    )
