"""What the log says while a part is away: once, now and then with how often, and once when it is back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError
from tests.log_lines import log_lines

from countermark.errors import Unavailable
from countermark_node.background import Worker, end_all
from countermark_node.database.refusals import unusable_because
from countermark_node.failures import FailureLog

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def failures(clock: Clock) -> FailureLog:
    return FailureLog(clock=clock)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    with log_lines("countermark_node.failures") as found:
        yield found


def test_job_that_fails_every_second_for_an_hour_is_told_every_five_minutes_and_when_it_works(
    clock: Clock, failures: FailureLog, lines: list[str]
) -> None:
    for _ in range(3_600):
        failures.failed("outbox", "no answer", kind="unreachable")
        clock.wait(1)
    failures.worked("outbox")
    failures.worked("outbox")
    assert lines[:2] == [
        "warning outbox: no answer",
        "warning outbox: still failing, 300 times since the last line, for 300 s: no answer",
    ]
    assert len(lines) == 1 + 11 + 1
    assert lines[-1] == "info outbox: works again after 3600 s and 3600 failures"


def test_failure_after_a_recovery_is_told_at_once(clock: Clock, failures: FailureLog, lines: list[str]) -> None:
    failures.failed("mails", "no answer")
    clock.wait(1)
    failures.worked("mails")
    failures.failed("mails", "no answer")
    assert lines == [
        "warning mails: no answer",
        "info mails: works again after 1 s and 1 failures",
        "warning mails: no answer",
    ]


def test_another_kind_of_failure_is_told_at_once_and_kinds_that_take_turns_are_not(
    clock: Clock, failures: FailureLog, lines: list[str]
) -> None:
    for _ in range(100):
        for kind in ("unreachable", "database"):
            failures.failed("outbox", kind, kind=kind)
            clock.wait(1)
    assert lines == ["warning outbox: unreachable", "warning outbox: database"]


def test_one_job_that_fails_hides_no_other(failures: FailureLog, lines: list[str]) -> None:
    for what in ("outbox", "mails", "outbox", "mails"):
        failures.failed(what, "no answer")
    assert lines == ["warning outbox: no answer", "warning mails: no answer"]


def test_clock_that_was_set_back_keeps_no_failure_silent(clock: Clock, failures: FailureLog, lines: list[str]) -> None:
    failures.failed("outbox", "no answer")
    clock.wait(-86_400)
    failures.failed("outbox", "no answer")
    failures.worked("outbox")
    assert lines[1:] == [
        "warning outbox: still failing, 1 times since the last line, for 0 s: no answer",
        "info outbox: works again after 0 s and 2 failures",
    ]


def test_things_that_fail_are_remembered_up_to_a_bound(failures: FailureLog, lines: list[str]) -> None:
    for number in range(3_000):
        failures.failed(f"webhook {number}", "no answer")
    lines.clear()
    failures.failed("webhook 2999", "no answer")
    assert lines == []
    failures.failed("webhook 0", "no answer")
    assert lines == ["warning webhook 0: no answer"]


def _until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_background_job_warns_once_with_what_the_database_said_and_tells_when_it_works(
    clock: Clock, failures: FailureLog, lines: list[str]
) -> None:
    away, tries = threading.Event(), list[int]()
    away.set()
    said = OperationalError("SELECT 1", {}, OSError("connection to server at 10.1.2.3, port 5432 failed\nas usual"))

    def job() -> None:
        tries.append(1)
        if away.is_set():
            raise unusable_because(said, log=False) from said

    worker = Worker("retention", job, seconds=0.005, failures=failures)
    worker.start()
    _until(lambda: len(tries) > 5)
    assert len(lines) == 1
    assert lines[0].startswith("warning retention: ")
    assert lines[0].endswith("(connection to server at 10.1.2.3, port 5432 failed)")
    assert worker.failing is not None
    assert "10.1.2.3" not in worker.failing, "strangers may ask how a node is"
    away.clear()
    _until(lambda: len(lines) > 1)
    end_all([worker])
    assert len(lines) == 2
    assert lines[1].startswith("info retention: works again after 0 s and ")
    assert worker.failing is None


def test_job_that_neither_fails_nor_failed_says_nothing(failures: FailureLog, lines: list[str]) -> None:
    tries = list[int]()
    worker = Worker("retention", lambda: tries.append(1), seconds=0.005, failures=failures)
    worker.start()
    _until(lambda: len(tries) > 5)
    end_all([worker])
    assert lines == []


def test_refusal_without_a_server_behind_it_is_told_as_it_is(failures: FailureLog, lines: list[str]) -> None:
    refusal = Unavailable(got="no answer", expected="an answer", next_step="wait", reason="unreachable")

    def job() -> None:
        raise refusal

    worker = Worker("chain-follower", job, seconds=60, failures=failures)
    worker.start()
    _until(lambda: bool(lines))
    end_all([worker])
    assert lines == [f"warning chain-follower: {refusal.line()}"]
