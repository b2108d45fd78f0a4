"""What the faults did, as the tests saw it: rows of a table in docs/reliability.md."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN = "<!-- written by make reliability: begin -->"
END = "<!-- written by make reliability: end -->"
WRITE = "COUNTERMARK_WRITE_RELIABILITY"


@dataclass
class Fault:
    """One fault: what clients were told meanwhile, and how it ended."""

    name: str
    told: list[str] = field(default_factory=list)
    seconds: float | None = None
    accepted: int = 0
    lost: int | None = None
    doubled: int | None = None
    over: bool = False

    def tell(self, words: str) -> None:
        """Note an answer once."""
        if words not in self.told:
            self.told.append(words)

    def row(self) -> str:
        told = "; ".join(self.told)
        assert self.seconds is not None
        return f"| {self.name} | {told} | {self.seconds:.0f} s | {self.accepted} | {self.lost} | {self.doubled} |"


def write(faults: list[Fault]) -> None:
    """Put the table into the page, when asked to by the environment."""
    finished = [fault for fault in faults if fault.over]
    if not os.environ.get(WRITE) or not finished:
        return
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = [
        BEGIN,
        f"Run on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores.",
        "",
        "| fault | what clients were told meanwhile | until all was well again | accepted | lost | doubled |",
        "|---|---|---|---|---|---|",
        *(fault.row() for fault in finished),
        END,
    ]
    PAGE.write_text(before + "\n".join(lines) + after, "utf-8")
