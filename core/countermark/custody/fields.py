"""Strict reading of signed files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from eth_utils.address import is_checksum_address

from countermark.errors import InputRefused
from countermark.limits import DEFAULT_LIMITS

_WORD = re.compile(r"0x[0-9a-f]{64}\Z")
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,77})\Z")


def words(**named: bytes) -> dict[str, str]:
    """32-byte values as they stand in files."""
    return {name: "0x" + value.hex() for name, value in named.items()}


def record(data: object, kind: str, names: set[str]) -> Mapping[str, Any]:
    """A parsed file of format `kind` with exactly the keys `names`."""
    if not isinstance(data, Mapping) or data.get("format") != kind:
        raise refused("a file of another format", kind)
    if set(data) != names | {"format"}:
        raise refused(f"the keys {sorted(map(str, data))[:20]}", f"exactly {', '.join(sorted(names))}")
    return data


def lines(given: Mapping[str, Any], name: str, names: set[str]) -> Sequence[Mapping[str, Any]]:
    """A list of objects with exactly the keys `names`."""
    found = given[name]
    if not isinstance(found, list) or len(found) > DEFAULT_LIMITS.handover_file_lines:
        raise refused(f"{name} that are no short list", f"a list of at most {DEFAULT_LIMITS.handover_file_lines} lines")
    if not all(isinstance(line, Mapping) and set(line) == names for line in found):
        raise refused(f"a line of {name} with other keys", f"lines with {', '.join(sorted(names))}")
    return found


def address(given: Mapping[str, Any], name: str) -> str:
    """An EIP-55 address."""
    value = given[name]
    if not isinstance(value, str) or not is_checksum_address(value):
        raise refused(f"{name} {value!r}", "an address with its EIP-55 checksum")
    return value


def number(given: Mapping[str, Any], name: str, bits: int) -> int:
    """A JSON integer of at most `bits` bits."""
    value = given[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << bits:
        raise refused(f"{name} {value!r}", f"a whole number of at most {bits} bits")
    return value


def decimal(given: Mapping[str, Any], name: str) -> int:
    """A number of at most 256 bits as a decimal string without leading zeros."""
    value = given[name]
    if not isinstance(value, str) or not _DECIMAL.match(value) or int(value) >= 1 << 256:
        raise refused(f"{name} {value!r}", "a decimal number in quotes, at most 256 bits")
    return int(value)


def word(given: Mapping[str, Any], name: str) -> bytes:
    """32 bytes as 0x and lower-case hexadecimal."""
    value = given[name]
    if not isinstance(value, str) or not _WORD.match(value):
        raise refused(f"{name} {value!r}", "0x and 64 lower-case hexadecimal digits")
    return bytes.fromhex(value[2:])


def choice(given: Mapping[str, Any], name: str, names: Sequence[str]) -> str:
    """One of `names` (upper case), written in lower case."""
    value = given[name]
    # Some letters beyond ASCII have an ASCII capital: a file has one spelling.
    if not isinstance(value, str) or not value.isascii() or value != value.lower() or value.upper() not in names:
        raise refused(f"{name} {value!r}", " or ".join(each.lower() for each in names))
    return value.upper()


def refused(got: str, expected: str) -> InputRefused:
    """A signed file that breaks its format."""
    return InputRefused(got=got, expected=expected, next_step="ask the other party for the file as it was written")
