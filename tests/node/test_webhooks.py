"""Messages to other systems: signed, at least once each, given up and sent again, to whom they concern."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import URL
from sqlmodel import select
from standardwebhooks import Webhook, WebhookVerificationError
from tests.log_lines import log_lines

from countermark.errors import CountermarkError
from countermark.limits import Limits
from countermark.roles import Role
from countermark_node.access.permissions import Permission
from countermark_node.access.principal import How, Principal
from countermark_node.background import Worker, end_all
from countermark_node.chain_sync.tables import AccountRow, RoleEntryRow
from countermark_node.database import Database
from countermark_node.failures import FailureLog
from countermark_node.notifications.kinds import Goods, Kind, News
from countermark_node.notifications.log import NotificationLog
from countermark_node.notifications.readers import readers_of
from countermark_node.notifications.wanted import Wanted
from countermark_node.webhooks.registry import NewWebhook, WebhookRegistry
from countermark_node.webhooks.retry import WAITS, wait_after
from countermark_node.webhooks.sender import WebhookSender
from countermark_node.webhooks.tables import DEAD, DeliveryRow, WebhookRow
from countermark_node.webhooks.vault import WebhookVault
from countermark_wallet.cli.main import COMMAND_GROUP, main
from countermark_wallet.outbound.address_rules import read_networks
from countermark_wallet.outbound.client import Outbound

if TYPE_CHECKING:
    from tests.node.conftest import World

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWNER = "0x" + "1" * 40
OTHER = "0x" + "2" * 40
SALT = b"s" * 32
LOOPBACK = Outbound(networks=read_networks("127.0.0.0/8"))
Received = list[tuple[dict[str, str], bytes]]


@dataclass
class Receiver:
    """An endpoint that notes what it gets and answers as it is told."""

    url: str
    got: Received = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    note: Callable[[], None] = lambda: None

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.got]

    def numbers(self) -> list[int]:
        return [json.loads(body)["data"]["sequence"] for _, body in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            receiver.note()
            if receiver.hold is not None:
                receiver.hold.wait(10)
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


class Node:
    """Log, webhooks and sender over one database, with a clock that tests put forward."""

    def __init__(self, place: Path | URL, **limits: int) -> None:
        self.now = NOON
        self.database = Database(place)
        bounds = Limits(**limits)  # type: ignore[arg-type]
        self.log = NotificationLog(self.database, days=30, clock=self.clock, limits=bounds)
        self.webhooks = WebhookRegistry(self.database, WebhookVault(SALT), LOOPBACK, clock=self.clock, limits=bounds)
        self.again: dict[WebhookSender, threading.Event] = {}
        self.sender = self.sender_over(LOOPBACK, bounds)
        with self.database.write() as session:
            for account in (OWNER, OTHER):
                session.merge(AccountRow(account=account, position=1))

    def clock(self) -> datetime:
        return self.now

    def sender_over(self, outbound: Outbound, limits: Limits | None = None) -> WebhookSender:
        again = threading.Event()
        sender = WebhookSender(
            self.database,
            self.log,
            self.webhooks,
            outbound,
            clock=self.clock,
            random=lambda: 0.0,
            failures=FailureLog(clock=self.clock),
            more=again.set,
            limits=limits or Limits(),
        )
        self.again[sender] = again
        return sender

    def hook(self, url: str, wanted: Wanted | None = None, *, account: str = OWNER) -> tuple[WebhookRow, str]:
        """An active webhook and its secret; the ping is forgotten."""
        row, secret = self.webhooks.add(NewWebhook(account, frozenset(Permission), url, wanted or Wanted()))
        return self.webhooks.ping(row.id, account), secret

    def tell(self, *numbers: int, reader: str = f"account:{OWNER}", goods: tuple[Goods, ...] = ()) -> None:
        with self.database.write() as session:
            for number in numbers:
                at = int(self.now.timestamp())
                news = News(Kind.ROLE_GRANTED, f"0x{number}", at, [reader], {"role": "brand"}, goods)
                assert self.log.note(session, news)

    def run(self, seconds: float = 0) -> None:
        self.now += timedelta(seconds=seconds)
        self.send(self.sender)

    def send(self, sender: WebhookSender) -> None:
        """As a node does: again while an endpoint that had its turn has messages left, until nothing is under way."""
        more = True
        while more:
            self.again[sender].clear()
            sender.run()
            assert sender.turns.wait(60)
            more = self.again[sender].is_set()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    one = Node(tmp_path / "node.sqlite3")
    yield one
    one.database.close()


def reason(work: Callable[[], object]) -> str:
    with pytest.raises(CountermarkError) as caught:
        work()
    return caught.value.reason


def test_message_is_signed_as_standard_webhooks_are(tmp_path: Path, receiver: Receiver) -> None:
    node = Node(tmp_path / "now.sqlite3")
    node.now = datetime.now(UTC)
    _, secret = node.hook(receiver.url)
    node.tell(1)
    node.run()
    for headers, body in receiver.got:
        assert Webhook(secret).verify(body.decode("utf-8"), headers) == json.loads(body)
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body.decode("utf-8").replace("2", "3", 1), headers)
        with pytest.raises(WebhookVerificationError):
            Webhook("whsec_" + "A" * 43 + "=").verify(body.decode("utf-8"), headers)
    (_, ping), (headers, told) = receiver.got
    assert json.loads(ping)["type"] == "webhook.ping"
    message = json.loads(told)
    assert (message["type"], message["data"]["params"]) == ("role.granted", {"role": "brand"})
    assert headers["webhook-id"] == message["data"]["id"]
    node.database.close()


def test_nothing_is_sent_before_the_endpoint_answered_a_ping(node: Node, receiver: Receiver) -> None:
    row, _ = node.webhooks.add(NewWebhook(OWNER, frozenset(Permission), receiver.url, Wanted()))
    node.tell(1)
    node.run()
    assert receiver.got == []
    receiver.status = 500
    assert reason(lambda: node.webhooks.ping(row.id, OWNER)) == "webhook-refused"
    receiver.status = 204
    assert node.webhooks.ping(row.id, OWNER).state == "active"
    node.tell(2)
    node.run()
    assert receiver.types() == ["webhook.ping", "webhook.ping", "role.granted"]


def test_message_that_is_not_taken_is_sent_again_with_growing_pauses_and_the_same_bytes(
    node: Node, receiver: Receiver
) -> None:
    node.hook(receiver.url)
    receiver.got.clear()
    receiver.status = 503
    node.tell(1)
    node.run()
    assert len(receiver.got) == 1
    for attempts, wait in enumerate(WAITS[:3], start=1):
        node.run(wait - 1)
        assert len(receiver.got) == attempts
        node.run(1)
        assert len(receiver.got) == attempts + 1
    assert len({(headers["webhook-id"], body) for headers, body in receiver.got}) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in receiver.got}) == 4
    receiver.status = 200
    node.run(WAITS[3])
    node.run(10 * WAITS[-1])
    assert len(receiver.got) == 5
    assert node.webhooks.listed(OWNER)[0]["reason"] is None


def test_operator_is_told_once_of_an_endpoint_that_fails_and_never_its_address(node: Node, receiver: Receiver) -> None:
    row, _ = node.hook(receiver.url)
    receiver.status = 503
    node.tell(1)
    with log_lines("countermark_node.failures") as lines:
        node.run()
        node.run(WAITS[0])
        receiver.status = 200
        node.run(WAITS[1])
    assert lines == [
        f"warning webhook {row.id}: not delivered: status 503",
        f"info webhook {row.id}: works again after {WAITS[0] + WAITS[1]} s and 2 failures",
    ]
    assert receiver.url not in str(lines)


def given_up(node: Node, receiver: Receiver, *numbers: int) -> str:
    """A webhook whose messages were given up."""
    row, _ = node.hook(receiver.url)
    receiver.got.clear()
    receiver.status = 500
    node.tell(*numbers)
    for _ in range(len(numbers) * (len(WAITS) + 1) + 5):
        node.run(2 * WAITS[-1])
    return row.id


def test_message_is_given_up_after_three_days_listed_and_sent_again_on_demand(node: Node, receiver: Receiver) -> None:
    row = given_up(node, receiver, 1, 2)
    assert len(receiver.got) == 2 * (len(WAITS) + 1)
    dead = node.webhooks.dead(row, OWNER)
    assert [(one["sequence"], one["attempts"], one["error"]) for one in dead] == [
        (number, 10, "status 500") for number in (1, 2)
    ]
    receiver.got.clear()
    receiver.status = 200
    assert node.webhooks.replay(row, OWNER, [2]) == 1
    node.run()
    assert receiver.numbers() == [2]
    assert node.webhooks.replay(row, OWNER) == 1
    node.run()
    assert receiver.numbers() == [2, 1]
    assert node.webhooks.dead(row, OWNER) == []


def test_waits_are_bounded_jittered_and_follow_what_the_receiver_asks() -> None:
    assert [wait_after(n, lambda: 0.0) for n in range(1, 11)] == [*WAITS, None]
    assert wait_after(1, lambda: 1.0) == 6
    assert wait_after(1, lambda: 0.0, 600) == 600
    assert wait_after(1, lambda: 0.0, 10**8) == 86_400


def test_receiver_that_asks_for_a_pause_gets_one(node: Node, receiver: Receiver) -> None:
    node.hook(receiver.url)
    receiver.got.clear()
    receiver.status, receiver.headers = 429, {"Retry-After": "1000"}
    node.tell(1)
    node.run()
    node.run(999)
    assert len(receiver.got) == 1
    node.run(1)
    assert len(receiver.got) == 2


def test_endpoint_that_is_gone_is_stopped_and_its_messages_kept(node: Node, receiver: Receiver) -> None:
    row, _ = node.hook(receiver.url)
    receiver.status = 410
    node.tell(1, 2)
    node.run()
    (listed,) = node.webhooks.listed(OWNER)
    assert (listed["state"], listed["dead"], listed["waiting"]) == ("stopped", 2, 0)
    assert reason(lambda: node.webhooks.replay(row.id, OWNER)) == "webhook-not-active"
    receiver.status = 200
    node.webhooks.ping(row.id, OWNER)
    assert node.webhooks.replay(row.id, OWNER) == 2
    receiver.got.clear()
    node.run()
    assert receiver.numbers() == [1, 2]


def test_redirect_is_no_acceptance_and_is_not_followed(node: Node, receiver: Receiver) -> None:
    with receiving() as elsewhere:
        node.hook(receiver.url)
        receiver.status, receiver.headers = 307, {"Location": elsewhere.url}
        node.tell(1)
        node.run()
        assert elsewhere.got == []
        assert node.sender.waiting() == 1


def test_webhook_into_the_nodes_own_network_is_refused(node: Node) -> None:
    node.webhooks._outbound = Outbound()  # as it is unless the operator opens networks
    for url in (
        "http://erp.example/",
        "ftp://erp.example/",
        "https://user@erp.example/",
        "file:///etc/passwd",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/",
        "https://[::ffff:127.0.0.1]/",
        "https://localhost/",
        "https://erp.example:0/",
    ):
        new = NewWebhook(OWNER, frozenset(Permission), url, Wanted())
        assert reason(lambda new=new: node.webhooks.add(new)) == "address-not-allowed"
    assert node.webhooks.listed(OWNER) == []


def test_endpoint_whose_name_moves_into_the_own_network_later_gets_nothing(node: Node, receiver: Receiver) -> None:
    node.hook(receiver.url)
    receiver.got.clear()
    node.tell(1)
    rebound = Outbound(resolve=lambda _host, _port: ["127.0.0.1"], discreet=True)
    with node.database.write() as session:
        row = session.exec(select(WebhookRow)).one()
        row.url = receiver.url.replace("http://127.0.0.1", "https://erp.example")
        session.add(row)
    with log_lines("countermark_node.failures") as lines:
        node.send(node.sender_over(rebound))
    assert receiver.got == []
    # The operator's log says where the name leads, and the account learns that there was no answer.
    assert lines == [f"warning webhook {row.id}: not delivered: fetch-failed, it is at 127.0.0.1"]
    (listed,) = node.webhooks.listed(OWNER)
    assert listed["reason"] == f"fetch-failed: {row.url}: no answer"
    with node.database.read() as session:
        assert session.exec(select(DeliveryRow.last_error)).one() == listed["reason"]


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return held


def test_slow_endpoint_holds_up_no_other(node: Node, receiver: Receiver) -> None:
    with receiving() as slow:
        node.hook(slow.url)
        node.hook(receiver.url)
        receiver.got.clear()
        slow.hold = threading.Event()
        node.tell(1, 2, 3)
        node.sender.run()
        assert eventually(lambda: len(receiver.got) == 3)
        assert receiver.numbers() == [1, 2, 3]
        assert not node.sender.turns.wait(0)
        slow.hold.set()
        assert node.sender.turns.wait(30)


@contextmanager
def endpoints(node: Node, count: int) -> Iterator[list[Receiver]]:
    """Active webhooks of one account, whose endpoints got nothing yet."""
    with ExitStack() as stack:
        found = [stack.enter_context(receiving()) for _ in range(count)]
        for one in found:
            node.hook(one.url)
            one.got.clear()
        yield found


def test_news_reach_others_while_ten_slow_endpoints_of_one_account_are_under_way(
    node: Node, receiver: Receiver
) -> None:
    node.hook(receiver.url, account=OTHER)
    receiver.got.clear()
    with endpoints(node, 10) as slow:
        answer = threading.Event()
        for one in slow:
            one.hold = answer
        node.tell(*range(1, 7))
        node.sender.run()
        share = Limits().webhook_turns_per_account
        assert eventually(lambda: sum(len(one.got) for one in slow) == share)
        for number in range(100, 103):
            # Told, and looked for again, while none of those has answered.
            node.tell(number, reader=f"account:{OTHER}")
            node.sender.run()
            assert eventually(lambda number=number: len(receiver.got) == number - 99)
        assert sum(len(one.got) for one in slow) == share
        assert not answer.is_set()
        answer.set()
        node.run()
        assert [sorted(one.numbers()) for one in slow] == [list(range(1, 7))] * 10


def test_endpoint_that_answers_slowly_gives_its_turn_on_after_a_while(tmp_path: Path, receiver: Receiver) -> None:
    node = Node(tmp_path / "turns.sqlite3", webhook_turns=1, webhook_turn_seconds=0)
    order: list[str] = []
    with receiving() as other:
        for one, account in ((receiver, OWNER), (other, OTHER)):
            node.hook(one.url, account=account)
            one.got.clear()
        receiver.note = lambda: order.append("first")
        other.note = lambda: order.append("second")
        node.tell(1, 2, 3)
        node.tell(4, 5, 6, reader=f"account:{OTHER}")
        node.run()
    assert sorted(order[:2]) == sorted(order[2:4]) == sorted(order[4:]) == ["first", "second"]
    node.database.close()


def test_node_that_ends_begins_no_message_after_those_under_way(node: Node, receiver: Receiver) -> None:
    node.hook(receiver.url)
    receiver.got.clear()
    receiver.hold = threading.Event()
    failures = FailureLog(clock=node.clock)
    worker = Worker("webhooks", node.sender.run, seconds=60, failures=failures, turns=node.sender.turns)
    node.tell(1, 2, 3)
    worker.start()
    assert eventually(lambda: len(receiver.got) == 1)
    with log_lines("countermark_node.background") as lines:
        end_all([worker], seconds=0.2)
        receiver.hold.set()
        end_all([worker], seconds=30)
    assert lines == ["warning background work cut off: webhooks", "info background work has ended"]
    assert receiver.numbers() == [1]
    assert node.sender.waiting() == 2


def test_nodes_own_worker_ends_the_turns_of_webhooks(world: World) -> None:
    (worker,) = (one for one in world.services.workers if one.name == "webhooks")
    assert worker._turns is world.services.notifications.sender.turns


def test_two_senders_at_once_send_each_message_once(node: Node, receiver: Receiver) -> None:
    node.hook(receiver.url)
    receiver.got.clear()
    node.tell(*range(1, 21))
    other = node.sender_over(LOOPBACK)
    threads = [threading.Thread(target=node.send, args=(each,)) for each in (node.sender, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receiver.numbers()) == list(range(1, 21))


def test_endpoint_that_is_down_fills_no_table_and_gets_everything_later(tmp_path: Path, receiver: Receiver) -> None:
    node = Node(tmp_path / "bounded.sqlite3", webhook_waiting=5, webhook_dead=3)
    row, _ = node.hook(receiver.url)
    receiver.got.clear()
    receiver.status = 500
    node.tell(*range(1, 13))
    node.run()
    node.run()
    assert node.sender.waiting() == 5
    receiver.status = 200
    for _ in range(12):
        node.run(600)
    assert sorted(set(receiver.numbers())) == list(range(1, 13))
    node.tell(*range(20, 30))
    receiver.status = 500
    for _ in range(150):
        node.run(2 * WAITS[-1])
    dead = node.webhooks.dead(row.id, OWNER)
    assert [one["sequence"] for one in dead] == [20, 21, 22]
    node.now += timedelta(days=400)
    assert node.webhooks.forget() == 3
    node.database.close()


def test_webhook_gets_what_its_account_may_see_when_it_is_sent(node: Node, receiver: Receiver) -> None:
    with receiving() as others:
        node.hook(receiver.url)
        node.hook(others.url, account=OTHER)
        receiver.got.clear()
        node.tell(1)
        with node.database.write() as session:
            session.add(_role(OWNER, "customs"))
        node.tell(2, reader="right:alerts:read")
        node.tell(3, reader="right:alerts:read")
        receiver.status = 500
        node.run()
        # What waits for the next attempt is not sent once the right is gone.
        with node.database.write() as session:
            for row in session.exec(select(RoleEntryRow)):
                row.ended = 2
                session.add(row)
        receiver.status = 200
        receiver.got.clear()
        node.run(1_000)
        node.run(1_000)
        assert receiver.numbers() == [1]
        assert others.types() == ["webhook.ping"]
        assert node.sender.waiting() == 0


def _role(account: str, role: str) -> RoleEntryRow:
    return RoleEntryRow(
        account=account,
        role=role,
        level=3,
        accreditor=OTHER,
        valid_from=0,
        valid_until=int(NOON.timestamp()) * 2,
        granted=1,
    )


def test_webhook_made_by_a_key_of_few_scopes_gets_no_more_than_the_key(node: Node, receiver: Receiver) -> None:
    few = frozenset({Permission.NOTIFICATIONS, Permission.WEBHOOKS})
    row, _ = node.webhooks.add(NewWebhook(OWNER, few, receiver.url, Wanted()))
    node.webhooks.ping(row.id, OWNER)
    with node.database.write() as session:
        session.add(_role(OWNER, "customs"))
    node.tell(1, reader="right:alerts:read")
    node.tell(2)
    node.run()
    assert receiver.types() == ["webhook.ping", "role.granted"]


def test_key_of_few_scopes_neither_reads_nor_takes_over_the_webhook_of_another_key(
    node: Node, receiver: Receiver
) -> None:
    with node.database.write() as session:
        session.add(_role(OWNER, "customs"))
    row, _ = node.hook(receiver.url)
    receiver.status = 410
    node.tell(1, reader="right:alerts:read")
    node.tell(2)
    node.run()
    few = Principal(
        How.API_KEY,
        "api-key:1",
        frozenset({Permission.WEBHOOKS, Permission.NOTIFICATIONS}),
        OWNER,
        frozenset({Role.CUSTOMS}),
    )
    numbers = [one["sequence"] for one in node.webhooks.dead(row.id, OWNER, readers=readers_of(few))]
    assert (numbers, len(node.webhooks.dead(row.id, OWNER))) == ([2], 2)
    blind = replace(few, permissions=frozenset({Permission.WEBHOOKS}))
    assert node.webhooks.dead(row.id, OWNER, readers=readers_of(blind)) == []
    assert reason(lambda: node.webhooks.rotate(row.id, OWNER, few.permissions)) == "no-right"
    node.webhooks.rotate(row.id, OWNER)
    # Once the role is gone, the webhook is told no more than this key may see.
    with node.database.write() as session:
        for entry in session.exec(select(RoleEntryRow)):
            entry.ended = 2
            session.add(entry)
    node.webhooks.rotate(row.id, OWNER, few.permissions)


def test_webhook_is_told_of_the_kinds_and_goods_that_it_asked_for(node: Node, receiver: Receiver) -> None:
    goods = Goods("09521234000013", OTHER, ("L1",), 1, 2)
    fitting = (
        Wanted(),
        Wanted.of(["role.granted"]),
        Wanted.of(gtin="9521234000013"),
        Wanted.of(brand=OTHER),
        Wanted.of(lot="L1", brand=OTHER),
    )
    others = (
        Wanted.of(["alert.raised"]),
        Wanted.of(lot="L2"),
        Wanted.of(gtin="09521234000020"),
        Wanted.of(brand=OWNER),
    )
    for wanted in (*fitting, *others):
        node.hook(f"{receiver.url}?{len(receiver.got)}", wanted)
    receiver.got.clear()
    node.tell(1, goods=(goods,))
    node.tell(2)
    node.run()
    assert receiver.numbers().count(1) == len(fitting)
    assert receiver.numbers().count(2) == 2


@pytest.mark.parametrize("wrong", [{"kinds": ["all"]}, {"gtin": "1"}, {"brand": "me"}, {"lot": "x" * 21}])
def test_subscription_that_cannot_be_read_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CountermarkError):
        Wanted.of(**wrong)


def test_secret_is_sealed_at_rest_and_bound_to_its_webhook(node: Node, tmp_path: Path, receiver: Receiver) -> None:
    import base64

    row, secret = node.hook(receiver.url)
    other, _ = node.hook(receiver.url)
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    assert len(raw) == 32
    assert WebhookVault(SALT).open(row.id, row.sealed) == raw
    assert reason(lambda: WebhookVault(SALT).open(other.id, row.sealed)) == "webhook-secret"
    assert reason(lambda: WebhookVault(b"t" * 32).open(row.id, row.sealed)) == "webhook-secret"
    assert secret not in json.dumps(node.webhooks.listed(OWNER))
    for path in tmp_path.glob("node.sqlite3*"):
        assert raw not in path.read_bytes()
        assert secret.encode("ascii") not in path.read_bytes()


def test_new_secret_and_the_one_before_it_both_count_for_a_day(node: Node, receiver: Receiver) -> None:
    row, first = node.hook(receiver.url)
    _, second = node.webhooks.rotate(row.id, OWNER)
    receiver.got.clear()
    node.tell(1)
    node.run()
    node.tell(2)
    node.run(86_400)
    (headers, _), (later, _) = receiver.got
    assert len(headers["webhook-signature"].split()) == 2
    assert len(later["webhook-signature"].split()) == 1
    for message, secret, counts in (
        (receiver.got[0], first, True),
        (receiver.got[0], second, True),
        (receiver.got[1], first, False),
        (receiver.got[1], second, True),
    ):
        assert signed_by(secret, message) is counts


def signed_by(secret: str, message: tuple[dict[str, str], bytes]) -> bool:
    headers, body = message
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    expected = Webhook(secret).sign(headers["webhook-id"], at, body.decode("utf-8"))
    return expected in headers["webhook-signature"].split()


def test_webhooks_are_bounded_by_account(tmp_path: Path, receiver: Receiver) -> None:
    node = Node(tmp_path / "few.sqlite3", webhooks_per_account=2, webhooks=3)
    node.hook(receiver.url)
    node.hook(receiver.url)
    assert reason(lambda: node.hook(receiver.url)) == "too-many-webhooks"
    node.hook(receiver.url, account=OTHER)
    assert reason(lambda: node.hook(receiver.url, account=OTHER)) == "too-many-webhooks"
    node.database.close()


def test_somebody_elses_webhook_is_as_if_it_were_not_there(node: Node, receiver: Receiver) -> None:
    row, _ = node.hook(receiver.url)
    works: tuple[Callable[[], object], ...] = (
        lambda: node.webhooks.ping(row.id, OTHER),
        lambda: node.webhooks.rotate(row.id, OTHER),
        lambda: node.webhooks.remove(row.id, OTHER),
        lambda: node.webhooks.dead(row.id, OTHER),
        lambda: node.webhooks.replay(row.id, OTHER),
    )
    assert {reason(work) for work in works} == {"no-such-webhook"}
    assert node.webhooks.listed(OTHER) == []


KILLED = """
import os, sys
from pathlib import Path
from sqlalchemy import make_url
sys.path.insert(0, sys.argv[1])
from test_webhooks import Node
place = os.environ["PLACE"]
Node(make_url(place) if "://" in place else Path(place)).run()
"""


def test_message_under_way_at_a_kill_is_sent_again_and_none_is_lost(
    tmp_path: Path, receiver: Receiver, database_place: Callable[[Path], Path | URL]
) -> None:
    place = database_place(tmp_path / "killed.sqlite3")
    node = Node(place)
    node.hook(receiver.url)
    receiver.got.clear()
    node.tell(1, 2)
    receiver.hold = threading.Event()
    text = str(place) if isinstance(place, Path) else place.render_as_string(hide_password=False)
    command = [sys.executable, "-c", KILLED, str(Path(__file__).parent)]
    with subprocess.Popen(command, env={**os.environ, "PLACE": text}) as process:
        deadline = time.monotonic() + 30
        while not receiver.got and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()
    receiver.hold.set()
    assert receiver.numbers() == [1]
    with node.database.read() as session:
        assert [row.attempts for row in session.exec(select(DeliveryRow).order_by("sequence"))] == [1, 0]
    node.run()
    assert receiver.numbers() == [1, 2]
    node.run(60)
    assert receiver.numbers() == [1, 2, 1]
    assert node.sender.waiting() == 0
    node.database.close()


def test_account_makes_tries_and_ends_a_webhook_by_http(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.services.notifications.webhooks, "_outbound", LOOPBACK)
    monkeypatch.setattr(world.services.notifications.sender, "_outbound", LOOPBACK)
    headers = world.logged_in("carrier")
    made = world.client.post("/v1/webhooks", json={"url": receiver.url, "kinds": ["handover.taken"]}, headers=headers)
    assert made.status_code == 201, made.text
    assert "secret" not in made.json()
    at = f"/v1/webhooks/{made.json()['id']}"
    secret = world.client.put(f"{at}/secret", headers=headers).json()["secret"]
    assert world.client.post(f"{at}/ping", headers=headers).json()["state"] == "active"
    first = world.commission(packed=1).segment.first
    world.hand_over("brand", "carrier", first, first)
    world.services.projector.catch_up()
    deadline = time.monotonic() + 10
    while len(receiver.got) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    told_headers, body = receiver.got[1]
    assert Webhook(secret).verify(body.decode("utf-8"), told_headers)["type"] == "handover.taken"
    (listed,) = world.client.get("/v1/webhooks", headers=headers).json()["webhooks"]
    assert listed["url"] == receiver.url
    others = world.client.get("/v1/webhooks", headers=world.logged_in("brand")).json()["webhooks"]
    assert listed["id"] not in {one["id"] for one in others}
    assert world.client.get(f"{at}/dead-letters", headers=headers).json() == {"dead": []}
    assert world.client.post(f"{at}/replay", json={}, headers=headers).json() == {"replayed": 0}
    assert world.client.delete(at, headers=headers).status_code == 204
    assert world.client.post(f"{at}/ping", headers=headers).status_code == 404


def test_slow_endpoints_under_ping_hold_two_requests_of_their_account_and_nobody_elses(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.services.notifications.webhooks, "_outbound", LOOPBACK)
    with receiving() as quick, ThreadPoolExecutor(2) as pool:
        places = []
        for name, url in (("carrier", receiver.url), ("retailer", quick.url)):
            headers = world.logged_in(name)
            made = world.client.post("/v1/webhooks", json={"url": url}, headers=headers)
            places.append((f"/v1/webhooks/{made.json()['id']}", headers))
        (slow, carrier), (other, retailer) = places
        receiver.hold = threading.Event()
        held = [pool.submit(world.client.post, f"{slow}/ping", headers=carrier) for _ in range(2)]
        assert eventually(lambda: len(receiver.got) == 2)
        refused = world.client.post(f"{slow}/ping", headers=carrier)
        assert (refused.status_code, refused.json()["reason"]) == (429, "rate-limited")
        assert refused.json()["expected"].endswith("2 from one account")
        assert world.client.post(f"{other}/ping", headers=retailer).json()["state"] == "active"
        assert not any(one.done() for one in held)
        receiver.hold.set()
        assert [one.result().status_code for one in held] == [200, 200]
        for place, headers in places:
            world.client.delete(place, headers=headers)


def test_ping_tells_an_account_nothing_of_names_and_addresses_inside(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(host: str, _port: int) -> list[str]:
        if host == "vm.internal.example":
            return ["10.0.0.7"]
        raise socket.gaierror("no such host")

    webhooks = world.services.notifications.webhooks
    nodes_own = replace(webhooks._outbound, resolve=resolve, sleep=lambda _seconds: None)
    monkeypatch.setattr(webhooks, "_outbound", nodes_own)
    assert world.services.notifications.sender._outbound.discreet
    headers = world.logged_in("carrier")
    found, made = [], []
    with log_lines("countermark_node.webhooks.registry") as lines:
        for host in ("vm.internal.example", "no.internal.example"):
            url = f"https://{host}/"
            made.append(world.client.post("/v1/webhooks", json={"url": url}, headers=headers).json()["id"])
            answer = world.client.post(f"/v1/webhooks/{made[-1]}/ping", headers=headers)
            found.append((answer.status_code, answer.text.replace(host, "HOST")))
    for one in made:
        world.client.delete(f"/v1/webhooks/{one}", headers=headers)
    assert found[0] == found[1]
    assert found[0][0] == 503
    assert "10.0.0.7" not in found[0][1]
    assert lines == [
        f"info webhook {made[0]}: no answer to a ping: it is at 10.0.0.7",
        f"info webhook {made[1]}: no answer to a ping: gaierror",
    ]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, "bad-webhook"),
        ({"url": 5}, "bad-webhook"),
        ({"url": "https://erp.example/", "more": 1}, "bad-webhook"),
        ({"url": "https://erp.example/", "kinds": "all"}, "bad-webhook"),
        ({"url": "https://erp.example/", "kinds": ["all"]}, "bad-subscription"),
        ({"url": "https://erp.example/", "gtin": "12"}, "bad-gtin"),
        ({"url": "http://127.0.0.1/"}, "address-not-allowed"),
        ({"url": "https://127.0.0.1/"}, "address-not-allowed"),
        ({"url": "https://0177.0.0.1/"}, "address-not-allowed"),
        ({"url": "https://erp.example/\r\nX: y"}, "address-not-allowed"),
    ],
)
def test_webhook_that_cannot_be_read_is_a_problem(
    world: World, body: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.services.notifications.webhooks, "_outbound", Outbound())
    answer = world.client.post("/v1/webhooks", json=body, headers=world.logged_in("retailer"))
    assert (answer.status_code, answer.json()["reason"]) == (403 if why == "address-not-allowed" else 400, why)


def test_operator_makes_and_tends_webhooks_by_command(
    world: World, receiver: Receiver, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERMARK_OUTBOUND_NETWORKS", "127.0.0.0/8")

    def run(*arguments: str) -> dict[str, Any]:
        common = ["--home", str(world.installation.home), "--json", "node", "webhooks"]
        assert main([*common, *arguments], entry_points(group=COMMAND_GROUP)) == 0
        shown: dict[str, Any] = json.loads(capsys.readouterr().out)
        return shown

    made = run("add", receiver.url, "--account", world.account("retailer"), "--kind", "goods.flagged")
    assert made["secret"].startswith("whsec_")
    assert run("ping", made["id"])["state"] == "active"
    headers, body = receiver.got[0]
    assert Webhook(made["secret"]).verify(body.decode("utf-8"), headers)
    with world.services.database.write() as session:
        at = int(time.time())
        session.add(
            DeliveryRow(
                webhook=made["id"],
                sequence=1,
                message="msg_1",
                content='{"type":"x"}',
                state=DEAD,
                next_at=at,
                created_at=at,
            )
        )
    assert [one["sequence"] for one in run("dead-letters", made["id"])["dead"]] == [1]
    assert run("replay", made["id"], "--sequence", "1") == {"replayed": 1}
    assert run("rotate", made["id"])["secret"] != made["secret"]
    assert made["id"] in json.dumps(run("list"))
    assert made["secret"] not in json.dumps(run("list"))
    assert run("remove", made["id"]) == {"id": made["id"]}
