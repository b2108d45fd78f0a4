"""A gate's batch of 1,000 labels beside 1,000 single scans, over HTTP on one node: `python bench/scan_gate.py`.

The scans are signed, have a place and are of items that were never scanned: each is verified, compared and stored.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
from rates import p256_checks
from rows import Limit, Row, at_most, report
from stage_labels import make_labels_on

from countermark.scans.attestation import signed_scan
from countermark.scans.gate import attest_gate
from countermark.scans.place import Place, PlaceSource
from countermark_node.demo.stage import Stage, raise_curtain

LINES, ROUNDS = 1_000, 3
TARGET_SECONDS = 1.0
PLACE = Place(51.95, 4.14, 20, PlaceSource.SITE)


def main() -> int:
    """Measure and report; the exit code."""
    with (
        tempfile.TemporaryDirectory() as folder,
        raise_curtain(Path(folder), 0, lambda: datetime.now(UTC)) as stage,
        httpx.Client(timeout=60) as client,
    ):
        labels = make_labels_on(stage, Path(folder), LINES * (ROUNDS + 1))
        batches = [_timed(_gate(stage, client, labels[n * LINES :][:LINES])) for n in range(ROUNDS)]
        single = _timed(_single(stage, client, labels[ROUNDS * LINES :]))
    best = min(batches)
    print(f"batch of {LINES:,}: {best:.2f} s, {LINES / best:,.0f} lines/s (of {ROUNDS}: {max(batches):.2f} s slowest)")
    return report(_rows(best, single))


def _rows(best: float, single: float) -> list[Row]:
    target = at_most(best, TARGET_SECONDS, f"{TARGET_SECONDS:g} s at most")
    limit = Limit("raw P-256 checks", LINES / p256_checks())
    what = f"batch of {LINES:,} signed scans at a gate, over HTTP"
    return [Row(what, "s", best, f"{LINES:,} single scans", single, limit, target, less=True)]


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _gate(stage: Stage, client: httpx.Client, raws: list[str]) -> Callable[[], None]:
    at, deployment = datetime.now(UTC).replace(microsecond=0), stage.services.installation.deployment
    attestation = attest_gate(
        stage.cast.customs.wallet.signer(),
        [(raw, at, PLACE) for raw in raws],
        chain_id=deployment.chain_id,
        trust_registry=deployment.address("TrustRegistry"),
    )
    body = {"lines": raws, "occurred_at": at.isoformat(), "place": PLACE.to_json(), "attestation": attestation}

    def send() -> None:
        answer = client.post(f"{stage.url}/v1/scans/batch", json=body).json()
        found = {(one["verdict"], one["evidence_class"]) for one in answer["results"]}
        assert (answer["kept"], found) == (LINES, {("label-genuine", "A")})

    return send


def _single(stage: Stage, client: httpx.Client, raws: list[str]) -> Callable[[], None]:
    at, deployment = datetime.now(UTC).replace(microsecond=0), stage.services.installation.deployment
    bodies = [
        signed_scan(
            stage.cast.customs.wallet.signer(),
            raw=raw,
            occurred_at=at,
            place=PLACE,
            chain_id=deployment.chain_id,
            trust_registry=deployment.address("TrustRegistry"),
        )
        for raw in raws
    ]

    def send() -> None:
        for body in bodies:
            assert client.post(f"{stage.url}/v1/scans", json=body).json()["evidence_class"] == "A"

    return send


if __name__ == "__main__":
    sys.exit(main())
