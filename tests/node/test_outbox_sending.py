"""The outbox's sender against a ledger that forks, forgets, refuses and loses answers: each request acts once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func
from sqlmodel import Session, select

from countermark.chain.contracts import RelayRequest
from countermark.errors import ContractRefused, CountermarkError, Unavailable, WrongChain
from countermark_node.database import Database
from countermark_node.outbox.ledger import MinedTransaction, WrittenTransaction
from countermark_node.outbox.sending import OutboxSender, SendingPolicy
from countermark_node.outbox.store import OutboxStore
from countermark_node.outbox.tables import OutboxRequestRow, OutboxSenderRow, OutboxTransactionRow, RequestState

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
SENDERS = ("s1", "s2")


class Cut(Exception):
    """The process ended here."""


@dataclass(frozen=True)
class Signer:
    address: str


@dataclass(frozen=True)
class Sent:
    """A transaction of the fake ledger: a request's signer and nonce, or a filler."""

    hash: str
    sender: str
    nonce: int
    request: tuple[str, int] | None


@dataclass
class Ledger:
    """Blocks of transactions, a pool, and a forwarder that takes each nonce of a signer once and in order."""

    written: dict[bytes, Sent] = field(default_factory=dict)
    blocks: list[list[Sent]] = field(default_factory=list)
    pool: list[Sent] = field(default_factory=list)
    branch: int = 0
    hashes: list[str] = field(default_factory=list)
    refuses: str | None = None
    down: bool = False
    cut_in: int = 0
    acted: list[tuple[str, int]] = field(default_factory=list)
    forwarder: Any = field(init=False)

    def __post_init__(self) -> None:
        self.forwarder = self

    def step(self) -> None:
        """Where a process may end, or an answer be lost."""
        self.cut_in -= 1
        if self.cut_in == 0:
            raise Cut
        if self.down:
            raise Unavailable(got="nothing", expected="an answer", next_step="wait")

    def nonces(self, signer: str) -> int:
        self.step()
        return self._nonce_of(signer)

    def _nonce_of(self, signer: str) -> int:
        return sum(one.request is not None and one.request[0] == signer for one in self._succeeded())

    def _succeeded(self) -> list[Sent]:
        done: list[Sent] = []
        for one in (sent for block in self.blocks for sent in block):
            if one.request is None:
                continue
            before = sum(each.request is not None and each.request[0] == one.request[0] for each in done)
            if before == one.request[1]:
                done.append(one)
        return done

    def block_hash(self, number: int) -> str | None:
        self.step()
        return self.hashes[number] if number < len(self.hashes) else None

    def head(self) -> int:
        return len(self.blocks) - 1

    def simulate_relay(self, _: str, request: RelayRequest, __: bytes) -> CountermarkError | None:
        self.step()
        if self._nonce_of(request.signer) != request.nonce:
            return ContractRefused("ERC2771ForwarderInvalidSigner", {}, expected="", next_step="")
        return None

    def relay(self, sender: Signer, nonce: int, request: RelayRequest, _: bytes) -> WrittenTransaction:
        return self._write(sender.address, nonce, (request.signer, request.nonce))

    def filler(self, sender: Signer, nonce: int) -> WrittenTransaction:
        return self._write(sender.address, nonce, None)

    def _write(self, sender: str, nonce: int, request: tuple[str, int] | None) -> WrittenTransaction:
        # Signatures are deterministic (RFC 6979): the same contents have the same hash.
        tx_hash = f"0x{sender}-{nonce}-{request}"
        self.written[tx_hash.encode()] = Sent(tx_hash, sender, nonce, request)
        return WrittenTransaction(tx_hash, tx_hash.encode())

    def send(self, raw: bytes) -> str | None:
        sent = self.written[raw]
        if self.refuses == sent.sender and sent.request is not None:
            self.step()
            return "refused by the fake ledger"
        if sent not in self.pool and self._count(sent.sender) <= sent.nonce:
            self.pool.append(sent)
        # The transaction is there although nobody may hear of it.
        self.step()
        return None

    def transactions(self, sender: str) -> int:
        self.step()
        return self._count(sender)

    def _count(self, sender: str) -> int:
        return sum(one.sender == sender for block in self.blocks for one in block)

    def mined(self, tx_hash: str) -> MinedTransaction | None:
        self.step()
        good = {one.hash for one in self._succeeded()}
        for number, block in enumerate(self.blocks):
            for one in block:
                if one.hash == tx_hash:
                    succeeded = one.request is None or one.hash in good
                    return MinedTransaction(tx_hash, number, self.hashes[number], succeeded)
        return None

    def executed(self, request: RelayRequest, _: int) -> str | None:
        self.step()
        return next((x.hash for x in self._succeeded() if x.request == (request.signer, request.nonce)), None)

    def carries(self, _: str, __: RelayRequest, ___: bytes) -> bool:
        return True

    def mine(self) -> None:
        """A block with what may go in: each sender's next nonce."""
        block: list[Sent] = []
        for sender in SENDERS:
            fits = [one for one in self.pool if one.sender == sender and one.nonce == self._count(sender)]
            block += fits[:1]
        self.pool = [one for one in self.pool if one not in block and one.nonce >= self._count(one.sender)]
        self.blocks.append(block)
        self.hashes.append(f"0x{self.branch}-{len(self.blocks)}")

    def fork(self, depth: int, keep: bool) -> None:
        """The newest blocks go away; what was in them is in the pool again, or forgotten."""
        gone = [one for block in self.blocks[len(self.blocks) - depth :] for one in block]
        del self.blocks[len(self.blocks) - depth :], self.hashes[len(self.hashes) - depth :]
        self.branch += 1
        self.pool = [*gone, *self.pool] if keep else []


