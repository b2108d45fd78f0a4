"""What became of the labels of a series, which must add up before it is closed: a label nobody can name is a fake's."""

from __future__ import annotations

from dataclasses import dataclass

from countermark.errors import InputRefused


@dataclass(frozen=True, slots=True)
class SeriesAccount:
    """Numbers of labels: `ordered` (the ceiling on the ledger), `made` (given to the print line as serials), `printed`
    (as the printer says), `commissioned` (tokens), `wasted` (reported serial by serial), `missing` (printed, and nobody
    knows where they are: said on purpose, never found out by subtraction).
    """

    ordered: int
    made: int
    printed: int
    commissioned: int
    wasted: int
    missing: int = 0

    @property
    def accounted(self) -> int:
        """Printed labels of which it is known, or owned up, what became of them."""
        return self.commissioned + self.wasted + self.missing

    def findings(self) -> list[str]:
        """One sentence for each thing that does not add up."""
        found = []
        if min(self.printed, self.missing) < 0:
            found.append("a number below zero")
        if self.made > self.ordered:
            found.append(f"{self.made} labels made, {self.ordered} ordered")
        if self.printed > self.made:
            found.append(f"{self.printed} labels printed, {self.made} made: {self.printed - self.made} stand twice")
        if self.accounted < self.printed:
            found.append(f"{self.printed - self.accounted} printed labels are neither commissioned nor wasted")
        if self.accounted > self.printed:
            found.append(f"{self.accounted} labels commissioned, wasted or missing, only {self.printed} printed")
        return found

    def check(self) -> None:
        """Raises InputRefused (account-does-not-add-up) with all findings."""
        if found := self.findings():
            raise InputRefused(
                got="; ".join(found),
                expected="printed = commissioned + wasted + missing, and not more than were made",
                next_step="report the waste by serial, or say with --missing how many labels nobody can account for",
                reason="account-does-not-add-up",
                extra={"findings": found},
            )
