"""The embedded ledger beside eth-tester's in-memory chain, same transactions in one run: `make bench-chain`."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_tester import EthereumTester, PyEVMBackend

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


def main() -> None:
    """One table."""
    with tempfile.TemporaryDirectory() as folder:
        mine = ours(Path(folder))
    base = eth_tester()
    print("| what | ours, a second | eth-tester in memory | ratio |\n|---|---|---|---|")
    print(f"| small transactions, one block each | {mine:,.0f} | {base:,.0f} | {mine / base:.2f} |")


if __name__ == "__main__":
    main()
