"""The lines in which slow work waits: nobody else waits with it, and nobody fills one alone."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import anyio
import pytest

from countermark.errors import RateLimited
from countermark.gs1.label import ScannedLabel
from countermark.gs1.label_text import read_label
from countermark_node.scans import routes
from countermark_node.waiting_line import WaitingLine

if TYPE_CHECKING:
    from tests.node.conftest import World

LABEL = read_label("(01)09521234543213(21)A1")


class SlowWork:
    """Work that takes until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def __call__(self, *_: object, **__: object) -> ScannedLabel:
        assert self.go.wait(20)
        return LABEL


def test_one_network_cannot_take_every_place_and_places_come_back() -> None:
    work, line, refused = SlowWork(), WaitingLine("jobs", at_once=1, waiting=3, share=2), []

    async def send(network: str) -> None:
        try:
            await line.do(network, work)
        except RateLimited as error:
            refused.append((network, error.extra["retry_after"]))

    async def crowd() -> None:
        async with anyio.create_task_group() as tasks:
            for network in ("greedy", "greedy", "greedy", "other", "third", "fourth"):
                tasks.start_soon(send, network)
                await anyio.wait_all_tasks_blocked()
            work.go.set()
        await send("greedy")

    anyio.run(crowd)
    assert refused == [("greedy", 2), ("fourth", 2)]


def test_place_is_given_back_after_work_that_failed() -> None:
    line = WaitingLine("jobs", at_once=1, waiting=0, share=1)

    def fail() -> None:
        raise KeyError

    async def twice() -> None:
        for _ in range(2):
            with pytest.raises(KeyError):
                await line.do("here", fail)

    anyio.run(twice)


def test_requests_are_answered_while_slow_pictures_are_decoded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    work = SlowWork()
    monkeypatch.setattr(routes, "picture_label", work)
    with ThreadPoolExecutor(60) as pool:
        files = {"picture": ("a.jpg", b"x", "image/jpeg")}
        pending = [pool.submit(world.client.post, "/v1/scans/image", files=files) for _ in range(50)]
        began = time.monotonic()
        assert world.client.get("/health").status_code == 200
        assert world.scan(world.label().link).status_code == 200
        spent = time.monotonic() - began
        work.go.set()
        answers = [one.result().status_code for one in pending]
    assert spent < 5
    most = world.services.settings.pictures_waiting_per_network
    assert answers.count(200) >= most
    assert set(answers) <= {200, 429}


def test_requests_are_answered_while_ledger_calls_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    work = SlowWork()
    assert world.installation.chain is not None
    monkeypatch.setattr(world.installation.chain, "request", lambda *_, **__: work() and {"result": None})
    with ThreadPoolExecutor(60) as pool:
        pending = [pool.submit(world.client.post, "/rpc", json={"method": "eth_chainId"}) for _ in range(50)]
        began = time.monotonic()
        assert world.client.get("/health").status_code == 200
        assert world.scan(world.label().link).status_code == 200
        spent = time.monotonic() - began
        work.go.set()
        answers = [one.result().status_code for one in pending]
    assert spent < 5
    assert answers.count(200) >= world.services.settings.rpc_waiting_per_network
    assert set(answers) <= {200, 429}
