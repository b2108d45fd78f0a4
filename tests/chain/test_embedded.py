"""The embedded chain: identity, durability, locks, time, limits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from countermark.chain.embedded import EmbeddedChain
from countermark.errors import Unavailable, WrongChain

Sign = Callable[..., str]
MOST_GAS = 10_000_000


@pytest.fixture
def sign(signer) -> Sign:
    """A raw transaction by the test key; keywords change single fields."""

    def signed(chain_id: int, nonce: int = 0, **fields: object) -> str:
        price = {} if "maxFeePerGas" in fields else {"gasPrice": 0}
        whole = {"to": signer.address, "value": 0, "gas": 100_000, "data": b"", "nonce": nonce, **price}
        return "0x" + signer.sign_transaction({**whole, "chainId": chain_id, **fields}).hex()

    return signed


def _code(runtime: str) -> bytes:
    """Creation code that returns this runtime code."""
    size = len(runtime) // 2
    return bytes.fromhex(f"60{size:02x}600c60003960{size:02x}6000f3{runtime}")


def _create(chain: EmbeddedChain, sign: Sign, runtime: str, nonce: int = 0) -> str:
    raw = sign(chain.chain_id, nonce, to=b"", data=_code(runtime))
    tx_hash = chain.request("eth_sendRawTransaction", [raw])["result"]
    return str(chain.request("eth_getTransactionReceipt", [tx_hash])["result"]["contractAddress"])


def _head(chain: EmbeddedChain) -> dict[str, str]:
    found: dict[str, str] = chain.request("eth_getBlockByNumber", ["latest", False])["result"]
    return found


def test_two_installations_share_neither_chain_id_nor_genesis(tmp_path: Path) -> None:
    with EmbeddedChain.open(tmp_path / "a") as one, EmbeddedChain.open(tmp_path / "b") as two:
        assert one.chain_id != two.chain_id
        assert one.genesis_hash != two.genesis_hash
        assert all(1 << 31 < chain.chain_id < 1 << 53 for chain in (one, two))


def test_transaction_signed_for_another_installation_is_refused(tmp_path: Path, sign: Sign) -> None:
    with EmbeddedChain.open(tmp_path / "a") as one, EmbeddedChain.open(tmp_path / "b") as two:
        raw = sign(one.chain_id)
        assert "for chain" in two.request("eth_sendRawTransaction", [raw])["error"]["message"]
        assert "result" in one.request("eth_sendRawTransaction", [raw])
        fees = {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "type": 2}
        typed = sign(one.chain_id, 1, **fees)
        assert "for chain" in two.request("eth_sendRawTransaction", [typed])["error"]["message"]
        assert "result" in one.request("eth_sendRawTransaction", [typed])


def test_transaction_without_a_chain_id_is_refused(chain: EmbeddedChain, sign: Sign, signer) -> None:
    fields = {"to": signer.address, "value": 0, "gas": 21_000, "gasPrice": 0, "data": b"", "nonce": 0}
    raw = signer.account.sign_transaction(fields).raw_transaction
    assert raw[-67] in (27, 28)
    assert "error" in chain.request("eth_sendRawTransaction", ["0x" + raw.hex()])
    assert _head(chain)["number"] == "0x0"


def test_reopened_ledger_is_the_same_one(tmp_path: Path, sign: Sign) -> None:
    with EmbeddedChain.open(tmp_path) as chain:
        identity = (chain.chain_id, chain.genesis_hash)
        chain.request("eth_sendRawTransaction", [sign(chain.chain_id)])
        head = _head(chain)
    with EmbeddedChain.open(tmp_path) as again:
        assert (again.chain_id, again.genesis_hash) == identity
        assert _head(again) == head
        assert "result" in again.request("eth_sendRawTransaction", [sign(again.chain_id, 1)])


def test_second_opener_is_refused_and_the_first_goes_on(tmp_path: Path, sign: Sign) -> None:
    with EmbeddedChain.open(tmp_path) as chain:
        with pytest.raises(Unavailable, match="in use by process") as refused:
            EmbeddedChain.open(tmp_path)
        assert refused.value.reason == "ledger-in-use"
        assert "result" in chain.request("eth_sendRawTransaction", [sign(chain.chain_id)])
    EmbeddedChain.open(tmp_path).close()


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable, match="folder"):
        EmbeddedChain.open(tmp_path / "file" / "ledger")


def test_file_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "chain.sqlite3"
    with sqlite3.connect(path) as foreign:
        foreign.execute("CREATE TABLE notes (text)")
    foreign.close()
    before = path.read_bytes()
    with pytest.raises(WrongChain, match="another program"):
        EmbeddedChain.open(tmp_path)
    assert path.read_bytes() == before


def test_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    EmbeddedChain.open(tmp_path).close()
    _change(tmp_path, "PRAGMA user_version = 99")
    with pytest.raises(WrongChain, match="version 99"):
        EmbeddedChain.open(tmp_path)


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "chain.sqlite3").write_bytes(b"not a database at all" * 100)
    with pytest.raises(Unavailable, match="restore"):
        EmbeddedChain.open(tmp_path)


def test_damaged_file_is_refused_instead_of_answering(tmp_path: Path, sign: Sign) -> None:
    with EmbeddedChain.open(tmp_path) as chain:
        for nonce in range(20):
            chain.request("eth_sendRawTransaction", [sign(chain.chain_id, nonce)])
    path = tmp_path / "chain.sqlite3"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises((Unavailable, WrongChain)):
        EmbeddedChain.open(tmp_path)


@pytest.mark.parametrize(
    "key", ["636f756e7465726d61726b2f67656e65736973", "76313a63616e6f6e6963616c5f686561645f68617368"]
)
def test_ledger_without_genesis_or_head_is_refused(tmp_path: Path, key: str) -> None:
    EmbeddedChain.open(tmp_path).close()
    assert _change(tmp_path, "DELETE FROM entry WHERE hex(key) = upper(?)", key) == 1, "the key must exist"
    with pytest.raises(WrongChain, match="missing"):
        EmbeddedChain.open(tmp_path)


def _change(folder: Path, sql: str, *values: str) -> int:
    connection = sqlite3.connect(folder / "chain.sqlite3")
    with connection:
        changed = connection.execute(sql, values).rowcount
    connection.close()
    return changed


def test_closed_ledger_answers_unavailable(tmp_path: Path) -> None:
    chain = EmbeddedChain.open(tmp_path)
    chain.close()
    chain.close()
    with pytest.raises(Unavailable, match="closed"):
        chain.request("eth_blockNumber")


def test_nobody_owns_anything_and_gas_stays_free_after_full_transactions(chain: EmbeddedChain, sign: Sign) -> None:
    spender = _create(chain, sign, "fe")  # INVALID burns all gas at once
    for nonce in range(1, 4):
        raw = sign(chain.chain_id, nonce, to=spender, gas=MOST_GAS)
        receipt_of = chain.request("eth_sendRawTransaction", [raw])["result"]
        receipt = chain.request("eth_getTransactionReceipt", [receipt_of])["result"]
        assert (receipt["status"], int(receipt["gasUsed"], 16)) == ("0x0", MOST_GAS)
    assert _head(chain)["baseFeePerGas"] == "0x0"
    assert chain.request("eth_gasPrice")["result"] == "0x0"


def test_transaction_beyond_the_gas_bound_is_refused(chain: EmbeddedChain, sign: Sign) -> None:
    refused = chain.request("eth_sendRawTransaction", [sign(chain.chain_id, gas=MOST_GAS + 1)])
    assert "gas limit" in refused["error"]["message"]


@pytest.mark.parametrize("change", [{"nonce": 5}, {"value": 1}, {"gasPrice": 1}, {"gas": 20_000}])
def test_transaction_that_cannot_be_applied_changes_nothing(chain: EmbeddedChain, sign: Sign, change: dict) -> None:
    assert "error" in chain.request("eth_sendRawTransaction", [sign(chain.chain_id, **change)])
    assert _head(chain)["number"] == "0x0"
    assert "result" in chain.request("eth_sendRawTransaction", [sign(chain.chain_id)])


def test_block_time_is_the_clock_and_never_goes_back(chain: EmbeddedChain, sign: Sign, clock) -> None:
    times = []
    for nonce, step in enumerate((0, 0, 3_600, -7_200, 7_200)):
        clock.advance(seconds=step)
        chain.request("eth_sendRawTransaction", [sign(chain.chain_id, nonce)])
        times.append(int(_head(chain)["timestamp"], 16) - 1_795_338_000)
    assert times == [0, 0, 3_600, 3_600, 3_600]


def test_simulation_sees_the_time_of_the_next_block(chain: EmbeddedChain, sign: Sign, clock) -> None:
    teller = _create(chain, sign, "4260005260206000f3")  # returns block.timestamp
    clock.advance(days=3)
    told = chain.request("eth_call", [{"to": teller}, "latest"])["result"]
    assert int(told, 16) == clock.second
    then = chain.request("eth_call", [{"to": teller}, "0x1"])["result"]
    assert int(then, 16) == clock.second - 3 * 86_400


def test_simulated_writes_are_not_kept(chain: EmbeddedChain, sign: Sign) -> None:
    counter = _create(chain, sign, "6000546001018060005560005260206000f3")  # counts up in slot 0, returns it
    for _ in range(3):
        assert int(chain.request("eth_call", [{"to": counter}, "latest"])["result"], 16) == 1
    chain.request("eth_sendRawTransaction", [sign(chain.chain_id, 1, to=counter)])
    assert int(chain.request("eth_call", [{"to": counter}, "latest"])["result"], 16) == 2


def test_endless_call_ends_at_the_gas_bound(chain: EmbeddedChain, sign: Sign) -> None:
    endless = _create(chain, sign, "5b6201000060002050600056")  # hashes 64 KiB again and again
    asked = {"to": endless, "gas": hex(1 << 60)}
    assert "OutOfGas" in chain.request("eth_call", [asked, "latest"])["error"]["message"]
    assert "OutOfGas" in chain.request("eth_estimateGas", [asked])["error"]["message"]


def test_contract_that_calls_itself_without_end_is_refused_and_harms_nobody(chain: EmbeddedChain, sign: Sign) -> None:
    nested = _create(chain, sign, "60006000600060006000305af1")  # calls itself with all its gas
    raw = sign(chain.chain_id, 1, to=nested, gas=MOST_GAS)
    with ThreadPoolExecutor(2) as threads:
        sent = threads.submit(chain.request, "eth_sendRawTransaction", [raw]).result()
    assert "nests too deeply" in sent["error"]["message"]
    assert "result" in chain.request("eth_sendRawTransaction", [sign(chain.chain_id, 1)])
    assert _head(chain)["number"] == "0x2"


def test_threads_mine_one_block_for_each_transaction(chain: EmbeddedChain, make_signer) -> None:
    def mine(number: int) -> int:
        signer = make_signer(100 + number)
        for nonce in range(5):
            fields = {"to": signer.address, "value": 0, "gas": 21_000, "gasPrice": 0, "nonce": nonce}
            raw = signer.sign_transaction({**fields, "chainId": chain.chain_id})
            assert "result" in chain.request("eth_sendRawTransaction", ["0x" + raw.hex()])
        return 5

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(mine, range(4))) == 20
    assert _head(chain)["number"] == hex(20)


def test_failed_disk_write_leaves_the_last_block_as_head(chain: EmbeddedChain, sign: Sign, monkeypatch) -> None:
    from countermark.chain.embedded.store import BlockStore

    def full(_: BlockStore) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(BlockStore, "_write", full)
        with pytest.raises(Unavailable, match="disk is full"):
            chain.request("eth_sendRawTransaction", [sign(chain.chain_id)])
    assert _head(chain)["number"] == "0x0"
    assert "result" in chain.request("eth_sendRawTransaction", [sign(chain.chain_id)])
    assert _head(chain)["number"] == "0x1"
