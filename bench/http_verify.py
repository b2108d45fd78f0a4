"""Online verification over HTTP beside a bare FastAPI + SQLModel one-row read, in turn: `python bench/http_verify.py`.

Each verification is a scan: the label is checked, compared with earlier scans, answered and stored durably. The bare
service reads one row by its key and answers it. Both run under uvicorn, one process each, on this machine's loopback;
the load comes from a process of its own.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median
from typing import Any

from http_load import Load, get, post, run_load
from rates import p256_checks
from rows import Limit, Row, at_least, at_most, report
from stage_labels import make_labels_on

from countermark_node.demo.stage import raise_curtain

LABELS, ROUNDS, SECONDS, CONNECTIONS = 2_000, 3, 5.0, 16
TARGET_SHARE, TARGET_P99 = 0.5, 0.050


def main() -> int:
    """Measure and report; the exit code."""
    bare, ours = [], []
    with tempfile.TemporaryDirectory() as folder, _node(Path(folder)) as (url, labels), _bare(Path(folder)) as plain:
        scans = [post(f"{url}/v1/scans", json.dumps({"raw": raw}).encode()) for raw in labels]
        rows = [get(f"{plain}/items/{number}") for number in range(1, LABELS + 1)]
        for _ in range(ROUNDS):
            bare.append(run_load(plain, rows, seconds=SECONDS, connections=CONNECTIONS))
            ours.append(run_load(url, scans, seconds=SECONDS, connections=CONNECTIONS))
        pace = median(each.rate for each in ours) / 2
        paced = run_load(url, scans, seconds=2 * SECONDS, connections=CONNECTIONS, rate=pace)
        beside = run_load(plain, rows, seconds=2 * SECONDS, connections=CONNECTIONS, rate=pace)
    failed = sum(each.failed for each in (*bare, *ours, paced, beside))
    print(f"answers that were no success: {failed}; at {paced.rate:,.0f} requests/s p50 {paced.median * 1e3:.1f} ms")
    return 1 if failed else report(list(_rows(bare, ours, paced, beside)))


def _rows(bare: list[Load], ours: list[Load], paced: Load, beside: Load) -> Iterator[Row]:
    plain, rate = median(each.rate for each in bare), median(each.rate for each in ours)
    share = at_least(rate / plain, TARGET_SHARE, f"{TARGET_SHARE:.2f} of the bare service")
    peer = "FastAPI + SQLModel, one row read"
    limit = Limit("raw P-256 checks", p256_checks())
    yield Row("online verify over HTTP, stored", "requests/s", rate, peer, plain, limit, share)
    p99 = 1e3 * paced.percentile(0.99)
    target = at_most(p99, 1e3 * TARGET_P99, f"{1e3 * TARGET_P99:.0f} ms at most")
    what = f"online verify at half that load ({paced.rate:,.0f} requests/s), p99"
    yield Row(what, "ms", p99, peer, 1e3 * beside.percentile(0.99), target=target, less=True)


@contextmanager
def _node(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A node in a process of its own: its address and the links of commissioned labels."""
    with _process(_serve_node, folder / "node-run") as (url, labels):
        yield url, labels


@contextmanager
def _bare(folder: Path) -> Iterator[str]:
    with _process(_serve_bare, folder / "bare.sqlite3") as url:
        yield url


@contextmanager
def _process(serving: Any, place: Path) -> Iterator[Any]:
    context = multiprocessing.get_context("spawn")
    answers, ended = context.Queue(), context.Event()
    process = context.Process(target=serving, args=(place, answers, ended))
    process.start()
    try:
        yield answers.get(timeout=300)
    finally:
        ended.set()
        process.join(30)


def _serve_node(folder: Path, answers: Any, ended: Event) -> None:
    folder.mkdir()
    with raise_curtain(folder, 0, lambda: datetime.now(UTC), scans_a_minute=10_000_000) as stage:
        answers.put((stage.url, make_labels_on(stage, folder, LABELS)))
        ended.wait()


def _serve_bare(path: Path, answers: Any, ended: Event) -> None:
    from bare_service import serve_bare

    serve_bare(path, LABELS, answers.put, ended.wait)


if __name__ == "__main__":
    sys.exit(main())
