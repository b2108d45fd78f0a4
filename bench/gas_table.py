"""Measures what the contracts cost, on py-evm with the rules of Paris, from the committed artifacts.

    python bench/gas_table.py            prints the table
    python bench/gas_table.py --write    puts it into docs/contracts.md

Keys, times and order are fixed, so the numbers are the same on every machine. Gas of a transaction is all of it: base
cost, calldata, execution, less refunds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rlp
from eth.chains.base import MiningChain
from eth.constants import POST_MERGE_DIFFICULTY
from eth.db.atomic import AtomicDB
from eth.vm.forks.paris import ParisVM
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.datatypes import PrivateKey
from eth_typing import Address
from eth_utils.crypto import keccak
from web3 import Web3
from web3.contract import Contract

from countermark.custody.handover import Basis, Handover, Purpose, Receipt, RunLine
from countermark.signing import TypedMessage

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "core" / "countermark" / "chain" / "artifacts"
PAGE = ROOT / "docs" / "contracts.md"
BEGIN, END = "<!-- gas table: begin -->\n", "<!-- gas table: end -->\n"
NOW = 1_800_000_000
DAY = 86_400
FOR_EVER = 2**64 - 1
CHAIN_ID = 7_700_001
GTIN, PREFIX, PREFIX_LENGTH = 9_506_000_134_352, 9_506_000, 7
MARK = b"EM500000018012345".ljust(32, b"\0")
MILLION = 1_000_000
ORDER = (
    "TrustRegistry",
    "BrandRegistry",
    "TrademarkRegistry",
    "ProductToken",
    "Handovers",
    "AlertRegister",
    "Directory",
)


Runs = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `most` is the bound that a test holds it to."""

    case: str
    gas: int
    most: int


class Party:
    """A party with one key, the same each time."""

    def __init__(self, name: str) -> None:
        self.key = PrivateKey(keccak(text=f"countermark gas {name}"))
        self.address: str = self.key.public_key.to_checksum_address()

    def sign(self, message: TypedMessage) -> bytes:
        """The 65-byte signature over an EIP-712 message."""
        signable = encode_typed_data(full_message=message.full())
        return bytes(Account.sign_message(signable, self.key.to_bytes()).signature)


class GasChain:
    """py-evm without blocks: transactions run one after the other on one state at one time."""

    def __init__(self) -> None:
        rules = MiningChain.configure("GasChain", vm_configuration=((0, ParisVM),), chain_id=CHAIN_ID)
        genesis: dict[str, Any] = {"difficulty": POST_MERGE_DIFFICULTY, "gas_limit": 10**9, "timestamp": NOW - 1}
        chain = rules.from_genesis(AtomicDB(), genesis, {})
        parent = chain.get_canonical_head()
        self.header = ParisVM.create_header_from_parent(parent, timestamp=NOW, gas_limit=10**9).copy(base_fee_per_gas=0)
        self.vm = chain.get_vm(self.header)

    def send(self, party: Party, to: bytes, data: bytes) -> int:
        """Runs one transaction and returns its gas. A revert ends the measurement."""
        sender = Address(bytes.fromhex(party.address[2:]))
        nonce = self.vm.state.get_nonce(sender)
        transaction = self.vm.create_unsigned_transaction(
            nonce=nonce, gas_price=0, gas=10_000_000, to=Address(to), value=0, data=data
        ).as_signed_transaction(party.key, CHAIN_ID)
        receipt, computation = self.vm.apply_transaction(self.header, transaction)
        computation.raise_if_error()
        used = int(receipt.gas_used) - int(self.header.gas_used)
        self.header = self.header.copy(gas_used=receipt.gas_used)
        return used


