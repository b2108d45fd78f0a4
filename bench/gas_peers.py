"""Countermark beside OpenZeppelin ERC721, ERC721Consecutive, ERC1155, ERC721A and Solady: the same goods, the same run.

The peers are minimal wrappers (`contracts/bench/Peers.sol`), compiled by forge with our settings just before they are
measured. Every figure is whole transactions: 21,000 each, calldata, execution, less refunds. Peers check no roles, no
marks, no flags and no receiver's consent; Countermark's figures include all of that, and both signatures.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from gas_chain import FOR_EVER, ROOT, Deployed, GasChain, Party, item, predicted

BUILT = ROOT / "node_modules" / ".cache" / "peers"
NO_LIMIT = 10**10
STOCK = 10_000
ORDER_LINES = 25
CARTON = 48


@dataclass(frozen=True, slots=True)
class Work:
    """One line of the comparison: gas by contract, for `items` items. Absent: it cannot be done there."""

    case: str
    items: int
    gas: dict[str, int]


class Custody(Protocol):
    """A collection in which stock is created and moves."""

    def mint(self, count: int) -> int:
        """Gas of creating `count` items, held by the maker, in a fresh collection."""

    def ship(self, giver: int, taker: int, runs: Sequence[tuple[int, int]]) -> int:
        """Gas of moving ranges of indexes from party to party (0 the maker, then two traders)."""


def compile_peers() -> None:
    """Compiles the wrappers; raises CalledProcessError when forge refuses."""
    settings = {"FOUNDRY_CONFIG": "contracts/foundry.toml", "FOUNDRY_SRC": "contracts/bench"}
    settings |= {"FOUNDRY_TEST": "contracts/bench", "FOUNDRY_OUT": str(BUILT), "FOUNDRY_CACHE_PATH": str(BUILT / "c")}
    command = [str(ROOT / "node_modules" / ".bin" / "forge"), "build", "--quiet"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, check=True)  # noqa: S603


def bytecode(name: str) -> bytes:
    """Creation code of a wrapper."""
    document = json.loads((Path(BUILT) / "Peers.sol" / f"{name}.json").read_text(encoding="utf-8"))
    return bytes.fromhex(document["bytecode"]["object"][2:])


class Peer:
    """A wrapper on a chain of its own."""

    def __init__(self, name: str, transfer: str = "transferFrom(address,address,uint256)") -> None:
        self.name, self.transfer = name, transfer
        self.parties = [Party("maker"), Party("trader"), Party("shop")]
        self.chain = GasChain()

    def mint(self, count: int) -> int:
        self.chain = GasChain()
        self.chain.send(self.parties[0], b"", bytecode(self.name), NO_LIMIT)
        return self._call(0, "mint(address,uint256)", ["address", "uint256"], [self.parties[0].address, count])

    def ship(self, giver: int, taker: int, runs: Sequence[tuple[int, int]]) -> int:
        ends = [self.parties[giver].address, self.parties[taker].address]
        kinds = ["address", "address", "uint256"]
        items = (index for first, last in runs for index in range(first, last + 1))
        return sum(self._call(giver, self.transfer, kinds, [*ends, index]) for index in items)

    def _call(self, sender: int, signature: str, kinds: list[str], values: list[object]) -> int:
        place = bytes.fromhex(predicted(self.parties[0], 0)[2:])
        return self.chain.send(
            self.parties[sender], place, keccak(text=signature)[:4] + encode(kinds, values), NO_LIMIT
        )


class Consecutive(Peer):
    """Mints in its constructor: the figure is what the deployment costs more than one that mints nothing."""

    def mint(self, count: int) -> int:
        empty = GasChain().send(self.parties[0], b"", self._creation(0), NO_LIMIT)
        self.chain = GasChain()
        return self.chain.send(self.parties[0], b"", self._creation(count), NO_LIMIT) - empty + 21_000

    def _creation(self, count: int) -> bytes:
        return bytecode(self.name) + encode(["address", "uint96"], [self.parties[0].address, count])


class MultiToken(Peer):
    """Moves a whole range in one batch of ids."""

    def ship(self, giver: int, taker: int, runs: Sequence[tuple[int, int]]) -> int:
        ids = [index for first, last in runs for index in range(first, last + 1)]
        values: list[object] = [self.parties[giver].address, self.parties[taker].address, ids, [1] * len(ids), b""]
        kinds = ["address", "address", "uint256[]", "uint256[]", "bytes"]
        signature = "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)"
        return self._call(giver, signature, kinds, values)


class Countermark:
    """A series; goods move by handovers that both parties have signed."""

    def __init__(self) -> None:
        self.world = Deployed()
        self.world.open_series()

    def mint(self, count: int) -> int:
        self.world = Deployed()
        self.world.open_series()
        opened = self.world.open_series()
        return opened + self.world.commission(2, count)

    def ship(self, giver: int, taker: int, runs: Sequence[tuple[int, int]]) -> int:
        parties = [self.world.brand, self.world.carrier, self.world.retailer]
        return self.world.hand_over(parties[giver], parties[taker], [(item(2, a), item(2, b)) for a, b in runs])


class CountermarkDirect(Countermark):
    """The same, by ERC-721 transfers of single items towards a party that opened to the giver."""

    def mint(self, count: int) -> int:
        gas = super().mint(count)
        parties = [self.world.brand, self.world.carrier, self.world.retailer]
        for taker in parties:
            for giver in parties:
                self.world.call(taker, "TrustRegistry", "openTo", giver.address, FOR_EVER)
        return gas

    def ship(self, giver: int, taker: int, runs: Sequence[tuple[int, int]]) -> int:
        parties = [self.world.brand, self.world.carrier, self.world.retailer]
        ends = [parties[giver].address, parties[taker].address]
        items = (index for first, last in runs for index in range(first, last + 1))
        return sum(
            self.world.call(parties[giver], "ProductToken", "transferFrom", *ends, item(2, index)) for index in items
        )


def collections() -> dict[str, Callable[[], Custody]]:
    """Every column of the comparison."""
    return {
        "Countermark": Countermark,
        "Countermark, direct": CountermarkDirect,
        "OZ ERC721": lambda: Peer("PeerOpenZeppelin721"),
        "OZ ERC721Consecutive": lambda: Consecutive("PeerConsecutive721"),
        "OZ ERC1155": lambda: MultiToken("PeerOpenZeppelin1155"),
        "ERC721A": lambda: Peer("PeerErc721A"),
        "Solady ERC721": lambda: Peer("PeerSolady721"),
    }


def compare() -> Iterator[Work]:
    """The comparison, line by line."""
    compile_peers()
    makers = collections()
    for count in (1, 100, 1_000, 10_000, 1_000_000):
        # A million single writes are 25 G gas: no block holds that.
        able = [n for n in makers if count <= STOCK or n in ("Countermark", "OZ ERC721Consecutive")]
        able.remove("Countermark, direct") if "Countermark, direct" in able else None
        yield Work(f"create {count:,} items", count, {name: makers[name]().mint(count) for name in able})
    yield from moves(makers)


def moves(makers: dict[str, Callable[[], Custody]]) -> Iterator[Work]:
    """What a distribution centre does with a stock of 10,000 that lies in one run."""
    gas: dict[str, dict[str, int]] = {}
    for name, make in makers.items():
        # Cartons by single transfers would only repeat the line above them.
        cases = list(DAYS)[: SINGLES if name == "Countermark, direct" else None]
        gas[name] = dict(zip(cases, day(make()), strict=False))
    for case, items in DAYS.items():
        yield Work(case, items, {name: done[case] for name, done in gas.items() if case in done})


DAYS = {
    "last item of a run of 10,000 (new owner)": 1,
    "its next move": 1,
    "1,000 single picks, 40 orders of 25": 1_000,
    "20 % of them returned, 8 returns of 25": 200,
    "20 cartons of 48 in packing order": 960,
    "the same cartons onward": 960,
}
SINGLES = 4
"""So many of them, from the first, are about single items."""


def day(stock: Custody) -> Iterator[int]:
    """Gas of each of {DAYS}, one after the other on one stock."""
    stock.mint(STOCK)
    yield stock.ship(0, 1, [(STOCK - 2, STOCK - 2)])
    yield stock.ship(1, 2, [(STOCK - 2, STOCK - 2)])
    # 7,919 is prime to the 6,000 places: the picks are spread and none repeats.
    picks = sorted(2_000 + number * 7_919 % 6_000 for number in range(1_000))
    orders = [[(index, index) for index in picks[start::40]] for start in range(40)]
    yield sum(stock.ship(0, 1 + number % 2, order) for number, order in enumerate(orders))
    yield sum(stock.ship(1 + number % 2, 0, order) for number, order in enumerate(orders[:8]))
    cartons = [(CARTON * number, CARTON * number + CARTON - 1) for number in range(0, 40, 2)]
    yield stock.ship(0, 1, cartons)
    yield stock.ship(1, 2, cartons)


def comparison_table(lines: Sequence[Work]) -> str:
    """Gas an item as Markdown, a column for each contract."""
    names = list(collections())
    rows = ["| gas an item | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for line in lines:
        cells = [f"{line.gas[name] / line.items:,.1f}" if name in line.gas else "-" for name in names]
        rows.append(f"| {line.case} | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"