@dataclass
class Bench:
    """A database, a ledger, and a sender made anew after every cut."""

    database: Database
    ledger: Ledger = field(default_factory=Ledger)
    now: datetime = BEGIN

    def clock(self) -> datetime:
        return self.now

    @property
    def store(self) -> OutboxStore:
        return OutboxStore(self.database, clock=self.clock)

    def accept(self, signer: str, nonce: int, *, deadline: int = 1 << 40, charged: str | None = None) -> None:
        row = OutboxRequestRow(
            id=f"{signer}/{nonce}",
            signer=signer,
            nonce=nonce,
            target="0x",
            gas=1,
            deadline=deadline,
            data=b"",
            signature=b"",
            charged=charged or signer,
            state=RequestState.ACCEPTED.value,
            accepted_at=0,
            accepted_block=0,
            changed_at=0,
        )
        with self.database.write() as session:
            session.add(row)

    def run(self, **changes: Any) -> None:
        """One round of a process that may be cut off."""
        policy = SendingPolicy(resend_seconds=15, stuck_seconds=60, kept_days=30)
        options: dict[str, Any] = {"catch_up": lambda: None, "ended": lambda: None, "clock": self.clock} | changes
        senders: Any = [Signer(address) for address in SENDERS]
        ledger: Any = self.ledger
        OutboxSender(self.store, ledger, senders, policy, **options).run()

    def settle(self) -> None:
        """Time passes on a healthy ledger."""
        self.ledger.refuses, self.ledger.down, self.ledger.cut_in = None, False, 0
        for _ in range(30):
            if not self.store.depth().waiting and not self.store.open_transactions():
                break
            self.now += timedelta(seconds=20)
            self.run()
            self.ledger.mine()
        self.run()

    def state(self, request: str) -> str:
        row = self.store.request(request)
        assert row is not None
        return row.state

    def transactions(self) -> list[OutboxTransactionRow]:
        with self.database.read() as session:
            return _all(session)


def _all(session: Session) -> list[OutboxTransactionRow]:
    return list(session.exec(select(OutboxTransactionRow)).all())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    database = Database(tmp_path / "outbox.sqlite3")
    yield Bench(database)
    database.close()


def test_transaction_that_was_stored_and_not_sent_is_sent_as_it_was(bench: Bench) -> None:
    bench.accept("a", 0)
    bench.ledger.down = False
    written = bench.ledger._write

    def written_and_cut(*given: Any) -> Any:
        found = written(*given)
        bench.ledger.cut_in = 1
        return found

    bench.ledger._write = written_and_cut  # type: ignore[method-assign, assignment]
    with pytest.raises(Cut):
        bench.run()
    bench.ledger._write = written  # type: ignore[method-assign]
    (before,) = bench.transactions()
    bench.settle()
    (after,) = bench.transactions()
    assert (after.hash, after.raw, bench.state("a/0")) == (before.hash, before.raw, "confirmed")


def test_nonce_that_the_ledger_refuses_is_filled_and_another_sender_carries_the_request(bench: Bench) -> None:
    bench.accept("a", 0)
    bench.ledger.refuses = "s1"
    for _ in range(6):
        bench.now += timedelta(seconds=20)
        bench.run()
        bench.ledger.mine()
    bench.settle()
    assert bench.state("a/0") == "confirmed"
    assert {(one.sender, one.request) for block in bench.ledger.blocks for one in block} == {
        ("s1", None),
        ("s2", ("a", 0)),
    }


