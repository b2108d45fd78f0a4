"""Measures what the contracts cost, from the committed artifacts, and what well-known token contracts cost beside them.

    python bench/gas_table.py            prints both tables (the peers need Node: `npm install`)
    python bench/gas_table.py --write    puts them into docs/contracts.md, the figures into bench/gas_snapshots.json
    python bench/gas_table.py --ours     leaves the peers out

A snapshot changes only with a reason: the test compares every case with it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gas_cases import Row, measure
from gas_chain import ROOT
from gas_peers import Work, compare, comparison_table
from gas_rows import comparison_rows, target_rows
from rows import placed, report

PAGE = ROOT / "docs" / "contracts.md"
SNAPSHOTS = ROOT / "bench" / "gas_snapshots.json"


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [f"| {row.case} | {row.gas:,} | {row.most:,} | {row.judged()} |" for row in rows]
    return "\n".join(["| case | gas | bound | design's target |", "|---|---:|---:|---:|", *lines]) + "\n"


def snapshots(rows: Sequence[Row], works: Sequence[Work]) -> dict[str, Any]:
    """Gas by case, ours and the comparison's."""
    return {"cases": {row.case: row.gas for row in rows}, "comparison": {work.case: work.gas for work in works}}


def write(rows: Sequence[Row], works: Sequence[Work], page: Path = PAGE, kept: Path = SNAPSHOTS) -> None:
    """Puts the tables into the page and the figures into the snapshots."""
    text = placed(page.read_text(encoding="utf-8"), "gas table", table(rows))
    page.write_text(placed(text, "gas comparison", comparison_table(works)), encoding="utf-8")
    kept.write_text(json.dumps(snapshots(rows, works), indent=1) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(description="Measures what the contracts cost.")
    parser.add_argument("--write", action="store_true", help="put tables and snapshots into their files")
    parser.add_argument("--ours", action="store_true", help="leave the peers out")
    options = parser.parse_args(arguments)
    rows = measure()
    print(table(rows))
    works = [] if options.ours else list(compare())
    print(comparison_table(works) if works else "", end="")
    if options.write and works:
        write(rows, works)
    over = [row for row in rows if row.gas > row.most]
    for row in over:
        print(f"FAIL: got {row.gas:,} gas for '{row.case}', expected at most {row.most:,}.", file=sys.stderr)
    if works and not over:
        return report([*comparison_rows(works), *target_rows({row.case: row.gas for row in rows}, works)])
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
