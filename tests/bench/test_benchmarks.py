"""The page of measurements says what the kept run says, and a run tells what failed in it."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROW = "{'what': 'w', 'unit': 's', 'ours': 2.0, 'peer': 'p', 'theirs': 4.0, 'limit': None, 'target': None, 'less': True}"
REPORTS = (
    f"import json, os\nwith open(os.environ['COUNTERMARK_BENCH_ROWS'], 'w') as out:\n    json.dump([{ROW}], out)\n"
)


@pytest.fixture(scope="module")
def run() -> Iterator[ModuleType]:
    """bench/run.py, which is in no package."""
    sys.path.insert(0, str(ROOT / "bench"))
    yield importlib.import_module("run")
    sys.path.remove(str(ROOT / "bench"))
    for name in ("run", "rows"):
        sys.modules.pop(name, None)


def ran(run: ModuleType, folder: Path, source: str, seconds: float = 30) -> tuple[int, str]:
    """How many rows a script of that source gives within `seconds`, and why none."""
    path = folder / "script.py"
    path.write_text(source, encoding="utf-8")
    (part,) = run.run_all([run.Script("s", "A title", path, seconds)])
    assert (part.name, part.title) == ("s", "A title")
    return len(part.rows), part.failure


def test_page_says_what_the_kept_run_says(run: ModuleType) -> None:
    kept = json.loads(run.RESULTS.read_text(encoding="utf-8"))
    page = run.PAGE.read_text(encoding="utf-8")
    assert run.placed(page, run.MARKER, run.page_text(kept)) == page
    assert page.count(f"<!-- {run.MARKER}: begin -->") == 1


def test_kept_run_has_every_part_and_every_field_of_every_row(run: ModuleType) -> None:
    kept = json.loads(run.RESULTS.read_text(encoding="utf-8"))
    assert [part["name"] for part in kept["parts"]] == [script.name for script in run.scripts(None)]
    assert kept["seconds"] <= 15 * 60
    assert all(kept["machine"][name] for name in ("began", "cores", "processor", "memory_gb", "system", "python"))
    for part in kept["parts"]:
        assert bool(part["rows"]) != bool(part["failure"]), "rows, or the reason for which there are none"
        for row in part["rows"]:
            again = run.Row.from_json(row)
            assert again.to_json() == row
            assert all(again.cells())
            assert len(again.cells()) == len(run.HEADINGS)
            assert min(again.ours, again.theirs) >= 0


def test_script_that_ends_with_a_missed_target_is_no_failure(run: ModuleType, tmp_path: Path) -> None:
    assert ran(run, tmp_path, REPORTS) == (1, "")
    assert ran(run, tmp_path, f"{REPORTS}raise SystemExit({run.MISSED})") == (1, "")


def test_script_that_breaks_after_its_report_failed(run: ModuleType, tmp_path: Path) -> None:
    assert ran(run, tmp_path, f"{REPORTS}raise SystemExit(1)") == (0, "exit code 1")


def test_script_without_rows_failed(run: ModuleType, tmp_path: Path) -> None:
    assert ran(run, tmp_path, "") == (0, "reported no rows")


def test_script_out_of_time_is_ended_with_its_children_and_failed(run: ModuleType, tmp_path: Path) -> None:
    child = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    assert ran(run, tmp_path, child, 0.2) == (0, "not done after 0.2 s")


def test_failed_part_is_a_row_that_says_why(run: ModuleType) -> None:
    (line,) = run.part_lines(run.Part("s", "A title", 1.0, (), "exit code 1"))
    assert line.startswith("| A title | exit code 1 | FAILED |")
    assert line.count("|") == len(run.HEADINGS) + 1


def test_ratio_above_one_means_that_ours_is_ahead(run: ModuleType) -> None:
    row = run.Row("w", "s", 2.0, "p", 4.0, less=True)
    assert (row.ratio, run.Row("w", "a second", 2.0, "p", 4.0).ratio) == (2.0, 0.5)
