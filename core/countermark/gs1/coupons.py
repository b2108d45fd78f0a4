"""North American coupon codes (AI 8110 and 8112): fields of variable length, each after a digit that says how long.

Source: GS1 General Specifications 3.9.11 and 3.9.12; GS1 Barcode Syntax Dictionary, `couponcode` and `couponposoffer`.
"""

from __future__ import annotations

from countermark.gs1.dates import is_date

_REQUIREMENT_CODES = "012349"


class _Broken(ValueError):
    """A field is missing, too short or holds a digit that it may not hold; never leaves this module."""


class _Fields:
    """The digits of a coupon, taken one field after the other."""

    def __init__(self, digits: str) -> None:
        self._digits = digits
        self._place = 0

    def take(self, length: int) -> str:
        """The next `length` digits."""
        taken = self._digits[self._place : self._place + length]
        if len(taken) < length:
            raise _Broken
        self._place += length
        return taken

    def one_of(self, allowed: str) -> str:
        """The next digit, one of `allowed`."""
        digit = self.take(1)
        if digit not in allowed:
            raise _Broken
        return digit

    def sized(self, allowed: str, more: int = 0) -> str:
        """A field behind its length: one of `allowed`, plus `more`."""
        return self.take(int(self.one_of(allowed)) + more)

    def marked(self, mark: str) -> bool:
        """Whether the optional field `mark` follows; its mark is taken."""
        found = self._digits[self._place : self._place + 1] == mark
        self._place += found
        return found

    def end(self) -> None:
        """Nothing may be left."""
        if self._place != len(self._digits):
            raise _Broken


def _purchase(fields: _Fields) -> None:
    """Requirement, its code, family code."""
    fields.sized("12345")
    fields.one_of(_REQUIREMENT_CODES)
    fields.take(3)


def _other_company(fields: _Fields) -> None:
    """The company prefix of a further purchase; 9 says that it is the first one's."""
    length = fields.one_of("01234569")
    if length != "9":
        fields.take(int(length) + 6)


def _dates(fields: _Fields) -> None:
    expires = fields.take(6) if fields.marked("3") else ""
    starts = fields.take(6) if fields.marked("4") else ""
    if not all(is_date(date) for date in (expires, starts) if date) or (expires and starts > expires):
        raise _Broken


def _coupon(fields: _Fields) -> None:
    fields.sized("0123456", 6)
    fields.take(6)
    fields.sized("12345")
    _purchase(fields)
    if fields.marked("1"):
        fields.one_of("0123")
        _purchase(fields)
        _other_company(fields)
    if fields.marked("2"):
        _purchase(fields)
        _other_company(fields)
    _dates(fields)
    if fields.marked("5"):
        fields.sized("0123456789", 6)
    if fields.marked("6"):
        fields.sized("1234567", 6)
    if fields.marked("9"):
        fields.one_of("01256")
        fields.one_of("012")
        fields.take(1)
        fields.one_of("01")
    fields.end()


def is_coupon(text: str) -> bool:
    """Whether `text` is a coupon code (AI 8110)."""
    if not text.isdigit():
        return False
    try:
        _coupon(_Fields(text))
    except _Broken:
        return False
    return True


def is_coupon_offer(text: str) -> bool:
    """Whether `text` is a positive offer file coupon (AI 8112): format, funder, offer, serial number."""
    if not text.isdigit():
        return False
    fields = _Fields(text)
    try:
        fields.one_of("01")
        fields.sized("0123456", 6)
        fields.take(6)
        fields.sized("0123456789", 6)
        fields.end()
    except _Broken:
        return False
    return True
