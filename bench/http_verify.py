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
from stage_labels import make_labels_on

from countermark_node.demo.stage import raise_curtain

LABELS, ROUNDS, SECONDS, CONNECTIONS = 2_000, 3, 5.0, 16
TARGET_SHARE, TARGET_P99 = 0.5, 0.050


def main() -> int:
    """Measure, print, and say whether the targets were reached."""
    bare, ours = [], []
    with tempfile.TemporaryDirectory() as folder, _node(Path(folder)) as (url, labels), _bare(Path(folder)) as plain:
        scans = [post(f"{url}/v1/scans", json.dumps({"raw": raw}).encode()) for raw in labels]
        rows = [get(f"{plain}/items/{number}") for number in range(1, LABELS + 1)]
        for _ in range(ROUNDS):
            bare.append(run_load(plain, rows, seconds=SECONDS, connections=CONNECTIONS))
            ours.append(run_load(url, scans, seconds=SECONDS, connections=CONNECTIONS))
        rate = median(each.rate for each in ours)
        paced = run_load(url, scans, seconds=2 * SECONDS, connections=CONNECTIONS, rate=rate / 2)
    return _tell(bare, ours, paced)


def _tell(bare: list[Load], ours: list[Load], paced: Load) -> int:
    plain, rate = median(each.rate for each in bare), median(each.rate for each in ours)
    failed = sum(each.failed for each in (*bare, *ours, paced))
    share, p99 = rate / plain, paced.percentile(0.99)
    print(f"bare FastAPI + SQLModel, one row: {plain:,.0f} requests/s (median of {ROUNDS})")
    print(f"POST /v1/scans: {rate:,.0f} requests/s, {share:.2f} of bare; target {TARGET_SHARE}")
    print(
        f"at {paced.rate:,.0f} requests/s: p50 {paced.median * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms;"
        f" target {TARGET_P99 * 1e3:.0f} ms"
    )
    print(f"answers that were no success: {failed}")
    return 0 if share >= TARGET_SHARE and p99 <= TARGET_P99 and not failed else 1


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
