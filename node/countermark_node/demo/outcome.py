"""What the story shows, step by step: read from the system, compared with what was promised."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from countermark_wallet.files.safe import write_whole


@dataclass(frozen=True, slots=True)
class Step:
    """One thing shown: `got` is what the system answered, `expected` the answers that fulfil the promise."""

    name: str
    shown: str
    got: str
    expected: tuple[str, ...]
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fulfilled(self) -> bool:
        """Whether the system answered as promised."""
        return self.got in self.expected

    def to_json(self) -> dict[str, Any]:
        """The step for machines."""
        return {
            "step": self.name,
            "shown": self.shown,
            "got": self.got,
            "expected": list(self.expected),
            "fulfilled": self.fulfilled,
            **self.details,
        }


@dataclass(slots=True)
class Outcome:
    """All steps of one telling."""

    steps: list[Step] = field(default_factory=list)

    @property
    def fulfilled(self) -> bool:
        """Whether every promise was kept."""
        return bool(self.steps) and all(step.fulfilled for step in self.steps)

    def write(self, path: Path, seconds: float) -> None:
        """The outcome as JSON, written whole or not at all."""
        document = {
            "fulfilled": self.fulfilled,
            "seconds": round(seconds, 1),
            "verdicts": {step.name: step.details["verdict"] for step in self.steps if "verdict" in step.details},
            "steps": [step.to_json() for step in self.steps],
        }
        write_whole(path, json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8"), replace=True)