class Deployed:
    """All contracts, wired, and the parties of a small trade."""

    def __init__(self) -> None:
        self.chain = GasChain()
        self.deployer, self.governor, self.registrar = Party("deployer"), Party("governor"), Party("registrar")
        self.office, self.brand, self.carrier = Party("office"), Party("brand"), Party("carrier")
        self.retailer, self.relay = Party("retailer"), Party("relay")
        self.nonce = 0
        self.contracts: dict[str, Contract] = {}
        self.deployment_gas = dict(self._deploy())
        self._introduce()

    def call(self, party: Party, contract: str, function: str, *arguments: object) -> int:
        """Gas of one call."""
        asked = self.contracts[contract]
        data = bytes.fromhex(asked.encode_abi(function, list(arguments))[2:])
        return self.chain.send(party, bytes.fromhex(str(asked.address)[2:]), data)

    def open_series(self) -> int:
        """Gas of opening a series for a million items with one mark."""
        return self.call(self.brand, "ProductToken", "openSeries", GTIN, PREFIX_LENGTH, [MARK], MILLION)

    def commission(self, series: int, count: int) -> int:
        """Gas of commissioning with every field set."""
        values = (b"\x01" * 32, b"LOT-2026-11".ljust(32, b"\0"), NOW + DAY, b"\x02" * 32, self.brand.address)
        return self.call(self.brand, "ProductToken", "commission", series, count, *values)

    def hand_over(self, giver: Party, taker: Party, runs: Runs, taken: Runs | None = None, nonce: int = 0) -> int:
        """Gas of a handover with both signatures, carried by somebody else. Without `nonce`: next in a used word."""
        self.nonce += 1
        lines = tuple(RunLine(first, last) for first, last in runs)
        document = keccak(text="document")
        handover = Handover(
            giver.address, taker.address, lines, (), Purpose.TRANSPORT, Basis.SCANNED, NOW, document, document,
            document, nonce or self.nonce, NOW + DAY,
        )  # fmt: skip
        kept = lines if taken is None else tuple(RunLine(first, last) for first, last in taken)
        receipt = Receipt(handover.struct_hash(), kept, (), document, NOW, NOW + DAY)
        place = str(self.contracts["Handovers"].address)
        signatures = giver.sign(handover.typed(CHAIN_ID, place)), taker.sign(receipt.typed(CHAIN_ID, place))
        papers = (as_tuple(handover), signatures[0], as_tuple(receipt), signatures[1])
        return self.call(self.relay, "Handovers", "handOver", *papers)

    def _deploy(self) -> Iterator[tuple[str, int]]:
        at = [predicted(self.deployer, nonce) for nonce in range(len(ORDER))]
        names = [name.encode().ljust(32, b"\0") for name in ORDER]
        arguments: list[tuple[object, ...]] = [
            (self.governor.address,),
            (at[0],),
            (at[0],),
            (at[0], at[1], at[2], at[4]),
            (at[0], at[3], at[5]),
            (at[0], at[4], 500),
            (at[0], 2 * DAY, names, at),
        ]
        for name, address, values in zip(ORDER, at, arguments, strict=True):
            document = json.loads((ARTIFACTS / f"{name}.json").read_text(encoding="utf-8"))
            self.contracts[name] = Web3().eth.contract(Web3.to_checksum_address(address), abi=document["abi"])
            factory = Web3().eth.contract(abi=document["abi"], bytecode=document["bytecode"])
            data = bytes.fromhex(factory.constructor(*values).data_in_transaction[2:])
            yield name, self.chain.send(self.deployer, b"", data)

    def _introduce(self) -> None:
        for party in (self.registrar, self.office, self.brand, self.carrier, self.retailer):
            self.call(party, "TrustRegistry", "registerAccount")
        for giver, taker, role, level in (
            (self.governor, self.registrar, b"identifier-registrar", 3),
            (self.governor, self.office, b"ip-office", 3),
            (self.office, self.brand, b"brand", 3),
            (self.brand, self.carrier, b"carrier", 2),
            (self.brand, self.retailer, b"retailer", 2),
        ):
            self.call(giver, "TrustRegistry", "grant", taker.address, role.ljust(32, b"\0"), level, 0, FOR_EVER)
        self.call(self.registrar, "BrandRegistry", "assignPrefix", self.brand.address, PREFIX, PREFIX_LENGTH)
        self.call(self.governor, "TrademarkRegistry", "assignOffice", b"EM", self.office.address)
        self.call(self.office, "TrademarkRegistry", "record", MARK, self.brand.address, b"\x0c" * 32, 0, FOR_EVER)
        for party in (self.brand, self.carrier):
            self.call(party, "Handovers", "cancelNonce", 0)


def predicted(party: Party, nonce: int) -> str:
    """The address of what `party` deploys with `nonce` (yellow paper, section 7)."""
    return Web3.to_checksum_address(keccak(rlp.encode([bytes.fromhex(party.address[2:]), nonce]))[12:])


def as_tuple(paper: Handover | Receipt) -> tuple[Any, ...]:
    """A handover or receipt as the ABI takes it: its fields in order."""
    values = (getattr(paper, name) for name in type(paper).__dataclass_fields__)
    return tuple([(line.first, line.last) for line in value] if isinstance(value, tuple) else value for value in values)


def item(series: int, index: int) -> int:
    """The id of an item."""
    return (series << 24) | index


def measure() -> list[Row]:
    """Every row of the table, in order."""
    world = Deployed()
    rows = [Row(f"deploy {name}", gas, 10_000_000) for name, gas in world.deployment_gas.items()]
    rows += list(series_rows(world))
    rows += list(handover_rows(world))
    return rows


