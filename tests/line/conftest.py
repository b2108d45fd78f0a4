"""One series of twenty native labels, and reports on it."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from countermark.labels.serial_check import check_of
from countermark.labels.serials import DerivedSerials, SerialProfile
from countermark.line.report import LineReport, read_report

GTIN = "09521234543213"
SERIES = DerivedSerials(GTIN, 3, 20, SerialProfile.NATIVE, b"k" * 32)
SERIALS = tuple(SERIES.stream())
SSCC = "095212345432131236"
Read = Callable[..., LineReport]


@pytest.fixture
def read() -> Read:
    def run(text: str | bytes, **change: object) -> LineReport:
        data = text if isinstance(text, bytes) else text.encode("utf-8")
        return read_report(io.BytesIO(data), **{"gtin": GTIN, "check": check_of(SERIES), **change})  # type: ignore[arg-type]

    return run
