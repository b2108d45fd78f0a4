"""A world of contracts on a real EVM (revm), new for each test, and parties with keys.

Every address is lower case; times are seconds since 1970. Gas is not measured here (accounts and slots stay warm from
call to call): that is `tests/contracts/test_gas.py`, on py-evm.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain as concatenated
from pathlib import Path
from typing import Any

import pyrevm
import pytest
import rlp
from eth_abi.abi import decode, encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

ROOT = Path(__file__).resolve().parent.parent.parent
CHAIN_ID = 7_700_001
NOW = 1_800_000_000
DAY = 86_400
FOR_EVER = 2**64 - 1
ZERO = "0x" + "00" * 20
DEPLOYER = "0x" + "de" * 20
OTHER_ARTIFACTS = os.environ.get("COUNTERMARK_ARTIFACTS")
"""A folder of `contracts/build.py --evm cancun --into`: the same tests then run on that EVM."""
ARTIFACT_FOLDERS = (
    [Path(OTHER_ARTIFACTS)]
    if OTHER_ARTIFACTS
    else [ROOT / "core/countermark/chain/artifacts", ROOT / "tests/contracts/artifacts"]
)
EVM_SPEC = "CANCUN" if OTHER_ARTIFACTS else "MERGE"
PARTS = {
    "forwarder": "Forwarder",
    "trust": "TrustRegistry",
    "brands": "BrandRegistry",
    "marks": "TrademarkRegistry",
    "token": "ProductToken",
    "status": "ItemStatus",
    "units": "LogisticUnits",
    "handovers": "Handovers",
    "claims": "Claims",
    "customs": "CustomsRegister",
    "alerts": "AlertRegister",
    "anchors": "Anchors",
    "directory": "Directory",
}
"""Every contract by the constructor parameter that takes its address, in the order of deployment."""
GOVERNANCE = ("Council", "GovernorTimelock")
MODULES = {
    "ProductToken": ("handovers", "units", "claims", "customs"),
    "AlertRegister": ("handovers", "units", "status", "customs"),
}
SECP256K1_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141


def abi_type(part: Mapping[str, Any]) -> str:
    """The type of an ABI entry as eth-abi and selectors write it."""
    kind: str = part["type"]
    if not kind.startswith("tuple"):
        return kind
    return "(" + ",".join(abi_type(inner) for inner in part["components"]) + ")" + kind.removeprefix("tuple")


def selector(entry: Mapping[str, Any]) -> bytes:
    """keccak256 of an ABI entry's signature."""
    return keccak(text=f"{entry['name']}({','.join(abi_type(part) for part in entry['inputs'])})")


@cache
def artifact(name: str) -> dict[str, Any]:
    """The committed artifact of a contract or test harness, or the one that COUNTERMARK_ARTIFACTS holds."""
    for folder in ARTIFACT_FOLDERS:
        path = folder / f"{name}.json"
        if path.exists():
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return document
    raise FileNotFoundError(name)


def is_built(name: str) -> bool:
    """Whether the contract has an artifact."""
    return (ARTIFACT_FOLDERS[0] / f"{name}.json").exists()


class RevertedError(Exception):
    """A contract reverted with this error and these arguments."""

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.name, self.arguments = name, arguments
        super().__init__(f"{name}{arguments}")


@dataclass(frozen=True)
class Party:
    """An account and its only key."""

    name: str
    secret: bytes = field(repr=False)

    @property
    def address(self) -> str:
        return str(Account.from_key(self.secret).address).lower()

    def sign(self, typed: Mapping[str, Any]) -> bytes:
        return bytes(Account.sign_message(encode_typed_data(full_message=dict(typed)), self.secret).signature)


def party(name: str) -> Party:
    """The party of this name; always the same key."""
    return Party(name, keccak(text=f"countermark test {name}"))


@dataclass(frozen=True)
class Event:
    """A decoded log."""

    name: str
    arguments: dict[str, Any]


