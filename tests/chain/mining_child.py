"""Mines blocks until it is killed. Prints a block's number and transaction once it was acknowledged.

Usage: mining_child.py FOLDER [STAGE BLOCK], with STAGE one of before, inside, after: kill this process itself with
SIGKILL before, inside or after the SQLite transaction that would store BLOCK.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from eth_account import Account

from countermark.chain.embedded import EmbeddedChain
from countermark.chain.embedded.store import BlockStore

KEY = "0x" + "7e" * 32


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")
    sys.stdout.flush()


class DyingStore:
    """Wraps BlockStore's commit so that the process dies at one point of one commit."""

    def __init__(self, stage: str, commits: int) -> None:
        self.stage, self.left = stage, commits
        self.commit, self.write = BlockStore.commit, BlockStore._write

    def install(self) -> None:
        BlockStore.commit = lambda store: self.dying_commit(store)  # type: ignore[method-assign]
        BlockStore._write = lambda store: self.dying_write(store)  # type: ignore[method-assign]

    def dying_commit(self, store: BlockStore) -> None:
        self.left -= 1
        if self.left == 0 and self.stage == "before":
            _die()
        self.commit(store)
        if self.left == 0 and self.stage == "after":
            _die()

    def dying_write(self, store: BlockStore) -> None:
        self.write(store)
        if self.left == 0 and self.stage == "inside":
            _die()


def main(folder: str, stage: str = "", block: str = "0") -> None:
    chain = EmbeddedChain.open(Path(folder))
    account = Account.from_key(KEY)
    if stage:
        DyingStore(stage, int(block)).install()
    nonce = int(chain.request("eth_getTransactionCount", [account.address, "latest"])["result"], 16)
    _say("open", nonce)
    while True:
        transaction = {"to": account.address, "value": 0, "gas": 21_000, "gasPrice": 0, "nonce": nonce}
        raw = account.sign_transaction({**transaction, "chainId": chain.chain_id}).raw_transaction
        sent = chain.request("eth_sendRawTransaction", ["0x" + raw.hex()])
        nonce += 1
        _say(nonce, sent["result"])


if __name__ == "__main__":
    main(*sys.argv[1:])