def series_rows(world: Deployed) -> Iterator[Row]:
    """Opening and commissioning; leaves series 1 with two millions, series 2 and 3 with one each."""
    world.open_series()
    opened = world.open_series()
    world.commission(1, MILLION - 1)
    commissioned = world.commission(2, MILLION)
    yield Row("open a series, one mark (not the product's first)", opened, 260_000)
    yield Row("commission 1,000,000 items, first segment", commissioned, 300_000)
    yield Row("open and commission 1,000,000", opened + commissioned, 560_000)
    yield Row("commission one more item, second segment", world.commission(1, 1), 300_000)


def handover_rows(world: Deployed) -> Iterator[Row]:
    """Handovers out of series 1 and 2, then the worst ones."""
    brand, carrier, retailer = world.brand, world.carrier, world.retailer
    whole = [(item(2, 0), item(2, MILLION - 1))]
    fresh = world.hand_over(brand, carrier, whole)
    yield Row("hand over a whole run of 1,000,000, to one that holds nothing yet", fresh, 150_000)
    world.hand_over(brand, retailer, [(item(1, 0), item(1, 0))])
    yield Row("hand over a whole run of 1,000,000", world.hand_over(carrier, retailer, whole), 130_000)
    world.hand_over(retailer, brand, whole)
    world.hand_over(brand, carrier, [(item(1, 5), item(1, 5))])
    middle = [(item(2, 300_000), item(2, 309_999))]
    yield Row("10,000 out of the middle, fresh words", world.hand_over(brand, carrier, middle), 260_000)
    one = [(item(2, 700_000), item(2, 700_000))]
    yield Row("one item out of the middle, fresh words", world.hand_over(brand, carrier, one), 230_000)
    yield Row("its next move", world.hand_over(carrier, retailer, one), 140_000)
    short = [(item(2, 300_000), item(2, 304_999))]
    yield Row("half of 10,000 taken, discrepancy recorded", world.hand_over(carrier, retailer, middle, short), 260_000)
    yield Row("split after 640 hostile splits around it", after_hostile_splits(world), 260_000)
    yield Row("worst single line: all words, balance and nonce word fresh", worst_line(world), 330_000)
    yield Row("worst 32 lines: a split in each of 32 series", worst_lines(world), 8_000_000)


def after_hostile_splits(world: Deployed) -> int:
    """Every second item of a stretch and many edges of words belong to somebody else; then one split."""
    for start in range(500_000, 500_640, 64):
        runs = [(item(2, index), item(2, index)) for index in range(start, start + 64, 2)]
        world.hand_over(world.brand, world.carrier, runs)
    for start in (65_536, 131_071, 196_608, 262_144, 393_216, 589_824, 655_359):
        world.hand_over(world.brand, world.carrier, [(item(2, start), item(2, start))])
    return world.hand_over(world.brand, world.retailer, [(item(2, 560_000), item(2, 570_000))])


def worst_line(world: Deployed) -> int:
    """A split whose ends lie in two blocks never used, to one that holds nothing, with a nonce in a fresh word."""
    world.open_series()
    world.commission(3, MILLION)
    newcomer = Party("newcomer")
    world.call(newcomer, "TrustRegistry", "registerAccount")
    role = b"carrier".ljust(32, b"\0")
    world.call(world.brand, "TrustRegistry", "grant", newcomer.address, role, 2, 0, FOR_EVER)
    return world.hand_over(world.brand, newcomer, [(item(3, 200_000), item(3, 700_000))], nonce=1 << 200)


def worst_lines(world: Deployed) -> int:
    """One line from each of 32 series, each splitting a run in words never used before."""
    first = 4
    for series in range(first, first + 32):
        world.open_series()
        world.commission(series, MILLION)
    runs = [(item(series, 200_000), item(series, 700_000)) for series in range(first, first + 32)]
    return world.hand_over(world.brand, world.carrier, runs)


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [f"| {row.case} | {row.gas:,} | {row.most:,} |" for row in rows]
    return "\n".join(["| case | gas | bound |", "|---|---:|---:|", *lines]) + "\n"


def with_table(page: str, rows: Sequence[Row]) -> str:
    """`page` with the table between its markers replaced."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table(rows) + END + after


def main(arguments: list[str]) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(description="Measures what the contracts cost.")
    parser.add_argument("--write", action="store_true", help="put the table into docs/contracts.md")
    options = parser.parse_args(arguments)
    rows = measure()
    print(table(rows), end="")
    if options.write:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")
    over = [row for row in rows if row.gas > row.most]
    for row in over:
        print(f"FAIL: got {row.gas:,} gas for '{row.case}', expected at most {row.most:,}.", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
