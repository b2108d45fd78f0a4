"""What the contracts cost, measured on py-evm, against the bounds and the table in the docs."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def gas_table() -> Iterator[ModuleType]:
    """bench/gas_table.py, which is no package."""
    spec = importlib.util.spec_from_file_location("gas_table", ROOT / "bench" / "gas_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gas_table"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["gas_table"]


def test_every_case_stays_within_its_bound_and_is_what_the_page_says(gas_table: ModuleType) -> None:
    rows = gas_table.measure()
    assert len({row.case for row in rows}) == len(rows) == 20
    assert {row.case: row.gas for row in rows if row.gas > row.most} == {}
    page = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")
    assert gas_table.with_table(page, rows) == page, "run `python bench/gas_table.py --write`"
