"""The embedded ledger beside eth-tester's in-memory chain, same transactions in one run: `make bench-chain`."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_tester import EthereumTester, PyEVMBackend
from rows import Limit, Row, report

from countermark.chain.embedded import EmbeddedChain

TRANSACTIONS = 300


def rate(send: Callable[[int], Any]) -> float:
    """Transactions a second, one block each."""
    started = time.perf_counter()
    for nonce in range(TRANSACTIONS):
        send(nonce)
    return TRANSACTIONS / (time.perf_counter() - started)


def ours(folder: Path) -> float:
    """Signed raw transactions into the SQLite-backed ledger, durable one by one."""
    account = Account.create()
    with EmbeddedChain.open(folder) as chain:
        plain = {"to": account.address, "value": 0, "gas": 21_000, "gasPrice": 0, "chainId": chain.chain_id}
        raws = [account.sign_transaction({**plain, "nonce": n}).raw_transaction for n in range(TRANSACTIONS)]
        return rate(lambda nonce: chain.request("eth_sendRawTransaction", ["0x" + raws[nonce].hex()]))


def eth_tester() -> float:
    """The same through eth-tester, in memory."""
    tester = EthereumTester(PyEVMBackend())
    sender = tester.get_accounts()[0]
    price = 10**9
    return rate(
        lambda _: tester.send_transaction({"from": sender, "to": sender, "value": 0, "gas": 21_000, "gas_price": price})
    )


def durable_writes(path: Path) -> float:
    """SQLite alone: one small row a transaction, each of them on the disk before the next."""
    with closing(sqlite3.connect(path, isolation_level=None)) as kept:
        kept.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (n)")
        return rate(lambda nonce: kept.execute("INSERT INTO t VALUES (?)", (nonce,)))


def main() -> int:
    """One row; the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        mine, limit = ours(Path(folder)), Limit("durable SQLite writes", durable_writes(Path(folder) / "alone.sqlite3"))
    what = "small transactions, one block each, durable one by one"
    return report([Row(what, "a second", mine, "eth-tester in memory", eth_tester(), limit)])


if __name__ == "__main__":
    sys.exit(main())