class Chain:
    """revm with a clock that stands still until it is moved."""

    def __init__(self, chain_id: int = CHAIN_ID) -> None:
        env = pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=chain_id), block=pyrevm.BlockEnv(timestamp=NOW))
        self.chain_id = chain_id
        self.evm = pyrevm.EVM(env=env, spec_id=EVM_SPEC)
        self.time = NOW
        self.deployed = 0

    def wait(self, seconds: int) -> None:
        self.time += seconds
        self.evm.set_block_env(pyrevm.BlockEnv(timestamp=self.time))

    def predicted(self, nonce: int) -> str:
        return "0x" + keccak(rlp.encode([bytes.fromhex(DEPLOYER[2:]), nonce]))[12:].hex()

    def deploy(self, name: str, *arguments: object) -> Contract:
        document = artifact(name)
        inputs: list[dict[str, Any]] = next((e["inputs"] for e in document["abi"] if e["type"] == "constructor"), [])
        code = bytes.fromhex(document["bytecode"][2:]) + encode([abi_type(part) for part in inputs], arguments)
        try:
            address = self.evm.deploy(DEPLOYER, code).lower()
        except RuntimeError as failed:
            self.deployed += 1
            raise reverted(failed, document["abi"]) from None
        assert address == self.predicted(self.deployed)
        self.deployed += 1
        return Contract(self, name, address)

    def refused_deployment(self, name: str, *arguments: object) -> tuple[Any, ...] | None:
        """The error with which the constructor reverts."""
        try:
            self.deploy(name, *arguments)
        except RevertedError as failed:
            return (failed.name, *failed.arguments)
        return None


def reverted(failed: RuntimeError, abi: Sequence[Mapping[str, Any]]) -> RevertedError:
    """What revm's message says, decoded with the errors that `abi` lists, else with any contract's."""
    found = re.search(r"Revert .*output: 0x([0-9a-f]*)", str(failed))
    if found is None:
        return RevertedError("Halt", (str(failed),))
    data = bytes.fromhex(found.group(1))
    built = (artifact(name)["abi"] for name in (*PARTS.values(), *GOVERNANCE) if is_built(name))
    for entry in concatenated.from_iterable([abi, *built]):
        if entry["type"] == "error" and selector(entry)[:4] == data[:4]:
            return RevertedError(entry["name"], decode([abi_type(p) for p in entry["inputs"]], data[4:]))
    return RevertedError("Unknown", (data.hex(),))


class Contract:
    """One deployed contract; functions are called by their Solidity names."""

    def __init__(self, chain: Chain, name: str, address: str) -> None:
        self.chain, self.name, self.address = chain, name, address
        self.abi: list[dict[str, Any]] = artifact(name)["abi"]
        functions = [e for e in self.abi if e["type"] == "function"]
        self._functions = {e["name"]: e for e in functions}
        # Overloaded ones also by their signature: "safeTransferFrom(address,address,uint256)".
        self._functions |= {f"{e['name']}({','.join(abi_type(p) for p in e['inputs'])})": e for e in functions}
        self._events = {selector(e): e for e in self.abi if e["type"] == "event"}

    def calldata(self, function: str, *arguments: object) -> bytes:
        entry = self._functions[function]
        return selector(entry)[:4] + encode([abi_type(part) for part in entry["inputs"]], arguments)

    def send(self, function: str, *arguments: object, by: Party | str = DEPLOYER) -> list[Event]:
        """Calls and keeps what changed; returns this contract's events."""
        self._call(function, arguments, by, is_static=False)
        return self.events()

    def events(self) -> list[Event]:
        """This contract's events in the last call on the chain, whoever it called."""
        result = self.chain.evm.result
        assert result is not None
        return [self._event(log) for log in result.logs if log.address.lower() == self.address]

    def refusal(self, function: str, *arguments: object, by: Party | str = DEPLOYER) -> tuple[Any, ...] | None:
        """The name of the error with which the call reverts, and its arguments; None when it goes through."""
        try:
            self.send(function, *arguments, by=by)
        except RevertedError as failed:
            return (failed.name, *failed.arguments)
        return None

    def read(self, function: str, *arguments: object) -> Any:
        """The return value; a tuple when there are several."""
        output = self._call(function, arguments, DEPLOYER, is_static=True)
        values = decode([abi_type(part) for part in self._functions[function]["outputs"]], output)
        return values[0] if len(values) == 1 else values

    def struct(self, function: str, *arguments: object) -> dict[str, Any]:
        """The return value of a function that returns one struct, by field name."""
        parts = self._functions[function]["outputs"][0]["components"]
        return dict(zip([part["name"] for part in parts], self.read(function, *arguments), strict=True))

    def _call(self, function: str, arguments: tuple[object, ...], by: Party | str, *, is_static: bool) -> bytes:
        caller = by if isinstance(by, str) else by.address
        data = self.calldata(function, *arguments)
        try:
            return bytes(self.chain.evm.message_call(caller, self.address, calldata=data, is_static=is_static))
        except RuntimeError as failed:
            raise reverted(failed, self.abi) from None

    def _event(self, log: pyrevm.Log) -> Event:
        topics = [bytes.fromhex(topic[2:]) for topic in log.topics]
        entry = self._events[topics[0]]
        indexed = [part for part in entry["inputs"] if part["indexed"]]
        others = [part for part in entry["inputs"] if not part["indexed"]]
        values = {
            part["name"]: decode([abi_type(part)], topic)[0] for part, topic in zip(indexed, topics[1:], strict=True)
        }
        values |= dict(
            zip([p["name"] for p in others], decode([abi_type(p) for p in others], bytes(log.data[1])), strict=True)
        )
        return Event(entry["name"], {part["name"]: values[part["name"]] for part in entry["inputs"]})


