"""What an audit found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_KEPT = 1_000

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not what the ledger says; None where one of both has nothing."""

    table: str
    row: str
    here: dict[str, str] | None
    ledger: dict[str, str] | None

    def line(self) -> str:
        """For a terminal."""
        return f"{self.table} {self.row}: here {_words(self.here)}, on the ledger {_words(self.ledger)}"


@dataclass(slots=True)
class Findings:
    """Counts everything that was compared, and keeps the first thousand differences."""

    compared: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    different: int = 0

    def compare(self, table: str, row: object, here: Values | None, ledger: Values | None) -> None:
        """One row, as it is here and as the ledger has it."""
        self.compared[table] = self.compared.get(table, 0) + 1
        if here == ledger:
            return
        self.different += 1
        if len(self.differences) < _KEPT:
            mine, theirs = _only_different(here, ledger)
            self.differences.append(Difference(table, str(row), mine, theirs))


def _only_different(here: Values | None, ledger: Values | None) -> tuple[dict[str, str] | None, dict[str, str] | None]:
    if here is None or ledger is None:
        return _shown(here), _shown(ledger)
    names = [name for name in here if name not in ledger or here[name] != ledger[name]]
    return _shown({name: here[name] for name in names}), _shown({name: ledger.get(name) for name in names})


def _shown(values: Values | None) -> dict[str, str] | None:
    if values is None:
        return None
    return {name: value.hex() if isinstance(value, bytes) else str(value) for name, value in values.items()}


def _words(values: dict[str, str] | None) -> str:
    return "nothing" if values is None else ", ".join(f"{name} {value}" for name, value in values.items())
