"""What strangers may have the contracts do through /rpc, also inside what the forwarder carries."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.node.test_gateway import ask, code

from countermark.chain.artifacts import artifact
from countermark.chain.contracts import RelayRequest
from countermark.chain.rpc_refused import INVALID_PARAMS, LIMIT_EXCEEDED, LOG_IN_FIRST, NO_RIGHT, RpcRefused
from countermark.limits import DEFAULT_LIMITS
from countermark_node.rpc.open_calls import OpenCalls
from countermark_wallet.keys.signer import WalletSigner

if TYPE_CHECKING:
    from tests.node.conftest import World

NOBODYS = "0x" + "11" * 20
CALLS = ("eth_call", "eth_estimateGas")
EXECUTE, BATCH = (artifact("Forwarder").functions[name] for name in ("execute", "executeBatch"))
REGISTER = ("TrustRegistry", "registerAccount", ())
UNIT = 1 << 200
PROBES: dict[str, tuple[str, str, Callable[[int, str], Sequence[Any]]]] = {
    "who holds a run": ("ProductToken", "requireHeld", lambda first, holder: (first, first, holder)),
    "whose an item is": ("ProductToken", "ownerOf", lambda first, _: (first,)),
    "who holds a unit": ("LogisticUnits", "requireHeld", lambda _, holder: (UNIT, holder)),
    "whose a unit is": ("LogisticUnits", "ownerOf", lambda *_: (UNIT,)),
    "what is locked": ("ItemStatus", "requireMovable", lambda first, _: (first, first, 1)),
    "what may move to whom": ("ItemStatus", "requireMovableTo", lambda first, holder: (first, first, 1, holder)),
    "what others hold": ("ItemStatus", "requireNotHeldByOthers", lambda first, holder: (first, first, holder)),
    "what may be returned": ("ItemStatus", "requireReturnable", lambda first, holder: (first, first, holder)),
    "whose a claimed item is": ("Claims", "skipTurn", lambda first, _: (first,)),
    "who takes a return": ("Claims", "returnOpenUntil", lambda first, holder: (holder, first)),
    "who gave goods on": ("Handovers", "releaseToSale", lambda first, _: ([(first, first)],)),
}


def probe(world: World, name: str) -> tuple[str, str, Sequence[Any]]:
    contract, function, arguments = PROBES[name]
    return contract, function, arguments(world.goods.token(world.goods.packed[0]), world.account("brand"))


def carried(
    world: World, contract: str, function: str, arguments: Sequence[Any], *, by: WalletSigner | None = None
) -> Any:
    """What the forwarder is given: a request that a key of nobody signed."""
    signer, deployment = by or WalletSigner(secrets.token_bytes(32)), world.installation.deployment
    data = artifact(contract).functions[function].encode_call(arguments)
    deadline = int(time.time()) + 600
    request = RelayRequest(signer.address, deployment.address(contract), 1_000_000, 0, deadline, data)
    signature = signer.sign_typed(request.typed(deployment.chain_id, deployment.address("Forwarder")))
    return (request.signer, request.to, 0, request.gas, request.deadline, data, signature)


def calls_of(world: World, name: str) -> dict[str, bytes]:
    """The ways to have the forwarder ask."""
    asked = carried(world, *probe(world, name))
    return {
        "alone": EXECUTE.encode_call([asked]),
        "in a batch": BATCH.encode_call([[asked], NOBODYS]),
        "behind something harmless": BATCH.encode_call([[carried(world, *REGISTER), asked], NOBODYS]),
    }


def to_forwarder(world: World, data: bytes) -> dict[str, str]:
    to = world.installation.deployment.address("Forwarder")
    return {"to": to, "data": f"0x{data.hex()}", "gas": hex(5_000_000)}


def raw(world: World, key: LocalAccount, data: bytes, **changes: Any) -> str:
    fields: dict[str, Any] = {
        "chainId": world.installation.deployment.chain_id,
        "nonce": 0,
        "gas": 3_000_000,
        "gasPrice": 0,
        "value": 0,
        "data": data,
        "to": world.installation.deployment.address("Forwarder"),
    }
    fields |= changes
    signed = key.sign_transaction({name: value for name, value in fields.items() if value is not None})
    return "0x" + bytes(signed.raw_transaction).hex()


def head(world: World) -> str:
    return str(ask(world, "eth_blockNumber")["result"])


@pytest.mark.parametrize("name", PROBES)
def test_stranger_learns_nothing_through_what_the_forwarder_carries(world: World, name: str) -> None:
    stranger, member, before = world.logged_in("stranger"), world.logged_in("carrier"), head(world)
    for way, data in calls_of(world, name).items():
        for method in CALLS:
            message = to_forwarder(world, data)
            assert code(ask(world, method, message, "latest")) == LOG_IN_FIRST, (way, method)
            assert code(ask(world, method, message, "latest", headers=stranger)) == NO_RIGHT, (way, method)
            assert code(ask(world, method, message, "latest", headers=member)) not in (LOG_IN_FIRST, NO_RIGHT)
        sent = raw(world, Account.create(), data)
        assert code(ask(world, "eth_sendRawTransaction", sent)) == LOG_IN_FIRST, way
        assert code(ask(world, "eth_sendRawTransaction", sent, headers=stranger)) == NO_RIGHT, way
    assert head(world) == before


@pytest.mark.parametrize("name", PROBES)
def test_stranger_learns_nothing_from_what_a_node_would_carry(world: World, name: str) -> None:
    signer, to, value, gas, deadline, data, signature = carried(world, *probe(world, name))
    request = {"from": signer, "to": to, "gas": gas, "nonce": 0, "deadline": deadline, "data": f"0x{data.hex()}"}
    body = {"request": request, "signature": f"0x{signature.hex()}"}
    for headers, status, reason in (({}, 401, "log-in-first"), (world.logged_in("stranger"), 403, "no-right")):
        answer = world.client.post("/v1/requests", json=body, headers=headers)
        assert (answer.status_code, answer.json()["reason"], value) == (status, reason, 0)


def test_relay_that_logs_in_as_a_member_passes_on_what_members_signed(world: World) -> None:
    data = EXECUTE.encode_call([carried(world, *probe(world, "who holds a run"))])
    sent = ask(world, "eth_sendRawTransaction", raw(world, Account.create(), data), headers=world.logged_in("carrier"))
    assert ask(world, "eth_getTransactionReceipt", sent["result"])["result"]["status"] == "0x1"


def test_stranger_passes_a_registration_on(world: World) -> None:
    data = BATCH.encode_call([[carried(world, *REGISTER), carried(world, *REGISTER)], NOBODYS])
    for method in CALLS:
        assert code(ask(world, method, to_forwarder(world, data))) is None
    sent = ask(world, "eth_sendRawTransaction", raw(world, Account.create(), data))
    assert ask(world, "eth_getTransactionReceipt", sent["result"])["result"]["status"] == "0x1"


def test_forwarder_in_the_forwarder_is_refused(world: World) -> None:
    inner = carried(world, *REGISTER)
    data = EXECUTE.encode_call([carried(world, "Forwarder", "execute", (inner,))])
    for method in CALLS:
        assert code(ask(world, method, to_forwarder(world, data))) == LOG_IN_FIRST
    assert code(ask(world, "eth_sendRawTransaction", raw(world, Account.create(), data))) == LOG_IN_FIRST


def doubled(world: World) -> bytes:
    """A batch whose two places name one request."""
    data = BATCH.encode_call([[carried(world, *REGISTER), carried(world, *REGISTER)], NOBODYS])
    first = 4 + 3 * 32
    return data[: first + 32] + data[first : first + 32] + data[first + 64 :]


def endless(world: World) -> bytes:
    """A batch that says it is longer than it is."""
    data = BATCH.encode_call([[carried(world, *REGISTER)], NOBODYS])
    return data[:68] + (1 << 20).to_bytes(32, "big") + data[100:]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda _: EXECUTE.selector, INVALID_PARAMS),
        (lambda _: BATCH.selector + bytes(31), INVALID_PARAMS),
        (lambda world: EXECUTE.encode_call([carried(world, *REGISTER)])[:-32], INVALID_PARAMS),
        (lambda world: EXECUTE.encode_call([carried(world, *REGISTER)]) + bytes(32), INVALID_PARAMS),
        (doubled, INVALID_PARAMS),
        (endless, LIMIT_EXCEEDED),
        (lambda world: BATCH.encode_call([[carried(world, *REGISTER)] * 17, NOBODYS]), LIMIT_EXCEEDED),
        (lambda _: EXECUTE.selector[:3], LOG_IN_FIRST),
        (lambda _: b"", LOG_IN_FIRST),
    ],
    ids=["nothing", "cut list", "cut", "longer", "one twice", "endless", "too many", "short", "empty"],
)
def test_requests_that_are_not_plainly_written_are_refused(
    world: World, made: Callable[[World], bytes], expected: int
) -> None:
    data, before = made(world), head(world)
    for method in CALLS:
        assert code(ask(world, method, to_forwarder(world, data))) == expected
    wanted = {expected, INVALID_PARAMS} if expected == LOG_IN_FIRST else {expected}
    assert code(ask(world, "eth_sendRawTransaction", raw(world, Account.create(), data))) in wanted
    assert head(world) == before


ADDRESSES = {name: f"0x{at:040x}" for at, name in enumerate(("TrustRegistry", "ProductToken", "Forwarder"), start=1)}
RULES = OpenCalls(ADDRESSES, DEFAULT_LIMITS)
WORDS = st.sampled_from([0, 1, 2, 32, 64, 96, 128, 160, 224, 256, (1 << 256) - 32, 1 << 255]).map(
    lambda word: word.to_bytes(32, "big")
)


def written(to: str, data: bytes) -> Any:
    return (NOBODYS, to, 0, 1, 1, data, bytes(65))


@settings(max_examples=300)
@given(data=st.data())
def test_only_requests_in_the_standard_form_and_for_everybody_are_open(data: st.DataObject) -> None:
    registers = artifact("TrustRegistry").functions["registerAccount"].encode_call([])
    held = artifact("ProductToken").functions["requireHeld"].encode_call([1, 1, NOBODYS])
    plain = [written(ADDRESSES["TrustRegistry"], registers)] * data.draw(st.integers(1, 3))
    kinds = {
        EXECUTE.encode_call([plain[0]]): True,
        BATCH.encode_call([plain, NOBODYS]): True,
        EXECUTE.encode_call([written(ADDRESSES["ProductToken"], held)]): False,
        BATCH.encode_call([[*plain, written(ADDRESSES["ProductToken"], held)], NOBODYS]): False,
    }
    call = data.draw(st.sampled_from(list(kinds)))
    assert RULES.carries_open_calls(call) == kinds[call]
    at = 4 + 32 * data.draw(st.integers(0, (len(call) - 4) // 32 - 1))
    changed = call[:at] + data.draw(WORDS | st.binary(min_size=32, max_size=32)) + call[at + 32 :]
    try:
        is_open = RULES.carries_open_calls(changed)
    except RpcRefused:
        return
    # No word that is changed turns a closed request into an open one but by naming another function or contract.
    assert not is_open or kinds[call] or held not in changed or ADDRESSES["ProductToken"][2:] not in changed.hex()


OPEN_FUNCTIONS: dict[str, set[str]] = {
    "Claims": {
        "claim",
        "claimHash",
        "claimInfo",
        "claimReissued",
        "claimTransferHash",
        "eip712Domain",
        "isClaimed",
        "isSpent",
        "isTrustedForwarder",
        "transferClaimed",
    },
    "Forwarder": {"eip712Domain", "nonces", "verify"},
    "Handovers": {"handOver"},
}
CLOSED_FUNCTIONS = {"TrustRegistry": {"giverFor", "openUntil"}}


def test_every_function_is_open_or_closed_to_strangers_by_a_table(world: World) -> None:
    for contract in world.installation.deployment.addresses:
        functions = artifact(contract).functions
        registers = contract in ("TrustRegistry", "BrandRegistry", "TrademarkRegistry", "Directory")
        closed = CLOSED_FUNCTIONS.get(contract, set())
        wanted = set(functions) - closed if registers else OPEN_FUNCTIONS.get(contract, set())
        found = set()
        for name, signature in functions.items():
            if (contract, name) in (("Forwarder", "execute"), ("Forwarder", "executeBatch")):
                continue
            message = {"to": world.installation.deployment.address(contract), "data": f"0x{signature.selector.hex()}"}
            message["from"] = world.account("carrier")
            codes = {code(ask(world, method, message)) for method in CALLS}
            assert len(codes) == 1 or LOG_IN_FIRST not in codes, (contract, name)
            found |= set() if LOG_IN_FIRST in codes else {name}
        assert found == wanted, contract


@pytest.mark.parametrize("function", ["skipTurn", "unclaim"])
def test_nobody_asks_in_the_name_of_a_party_or_of_the_forwarder_whether_it_owns_an_item(
    world: World, function: str
) -> None:
    item, deployment = world.goods.token(world.goods.packed[0]), world.installation.deployment
    data = artifact("Claims").functions[function].encode_call([item, NOBODYS][: 1 + (function == "unclaim")])
    message = {"to": deployment.address("Claims"), "data": f"0x{data.hex()}"}
    through = message | {"data": message["data"] + world.account("carrier")[2:].lower()}
    for method in CALLS:
        for name in ("carrier", "stranger"):
            spoofed = message | {"from": world.account(name)}
            assert code(ask(world, method, spoofed)) == LOG_IN_FIRST
            assert code(ask(world, method, spoofed, headers=world.logged_in("stranger"))) == NO_RIGHT
        spoofed = through | {"from": deployment.address("Forwarder")}
        assert code(ask(world, method, spoofed)) == LOG_IN_FIRST
        # A private owner has no account to log in with.
        assert code(ask(world, method, message | {"from": NOBODYS})) == 3


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas", "eth_getTransactionCount", "eth_getCode"])
def test_strangers_ask_about_now_and_members_about_the_past_too(world: World, method: str) -> None:
    deployment = world.installation.deployment
    data = artifact("TrustRegistry").functions["isAccount"].encode_call([world.account("brand")])
    calls = method in CALLS
    asked: Any = (
        {"to": deployment.address("TrustRegistry"), "data": f"0x{data.hex()}"}
        if calls
        else deployment.address("Claims")
    )
    for block in ("0x1", head(world), "earliest", "safe", "finalized"):
        assert code(ask(world, method, asked, block)) == LOG_IN_FIRST, block
        assert code(ask(world, method, asked, block, headers=world.logged_in("stranger"))) == NO_RIGHT, block
    assert code(ask(world, method, asked, head(world), headers=world.logged_in("carrier"))) is None
    for block in ("latest", "pending", None):
        assert code(ask(world, method, asked, block)) is None, block
    assert code(ask(world, method, asked)) is None


OTHER_KINDS: dict[str, dict[str, Any]] = {
    "a new contract": {"to": b""},
    "a list of addresses": {
        "type": 1,
        "accessList": [{"address": NOBODYS, "storageKeys": ["0x" + "00" * 32]}],
    },
    "blobs (EIP-4844)": {
        "type": 3,
        "gasPrice": None,
        "maxFeePerGas": 0,
        "maxPriorityFeePerGas": 0,
        "maxFeePerBlobGas": 0,
        "blobVersionedHashes": ["0x01" + "00" * 31],
        "accessList": [],
    },
    "code for an account (EIP-7702)": {
        "type": 4,
        "gasPrice": None,
        "maxFeePerGas": 0,
        "maxPriorityFeePerGas": 0,
        "accessList": [],
    },
}


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_transactions_of_other_kinds_are_refused_whoever_sends_them(world: World, kind: str) -> None:
    key, deployment, before = Account.create(), world.installation.deployment, head(world)
    changes = {"to": deployment.address("TrustRegistry"), **OTHER_KINDS[kind]}
    if changes.get("type") == 4:
        chain_id, to = deployment.chain_id, deployment.address("ProductToken")
        signed = key.sign_authorization({"chainId": chain_id, "address": to, "nonce": 1})
        changes["authorizationList"] = [signed]
    data = artifact("TrustRegistry").functions["registerAccount"].encode_call([])
    sent = raw(world, key, data, **changes)
    for headers in (None, world.logged_in("carrier")):
        answer = ask(world, "eth_sendRawTransaction", sent, headers=headers)
        assert code(answer) in (INVALID_PARAMS, -32_000), answer
    assert head(world) == before
