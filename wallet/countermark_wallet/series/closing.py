"""The end of a series: what was thrown away, serial by serial, and that wallet and ledger agree on what was packed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from countermark.errors import InputRefused
from countermark.labels.serial_set import SerialSet
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.tables import read_rows, write_rows
from countermark_wallet.files.safe import open_text, whole_text
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.series.state import SeriesState

_COLUMN = "serial"


@dataclass(frozen=True, slots=True)
class WasteBook:
    """The serials of one series that were reported as waste, in a CSV with the column serial."""

    path: Path
    limits: Limits = DEFAULT_LIMITS

    def serials(self) -> SerialSet:
        """All of them."""
        return SerialSet(self._lines())

    def count(self) -> int:
        """How many there are."""
        return sum(1 for _ in self._lines())

    def add(self, serials: Iterable[str]) -> int:
        """Append the serials that are not in it, and return how many there are then. Raises Unavailable (cannot-write).

        A report that is sent again, or was cut off by a crash, so counts once.
        """
        known = self.serials()
        new = (serial for serial in dict.fromkeys(serials) if serial not in known)
        with whole_text(self.path) as stream:
            return write_rows(stream, (_COLUMN,), ((serial,) for serial in chain(self._lines(), new)))

    def _lines(self) -> Iterator[str]:
        if self.path.exists():
            with open_text(self.path, what="waste of the series") as stream:
                bounds = replace(self.limits, table_bytes=self.limits.serial_list_bytes)
                yield from (row[_COLUMN] for _, row in read_rows(stream, (_COLUMN,), limits=bounds))


def close_on_ledger(ledger: Ledger, state: SeriesState) -> None:
    """Closes the series on the ledger, unless an interrupted run did. Raises InputRefused (ledger-differs)."""
    info = ledger.token.series_info(state.series)
    if info.issued != state.commissioned:
        raise InputRefused(
            got=f"{info.issued} tokens on the ledger, {state.commissioned} commissioned by this wallet",
            expected="the same number in both",
            next_step="commission the last report again: an interrupted run is recorded, not sent twice",
            reason="ledger-differs",
        )
    if not info.closed:
        ledger.send(ledger.token.close_series(state.series))