def test_transaction_that_the_ledger_forgot_is_sent_again(bench: Bench) -> None:
    bench.accept("a", 0)
    bench.run()
    bench.ledger.pool.clear()
    bench.settle()
    assert bench.state("a/0") == "confirmed"
    assert len(bench.transactions()) == 1


def test_confirmed_request_whose_block_went_away_is_on_its_way_again(bench: Bench) -> None:
    bench.accept("a", 0)
    bench.run()
    bench.ledger.mine()
    bench.run()
    assert bench.state("a/0") == "confirmed"
    bench.ledger.fork(1, keep=False)
    bench.ledger.mine()
    bench.run()
    assert bench.state("a/0") == "sent"
    bench.settle()
    assert bench.state("a/0") == "confirmed"


def test_request_past_its_deadline_expires_and_does_nothing(bench: Bench) -> None:
    bench.accept("a", 0, deadline=1)
    bench.settle()
    assert (bench.state("a/0"), bench.transactions()) == ("expired", [])


def test_nothing_is_sent_to_another_ledger(bench: Bench) -> None:
    bench.accept("a", 0)

    def refuse() -> None:
        raise WrongChain(got="another", expected="ours", next_step="decide")

    with pytest.raises(WrongChain):
        bench.run(catch_up=refuse)
    assert (bench.transactions(), bench.state("a/0")) == ([], "accepted")


def test_requests_of_strangers_wait_for_those_that_somebody_answers_for(bench: Bench) -> None:
    for number in range(20):
        bench.accept(f"stranger {number}", 0, charged=f"network:{number}")
    bench.accept("member", 0, charged="account:0x1")
    bench.run()
    sent = {row.request for row in bench.transactions()}
    assert "member/0" in sent
    assert len(sent) == len(SENDERS), "and strangers have the senders that are left"


def test_what_ended_long_ago_is_forgotten_however_much_it_is(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("countermark_node.outbox.store._AT_ONCE", 2)
    for number in range(7):
        bench.accept(f"{number}", 0, deadline=0)
    bench.run()
    bench.now += timedelta(days=31)
    bench.run()
    with bench.database.read() as session:
        assert session.exec(select(func.count()).select_from(OutboxRequestRow)).one() == 0


def test_what_ended_long_ago_is_forgotten(bench: Bench) -> None:
    bench.accept("a", 0)
    bench.settle()
    bench.now += timedelta(days=31)
    bench.run()
    assert (bench.store.request("a/0"), bench.transactions()) == (None, [])


EVENTS = st.one_of(
    st.tuples(st.just("run"), st.integers(0, 30)),
    st.tuples(st.just("mine"), st.just(0)),
    st.tuples(st.just("fork"), st.integers(1, 4)),
    st.tuples(st.just("forget fork"), st.integers(1, 4)),
    st.tuples(st.just("forget"), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 100)),
    st.tuples(st.just("refuse"), st.sampled_from([0, 1, 2])),
    st.tuples(st.just("down"), st.booleans().map(int)),
)


def play(bench: Bench, kind: str, value: int) -> None:
    ledger = bench.ledger
    match kind:
        case "run":
            ledger.cut_in = value
            with suppress(Cut, Unavailable):
                bench.run()
            ledger.cut_in = 0
        case "mine":
            ledger.mine()
        case "fork" | "forget fork":
            ledger.fork(min(value, len(ledger.blocks)), keep=kind == "fork")
        case "forget":
            ledger.pool.clear()
        case "wait":
            bench.now += timedelta(seconds=value)
        case "refuse":
            ledger.refuses = (None, *SENDERS)[value]
        case _:
            ledger.down = bool(value)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(EVENTS, max_size=25), counts=st.lists(st.integers(1, 3), min_size=1, max_size=3))
def test_whatever_happens_each_request_acts_exactly_once(
    bench: Bench, events: list[tuple[str, int]], counts: list[int]
) -> None:
    bench = Bench(bench.database)
    with bench.database.write() as session:
        for table in (OutboxRequestRow, OutboxTransactionRow, OutboxSenderRow):
            session.exec(delete(table))
    wanted = [(f"signer{place}", nonce) for place, count in enumerate(counts) for nonce in range(count)]
    for signer, nonce in wanted:
        bench.accept(signer, nonce)
    for kind, value in events:
        play(bench, kind, value)
    bench.settle()
    acted = sorted(one.request for one in bench.ledger._succeeded() if one.request)
    assert acted == sorted(wanted)
    assert {bench.state(f"{signer}/{nonce}") for signer, nonce in wanted} == {"confirmed"}
