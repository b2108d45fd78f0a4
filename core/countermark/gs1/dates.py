"""Dates and times of day as application identifiers write them.

Source: GS1 General Specifications 3.4.2 and 7.12. Of a year of two digits, 4 must divide a leap
year: that is right for 00 too as long as the window of 50 years makes it 2000, until 2050.
"""

from __future__ import annotations

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _is_day(month: str, day: str, leap: bool, lowest: int) -> bool:
    number = int(month)
    if not 1 <= number <= 12:
        return False
    days = 28 if number == 2 and not leap else _DAYS[number - 1]
    return lowest <= int(day) <= days


def is_date_or_month(text: str) -> bool:
    """YYMMDD, where the day may be 00."""
    return _is_day(text[2:4], text[4:6], int(text[:2]) % 4 == 0, 0)


def is_date(text: str) -> bool:
    """YYMMDD."""
    return _is_day(text[2:4], text[4:6], int(text[:2]) % 4 == 0, 1)


def is_full_date(text: str) -> bool:
    """YYYYMMDD."""
    year = int(text[:4])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _is_day(text[4:6], text[6:8], leap, 1)


def is_hour(text: str) -> bool:
    """HH from 00 to 23."""
    return text <= "23"


def is_minute(text: str) -> bool:
    """MM, or SS, from 00 to 59."""
    return text <= "59"


def is_hour_minute(text: str) -> bool:
    """HHMM."""
    return is_hour(text[:2]) and is_minute(text[2:])
