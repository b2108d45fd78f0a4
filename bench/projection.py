"""Events a second from a ledger's logs to rows, beside naive loops over eth_getLogs: `python bench/projection.py`.

The ledger is in memory and answers JSON-RPC at once, so that only the reading is measured. Baselines decode with
web3.py, ask for each event's block, and write a row an event; the second a row an item too, as ERC-721 indexers do.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hexbytes import HexBytes
from rows import Limit, Row, report
from web3 import Web3
from web3.datastructures import AttributeDict

from countermark.chain.abi import encode_fields
from countermark.chain.artifacts import CONTRACTS, artifact
from countermark.chain.connection import BlockHead
from countermark.chain.deployment import Deployment
from countermark.identifiers import token_id
from countermark_node.chain_sync.projector import Projector
from countermark_node.database import Database
from countermark_node.network_setup.genesis import GAS_LIMIT

BLOCKS, MOVES, SERIES, ITEMS, PAGE = 1_500, 10, 20, 10_000, 1_000
MOVE_GAS = json.loads((Path(__file__).parent / "gas_snapshots.json").read_text())["cases"][
    "hand over a unit, its next move"
]
"""Gas of the cheapest signed move. `countermark network init` makes networks of a block a second."""
NOBODY = "0x" + "00" * 20


def address(number: int) -> str:
    """An address of nobody in particular."""
    return to_checksum_address(number.to_bytes(20, "big"))


DEPLOYMENT = Deployment(1337, {name: address(0xC0 + place) for place, name in enumerate(CONTRACTS)}, 0)
TOKEN = DEPLOYMENT.address("ProductToken")
HOLDERS = [address(0xA0 + place) for place in range(12)]


class MemoryLedger:
    """Blocks of moves: runs out of the middle, as trade makes them."""

    chain_id = DEPLOYMENT.chain_id

    def __init__(self) -> None:
        self.logs: list[list[dict[str, Any]]] = []
        source = random.Random(1)  # noqa: S311
        self._add([_moved(series, 0, ITEMS - 1, NOBODY, HOLDERS[0]) for series in range(1, SERIES + 1)])
        held = {series: [HOLDERS[0]] * ITEMS for series in range(1, SERIES + 1)}
        for _ in range(BLOCKS - 1):
            self._add([self._move(source, held) for _ in range(MOVES)])
        self.events = sum(len(logs) for logs in self.logs)

    def _move(self, source: random.Random, held: dict[int, list[str]]) -> dict[str, Any]:
        series = source.randint(1, SERIES)
        holders, first = held[series], source.randrange(ITEMS)
        last = first
        while last + 1 < ITEMS and last - first < 47 and holders[last + 1] == holders[first]:
            last += 1
        giver, taker = holders[first], source.choice(HOLDERS)
        holders[first : last + 1] = [taker] * (last - first + 1)
        return _moved(series, first, last, giver, taker)

    def _add(self, logs: list[dict[str, Any]]) -> None:
        number = len(self.logs)
        place = {"blockNumber": hex(number), "blockHash": _hash(number), "transactionHash": _hash(number)}
        self.logs.append([{**log, **place, "logIndex": hex(at)} for at, log in enumerate(logs)])

    def block(self, number: int | Literal["latest"] = "latest") -> BlockHead:
        """A block's head."""
        at = len(self.logs) - 1 if number == "latest" else number
        return BlockHead(at, _hash(at), _hash(at - 1), 1_700_000_000 + at)

    def rpc(self, _: str, params: Sequence[Any] = ()) -> Any:
        """Logs of a range of blocks."""
        first, last = (int(params[0][name], 16) for name in ("fromBlock", "toBlock"))
        return [log for logs in self.logs[first : last + 1] for log in logs]


def _hash(number: int) -> str:
    return "0x" + keccak(number.to_bytes(8, "big", signed=True)).hex()


_MOVED = next(each for each in artifact("ProductToken").events.values() if each.name == "Moved")


