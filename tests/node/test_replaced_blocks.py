"""A ledger that replaces its newest blocks: the rows become what a node reads that never saw the other branch."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import Session, select

from countermark.chain.abi import Field, Signature, encode_fields
from countermark.chain.artifacts import CONTRACTS, artifact
from countermark.chain.connection import BlockHead
from countermark.chain.deployment import Deployment
from countermark.chain.flags import Flag
from countermark.chain.rpc_refused import LIMIT_EXCEEDED, RpcRefused
from countermark.chain.words import to_word
from countermark.errors import NotFound, Unavailable, WrongChain
from countermark.identifiers import token_id
from countermark_node.alerts.replaced import wait_again
from countermark_node.alerts.tables import COMMITTED, PENDING, AlertRow
from countermark_node.chain_sync.forks.rewinding import REWOUND_TABLES
from countermark_node.chain_sync.forks.tables import RecentBlockRow, UndoRow
from countermark_node.chain_sync.holder_runs import NOBODY
from countermark_node.chain_sync.pages import PageSize
from countermark_node.chain_sync.projector import Projector
from countermark_node.chain_sync.tables import BlockRow, HeadRow, RunRow
from countermark_node.database import Database
from countermark_node.segments.replaced import drop_foreign_list
from countermark_node.segments.tables import PackedItemRow, PackingListRow

WINDOW = 8
ROLES = ("brand", "carrier", "retailer")
MARKS = tuple(to_word(f"EM50000001234567{place}") for place in range(3))

Told = tuple[str, str, dict[str, Any]]
"""Contract, event and its values, as the ABI has them."""


def address(number: int) -> str:
    return to_checksum_address(number.to_bytes(20, "big"))


PARTIES = tuple(address(0xA0 + place) for place in range(5))
DEPLOYMENT = Deployment(1337, {name: address(0xC0 + place) for place, name in enumerate(CONTRACTS)}, 0)


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


@dataclass
class Tale:
    """What happens in a small network: every event is one that the contracts could write after those before it."""

    counter: int = 0
    registered: list[str] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)
    suspended: list[tuple[str, str]] = field(default_factory=list)
    listed: list[tuple[str, bytes]] = field(default_factory=list)
    licences: list[tuple[bytes, str]] = field(default_factory=list)
    series: dict[int, list[str]] = field(default_factory=dict)
    units: dict[int, str] = field(default_factory=dict)
    alerts: list[int] = field(default_factory=list)

    def next(self, source: random.Random) -> list[Told]:
        """What one transaction does."""
        steps: Sequence[Callable[[random.Random], list[Told]]] = (
            *(self._trust, self._brands, self._marks, self._flags, self._claims, self._units, self._papers),
            *(self._items,) * 4,
        )
        return source.choice(steps)(source)

    def _new(self) -> int:
        self.counter += 1
        return self.counter

    def _trust(self, source: random.Random) -> list[Told]:
        account, role, at = source.choice(PARTIES), to_word(source.choice(ROLES)), "TrustRegistry"
        listed = {"account": account, "x": word(source.randint(1, 3)), "y": word(7)}
        period = {"valid_from": 0, "valid_until": 2**64 - 1}
        told: list[Told] = [
            (at, "RoleGranted", {"account": account, "role": role, "level": 2, "accreditor": PARTIES[0], **period}),
            (at, "RoleRevoked", {"account": account, "role": role, "by": PARTIES[0]}),
            (at, "CredentialKeyListed", {**listed, **period}),
            (at, "CredentialKeyRevoked", {**listed, "since": 5}),
            (at, "AccountRecovered", {"account": account, "new_key": address(self.counter)}),
        ]
        if account not in self.registered:
            self.registered.append(account)
            return [(at, "AccountRegistered", {"account": account})]
        if source.random() < 0.3:
            key = address(0x1000 + self._new())
            self.keys.append((account, key))
            return [(at, "KeyAdded", {"account": account, "key": key, "scopes": 3, "not_before": 0, "not_after": 9})]
        if self.keys and source.random() < 0.3:
            account, key = source.choice(self.keys)
            return [(at, "KeyRevoked", {"account": account, "key": key})]
        if source.random() < 0.3:
            self.suspended.append((account, role.hex()))
            return [(at, "RoleSuspended", {"account": account, "role": role, "by": PARTIES[0], "until": 9})]
        if self.suspended and source.random() < 0.3:
            account, named = source.choice(self.suspended)
            lifted = {"account": account, "role": bytes.fromhex(named), "by": PARTIES[0]}
            return [(at, "SuspensionLifted", lifted)]
        return [source.choice(told)]

    def _brands(self, source: random.Random) -> list[Told]:
        brand, at = source.choice(PARTIES), "BrandRegistry"
        prefix = {"brand": brand, "prefix": source.randint(1, 3), "length": 7}
        key = {"brand": brand, "x": word(source.randint(1, 3)), "y": word(8)}
        host = {"brand": brand, "host": f"id{source.randint(1, 3)}.example"}
        return [
            source.choice(
                [
                    (at, "PrefixAssigned", prefix),
                    (at, "PrefixWithdrawn", prefix),
                    (at, "LabelKeyListed", {**key, "valid_from": 0, "valid_until": 99}),
                    (at, "LabelKeyRevoked", {**key, "since": 3}),
                    (at, "HostListed", host),
                    (at, "HostDelisted", host),
                ]
            )
        ]

    def _marks(self, source: random.Random) -> list[Told]:
        mark, at = source.choice(MARKS), "TrademarkRegistry"
        record = {"office": PARTIES[0], "holder": source.choice(PARTIES[:2]), "credential_hash": word(self._new())}
        licence = {"mark": mark, "licensee": source.choice(PARTIES)}
        return [
            source.choice(
                [
                    (at, "MarkRecorded", {"mark": mark, **record, "valid_from": 0, "valid_until": 99}),
                    (at, "MarkStatusChanged", {"mark": mark, "status": source.randint(1, 3), "by": PARTIES[0]}),
                    (at, "LicenceGranted", {**licence, "holder": PARTIES[0], "until": 50, "ceiling": 9}),
                    (at, "LicenceEnded", {**licence, "by": PARTIES[0]}),
                ]
            )
        ]

    def _items(self, source: random.Random) -> list[Told]:
        if not self.series or source.random() < 0.15:
            series = len(self.series) + 1
            self.series[series] = []
            opened = {"series": series, "brand": PARTIES[0], "gtin": 95212340000000 + series, "number": 1}
            return [("ProductToken", "SeriesOpened", {**opened, "marks": [MARKS[0]], "ceiling": 500})]
        series = source.choice(list(self.series))
        holders = self.series[series]
        if not holders or source.random() < 0.25:
            return self.commission(series, source.randint(1, 9))
        first = source.randrange(len(holders))
        end = next((at for at in range(first, len(holders)) if holders[at] != holders[first]), len(holders))
        last, giver, receiver = source.randrange(first, end), holders[first], source.choice(PARTIES)
        holders[first : last + 1] = [receiver] * (last - first + 1)
        return [moved(series, first, last, giver, receiver)]

    def commission(self, series: int, count: int) -> list[Told]:
        """The next items of a series."""
        holders, holder = self.series[series], PARTIES[0]
        first = len(holders)
        holders += [holder] * count
        last = len(holders) - 1
        span = {"series": series, "first": token_id(series, first), "last": token_id(series, last)}
        about = {"root": word(self._new()), "lot": to_word("L1"), "expiry": 0, "passport": word(3), "holder": holder}
        return [("ProductToken", "Commissioned", {**span, **about}), moved(series, first, last, NOBODY, holder)]

    def _flags(self, source: random.Random) -> list[Told]:
        issued = [series for series, holders in self.series.items() if holders]
        if not issued:
            return []
        series = source.choice(issued)
        first = source.randrange(len(self.series[series]))
        last = source.randrange(first, len(self.series[series]))
        flag, name = source.choice(list(Flag)[1:]), source.choice(["FlagSet", "FlagSet", "FlagCleared"])
        span = {"first": token_id(series, first), "last": token_id(series, last), "flag": int(flag)}
        return [("ItemStatus", name, {**span, "by": source.choice(PARTIES[:3]), "ref": word(1)})]

    def _claims(self, source: random.Random) -> list[Told]:
        if not self.series:
            return []
        item, one, other = token_id(1, source.randint(0, 5)), source.choice(PARTIES), source.choice(PARTIES)
        return [
            source.choice(
                [
                    ("Claims", "Claimed", {"item": item, "owner": one, "from_account": other, "claim": word(2)}),
                    ("Claims", "Unclaimed", {"item": item, "from_account": one, "to_account": other}),
                    ("Claims", "Reissued", {"item": item, "claim_key": one, "brand": PARTIES[0]}),
                    ("Claims", "TurnSkipped", {"item": item, "turn": source.randint(1, 9)}),
                ]
            )
        ]

    def _units(self, source: random.Random) -> list[Told]:
        at = "LogisticUnits"
        if not self.units or source.random() < 0.3:
            unit = 0x5000 + self._new()
            self.units[unit] = source.choice(PARTIES)
            number = {"scheme": 1, "key": b"1", "generation": 0}
            return [(at, "UnitOpened", {"unit": unit, "holder": self.units[unit], **number})]
        unit = source.choice(list(self.units))
        giver, self.units[unit] = self.units[unit], source.choice(PARTIES)
        way = {"from_account": giver, "to_account": self.units[unit]}
        return [
            source.choice(
                [
                    (at, "UnitMoved", {"unit": unit, **way, "ref": word(4)}),
                    ("CustomsRegister", "UnitConfirmed", {"id": source.randint(1, 3), "unit": unit}),
                    ("CustomsRegister", "MeasureLifted", {"id": source.randint(1, 3)}),
                ]
            )
        ]

    def _papers(self, source: random.Random) -> list[Told]:
        way = {"handover": word(self._new()), "from_account": PARTIES[1], "to_account": PARTIES[2]}
        counts = {"items_handed": 9, "items_taken": 8, "purpose": 1, "event_time": 7, "document": word(5)}
        if self.alerts and source.random() < 0.3:
            opened = {"id": source.choice(self.alerts), "content_hash": word(6)}
            return [("AlertRegister", "AlertOpened", opened)]
        alert = self._new()
        raised = {"id": alert, "by": PARTIES[3], "commitment": word(alert)}
        public = {"id": alert, "kind": to_word("discrepancy"), "subject": word(alert)}
        chosen: Told = source.choice(
            [
                ("Handovers", "HandedOver", {**way, **counts}),
                ("Handovers", "DiscrepancyRecorded", {**way, "missing": 1, "exceptions": word(8)}),
                ("AlertRegister", "AlertRaised", raised),
                ("AlertRegister", "PublicAlertRaised", public),
            ]
        )
        if chosen[1] == "AlertRaised":
            self.alerts.append(alert)
        return [chosen]


def moved(series: int, first: int, last: int, giver: str, receiver: str) -> Told:
    span = {"first": token_id(series, first), "last": token_id(series, last)}
    way = {"from_account": giver, "to_account": receiver, "module": PARTIES[4], "ref": word(9)}
    return "ProductToken", "Moved", {**span, **way}


def raw_log(told: Told) -> dict[str, Any]:
    contract, name, values = told
    signature: Signature = next(each for each in artifact(contract).events.values() if each.name == name)
    indexed = [part for part in signature.inputs if part.indexed]
    plain = [part for part in signature.inputs if not part.indexed]
    topics = [signature.digest, *(_topic(name, part, values[part.python_name]) for part in indexed)]
    data = encode_fields(name, plain, [values[part.python_name] for part in plain])
    return {
        "address": DEPLOYMENT.address(contract),
        "topics": ["0x" + topic.hex() for topic in topics],
        "data": "0x" + data.hex(),
    }


def _topic(name: str, part: Field, value: Any) -> bytes:
    return encode_fields(name, [part], [value])


@dataclass(frozen=True)
class Block:
    head: BlockHead
    logs: Sequence[Mapping[str, Any]]
    after: Tale


class ForkingLedger:
    """A ledger in memory whose newest blocks can be replaced."""

    chain_id = DEPLOYMENT.chain_id

    def __init__(self, seed: int) -> None:
        self.source = random.Random(seed)  # noqa: S311
        self.blocks: list[Block] = []
        self.code = "0x01"
        self.asked: list[int] = []
        self.most_logs: int | None = None
        self.grow(1, events=0)

    def grow(self, count: int, *, events: int = 3) -> None:
        """More blocks, each with at most so many transactions."""
        for _ in range(count):
            tale = copy.deepcopy(self.blocks[-1].after) if self.blocks else Tale()
            self.add([one for _ in range(self.source.randint(0, events)) for one in tale.next(self.source)], tale)

    def add(self, told: Sequence[Told], after: Tale | None = None) -> None:
        """One more block, with these events."""
        number = len(self.blocks)
        parent = self.blocks[-1].head.hash if self.blocks else "0x" + "00" * 32
        digest = "0x" + keccak(repr((parent, number, self.source.random())).encode()).hex()
        head = BlockHead(number, digest, parent, 1_700_000_000 + number)
        place = {"blockNumber": hex(number), "blockHash": digest}
        logs = [
            {**raw_log(one), **place, "logIndex": hex(at), "transactionHash": f"0x{number:064x}"}
            for at, one in enumerate(told)
        ]
        self.blocks.append(Block(head, logs, after or Tale()))

    def fork(self, depth: int, count: int) -> None:
        """Replace the newest `depth` blocks by `count` others."""
        del self.blocks[len(self.blocks) - depth :]
        self.grow(count)

    def block(self, number: int | Literal["latest"] = "latest") -> BlockHead:
        if number == "latest":
            return self.blocks[-1].head
        if number >= len(self.blocks):
            raise NotFound(got=number, expected="a block", next_step="wait")
        return self.blocks[number].head

    def rpc(self, method: str, params: Sequence[Any] = ()) -> Any:
        if method == "eth_getCode":
            return self.code
        first, last = (int(params[0][name], 16) for name in ("fromBlock", "toBlock"))
        self.asked.append(last - first + 1)
        logs = [log for block in self.blocks[first : last + 1] for log in block.logs]
        if self.most_logs is not None and len(logs) > self.most_logs:
            raise RpcRefused(LIMIT_EXCEEDED, "query returned more than the allowed number of results")
        return logs


def projector(folder: Path, ledger: Any, **how: Any) -> tuple[Database, Projector]:
    database = Database(folder / "node.sqlite3")
    return database, Projector(database, ledger, DEPLOYMENT, **{"window": WINDOW, **how})


def rows_of(database: Database) -> dict[str, list[str]]:
    """Every table, without the numbers by which a database counts rows."""
    with database.read() as session:
        return {
            str(table.__tablename__): sorted(
                repr({name: value for name, value in row.model_dump().items() if name != "id"})
                for row in session.exec(select(table))
            )
            for table in (*REWOUND_TABLES, BlockRow, HeadRow)
        }


def read_anew(folder: Path, ledger: ForkingLedger) -> dict[str, list[str]]:
    folder.mkdir()
    database, fresh = projector(folder, ledger)
    fresh.catch_up()
    found = rows_of(database)
    database.close()
    return found


FORK = st.tuples(st.integers(1, WINDOW), st.integers(1, WINDOW + 3), st.integers(0, 3))


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1 << 30), forks=st.lists(FORK, min_size=1, max_size=4))
def test_rows_after_replaced_blocks_are_those_of_a_node_that_read_only_the_winning_branch(
    tmp_path_factory: pytest.TempPathFactory, seed: int, forks: list[tuple[int, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("forks")
    ledger = ForkingLedger(seed)
    ledger.grow(WINDOW + 6)
    database, following = projector(folder, ledger)
    following.catch_up()
    lowest = len(ledger.blocks) - 1 - WINDOW
    for depth, count, between in forks:
        # The window has moved on with the longest branch; what lies below it is settled.
        depth = min(depth, len(ledger.blocks) - 1 - lowest)
        if not depth:
            continue
        ledger.fork(depth, count)
        following.catch_up()
        ledger.grow(between)
        following.catch_up()
        lowest = max(lowest, len(ledger.blocks) - 1 - WINDOW)
    found = rows_of(database)
    following.rebuild()
    assert found == rows_of(database)
    database.close()


def test_rebuild_that_is_cut_off_leaves_the_old_rows(tmp_path: Path) -> None:
    ledger = ForkingLedger(13)
    ledger.grow(30)
    database, following = projector(tmp_path, ledger, pages=PageSize(first=5, most=5))
    following.catch_up()
    with database.write() as session:
        session.exec(update(RunRow).values(holder=PARTIES[4]))
    before, real = rows_of(database), ledger.rpc

    def breaks(method: str, params: Sequence[Any] = ()) -> Any:
        if method == "eth_getLogs" and int(params[0]["fromBlock"], 16) > 20:
            raise Unavailable(got="nothing", expected="an answer", next_step="wait")
        return real(method, params)

    ledger.rpc = breaks  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        following.rebuild()
    assert rows_of(database) == before
    ledger.rpc = real  # type: ignore[method-assign]
    assert following.rebuild() == 31
    assert rows_of(database) == read_anew(tmp_path / "fresh", ledger)
    database.close()


def test_replaced_blocks_that_bring_the_same_events_again_leave_the_same_custody(tmp_path: Path) -> None:
    ledger = ForkingLedger(1)
    ledger.grow(30)
    database, following = projector(tmp_path, ledger)
    following.catch_up()
    before = rows_of(database)["run"]
    assert before
    lost = ledger.blocks[-4:]
    ledger.fork(4, 0)
    for block in lost:
        parent = ledger.blocks[-1].head
        head = BlockHead(parent.number + 1, "0x" + keccak(block.head.hash.encode()).hex(), parent.hash, 1)
        logs = [{**log, "blockHash": head.hash, "blockNumber": hex(head.number)} for log in block.logs]
        ledger.blocks.append(Block(head, logs, block.after))
    following.catch_up()
    assert rows_of(database)["run"] == before
    database.close()


def test_more_replaced_blocks_than_the_window_has_are_left_to_a_person_and_a_rebuild(tmp_path: Path) -> None:
    ledger = ForkingLedger(2)
    ledger.grow(30)
    database, following = projector(tmp_path, ledger)
    following.catch_up()
    before = rows_of(database)
    ledger.fork(WINDOW + 1, WINDOW + 4)
    for _ in range(2):
        with pytest.raises(WrongChain, match="countermark node rebuild") as refused:
            following.catch_up()
        assert refused.value.reason == "reorg-too-deep"
    assert rows_of(database) == before
    following.rebuild()
    assert rows_of(database) == read_anew(tmp_path / "fresh", ledger)
    database.close()


def test_ledger_that_was_wiped_is_not_taken_for_a_reorganised_one(tmp_path: Path) -> None:
    ledger = ForkingLedger(3)
    ledger.grow(12)
    database, following = projector(tmp_path, ledger)
    following.catch_up()
    before = rows_of(database)
    ledger.fork(WINDOW - 1, WINDOW)
    ledger.code = "0x"
    with pytest.raises(WrongChain, match="without a contract") as refused:
        following.catch_up()
    assert refused.value.reason == "wrong-chain"
    assert rows_of(database) == before
    database.close()


def test_endpoint_that_lags_behind_undoes_nothing(tmp_path: Path) -> None:
    ledger = ForkingLedger(4)
    ledger.grow(12)
    database, following = projector(tmp_path, ledger)
    following.catch_up()
    before, newest = rows_of(database), ledger.blocks[-3:]
    del ledger.blocks[-3:]
    with pytest.raises(Unavailable) as refused:
        following.catch_up()
    assert refused.value.reason == "ledger-behind"
    assert rows_of(database) == before
    ledger.blocks += newest
    ledger.grow(2)
    assert following.catch_up() == 2
    database.close()


def test_rewinding_and_what_others_undo_with_it_are_one_transaction(tmp_path: Path) -> None:
    ledger = ForkingLedger(5)
    ledger.grow(20)
    told: list[int] = []

    def fails(session: Session, block: int) -> None:
        told.append(block)
        session.exec(select(RunRow)).all()
        if len(told) == 1:
            raise Unavailable(got="a full disk", expected="room", next_step="make room")

    database, following = projector(tmp_path, ledger, rewound=[fails])
    following.catch_up()
    before = rows_of(database)
    ledger.fork(3, 4)
    with pytest.raises(Unavailable, match="full disk"):
        following.catch_up()
    assert rows_of(database) == before
    following.catch_up()
    assert told == [17, 17]
    assert rows_of(database) == read_anew(tmp_path / "fresh", ledger)
    database.close()


def test_blocks_replaced_while_a_page_is_read_leave_no_mixture(tmp_path: Path) -> None:
    ledger = ForkingLedger(6)
    ledger.grow(20)
    real, forked = ledger.rpc, list[int]()

    def forks_once(method: str, params: Sequence[Any] = ()) -> Any:
        answer = real(method, params)
        if not forked:
            forked.append(1)
            ledger.fork(3, 3)
        return answer

    ledger.rpc = forks_once  # type: ignore[method-assign]
    database, following = projector(tmp_path, ledger)
    with pytest.raises(Unavailable) as refused:
        following.catch_up()
    assert refused.value.reason == "ledger-moved"
    following.catch_up()
    assert rows_of(database) == read_anew(tmp_path / "fresh", ledger)
    database.close()


def test_window_is_all_that_is_kept_to_undo(tmp_path: Path) -> None:
    ledger = ForkingLedger(7)
    database, following = projector(tmp_path, ledger)
    for _ in range(6):
        ledger.grow(7)
        following.catch_up()
    newest = len(ledger.blocks) - 1
    with database.read() as session:
        recent = [row.number for row in session.exec(select(RecentBlockRow))]
        undone = {row.block for row in session.exec(select(UndoRow))}
    assert sorted(recent) == list(range(newest - WINDOW, newest + 1))
    assert undone
    assert min(undone) > newest - WINDOW
    database.close()


def test_second_process_that_reads_the_same_blocks_writes_nothing_twice(tmp_path: Path) -> None:
    ledger = ForkingLedger(8)
    ledger.grow(10)
    database, one = projector(tmp_path, ledger)
    real, raced = ledger.block, list[int]()
    other = Projector(database, ForkingLedger(0), DEPLOYMENT, window=WINDOW)
    other._source = ledger

    def overtaken(number: int | Literal["latest"] = "latest") -> BlockHead:
        if not raced and number == 3:
            raced.append(1)
            other.catch_up()
        return real(number)

    ledger.block = overtaken  # type: ignore[method-assign]
    with pytest.raises(Unavailable) as refused:
        one.catch_up()
    assert refused.value.reason == "followed-elsewhere"
    assert one.catch_up() == 0
    assert rows_of(database) == read_anew(tmp_path / "fresh", ledger)
    database.close()


def test_ledger_that_refuses_many_logs_is_asked_for_fewer_blocks(tmp_path: Path) -> None:
    ledger = ForkingLedger(9)
    ledger.grow(40)
    ledger.most_logs = max(len(block.logs) for block in ledger.blocks) + 2
    database, following = projector(tmp_path, ledger)
    following.catch_up()
    assert ledger.asked[0] == 41
    assert min(ledger.asked) < 10
    ledger.most_logs = None
    assert rows_of(database) == read_anew(tmp_path / "fresh", ledger)
    database.close()


def test_ledger_that_refuses_even_one_block_is_reported(tmp_path: Path) -> None:
    ledger = ForkingLedger(10)
    ledger.grow(5)
    ledger.most_logs = -1
    database, following = projector(tmp_path, ledger)
    with pytest.raises(RpcRefused, match="more than the allowed"):
        following.catch_up()
    assert ledger.asked == [6, 3, 1]
    database.close()


def test_page_grows_with_quick_answers_and_shrinks_with_slow_ones_within_bounds() -> None:
    size = PageSize(first=100, most=1_000, seconds=2)
    size.answered(100, 0.1)
    assert size.blocks == 200
    size.answered(40, 0.1)
    assert size.blocks == 200
    for _ in range(5):
        size.answered(size.blocks, 0.5)
    assert size.blocks == 1_000
    size.answered(1_000, 1.5)
    assert size.blocks == 1_000
    size.answered(1_000, 5)
    assert size.blocks == 500
    assert size.shrink(1) is False
    assert size.blocks == 1


def test_alert_whose_commitment_was_in_a_replaced_block_waits_again(tmp_path: Path) -> None:
    ledger = ForkingLedger(11)
    ledger.grow(20)
    database, following = projector(tmp_path, ledger, rewound=[wait_again])
    following.catch_up()
    with database.write() as session:
        for block in (16, 17, 18):
            session.add(
                AlertRow(
                    id=str(block),
                    kind="clone",
                    rule="clone",
                    gtin="0",
                    serial=str(block),
                    pair="",
                    created_at=0,
                    content="",
                    content_hash=b"",
                    salt=b"",
                    commitment=word(block),
                    state=COMMITTED,
                    tx_hash="0x01",
                    block=block,
                )
            )
    ledger.fork(3, 3)
    following.catch_up()
    with database.read() as session:
        found = {row.id: (row.state, row.tx_hash, row.block) for row in session.exec(select(AlertRow))}
    lost = (PENDING, None, None)
    assert found == {"16": (COMMITTED, "0x01", 16), "17": (COMMITTED, "0x01", 17), "18": lost}
    database.close()


@pytest.mark.parametrize("same", [True, False])
def test_packing_list_stays_only_when_the_same_segment_comes_again_on_the_other_branch(
    tmp_path: Path, same: bool
) -> None:
    ledger = ForkingLedger(12)
    database, following = projector(tmp_path, ledger, applied=[drop_foreign_list])
    opened = {"series": 1, "brand": PARTIES[0], "gtin": 95212340000001, "number": 1, "marks": [MARKS[0]], "ceiling": 9}
    ledger.add([("ProductToken", "SeriesOpened", opened)])
    ledger.add(Tale(counter=70, series={1: []}).commission(1, 2))
    following.catch_up()
    with database.write() as session:
        listed = {"series": 1, "first_index": 0, "items": 2, "root": word(71), "passport": b"", "received_at": 0}
        session.add(PackingListRow(**listed))
        session.add(PackedItemRow(gtin="0", serial="A", series=1, segment=0, item_index=0, salt=b""))
    ledger.fork(1, 0)
    ledger.add(Tale(counter=70 if same else 80, series={1: []}).commission(1, 2))
    following.catch_up()
    with database.read() as session:
        kept = (len(session.exec(select(PackingListRow)).all()), len(session.exec(select(PackedItemRow)).all()))
    assert kept == ((1, 1) if same else (0, 0))
    database.close()
