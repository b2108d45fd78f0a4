"""The table for the station that writes chips: for each UID the two keys of NTAG 424 DNA's secure dynamic messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TextIO

from countermark.errors import TableRefused
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.nfc.keys import ChipKeys
from countermark.tables import read_rows, write_rows

COLUMNS = ("uid", "sdm_meta_read_key", "sdm_file_read_key")
_UID = re.compile(r"[0-9A-Fa-f]{14}")


def write_chip_keys(chips: TextIO, target: TextIO, keys: ChipKeys, limits: Limits = DEFAULT_LIMITS) -> int:
    """Read a table with the column `uid`, write one with its keys; returns how many. Secret: for the station alone.

    Raises TableRefused (bad-chip-uid) with the first wrong line, or a UID that stands twice.
    """
    return write_rows(target, COLUMNS, _rows(chips, keys, limits))


def _rows(chips: TextIO, keys: ChipKeys, limits: Limits) -> Iterator[tuple[str, str, str]]:
    seen: set[bytes] = set()
    for line, row in read_rows(chips, ("uid",), limits=limits):
        uid = bytes.fromhex(row["uid"]) if _UID.fullmatch(row["uid"]) else b""
        if not uid or uid in seen:
            raise TableRefused(
                findings=[f"line {line}: {row['uid']!r}" + (" stands twice" if uid else "")],
                expected="a chip's UID as 14 hexadecimal digits, each once",
                next_step="correct the line; nothing was written",
                reason="bad-chip-uid",
            )
        seen.add(uid)
        yield uid.hex().upper(), keys.meta_key.hex().upper(), keys.file_key_of(uid).hex().upper()