def _moved(series: int, first: int, last: int, giver: str, taker: str) -> dict[str, Any]:
    values = [token_id(series, first), token_id(series, last), giver, taker, HOLDERS[0], bytes(32)]
    parts = list(zip(_MOVED.inputs, values, strict=True))
    topics = [_MOVED.digest, *(encode_fields("Moved", [part], [value]) for part, value in parts if part.indexed)]
    plain = [(part, value) for part, value in parts if not part.indexed]
    data = encode_fields("Moved", [part for part, _ in plain], [value for _, value in plain])
    return {"address": TOKEN, "topics": ["0x" + topic.hex() for topic in topics], "data": "0x" + data.hex()}


def ours(ledger: MemoryLedger, folder: Path, window: int) -> None:
    """The node's projection."""
    database = Database(folder / f"ours-{window}.sqlite3")
    Projector(database, ledger, DEPLOYMENT, window=window).catch_up()
    database.close()


def naive(ledger: MemoryLedger, folder: Path, *, items: bool) -> None:
    """A loop over eth_getLogs as one writes it first."""
    kept = sqlite3.connect(folder / f"naive-{items}.sqlite3")
    kept.execute("CREATE TABLE moved (block, place, first, last, giver, taker, time, PRIMARY KEY (block, place))")
    kept.execute("CREATE TABLE item (token PRIMARY KEY, holder) WITHOUT ROWID")
    abi = json.loads((files("countermark.chain") / "artifacts" / "ProductToken.json").read_text())["abi"]
    event = Web3().eth.contract(address=TOKEN, abi=abi).events.Moved()
    for first in range(0, BLOCKS, PAGE):
        asked = {"fromBlock": hex(first), "toBlock": hex(min(first + PAGE, BLOCKS) - 1)}
        for raw in ledger.rpc("eth_getLogs", [asked]):
            found = event.process_log(_as_web3(raw))
            told = found["args"]
            at = ledger.block(found["blockNumber"]).timestamp
            row = (found["blockNumber"], found["logIndex"], str(told["first"]), str(told["last"]))
            kept.execute("INSERT INTO moved VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, told["from"], told["to"], at))
            if items:
                tokens = ((token, told["to"]) for token in range(told["first"], told["last"] + 1))
                kept.executemany("INSERT OR REPLACE INTO item VALUES (?, ?)", tokens)
        kept.commit()
    kept.close()


def _as_web3(raw: dict[str, Any]) -> Any:
    numbers = {name: int(raw[name], 16) for name in ("blockNumber", "logIndex")}
    hashes = {name: HexBytes(raw[name]) for name in ("blockHash", "transactionHash", "data")}
    topics = [HexBytes(topic) for topic in raw["topics"]]
    return AttributeDict({**raw, **numbers, **hashes, "topics": topics, "transactionIndex": 0})


def _rate(ledger: MemoryLedger, work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return ledger.events / (time.process_time() - began)


def main() -> int:
    """Measure and report; the exit code."""
    ledger = MemoryLedger()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = _rate(ledger, lambda: naive(ledger, folder, items=False))
        by_item = _rate(ledger, lambda: naive(ledger, folder, items=True))
        settled = _rate(ledger, lambda: ours(ledger, folder, 1))
        undoable = _rate(ledger, lambda: ours(ledger, folder, BLOCKS))
    print(f"{ledger.events:,} moves of up to 48 items in {BLOCKS:,} blocks; events a second of processor time")
    limit = Limit("most moves that such a chain can hold", GAS_LIMIT / MOVE_GAS)
    what, least = "moves from the ledger to rows", "eth_getLogs loop, a row an event"
    return report(
        [
            Row(f"{what}, settled blocks", "a second", settled, least, plain, limit),
            Row(f"{what}, settled blocks", "a second", settled, f"{least} and an item", by_item, limit),
            Row(f"{what}, blocks that can be undone", "a second", undoable, least, plain, limit),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
