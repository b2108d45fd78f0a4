"""What identifies an item: GTIN (AI 01) and serial number (AI 21), with the lot (AI 10) beside them.

Source: GS1 General Specifications, sections 3.3 (AI 01), 3.4 (AI 10), 3.5 (AI 21), 7.9 (check digits) and figure
7.11-1 (the 82 characters that a serial or lot may hold).
"""

from __future__ import annotations

import string
from dataclasses import dataclass

from countermark.errors import LabelRefused

CHARACTERS_82 = frozenset(string.ascii_letters + string.digits + "!\"%&'()*+,-./_:;<=>?")
"""GS1's AI encodable character set 82."""

_LONGEST = 20
_GTIN_LENGTHS = (8, 12, 13, 14)


def check_digit(digits: str) -> str:
    """The GS1 check digit of `digits` (without one): weights 3 and 1 from the right."""
    return str(-(3 * sum(map(int, digits[::-2])) + sum(map(int, digits[-2::-2]))) % 10)


def parse_gtin(text: str) -> str:
    """`text` as 14 digits; GTIN-8, -12 and -13 are padded with zeros.

    Raises LabelRefused with reason `bad-gtin` or `wrong-check-digit`.
    """
    if not (text.isascii() and text.isdigit() and len(text) in _GTIN_LENGTHS):
        raise LabelRefused(
            got=text,
            expected="a GTIN of 8, 12, 13 or 14 digits",
            next_step="read the digits under the bar code; in a spreadsheet, format the column as text",
            reason="bad-gtin",
        )
    wanted = check_digit(text[:-1])
    if text[-1] != wanted:
        raise LabelRefused(
            got=f"GTIN {text} ending in {text[-1]}",
            expected=f"check digit {wanted}",
            next_step="compare the number with the one printed on the product",
            reason="wrong-check-digit",
        )
    return text.zfill(14)


def _check_82(text: str, name: str, reason: str) -> str:
    if not 1 <= len(text) <= _LONGEST or not CHARACTERS_82.issuperset(text):
        raise LabelRefused(
            got=f"{name} {text!r}",
            expected=f"1 to {_LONGEST} characters of GS1's character set 82",
            next_step="check how the code was made or typed",
            reason=reason,
        )
    return text


def check_serial(text: str) -> str:
    """`text` if it may be a serial number (AI 21); raises LabelRefused, reason `bad-serial`."""
    return _check_82(text, "serial number", "bad-serial")


def check_lot(text: str) -> str:
    """`text` if it may be a lot (AI 10); raises LabelRefused, reason `bad-lot`."""
    return _check_82(text, "lot", "bad-lot")


@dataclass(frozen=True, slots=True, order=True)
class ItemKey:
    """One item of one product: `gtin` has 14 digits, `serial` 1 to 20 characters."""

    gtin: str
    serial: str

    @classmethod
    def parse(cls, gtin: str, serial: str) -> ItemKey:
        """Check both parts; raises LabelRefused."""
        return cls(parse_gtin(gtin), check_serial(serial))

    @property
    def text(self) -> str:
        """The item as people may read it in a log: (01)GTIN(21)SERIAL."""
        return f"(01){self.gtin}(21){self.serial}"
