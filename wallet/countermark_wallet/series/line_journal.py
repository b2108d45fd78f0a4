"""The jobs of a packaging line that a series took, in a file beside its state."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from countermark.credentials.strict_json import load_shallow
from countermark.errors import InputRefused
from countermark.line.jobs import JobJournal, TakenJob
from countermark_wallet.files.safe import read_bounded, write_whole

FORMAT = "countermark/line-jobs/1"
_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class JournalFile:
    """The journal of one series."""

    path: Path

    def load(self) -> JobJournal:
        """What it holds. Raises InputRefused (bad-line-jobs) for a damaged file."""
        if not self.path.exists():
            return JobJournal()
        try:
            members = load_shallow(read_bounded(self.path, _BYTES, what="line jobs"))
            if members["format"] != FORMAT:
                raise ValueError
            return JobJournal(
                tuple(TakenJob(str(job), bytes.fromhex(digest), str(result)) for job, digest, result in members["jobs"])
            )
        except (ValueError, KeyError, TypeError):
            raise InputRefused(
                got=f"{self.path.name}, which is damaged",
                expected=f"a file of format {FORMAT}",
                next_step="restore it from a back-up",
                reason="bad-line-jobs",
            ) from None

    def save(self, journal: JobJournal) -> None:
        """Writes the journal as a whole; an empty one leaves no file."""
        if not journal.taken:
            self.path.unlink(missing_ok=True)
            return
        jobs = [(taken.job, taken.digest.hex(), taken.result) for taken in journal.taken]
        write_whole(self.path, json.dumps({"format": FORMAT, "jobs": jobs}, indent=1).encode("utf-8"))
