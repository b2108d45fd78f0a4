"""Which jobs of a line were taken: a report sent again is answered as before, and one that changed is refused."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from countermark.errors import InputRefused
from countermark.line.report import LineReport


@dataclass(frozen=True, slots=True)
class TakenJob:
    """A report that was taken: `job` the line's name for it, maybe empty, `digest` of its content, `result` of it.

    `result` is the root of the segment that it became or was about to become, 64 hexadecimal digits; empty when it held
    nothing but waste.
    """

    job: str
    digest: bytes
    result: str


@dataclass(frozen=True, slots=True)
class JobJournal:
    """The jobs of one series, in the order in which they were taken.

    A job is written down before its segment is commissioned, so that no crash lets it be taken twice. `settled` leaves
    those whose commissioning never came about.
    """

    taken: tuple[TakenJob, ...] = ()

    def find(self, report: LineReport) -> TakenJob | None:
        """The job that `report` repeats, None when it is new.

        Raises InputRefused: job-changed when its job was taken with other content, job-renamed when its content was
        taken under another job.
        """
        for taken in self.taken:
            if taken.digest == report.digest and (not report.job or taken.job in ("", report.job)):
                return taken
            if report.job and taken.job == report.job:
                raise _refuse(f"job {report.job!r} with other content than before", "job-changed")
            if taken.digest == report.digest:
                raise _refuse(f"the content of job {taken.job!r} as job {report.job!r}", "job-renamed")
        return None

    def with_taken(self, report: LineReport, result: str) -> JobJournal:
        """The journal after one more report."""
        return JobJournal((*self.taken, TakenJob(report.job, report.digest, result)))

    def settled(self, roots: Collection[str]) -> JobJournal:
        """The journal without jobs that were about to become segments other than those with `roots`."""
        return JobJournal(tuple(taken for taken in self.taken if not taken.result or taken.result in roots))


def _refuse(got: str, reason: str) -> InputRefused:
    return InputRefused(
        got=got,
        expected="each job once, and the same content when it is sent again",
        next_step="send what is new under a name of its own; what was commissioned stays commissioned",
        reason=reason,
    )
