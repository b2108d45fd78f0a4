"""Identifiers that chain, node and wallet share: token ids, marks, accounts."""

from __future__ import annotations

import re

from eth_utils.address import is_checksum_address, to_checksum_address

from countermark.errors import InputRefused

_INDEX_BITS = 24
_MARK = re.compile(r"[A-Z]{2}[0-9A-Z]{15}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def token_id(series: int, index: int) -> int:
    """The token of the item at `index` (from 0, packing order) of `series`."""
    return series << _INDEX_BITS | index


def series_of(token: int) -> int:
    """The series that a token belongs to."""
    return token >> _INDEX_BITS


def index_of(token: int) -> int:
    """The token's place in its series."""
    return token & ((1 << _INDEX_BITS) - 1)


def check_mark(text: str) -> str:
    """A trademark identifier of WIPO Standard ST.13: office code and 15 more characters, such as EM500000012345678."""
    if not _MARK.fullmatch(text):
        raise InputRefused(
            got=f"trademark {text!r}",
            expected="17 characters of WIPO ST.13: two letters of the office, then 15 digits or capital letters",
            next_step="copy the identifier from the office's register",
            reason="bad-mark",
        )
    return text


def check_account(text: str) -> str:
    """An account or contract address in its EIP-55 spelling; mixed case with a wrong checksum is refused."""
    plain = text == text.lower() or text[2:] == text[2:].upper()
    if not _ADDRESS.fullmatch(text) or not (plain or is_checksum_address(text)):
        raise InputRefused(
            got=f"address {text!r}",
            expected="0x and 40 hexadecimal digits, with the right EIP-55 checksum",
            next_step="copy the address again",
            reason="bad-address",
        )
    return str(to_checksum_address(text))
