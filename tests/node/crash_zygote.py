"""Runs a node in a process that gets killed, again and again, without paying for the imports each time.

Usage: crash_zygote.py SETTINGS PORT, with the node's settings as JSON. Each line `STEPS` on standard input forks a node
that serves on PORT; it kills itself with SIGKILL around its STEPS-th durable step, never for 0. Standard output tells
`pid N`, `ready` once the node serves, `dead` once it is gone.
"""

from __future__ import annotations

import os
import signal
import sys

from sqlalchemy import event
from sqlmodel import Session

from countermark.chain.embedded.store import BlockStore
from countermark_node.app import create_app
from countermark_node.installation import Installation
from countermark_node.outbox.ledger import OutboxLedger
from countermark_node.server import serve
from countermark_node.services import NodeServices
from countermark_node.settings import NodeSettings


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


class Steps:
    """Counts what outlives the process: before and after each commit of database and chain, and around each sending."""

    def __init__(self, left: int) -> None:
        self._left = left

    def count(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        event.listen(Session, "before_commit", self.count)
        event.listen(Session, "after_commit", self.count)
        commit, write, send = BlockStore.commit, BlockStore._write, OutboxLedger.send

        def counted_commit(store: BlockStore) -> None:
            self.count()
            commit(store)
            self.count()

        def counted_write(store: BlockStore) -> None:
            write(store)
            self.count()

        def counted_send(ledger: OutboxLedger, raw: bytes) -> str | None:
            self.count()
            return send(ledger, raw)

        BlockStore.commit = counted_commit  # type: ignore[method-assign, assignment]
        BlockStore._write = counted_write  # type: ignore[method-assign, assignment]
        OutboxLedger.send = counted_send  # type: ignore[method-assign, assignment]


def run(settings: NodeSettings, port: int, steps: int) -> None:
    """Be a node until killed."""
    if steps:
        Steps(steps).watch()
    with Installation.open(settings.home, settings=settings) as installation:
        services = NodeServices.build(installation, settings=settings)
        with serve(create_app(services), "127.0.0.1", port) as server:
            say("ready")
            server.wait()


def main(settings: NodeSettings, port: int) -> None:
    """Fork a node for each line."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            run(settings, port, int(line))
            os._exit(0)
        say(f"pid {pid}")
        os.waitpid(pid, 0)
        say("dead")


if __name__ == "__main__":
    main(NodeSettings.model_validate_json(sys.argv[1]), int(sys.argv[2]))
