"""A customs officer's desk: logs in, listens to the node's event stream and keeps what arrives."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

_READ_SECONDS = 60.0


class CustomsDesk:
    """Alerts as they come in over server-sent events, in a thread of its own."""

    def __init__(self, url: str, key: str) -> None:
        self._client = httpx.Client(
            base_url=url, headers={"authorization": f"Bearer {key}"}, timeout=httpx.Timeout(10, read=_READ_SECONDS)
        )
        self._arrived = threading.Condition()
        self._alerts: list[dict[str, Any]] = []
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="customs-desk", daemon=True)

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """What has arrived so far, oldest first."""
        with self._arrived:
            return list(self._alerts)

    def wait_for(self, gtin: str, serial: str, seconds: float) -> dict[str, Any] | None:
        """The first alert about this item, None when none comes in time."""

        def found() -> dict[str, Any] | None:
            wanted = {"gtin": gtin, "serial": serial}
            return next((alert for alert in self._alerts if alert["item"] == wanted), None)

        with self._arrived:
            self._arrived.wait_for(lambda: found() is not None, timeout=seconds)
            return found()

    def committed(self, sequence: int, seconds: float) -> dict[str, Any] | None:
        """The alert once the ledger holds its commitment, None when that takes longer than `seconds`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            page = self._client.get("/v1/alerts", params={"after": sequence - 1, "limit": 1}).raise_for_status()
            for alert in page.json()["alerts"]:
                if alert["commitment"]["state"] == "committed":
                    return dict(alert)
            time.sleep(0.1)
        return None

    def _listen(self) -> None:
        try:
            with self._client.stream("GET", "/v1/alerts/stream") as answer:
                answer.raise_for_status()
                self._listening.set()
                for name, data in _events(answer.iter_lines()):
                    if name == "alert":
                        with self._arrived:
                            self._alerts.append(json.loads(data))
                            self._arrived.notify_all()
        except httpx.HTTPError:
            self._listening.set()

    @contextmanager
    def open(self) -> Iterator[CustomsDesk]:
        """Listen until the block ends."""
        self._thread.start()
        self._listening.wait(10)
        try:
            yield self
        finally:
            self._client.close()


def _events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """(event name, data) of a server-sent event stream (HTML Standard, section 9.2)."""
    name, data = "message", ""
    for line in lines:
        if not line and data:
            yield name, data
            name, data = "message", ""
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data += line.removeprefix("data: ")
