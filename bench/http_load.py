"""A small HTTP/1.1 load generator for the measurements: kept connections, closed loop or a fixed pace.

Runs in a process of its own, so that it does not share the interpreter of the server that it measures.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_ANSWER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Load:
    """What came back: requests a second, latencies in seconds (sorted), and how many answers were not 2xx."""

    rate: float
    latencies: list[float]
    failed: int

    def percentile(self, share: float) -> float:
        """The latency that `share` (0..1) of the answers kept."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]

    @property
    def median(self) -> float:
        """The middle latency in seconds."""
        return statistics.median(self.latencies)


def post(url: str, body: bytes) -> bytes:
    """A POST of JSON, ready to be sent."""
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(url: str) -> bytes:
    """A GET, ready to be sent."""
    parts = urlsplit(url)
    return (
        f"GET {parts.path}{'?' + parts.query if parts.query else ''} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    )


def run_load(
    url: str, requests: Sequence[bytes], *, seconds: float, connections: int, rate: float | None = None
) -> Load:
    """Send `requests` in turn for `seconds` over `connections`; with `rate`, so many a second and no more.

    At a fixed rate a latency counts from the moment at which the request was due, so that waiting is not hidden.
    """
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_run, (url, list(requests), seconds, connections, rate))


def _run(url: str, requests: list[bytes], seconds: float, connections: int, rate: float | None) -> Load:
    return asyncio.run(_drive(url, requests, seconds, connections, rate))


async def _drive(url: str, requests: list[bytes], seconds: float, connections: int, rate: float | None) -> Load:
    turn, parts = itertools.cycle(requests), urlsplit(url)
    latencies: list[float] = []
    failures: list[int] = []
    began = time.perf_counter()
    slots = itertools.count()

    async def work() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=_ANSWER_BYTES)
        while True:
            due = time.perf_counter() if rate is None else began + next(slots) / rate
            if due >= began + seconds:
                break
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(next(turn))
            status = await _answer(reader)
            latencies.append(time.perf_counter() - due)
            if not 200 <= status < 300:
                failures.append(status)
        writer.close()

    await asyncio.gather(*(work() for _ in range(connections)))
    return Load(len(latencies) / (time.perf_counter() - began), sorted(latencies), len(failures))


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
    await reader.readexactly(length)
    return int(lines[0].split(b" ")[1])
