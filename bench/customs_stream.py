"""When alerts reach a customs desk: over its stream of events, and, beside that, by asking once a second."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from node_process import NodeProcess

POLL_SECONDS = 1.0
_READ_SECONDS = 60.0


@dataclass
class AlertTimes:
    """When the alert of each serial was here, by `time.perf_counter`; `failed` says why nothing more comes."""

    at: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def here(self, serial: str) -> None:
        """It is here now."""
        now = time.perf_counter()
        with self._news:
            self.at.setdefault(serial, now)
            self._news.notify_all()

    def wait_for(self, serials: Collection[str], seconds: float) -> bool:
        """Whether all of them came within `seconds`."""
        with self._news:
            return self._news.wait_for(lambda: all(serial in self.at for serial in serials), seconds)


@contextmanager
def streaming(node: NodeProcess) -> Iterator[AlertTimes]:
    """A desk that logged in, and listens until the block ends."""
    times, listening, ended = AlertTimes(), threading.Event(), threading.Event()
    with _desk(node) as client:

        def listen() -> None:
            try:
                with client.stream("GET", "/v1/alerts/stream") as answer:
                    answer.raise_for_status()
                    listening.set()
                    for line in answer.iter_lines():
                        if ended.is_set():
                            return
                        _note(times, line)
            except httpx.HTTPError as error:
                # Once the block has ended its connection is closed under a read, and that is no failure.
                if not ended.is_set():
                    times.failed.append(repr(error))
                    listening.set()
            else:
                if not ended.is_set():
                    times.failed.append("the stream ended")

        thread = threading.Thread(target=listen, name="desk-stream", daemon=True)
        thread.start()
        assert listening.wait(30), "no stream of alerts within 30 s"
        assert not times.failed, times.failed
        try:
            yield times
        finally:
            ended.set()


def _note(times: AlertTimes, line: str) -> None:
    # Only the event `alert` has an item; what comes later about the same one tells its sequence alone.
    if line.startswith("data: ") and (item := json.loads(line.removeprefix("data: ")).get("item")):
        times.here(item["serial"])


@contextmanager
def polling(node: NodeProcess) -> Iterator[AlertTimes]:
    """A desk that asks for what is new, once a second."""
    times, ended = AlertTimes(), threading.Event()
    with _desk(node) as client:

        def ask() -> None:
            last = 0
            while not ended.wait(POLL_SECONDS):
                page = client.get("/v1/alerts", params={"after": last, "limit": 200}).json()
                last = page["last"]
                for alert in page["alerts"]:
                    times.here(alert["item"]["serial"])

        thread = threading.Thread(target=ask, name="desk-polling", daemon=True)
        thread.start()
        try:
            yield times
        finally:
            ended.set()
            thread.join(10)


@contextmanager
def _desk(node: NodeProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=node.url, timeout=httpx.Timeout(30, read=_READ_SECONDS)) as client:
        client.post("/v1/sessions", json={"desk": "customs", "key": node.desk_key("customs")}).raise_for_status()
        yield client
