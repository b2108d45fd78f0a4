"""What is read when Prometheus looks: ledger, alerts, streams, lines, background work, database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from countermark_node.alerts.committing import AlertCommitter
from countermark_node.alerts.hub import AlertHub
from countermark_node.background import Worker
from countermark_node.chain_sync.projector import Projector
from countermark_node.leadership.service import Leadership
from countermark_node.metrics.registry import NodeMetrics
from countermark_node.outbox.service import OutboxService
from countermark_node.times import Clock
from countermark_node.waiting_line import WaitingLine
from countermark_node.webhooks.sender import WebhookSender


def read_ledger(metrics: NodeMetrics, projector: Projector, clock: Clock) -> None:
    """How far the ledger was read, and how old that is."""

    def block() -> float | None:
        head = projector.head()
        return None if head is None else head.number

    def block_age() -> float | None:
        head = projector.head()
        return None if head is None else max(0.0, clock().timestamp() - head.time)

    def age() -> float | None:
        synced = projector.synced_at
        return None if synced is None else max(0.0, (clock() - synced).total_seconds())

    metrics.gauge_from("projection_block", "Newest block that was read.", block)
    metrics.gauge_from("projection_block_age_seconds", "Age of that block by our clock.", block_age)
    metrics.gauge_from("projection_age_seconds", "Seconds since the ledger was last seen to have no newer block.", age)


def read_work(metrics: NodeMetrics, committer: AlertCommitter, hub: AlertHub, workers: Sequence[Worker]) -> None:
    """What waits for the ledger, what is open, what runs."""
    metrics.gauge_from("commitments_waiting", "Alerts that wait for the ledger.", lambda: committer.pending()[0])
    metrics.gauge_from("streams_open", "Open streams of events.", lambda: hub.streams)
    metrics.gauge_from(
        "worker_running",
        "1 while a background job runs, 0 when it ended by itself.",
        lambda: {worker.name: 0.0 if worker.ended else 1.0 for worker in workers},
        label="worker",
    )


def read_lines(metrics: NodeMetrics, lines: Mapping[str, WaitingLine]) -> None:
    """How long the lines of slow work are."""
    metrics.gauge_from(
        "line_length",
        "Slow requests that are done or wait, by line.",
        lambda: {name: line.length for name, line in lines.items()},
        label="line",
    )


def read_database(metrics: NodeMetrics, projector: Projector) -> None:
    """Whether the database answers."""

    def up() -> float:
        projector.head()
        return 1.0

    metrics.gauge_from("database_up", "1 when the database answers; missing when it does not.", up)


def read_outbox(metrics: NodeMetrics, outbox: OutboxService) -> None:
    """What was accepted and is not on the ledger yet."""
    metrics.gauge_from("outbox_waiting", "Requests that wait for the ledger.", lambda: outbox.depth().waiting)
    metrics.gauge_from("outbox_oldest_seconds", "Age of the oldest of them.", lambda: outbox.depth().oldest_seconds)


def read_leader(metrics: NodeMetrics, leadership: Leadership) -> None:
    """Whether this process does the background work."""
    metrics.gauge_from("leader", "1 where the background work is done.", lambda: 1.0 if leadership.holds() else 0.0)


def read_webhooks(metrics: NodeMetrics, sender: WebhookSender) -> None:
    """What endpoints have not taken yet."""
    metrics.gauge_from("webhooks_waiting", "Messages that wait for their webhook.", sender.waiting)
