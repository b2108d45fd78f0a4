"""What every measurement reports: rows that set our figure beside a peer's from the same run.

Run alone, a script prints them; `bench/run.py` names a file in the environment to collect them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROWS_FILE = "COUNTERMARK_BENCH_ROWS"
"""Environment variable: the file into which `report` also writes its rows, as JSON."""
HEADINGS = (
    "what", "unit", "ours", "peer", "peer's figure", "ratio", "physical limit", "of the limit", "target", "reached",
)  # fmt: skip
NONE = "none"
MISSED = 3
"""Exit code of a script whose figures are whole and whose target was missed; 1 is a defect."""
NUMBERS = {"ours", "peer's figure", "ratio", "of the limit"}


@dataclass(frozen=True, slots=True)
class Target:
    """What the design asks of a row, in words, and whether this run reached it."""

    words: str
    reached: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """What physics or the platform allows, in the unit of its row, measured in the same run."""

    name: str
    figure: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a figure of ours beside a peer's. `less` says that the smaller figure is the better one."""

    what: str
    unit: str
    ours: float
    peer: str
    theirs: float
    limit: Limit | None = None
    target: Target | None = None
    less: bool = False

    @property
    def ratio(self) -> float:
        """How many times better ours is than the peer's: above 1, ours is ahead."""
        return self.theirs / self.ours if self.less else self.ours / self.theirs

    @property
    def share(self) -> float | None:
        """Which share of the limit ours reaches (1: it cannot be better)."""
        if self.limit is None:
            return None
        return self.limit.figure / self.ours if self.less else self.ours / self.limit.figure

    def to_json(self) -> dict[str, object]:
        """All fields, and what follows from them."""
        return {**asdict(self), "ratio": self.ratio, "share": self.share}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Row:
        """The row of which `to_json` was kept; raises KeyError or TypeError when a field is missing."""
        limit, target = kept["limit"], kept["target"]
        return cls(
            what=kept["what"],
            unit=kept["unit"],
            ours=kept["ours"],
            peer=kept["peer"],
            theirs=kept["theirs"],
            limit=Limit(**limit) if limit else None,
            target=Target(**target) if target else None,
            less=kept["less"],
        )

    def cells(self) -> tuple[str, ...]:
        """What stands in the table, under HEADINGS."""
        limit = (
            (f"{self.limit.name} {figure(self.limit.figure)}", figure(self.share))
            if self.limit and self.share
            else (NONE, NONE)
        )
        target = (self.target.words, "yes" if self.target.reached else "**no**") if self.target else (NONE, NONE)
        beside = (self.unit, figure(self.ours), self.peer, figure(self.theirs), figure(self.ratio))
        return (self.what, *beside, *limit, *target)


def at_least(found: float, least: float, words: str) -> Target:
    """The target that `found` is `least` or more."""
    return Target(words, found >= least)


def at_most(found: float, most: float, words: str) -> Target:
    """The target that `found` is `most` or less."""
    return Target(words, found <= most)


def figure(number: float) -> str:
    """A number as a reader wants it: three digits that count, or all before the point."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def line(cells: Sequence[str]) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    return "\n".join((heading(), *(line(row.cells()) for row in rows)))


def heading() -> str:
    """The headings, and the line below them: figures to the right."""
    return line(HEADINGS) + "\n|" + "".join("---:|" if name in NUMBERS else "---|" for name in HEADINGS)


def placed(page: str, name: str, text: str) -> str:
    """`page` with the table called `name` between its markers replaced."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return before + begin + text + end + after


def report(rows: Sequence[Row]) -> int:
    """Print the rows, keep them for `bench/run.py` if it asked; returns the exit code, MISSED if a target was."""
    print("\n" + table(rows))
    if place := os.environ.get(ROWS_FILE):
        Path(place).write_text(json.dumps([row.to_json() for row in rows]), encoding="utf-8")
    return 0 if all(row.target is None or row.target.reached for row in rows) else MISSED
