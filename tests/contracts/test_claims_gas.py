"""What claims, measures and anchors cost, measured on py-evm, against their bounds."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).resolve().parent.parent.parent / "bench"
MOST = 10_000_000


@pytest.fixture(scope="module")
def bench() -> Iterator[tuple[ModuleType, ModuleType]]:
    """bench/gas_claims.py and bench/gas_chain.py, which are no package."""
    sys.path.insert(0, str(BENCH))
    yield importlib.import_module("gas_claims"), importlib.import_module("gas_chain")
    sys.path.remove(str(BENCH))
    for name in ("gas_claims", "gas_chain"):
        del sys.modules[name]


@pytest.mark.parametrize("rows", ["claim_rows", "anchor_rows", pytest.param("measure_rows", marks=pytest.mark.slow)])
def test_every_case_stays_within_its_bound(bench: tuple[ModuleType, ModuleType], rows: str) -> None:
    cases, chain = bench
    measured = list(getattr(cases, rows)(chain.Deployed()))
    assert measured
    assert {name: gas for name, gas, most in measured if not 21_000 < gas <= most <= MOST} == {}
