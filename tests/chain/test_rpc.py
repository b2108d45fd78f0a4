"""The JSON-RPC door: what is served, what is refused, and in which form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web3.types import TxParams

from countermark.chain.connection import ChainConnection
from countermark.chain.embedded import EmbeddedChain
from countermark.chain.embedded.rpc import METHODS
from countermark.chain.logs import read_log
from countermark.limits import DEFAULT_LIMITS

# Stores nothing, logs its first word of call data with the topic 0x…07: PUSH the word, MSTORE, LOG1.
LOGGER = "600035600052600760206000a100"
TOPIC = "0x" + "00" * 31 + "07"
UNLISTED = ["eth_accounts", "eth_sendTransaction", "eth_sign", "debug_traceCall", "evm_revert", "admin_peers", "_mine"]


@pytest.fixture
def logger(chain: EmbeddedChain, signer) -> str:
    """A contract that has logged the numbers 1 to 5, one a block, in the blocks 2 to 6."""
    created = _create(chain, signer, LOGGER)
    for number in range(1, 6):
        _send(chain, signer, number, {"to": created, "data": number.to_bytes(32, "big")})
    return created


def _create(chain: EmbeddedChain, signer, runtime: str) -> str:
    size = len(runtime) // 2
    code = bytes.fromhex(f"60{size:02x}600c60003960{size:02x}6000f3{runtime}")
    return str(_send(chain, signer, 0, {"to": b"", "data": code})["contractAddress"])


def _send(chain: EmbeddedChain, signer, nonce: int, fields: dict[str, Any]) -> dict[str, Any]:
    whole = {"value": 0, "gas": 200_000, "gasPrice": 0, "nonce": nonce, "chainId": chain.chain_id, **fields}
    tx_hash = chain.request("eth_sendRawTransaction", ["0x" + signer.sign_transaction(whole).hex()])["result"]
    receipt: dict[str, Any] = chain.request("eth_getTransactionReceipt", [tx_hash])["result"]
    return receipt


def _logged(chain: EmbeddedChain, **wanted: object) -> list[int]:
    return [int(log["data"], 16) for log in chain.request("eth_getLogs", [wanted])["result"]]


@pytest.mark.parametrize("method", UNLISTED)
def test_unlisted_method_is_refused(chain: EmbeddedChain, method: str) -> None:
    assert method not in METHODS
    assert chain.request(method)["error"]["code"] == -32601


@pytest.mark.parametrize("name", ["__init__", "__class__", "call", "_head"])
def test_python_attribute_is_no_method(chain: EmbeddedChain, name: str) -> None:
    assert chain.request(name)["error"]["code"] == -32601


def test_logs_of_the_wanted_blocks_only(chain: EmbeddedChain, logger: str) -> None:
    assert _logged(chain, fromBlock="0x3", toBlock="0x4") == [2, 3]
    assert _logged(chain, fromBlock="earliest", toBlock="latest", address=logger) == [1, 2, 3, 4, 5]
    assert _logged(chain) == [5]
    block = chain.request("eth_getBlockByNumber", ["0x5", False])["result"]
    assert _logged(chain, blockHash=block["hash"]) == [4]


def test_logs_are_filtered_by_address_and_topic(chain: EmbeddedChain, logger: str) -> None:
    everything = {"fromBlock": "0x0", "toBlock": "latest"}
    assert _logged(chain, **everything, address=["0x" + "11" * 20, logger], topics=[[TOPIC]]) == [1, 2, 3, 4, 5]
    assert _logged(chain, **everything, topics=[None]) == [1, 2, 3, 4, 5]
    assert _logged(chain, **everything, address="0x" + "11" * 20) == []
    assert _logged(chain, **everything, topics=["0x" + "00" * 32]) == []
    assert _logged(chain, **everything, topics=[None, None]) == []


def test_log_range_beyond_the_bound_is_refused(tmp_path, signer) -> None:
    with EmbeddedChain.open(tmp_path, limits=replace(DEFAULT_LIMITS, rpc_log_blocks=3)) as chain:
        for nonce in range(4):
            _send(chain, signer, nonce, {"to": signer.address, "gas": 21_000})
        assert _logged(chain, fromBlock="0x2", toBlock="0x4") == []
        refused = chain.request("eth_getLogs", [{"fromBlock": "0x1", "toBlock": "0x4"}])
    assert refused["error"]["code"] == -32005


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        {"fromBlock": "0x99"},
        {"fromBlock": 0},
        {"address": "0x11"},
        {"address": ["0x" + "11" * 20] * 65},
        {"topics": [None] * 5},
        {"topics": "0x"},
        {"topics": [[["0x"]]]},
        {"blockHash": "0x" + "00" * 32},
    ],
)
def test_malformed_log_filter_is_refused(chain: EmbeddedChain, wanted: object) -> None:
    assert chain.request("eth_getLogs", [wanted])["error"]["code"] == -32602


@pytest.mark.parametrize(
    "call",
    [
        "0x",
        {"to": "0x12"},
        {"data": "0x1"},
        {"data": "0x" + "00" * (256 * 1024 + 1)},
        {"gas": -1},
        {"surprise": "0x0"},
        {"value": "0x" + "f" * 65},
    ],
)
def test_malformed_call_is_refused(chain: EmbeddedChain, call: object) -> None:
    assert chain.request("eth_call", [call, "latest"])["error"]["code"] == -32602


def test_call_with_state_overrides_is_refused(chain: EmbeddedChain) -> None:
    assert chain.request("eth_call", [{}, "latest", {}])["error"]["code"] == -32602


def test_call_with_value_nobody_owns_is_refused(chain: EmbeddedChain) -> None:
    refused = chain.request("eth_call", [{"to": "0x" + "11" * 20, "value": "0x1"}, "latest"])
    assert refused["error"]["code"] == -32000


def test_revert_carries_its_data(chain: EmbeddedChain) -> None:
    # The creation code reverts with the word 0x2a.
    refused = chain.request("eth_call", [{"data": "0x602a60005260206000fd"}, "latest"])["error"]
    assert (refused["code"], int(refused["data"], 16)) == (3, 0x2A)
    assert chain.request("eth_estimateGas", [{"data": "0x602a60005260206000fd"}])["error"]["code"] == 3


def test_estimate_suffices_and_is_close(chain: EmbeddedChain, logger: str, signer) -> None:
    data = (9).to_bytes(32, "big")
    message = {"from": signer.address, "to": logger, "data": "0x" + data.hex()}
    estimate = int(chain.request("eth_estimateGas", [message])["result"], 16)
    receipt = _send(chain, signer, 6, {"to": logger, "data": data, "gas": estimate})
    assert receipt["status"] == "0x1"
    assert estimate <= int(receipt["gasUsed"], 16) * 1.25


def test_estimate_for_a_deeply_nested_call_suffices(chain: EmbeddedChain, signer) -> None:
    # Calls itself with one byte of call data less until none is left; reverts when the call within failed.
    runtime = "368015601a5760019003600060009160006000305af115601c575b005b60006000fd"
    nested = _create(chain, signer, runtime)
    message = {"from": signer.address, "to": nested, "data": f"0x{bytes(40).hex()}"}
    estimate = int(chain.request("eth_estimateGas", [message])["result"], 16)
    receipt = _send(chain, signer, 1, {"to": nested, "data": bytes(40), "gas": estimate})
    assert receipt["status"] == "0x1"
    short = _send(chain, signer, 2, {"to": nested, "data": bytes(40), "gas": estimate - 2_000})
    assert short["status"] == "0x0"


def test_unknown_blocks_and_transactions_are_null(chain: EmbeddedChain) -> None:
    nowhere = "0x" + "ab" * 32
    assert chain.request("eth_getBlockByNumber", ["0x77", False]) == {"result": None}
    assert chain.request("eth_getBlockByHash", [nowhere, False]) == {"result": None}
    assert chain.request("eth_getTransactionByHash", [nowhere]) == {"result": None}
    assert chain.request("eth_getTransactionReceipt", [nowhere]) == {"result": None}


def test_web3_reads_what_the_ledger_writes(chain: EmbeddedChain, connection: ChainConnection, logger: str) -> None:
    web3 = connection.web3
    assert web3.eth.chain_id == chain.chain_id
    block = web3.eth.get_block("latest", full_transactions=True)
    assert (block["number"], len(block["transactions"])) == (6, 1)
    transaction = web3.eth.get_transaction(block["transactions"][0]["hash"])  # type: ignore[index]
    assert transaction["to"] == logger
    receipt = web3.eth.get_transaction_receipt(transaction["hash"])
    assert (receipt["status"], receipt["logs"][0]["data"][-1]) == (1, 5)
    assert len(web3.eth.get_logs({"fromBlock": 0, "toBlock": 6, "address": logger})) == 5  # type: ignore[typeddict-item]
    assert web3.eth.get_balance(logger) == 0  # type: ignore[arg-type]
    assert web3.eth.get_code(logger).hex() == LOGGER  # type: ignore[arg-type]
    assert web3.eth.get_transaction_count(transaction["from"]) == 6
    assert web3.eth.fee_history(2, "latest", [50])["baseFeePerGas"] == [0, 0, 0]
    call: TxParams = {"to": logger, "data": "0x" + "00" * 32}  # type: ignore[typeddict-item]
    assert web3.eth.call(call) == b""


def test_body_is_answered_as_json_rpc(chain: EmbeddedChain) -> None:
    one = {"jsonrpc": "2.0", "id": 7, "method": "eth_chainId", "params": []}
    assert chain.answer(one) == {"jsonrpc": "2.0", "id": 7, "result": hex(chain.chain_id)}
    batch = chain.answer([one, {**one, "id": "b", "method": "eth_accounts"}, 5])
    assert [answer["id"] for answer in batch] == [7, "b", None]
    assert [("error" in answer) for answer in batch] == [False, True, True]


@pytest.mark.parametrize("body", [None, 5, "x", {}, [], {"method": 5}, {"method": "eth_chainId", "params": {}}])
def test_body_that_is_no_request_gets_an_error_object(chain: EmbeddedChain, body: object) -> None:
    assert chain.answer(body)["error"]["code"] in (-32600, -32005)


def test_batch_beyond_the_bound_is_refused(chain: EmbeddedChain) -> None:
    one = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}
    assert len(chain.answer([one] * 100)) == 100
    assert chain.answer([one] * 101)["error"]["code"] == -32005


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=70)
    | st.from_regex(r"0x[0-9a-f]{0,66}", fullmatch=True),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["to", "data", "fromBlock", "address", "topics", "gas", "from"]), inner)
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(method=st.sampled_from(sorted(METHODS)), params=st.lists(JSON, max_size=4))
def test_any_parameters_give_a_result_or_an_error_object(chain: EmbeddedChain, method: str, params: list) -> None:
    answer = chain.request(method, params)
    assert set(answer) in ({"result"}, {"error"})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(raw=st.binary(max_size=150))
def test_any_bytes_sent_as_a_transaction_give_an_error_object(chain: EmbeddedChain, raw: bytes) -> None:
    assert "error" in chain.request("eth_sendRawTransaction", ["0x" + raw.hex()])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(place=st.integers(0, 200), bit=st.integers(0, 7), kind=st.sampled_from([0, 2]))
def test_transaction_with_one_bit_changed_never_acts_for_its_signer(
    chain: EmbeddedChain, signer, place: int, bit: int, kind: int
) -> None:
    fees = {"gasPrice": 0} if kind == 0 else {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "type": 2}
    fields = {"to": signer.address, "value": 0, "gas": 21_000, "nonce": 0, "chainId": chain.chain_id, **fees}
    raw = bytearray(signer.sign_transaction(fields))
    raw[place % len(raw)] ^= 1 << bit
    chain.request("eth_sendRawTransaction", ["0x" + raw.hex()])
    assert chain.request("eth_getTransactionCount", [signer.address, "latest"])["result"] == "0x0"


@pytest.mark.parametrize("percentiles", [7, [1] * 101, "0x1"])
def test_malformed_fee_percentiles_are_refused(chain: EmbeddedChain, percentiles: object) -> None:
    assert chain.request("eth_feeHistory", ["0x1", "latest", percentiles])["error"]["code"] == -32602


def test_log_entry_is_read_with_its_place(chain: EmbeddedChain, logger: str) -> None:
    raw = chain.request("eth_getLogs", [{"fromBlock": "0x2", "toBlock": "0x2"}])["result"][0]
    log = read_log(raw)
    assert (log.address, log.block_number, log.log_index, log.topics) == (logger, 2, 0, (bytes.fromhex(TOPIC[2:]),))
