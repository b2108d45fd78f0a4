"""A node that is told to end: in order, and with nothing on standard error but its own lines."""

from __future__ import annotations

import json
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.log_lines import log_lines
from tests.replica import Replica

from countermark_node.background import Worker, end_all
from countermark_node.failures import FailureLog
from countermark_node.installation import Installation
from countermark_node.times import utc_now

GOVERNOR = "0x52908400098527886E0F7030069857D2E4169EE7"
TEXT_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (info|warning) +countermark_node[a-z_.]*: \S.*")
ENDED = "background work has ended"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a process ignores its children ignore too; tests may run behind a shell that ignores Ctrl-C for them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with Installation.create(tmp_path / "home", GOVERNOR, work_factor=2) as made:
        return made.home


@pytest.fixture
def logged() -> Iterator[list[str]]:
    with log_lines("countermark_node.background") as lines:
        yield lines


@pytest.mark.sqlite
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("how", "form", "code"), [(signal.SIGTERM, "json", 0), (signal.SIGINT, "text", 130)])
def test_node_that_is_told_to_end_ends_its_work_and_writes_only_its_own_lines(
    how: signal.Signals, form: str, code: int, home: Path
) -> None:
    node = Replica(home, {"LOG_FORMAT": form})
    try:
        node.start()
        assert node.checks()["background"] == "ok"
        node.end(how)
        assert node.process is not None
        assert node.process.returncode == code
    finally:
        node.end(signal.SIGKILL)
    lines = (home / "log").read_text("utf-8").splitlines()
    if form == "json":
        assert [json.loads(line)["text"] for line in lines][-1] == ENDED
    else:
        assert [line for line in lines if not TEXT_LINE.fullmatch(line)] == []
        assert lines[-1].endswith(f": {ENDED}")


def test_job_that_hangs_is_named_and_holds_the_end_up_no_longer_than_said(logged: list[str]) -> None:
    begun, over = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        over.wait()

    failures = FailureLog(clock=utc_now)
    jobs = (("hanging", hang), ("quick", lambda: None))
    workers = [Worker(name, job, seconds=60, failures=failures) for name, job in jobs]
    for worker in workers:
        worker.start()
    assert begun.wait(10)
    end_all(workers, seconds=0.2)
    assert logged == ["warning background work cut off: hanging"]
    over.set()
    end_all(workers)
    assert logged[-1] == f"info {ENDED}"
    assert [worker.ended for worker in workers] == [False, False]
