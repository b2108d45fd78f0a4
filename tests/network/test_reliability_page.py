"""docs/reliability.md holds what the faults' tests wrote, all of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.network.fault_table import BEGIN, END, PAGE


def test_every_fault_has_a_row_and_none_lost_or_doubled_anything() -> None:
    table = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| (\d+) s \| (\d+) \| (\d+) \| (\d+) \|$", table, re.MULTILINE)
    tests = ast.parse((Path(__file__).parent / "test_faults.py").read_text("utf-8")).body
    faults = [each for each in tests if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")]
    assert len(rows) == len(faults)
    for name, told, seconds, accepted, lost, doubled in rows:
        assert told, name
        assert int(seconds) <= 120, name
        assert int(accepted) >= 10, name
        assert (lost, doubled) == ("0", "0"), name
