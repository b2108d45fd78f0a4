"""All that can be shown beside a label, in two steps: judged with what is known, then settled where it is written."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from countermark.gs1.label import ScannedLabel
from countermark_node.scans.submission import SignedChallenge
from countermark_node.showings.chips import ChipVault, Tap, accept, judge_chip
from countermark_node.showings.possession import PossessionJudge
from countermark_node.verification.sources import SqlSources
from countermark_scanner.checks.findings import FINDINGS
from countermark_scanner.sources import Showing


@dataclass(frozen=True, slots=True)
class Shown:
    """What a scan showed, before counters and challenges are compared with what was seen already."""

    chip: Tap | Showing | None = None
    possession: Showing | None = None
    challenge: bytes | None = None


NOTHING_SHOWN = Shown()


@dataclass(frozen=True, slots=True)
class ShowingJudge:
    """`tap_seconds`: within which a chip's second answer makes both fresh."""

    vault: ChipVault
    possession: PossessionJudge
    tap_seconds: int

    def judge(self, sources: SqlSources, label: ScannedLabel, signed: SignedChallenge | None) -> Shown:
        """What a scan shows. Raises LabelRefused, InputRefused, NotPermitted as its parts do."""
        chip = judge_chip(self.vault, sources, label)
        if signed is None:
            return Shown(chip) if chip is not None else NOTHING_SHOWN
        return Shown(chip, self.possession.judge(sources, label, signed), signed.challenge)

    def settle(self, connection: Connection, shown: Shown, *, tapper: str, now: int) -> Showing | None:
        """The worst of what was shown; counters and challenges are used up. Raises InputRefused (challenge-used)."""
        if shown.challenge is not None:
            self.possession.challenges.use(connection, shown.challenge, now)
        chip = shown.chip
        if isinstance(chip, Tap):
            chip = accept(connection, chip, tapper=tapper, now=now, seconds=self.tap_seconds)
        found = [each for each in (chip, shown.possession) if each is not None]
        return max(found, key=_rank, default=None)


def _rank(showing: Showing) -> int:
    return -1 if showing is Showing.CHIP_UNCHECKED else FINDINGS[showing.value].best.rank
