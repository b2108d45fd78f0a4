"""The node's JSON-RPC gateway: who may ask what of the ledger, and how much."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countermark.chain.artifacts import artifact
from countermark.chain.rpc_refused import LIMIT_EXCEEDED, LOG_IN_FIRST, NO_RIGHT
from countermark.errors import NotPermitted, NotSignedIn
from countermark.limits import DEFAULT_LIMITS
from countermark.roles import Level, Role
from countermark_node.access.principal import NOBODY
from countermark_node.rate_limit import RateLimiter
from countermark_node.rpc.gateway import Gateway
from countermark_node.rpc.rules import OPEN_METHODS, Rules
from countermark_wallet.ledger.connection import connect, read_only

if TYPE_CHECKING:
    from tests.node.conftest import World

HASH, NOBODYS = "0x" + "ab" * 32, "0x" + "11" * 20
SAMPLES: dict[str, list[Any]] = {
    "eth_chainId": [],
    "net_version": [],
    "eth_blockNumber": [],
    "eth_gasPrice": [],
    "eth_maxPriorityFeePerGas": [],
    "eth_feeHistory": ["0x1", "latest", []],
    "eth_getBlockByNumber": ["latest", True],
    "eth_getBlockByHash": [HASH, False],
    "eth_getTransactionByHash": [HASH],
    "eth_getTransactionReceipt": [HASH],
    "eth_getBalance": [NOBODYS, "latest"],
    "eth_getCode": [NOBODYS],
    "eth_getTransactionCount": [NOBODYS, "latest"],
    "eth_getLogs": [{}],
}


def ask(world: World, method: str, *params: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer: dict[str, Any] = world.client.post("/rpc", json=body, headers=headers).json()
    return answer


def code(answer: dict[str, Any]) -> int | None:
    found: int | None = answer.get("error", {}).get("code")
    return found


def transaction(world: World, sender: LocalAccount, contract: str, data: bytes, nonce: int = 0) -> str:
    fields: dict[str, Any] = {
        "chainId": world.installation.deployment.chain_id,
        "nonce": nonce,
        "gas": 1_000_000,
        "gasPrice": 0,
        "value": 0,
        "data": data,
        "to": world.installation.deployment.address(contract),
    }
    return "0x" + bytes(sender.sign_transaction(fields).raw_transaction).hex()


REGISTER = artifact("TrustRegistry").functions["registerAccount"].encode_call([])


def test_every_listed_method_has_a_sample(world: World) -> None:
    listed = set(world.services.gateway.rules.readers)
    assert listed == set(SAMPLES) | {"eth_call", "eth_estimateGas", "eth_sendRawTransaction"}
    assert listed > OPEN_METHODS


@pytest.mark.parametrize("method", SAMPLES)
def test_what_tells_who_holds_what_needs_a_role(world: World, method: str) -> None:
    params = SAMPLES[method]
    assert code(ask(world, method, *params, headers=world.logged_in("carrier"))) is None
    wanted = (None, None) if method in OPEN_METHODS else (LOG_IN_FIRST, NO_RIGHT)
    stranger = world.logged_in("stranger")
    assert (code(ask(world, method, *params)), code(ask(world, method, *params, headers=stranger))) == wanted


def test_desk_and_wrong_token_read_nothing_more(world: World) -> None:
    assert code(ask(world, "eth_getLogs", {}, headers=world.desk())) == NO_RIGHT
    wrong = world.client.post("/rpc", json={"method": "eth_chainId"}, headers={"Authorization": "Bearer a.b.c"})
    assert (wrong.status_code, wrong.json()["reason"]) == (401, "bad-token")


def test_role_that_ends_takes_the_reading_with_it(own_world: Any) -> None:
    with own_world() as world:
        headers = world.logged_in("stranger")
        assert code(ask(world, "eth_getLogs", {}, headers=headers)) == NO_RIGHT
        governor = world.accreditation("governor")
        governor.grant(world.account("stranger"), Role.MARKET_SURVEILLANCE, Level.INTRODUCED)
        assert code(ask(world, "eth_getLogs", {}, headers=headers)) is None
        governor.revoke(world.account("stranger"), Role.MARKET_SURVEILLANCE)
        assert code(ask(world, "eth_getLogs", {}, headers=headers)) == NO_RIGHT


def test_batch_is_judged_request_by_request(world: World) -> None:
    one = {"jsonrpc": "2.0", "params": []}
    answers = world.client.post(
        "/rpc",
        json=[one | {"id": 1, "method": "eth_chainId"}, one | {"id": 2, "method": "eth_getLogs", "params": [{}]}],
    ).json()
    assert [code(answer) for answer in answers] == [None, LOG_IN_FIRST]


def test_key_without_a_role_registers_and_no_more(world: World) -> None:
    newcomer: LocalAccount = Account.create()
    data = artifact("Handovers").functions["releaseToSale"].encode_call([[(1, 2)]])
    refused = ask(world, "eth_sendRawTransaction", transaction(world, newcomer, "Handovers", data))
    assert code(refused) == NO_RIGHT
    sent = ask(world, "eth_sendRawTransaction", transaction(world, newcomer, "TrustRegistry", REGISTER))
    receipt = ask(world, "eth_getTransactionReceipt", sent["result"])["result"]
    assert receipt["status"] == "0x1"
    # Registered is not accredited: nobody answers for it yet.
    again = ask(world, "eth_sendRawTransaction", transaction(world, newcomer, "Handovers", data, nonce=1))
    assert code(again) == NO_RIGHT


def test_transaction_of_a_member_needs_no_log_in_since_it_is_signed(world: World) -> None:
    wallet = world.wallets["retailer"].signer()
    count = ask(world, "eth_getTransactionCount", wallet.address, "latest")["result"]
    raw = wallet.sign_transaction(
        {
            "chainId": world.installation.deployment.chain_id,
            "nonce": int(count, 16),
            "gas": 100_000,
            "gasPrice": 0,
            "value": 0,
            "data": artifact("ProductToken").functions["setApprovalForAll"].encode_call([NOBODYS, False]),
            "to": world.installation.deployment.address("ProductToken"),
        }
    )
    assert code(ask(world, "eth_sendRawTransaction", f"0x{raw.hex()}")) not in (NO_RIGHT, LOG_IN_FIRST)
    after = ask(world, "eth_getTransactionCount", wallet.address, "latest")["result"]
    assert int(after, 16) == int(count, 16) + 1


def test_registrations_by_strangers_are_slowed_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = replace(world.services.gateway, strangers=RateLimiter("strangers", 2))
    answers = []
    for _ in range(3):
        raw = transaction(world, Account.create(), "TrustRegistry", REGISTER)
        answers.append(gateway.answer({"id": 1, "method": "eth_sendRawTransaction", "params": [raw]}, NOBODY, "here"))
    assert [code(answer) for answer in answers] == [None, None, LIMIT_EXCEEDED]


@pytest.mark.parametrize(
    "wanted",
    [
        {"address": NOBODYS},
        {"address": [NOBODYS]},
        {"fromBlock": "0x0", "toBlock": "0x99999"},
        {"fromBlock": "0x1" * 70},
        {"topics": [[HASH] * 65]},
        {"surprise": 1},
        {"blockHash": HASH, "fromBlock": "0x1"},
        None,
    ],
)
def test_logs_of_others_endless_ones_and_odd_filters_are_refused(world: World, wanted: Any) -> None:
    assert code(ask(world, "eth_getLogs", wanted, headers=world.logged_in("carrier"))) is not None


def test_logs_without_an_address_are_those_of_our_contracts(world: World) -> None:
    everything = {"fromBlock": "earliest", "toBlock": "latest"}
    logs = ask(world, "eth_getLogs", everything, headers=world.logged_in("carrier"))["result"]
    ours = {address.lower() for address in world.installation.deployment.addresses.values()}
    assert {log["address"].lower() for log in logs} <= ours
    assert len(logs) > 10


def test_more_logs_than_the_bound_are_refused_and_not_cut_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world.installation.chain is not None
    monkeypatch.setattr(world.installation.chain._for_others, "_most_logs", 5)
    everything = {"fromBlock": "earliest", "toBlock": "latest"}
    assert code(ask(world, "eth_getLogs", everything, headers=world.logged_in("carrier"))) == LIMIT_EXCEEDED


def test_wallet_logs_in_by_itself_where_the_node_asks(world: World) -> None:
    ledger = connect(world.server.url, world.wallets["carrier"].signer())
    assert ledger.token.owner_of(world.goods.token(world.goods.packed[0]))
    stale = connect(world.server.url, world.wallets["carrier"].signer(), token="a.b.c")
    assert stale.token.owner_of(world.goods.token(world.goods.packed[0]))


def test_wallet_without_a_role_hears_what_is_missing(world: World) -> None:
    first = world.goods.token(world.goods.packed[0])
    with pytest.raises(NotPermitted, match="role"):
        connect(world.server.url, world.wallets["stranger"].signer()).token.owner_of(first)
    contracts, _ = read_only(world.server.url)
    assert contracts.trust.is_account(world.account("carrier"))
    with pytest.raises(NotSignedIn, match="countermark login"):
        contracts.token.owner_of(first)


def test_open_reads_open_the_ledger_to_anybody(world: World) -> None:
    gateway: Gateway = replace(world.services.gateway, open_reads=True)
    assert code(gateway.answer({"id": 1, "method": "eth_getLogs", "params": [{}]}, NOBODY, "here")) is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=40)
    | st.from_regex(r"0x[0-9a-f]{0,66}", fullmatch=True),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["to", "data", "fromBlock", "address", "topics", "gas", "from"]), inner)
    ),
    max_leaves=6,
)


class Recorder:
    """A ledger that takes whatever it is given, and keeps it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, list[Any]]] = []

    def request(self, method: str, params: list[Any]) -> dict[str, Any]:
        self.seen.append((method, params))
        return {"result": None}

    def head(self) -> int:
        return 1_000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    method=st.sampled_from([*sorted(SAMPLES), "eth_call", "eth_estimateGas", "debug_x"]),
    params=st.lists(JSON, max_size=4),
)
def test_only_checked_parameters_reach_the_ledger(method: str, params: list[Any]) -> None:
    numbers = itertools.count(1)
    addresses = {name: f"0x{next(numbers):040x}" for name in ("TrustRegistry", "ProductToken")}
    ledger = Recorder()
    rules = Rules(addresses, DEFAULT_LIMITS, ledger.head, lambda _: True)
    gateway = Gateway(ledger, rules, 1, lambda _: False, RateLimiter("strangers", 1), DEFAULT_LIMITS, open_reads=True)
    answer = gateway.answer({"id": 1, "method": method, "params": params}, NOBODY, "here")
    assert ("error" in answer) != bool(ledger.seen)
    for _, (seen, given_on) in enumerate(ledger.seen):
        if seen == "eth_getLogs":
            assert set(given_on[0]["address"]) <= set(addresses.values())
        if seen in ("eth_call", "eth_estimateGas"):
            assert given_on[0]["to"] in addresses.values()
            assert int(given_on[0]["gas"], 16) <= DEFAULT_LIMITS.transaction_gas
