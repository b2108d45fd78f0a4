"""What the contracts cost, measured on py-evm, against bounds, committed snapshots and the tables in the docs."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
BENCH = ("gas_table", "gas_peers", "gas_cases", "gas_chain")


@pytest.fixture(scope="module")
def gas_table() -> Iterator[ModuleType]:
    """bench/gas_table.py and its neighbours, which are no package."""
    sys.path.insert(0, str(ROOT / "bench"))
    yield importlib.import_module("gas_table")
    sys.path.remove(str(ROOT / "bench"))
    for name in BENCH:
        del sys.modules[name]


@pytest.fixture(scope="module")
def snapshots(gas_table: ModuleType) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = json.loads(gas_table.SNAPSHOTS.read_text(encoding="utf-8"))
    return found


@pytest.mark.slow
def test_every_case_stays_within_its_bound_and_is_what_snapshot_and_page_say(
    gas_table: ModuleType, snapshots: dict[str, dict[str, object]]
) -> None:
    rows = gas_table.measure()
    assert len({row.case for row in rows}) == len(rows) >= 40
    assert {row.case: row.gas for row in rows if row.gas > row.most} == {}
    assert {row.case: row.gas for row in rows} == snapshots["cases"], "run `python bench/gas_table.py --write`"
    page = gas_table.PAGE.read_text(encoding="utf-8")
    assert gas_table.placed(page, "gas table", gas_table.table(rows)) == page


@pytest.mark.slow
@pytest.mark.compiler
def test_comparison_with_the_peers_is_what_snapshot_and_page_say(
    gas_table: ModuleType, snapshots: dict[str, dict[str, object]]
) -> None:
    if not (ROOT / "node_modules" / ".bin" / "forge").exists() or shutil.which("node") is None:
        assert not os.environ.get("COUNTERMARK_REQUIRE_ALL"), "run `npm install`"
        pytest.skip("needs Node and `npm install`")
    works = list(gas_table.compare())
    assert {work.case: work.gas for work in works} == snapshots["comparison"]
    page = gas_table.PAGE.read_text(encoding="utf-8")
    assert gas_table.placed(page, "gas comparison", gas_table.comparison_table(works)) == page


def test_page_and_snapshots_name_the_same_cases(gas_table: ModuleType, snapshots: dict[str, dict[str, object]]) -> None:
    page = gas_table.PAGE.read_text(encoding="utf-8")
    missing = [f"| {case} |" for part in snapshots.values() for case in part if f"| {case} |" not in page]
    assert missing == []


def test_a_table_is_replaced_between_its_own_markers_only(gas_table: ModuleType) -> None:
    page = "a\n<!-- gas table: begin -->\nold\n<!-- gas table: end -->\nb\n"
    assert gas_table.placed(page, "gas table", "new\n") == page.replace("old", "new")