def word(text: str) -> bytes:
    """ASCII, left-aligned in 32 bytes."""
    return text.encode("ascii").ljust(32, b"\0")


class World:
    """All contracts, wired, and a cast: authorities, a brand with a mark and a prefix, a carrier, a retailer."""

    forwarder: Contract
    trust: Contract
    brands: Contract
    marks: Contract
    token: Contract
    status: Contract
    units: Contract
    handovers: Contract
    claims: Contract
    alerts: Contract
    anchors: Contract
    directory: Contract

    word = staticmethod(word)
    party = staticmethod(party)
    GTIN = 9_506_000_134_352
    PREFIX, PREFIX_LENGTH = 950_600_0, 7
    MARK = word("EM500000018012345")

    def __init__(self, chain: Chain, module: str | None = None) -> None:
        """`module`: an address that moves items instead of the Handovers contract."""
        self.chain = chain
        self.at: dict[str, str] = {}
        self.governor, self.registrar, self.office = party("governor"), party("registrar"), party("office")
        self.brand, self.carrier, self.retailer = party("brand"), party("carrier"), party("retailer")
        self.customs, self.surveillance = party("customs"), party("surveillance")
        self.guardian, self.stranger = party("guardian"), party("stranger")
        self._deploy(module)
        self._register()

    def _deploy(self, module: str | None) -> None:
        built = [part for part in PARTS if is_built(PARTS[part])]
        self.at = {part: self.chain.predicted(nonce) for nonce, part in enumerate(built)}
        # What is not built yet has an address where nothing is.
        absent = {part: "0x" + keccak(text=part)[12:].hex() for part in PARTS if part not in self.at}
        known = self.at | absent | ({"handovers": module} if module else {})
        made = {part: self.chain.deploy(PARTS[part], *self._arguments(PARTS[part], known)) for part in built}
        # The party that plays customs has that name here.
        self.customs_register = made.pop("customs", None)
        for part, contract in made.items():
            setattr(self, part, contract)

    def _arguments(self, name: str, known: Mapping[str, str]) -> list[Any]:
        values: dict[str, Any] = {
            **known,
            "governor": self.governor.address,
            "modules": [known[part] for part in MODULES.get(name, ())],
            "quota": 500,
            "delay": 2 * DAY,
            "names": [word(PARTS[part]) for part in self.at],
            "targets": list(self.at.values()),
            "predecessor": ZERO,
        }
        inputs: list[dict[str, Any]] = next(
            (e["inputs"] for e in artifact(name)["abi"] if e["type"] == "constructor"), []
        )
        return [values[part["name"].rstrip("_")] for part in inputs]

    def _register(self) -> None:
        authorities = {
            "identifier-registrar": self.registrar,
            "ip-office": self.office,
            "customs": self.customs,
            "market-surveillance": self.surveillance,
            "guardian": self.guardian,
        }
        for who in (*authorities.values(), self.brand, self.carrier, self.retailer, self.stranger):
            self.trust.send("registerAccount", by=who)
        for role, who in authorities.items():
            self.grant(self.governor, who, role, 3)
        self.grant(self.office, self.brand, "brand", 3)
        self.grant(self.brand, self.carrier, "carrier", 2)
        self.grant(self.brand, self.retailer, "retailer", 2)
        self.brands.send("assignPrefix", self.brand.address, self.PREFIX, self.PREFIX_LENGTH, by=self.registrar)
        self.marks.send("assignOffice", b"EM", self.office.address, by=self.governor)
        self.record_mark(self.MARK)

    def grant(self, by: Party, to: Party, role: str, level: int, start: int = 0, end: int = FOR_EVER) -> list[Event]:
        return self.trust.send("grant", to.address, word(role), level, start, end, by=by)

    def consent(self, account: Party, key: Party, scopes: int, start: int = 0, end: int = FOR_EVER) -> bytes:
        """The new key's signature that it will act for `account`."""
        fields = [
            ("account", "address"),
            ("key", "address"),
            ("scopes", "uint32"),
            ("notBefore", "uint64"),
            ("notAfter", "uint64"),
        ]
        message = dict(
            zip([name for name, _ in fields], (account.address, key.address, scopes, start, end), strict=True)
        )
        return key.sign(self.typed(self.trust, {"KeyConsent": fields}, "KeyConsent", message))

    def add_key(self, account: Party, key: Party, scopes: int, start: int = 0, end: int = FOR_EVER) -> list[Event]:
        consent = self.consent(account, key, scopes, start, end)
        return self.trust.send("addKey", key.address, scopes, start, end, consent, by=account)

    def typed(
        self,
        contract: Contract,
        types: Mapping[str, Sequence[tuple[str, str]]],
        primary: str,
        message: Mapping[str, Any],
    ) -> dict[str, Any]:
        """An EIP-712 message for `contract` on this chain, written out independently of countermark.custody."""
        domain = [("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address")]
        return {
            "types": {
                kind: [{"name": name, "type": type_} for name, type_ in fields]
                for kind, fields in {"EIP712Domain": domain, **types}.items()
            },
            "primaryType": primary,
            "domain": {
                "name": "Countermark",
                "version": "1",
                "chainId": self.chain.chain_id,
                "verifyingContract": contract.address,
            },
            "message": dict(message),
        }

    def relay_request(
        self, signer: Party, contract: Contract, function: str, *arguments: object, **changes: Any
    ) -> tuple[Any, ...]:
        """A ForwardRequestData (ERC-2771) by which `signer` asks a relay to carry this call."""
        data = contract.calldata(function, *arguments)
        names = ("from", "to", "value", "gas", "nonce", "deadline", "data")
        kinds = ("address", "address", "uint256", "uint256", "uint256", "uint48", "bytes")
        nonce = self.forwarder.read("nonces", signer.address)
        values = (signer.address, contract.address, 0, 5_000_000, nonce, self.chain.time + 3600, data)
        message = dict(zip(names, values, strict=True)) | changes
        typed = self.typed(
            self.forwarder, {"ForwardRequest": list(zip(names, kinds, strict=True))}, "ForwardRequest", message
        )
        signature = signer.sign(typed)
        return (*(message[name] for name in names if name != "nonce"), signature)

    def relay(self, signer: Party, by: Party, contract: Contract, function: str, *arguments: object) -> list[Event]:
        """`by` carries `signer`'s call through the forwarder; returns the contract's events."""
        self.forwarder.send("execute", self.relay_request(signer, contract, function, *arguments), by=by)
        return contract.events()

    def record_mark(self, mark: bytes, holder: Party | None = None, end: int = FOR_EVER) -> list[Event]:
        who = (holder or self.brand).address
        return self.marks.send("record", mark, who, b"\x0c" * 32, 0, end, by=self.office)

    def open_series(self, ceiling: int = 1_000_000) -> int:
        arguments = (self.GTIN, self.PREFIX_LENGTH, [self.MARK], ceiling)
        opened = self.token.send("openSeries", *arguments, by=self.brand)
        return int(opened[0].arguments["series"])

    def commission(self, series: int, count: int, **changes: Any) -> tuple[int, int]:
        """Returns the ids of the first and last new item."""
        events = self.token.send("commission", *self._batch(series, count, changes), by=self.brand)
        return int(events[0].arguments["first"]), int(events[0].arguments["last"])

    def refused_commission(self, series: int, count: int = 1, **changes: Any) -> tuple[Any, ...] | None:
        """The error of a commissioning by the brand."""
        return self.token.refusal("commission", *self._batch(series, count, changes), by=self.brand)

    def _batch(self, series: int, count: int, changes: Mapping[str, Any]) -> tuple[Any, ...]:
        values = {
            "root": b"\x01" * 32,
            "lot": word("L-7"),
            "expiry": NOW + 365 * DAY,
            "passport": b"\x02" * 32,
            "holder": self.brand.address,
        }
        return (series, count, *{**values, **changes}.values())


@pytest.fixture
def chain() -> Chain:
    """An empty chain."""
    return Chain()


@pytest.fixture
def party_named() -> Callable[[str], Party]:
    """The party of a name, without a world."""
    return party


@pytest.fixture
def make_world() -> Callable[..., World]:
    """Makes further worlds, each on a chain of its own."""
    return lambda module=None, chain_id=CHAIN_ID: World(Chain(chain_id), module)


@pytest.fixture
def world(chain: Chain) -> World:
    """All contracts with their cast, nothing commissioned yet."""
    return World(chain)
