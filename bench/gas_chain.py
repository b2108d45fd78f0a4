"""A chain of its own for measuring gas, and all contracts deployed on it: py-evm with the rules of Paris.

Keys, times and order are fixed, so the numbers are the same on every machine. Gas of a transaction is all of it: base
cost (21,000), calldata, execution, less refunds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import rlp
from eth.chains.base import MiningChain
from eth.constants import POST_MERGE_DIFFICULTY
from eth.db.atomic import AtomicDB
from eth.vm.forks.paris import ParisVM
from eth_abi.abi import decode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.datatypes import PrivateKey
from eth_typing import Address
from eth_utils.crypto import keccak
from web3 import Web3
from web3.contract import Contract

from countermark.chain.artifacts import CONTRACTS
from countermark.chain.wiring import constructor_arguments
from countermark.custody.handover import Basis, Handover, Purpose, Receipt, RunLine, UnitLine
from countermark.signing import TypedMessage

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "core" / "countermark" / "chain" / "artifacts"
NOW = 1_800_000_000
DAY = 86_400
FOR_EVER = 2**64 - 1
CHAIN_ID = 7_700_001
GTIN, PREFIX, PREFIX_LENGTH = 9_506_000_134_352, 9_506_000, 7
MARK = b"EM500000018012345".ljust(32, b"\0")
MILLION = 1_000_000
BLOCK = 10**13
"""Gas of the one block in which everything runs."""
MOST_GAS = 10_000_000
"""No transaction of ours may take more."""

Runs = Sequence[tuple[int, int]]


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
        genesis: dict[str, Any] = {"difficulty": POST_MERGE_DIFFICULTY, "gas_limit": BLOCK, "timestamp": NOW - 1}
        chain = rules.from_genesis(AtomicDB(), genesis, {})
        parent = chain.get_canonical_head()
        self.header = ParisVM.create_header_from_parent(parent, timestamp=NOW, gas_limit=BLOCK).copy(base_fee_per_gas=0)
        self.vm = chain.get_vm(self.header)

    def send(self, party: Party, to: bytes, data: bytes, most: int = MOST_GAS) -> int:
        """Runs one transaction and returns its gas, `most` at most. A revert ends the measurement."""
        sender = Address(bytes.fromhex(party.address[2:]))
        nonce = self.vm.state.get_nonce(sender)
        transaction = self.vm.create_unsigned_transaction(
            nonce=nonce, gas_price=0, gas=most, to=Address(to), value=0, data=data
        ).as_signed_transaction(party.key, CHAIN_ID)
        receipt, computation = self.vm.apply_transaction(self.header, transaction)
        computation.raise_if_error()
        used = int(receipt.gas_used) - int(self.header.gas_used)
        self.header = self.header.copy(gas_used=receipt.gas_used)
        return used

    def read(self, to: bytes, data: bytes) -> bytes:
        """The output of a call that changes nothing."""
        reader = Party("reader")
        sender = Address(bytes.fromhex(reader.address[2:]))
        transaction = self.vm.create_unsigned_transaction(
            nonce=0, gas_price=0, gas=MOST_GAS, to=Address(to), value=0, data=data
        ).as_signed_transaction(reader.key, CHAIN_ID)
        snapshot = self.vm.state.snapshot()
        computation = self.vm.state.apply_transaction(transaction)
        computation.raise_if_error()
        self.vm.state.revert(snapshot)
        assert self.vm.state.get_nonce(sender) == 0
        return bytes(computation.output)


def abi_type(part: Mapping[str, Any]) -> str:
    """The canonical type of one ABI parameter."""
    if not part["type"].startswith("tuple"):
        return str(part["type"])
    return "(" + ",".join(abi_type(inner) for inner in part["components"]) + ")" + part["type"].removeprefix("tuple")


class Deployed:
    """All contracts, wired, and the parties of a small trade."""

    def __init__(self) -> None:
        self.chain = GasChain()
        self.deployer, self.governor, self.registrar = Party("deployer"), Party("governor"), Party("registrar")
        self.office, self.brand, self.carrier = Party("office"), Party("brand"), Party("carrier")
        self.retailer, self.customs = Party("retailer"), Party("customs")
        self.surveillance, self.relay = Party("surveillance"), Party("relay")
        self.nonce = 0
        self.contracts: dict[str, Contract] = {}
        self.deployment_gas = dict(self._deploy())
        self._introduce()

    def call(self, party: Party, contract: str, function: str, *arguments: object) -> int:
        """Gas of one call."""
        asked = self.contracts[contract]
        data = bytes.fromhex(asked.encode_abi(function, list(arguments))[2:])
        return self.chain.send(party, bytes.fromhex(str(asked.address)[2:]), data)

    def read(self, contract: str, function: str, *arguments: object) -> Any:
        """What a view returns: a struct as a dictionary. The state is as it was before."""
        asked = self.contracts[contract]
        data = bytes.fromhex(asked.encode_abi(function, list(arguments))[2:])
        output = self.chain.read(bytes.fromhex(str(asked.address)[2:]), data)
        outputs = next(e["outputs"] for e in asked.abi if e["type"] == "function" and e["name"] == function)
        value = decode([abi_type(part) for part in outputs], output)[0]
        names = [part["name"] for part in outputs[0].get("components", [])]
        return dict(zip(names, value, strict=True)) if names else value

    def open_series(self) -> int:
        """Gas of opening a series for a million items with one mark."""
        return self.call(self.brand, "ProductToken", "openSeries", GTIN, PREFIX_LENGTH, [MARK], MILLION)

    def commission(self, series: int, count: int) -> int:
        """Gas of commissioning with every field set."""
        values = (b"\x01" * 32, b"LOT-2026-11".ljust(32, b"\0"), NOW + DAY, b"\x02" * 32, self.brand.address)
        return self.call(self.brand, "ProductToken", "commission", series, count, *values)

    def hand_over(
        self,
        giver: Party,
        taker: Party,
        runs: Runs,
        taken: Runs | None = None,
        nonce: int = 0,
        units: Sequence[UnitLine] = (),
        purpose: Purpose = Purpose.TRANSPORT,
    ) -> int:
        """Gas of a handover with both signatures, carried by somebody else. Without `nonce`: next in a used word."""
        self.nonce += 1
        lines = tuple(RunLine(first, last) for first, last in runs)
        document = keccak(text="document")
        handover = Handover(
            giver.address, taker.address, lines, tuple(units), purpose, Basis.SCANNED, NOW, document, document,
            document, nonce or self.nonce, NOW + DAY,
        )  # fmt: skip
        kept = lines if taken is None else tuple(RunLine(first, last) for first, last in taken)
        receipt = Receipt(handover.struct_hash(), kept, tuple(units), document, NOW, NOW + DAY)
        place = str(self.contracts["Handovers"].address)
        signatures = giver.sign(handover.typed(CHAIN_ID, place)), taker.sign(receipt.typed(CHAIN_ID, place))
        papers = (as_tuple(handover), signatures[0], as_tuple(receipt), signatures[1])
        return self.call(self.relay, "Handovers", "handOver", *papers)

    def _deploy(self) -> Iterator[tuple[str, int]]:
        at = {name: predicted(self.deployer, nonce) for nonce, name in enumerate(CONTRACTS)}
        settings = {"governor": self.governor.address, "quota": 500, "delay": 2 * DAY}
        for name, address in at.items():
            document = json.loads((ARTIFACTS / f"{name}.json").read_text(encoding="utf-8"))
            self.contracts[name] = Web3().eth.contract(Web3.to_checksum_address(address), abi=document["abi"])
            factory = Web3().eth.contract(abi=document["abi"], bytecode=document["bytecode"])
            data = factory.constructor(*constructor_arguments(name, at, settings)).data_in_transaction
            yield name, self.chain.send(self.deployer, b"", bytes.fromhex(data[2:]))

    def _introduce(self) -> None:
        for party in (
            self.registrar, self.office, self.brand, self.carrier, self.retailer, self.customs, self.surveillance,
        ):  # fmt: skip
            self.call(party, "TrustRegistry", "registerAccount")
        for giver, taker, role, level in (
            (self.governor, self.registrar, b"identifier-registrar", 3),
            (self.governor, self.office, b"ip-office", 3),
            (self.governor, self.customs, b"customs", 3),
            (self.governor, self.surveillance, b"market-surveillance", 3),
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
    return tuple([fields_of(line) for line in value] if isinstance(value, tuple) else value for value in values)


def fields_of(line: RunLine | UnitLine) -> tuple[Any, ...]:
    """A line of a paper as the ABI takes it."""
    return tuple(getattr(line, name) for name in type(line).__dataclass_fields__)


def item(series: int, index: int) -> int:
    """The id of an item."""
    return (series << 24) | index


def held(world: Deployed, series: int, half: tuple[int, int, bytes]) -> int:
    """Gas of confirming that goods in hand are these items, which holds them."""
    number = int(world.read("CustomsRegister", "measureCount")) + 1
    world.call(world.customs, "CustomsRegister", "recordMeasure", keccak(text=f"measure {series} {number}"), 3)
    return world.call(world.customs, "CustomsRegister", "confirmIdentity", number, *half[:2])
