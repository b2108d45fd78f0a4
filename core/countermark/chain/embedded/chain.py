"""The ledger inside the process: opened from a folder, spoken to by JSON-RPC, safe against kill -9."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from eth.constants import BLANK_ROOT_HASH
from eth.db.atomic import AtomicDB
from eth.exceptions import CanonicalHeadNotFound, HeaderNotFound

from countermark.chain.embedded.answer import answer_body
from countermark.chain.embedded.encode import hex_data
from countermark.chain.embedded.lock import FolderLock
from countermark.chain.embedded.machine import (
    Genesis,
    LedgerChain,
    chain_class,
    create_chain,
    decode_transaction,
    mine,
)
from countermark.chain.embedded.own_contracts import check_target
from countermark.chain.embedded.rpc import RpcMethods
from countermark.chain.embedded.store import BlockStore
from countermark.chain.rpc_refused import SERVER_ERROR, RpcRefused
from countermark.errors import Unavailable, WrongChain
from countermark.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from web3.providers import BaseProvider

_CHAIN_ID_KEY = b"countermark/chain-id"
_GENESIS_KEY = b"countermark/genesis"
_LOWEST_CHAIN_ID = 1 << 32
_CHAIN_IDS = 1 << 50
"""Above almost all public chains' ids, and among 2^50: two chains hardly meet. Below 2^53, JavaScript's exact range."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class EmbeddedChain:
    """One py-evm chain in one folder. All methods may be called from any thread.

    Blocks hold one transaction each and are durable before eth_sendRawTransaction answers. Gas is free, nobody is
    funded, and chain id and genesis are random per installation, so no signature is valid in two of them.
    """

    def __init__(
        self, store: BlockStore, lock: FolderLock, chain: LedgerChain, clock: Callable[[], datetime], limits: Limits
    ) -> None:
        self._store = store
        self._folder_lock = lock
        self._chain = chain
        self._clock = clock
        self._limits = limits
        self._guard = threading.RLock()
        self._methods = RpcMethods(chain, self._mine, self._now, limits)
        self._for_others = RpcMethods(chain, self._mine, self._now, limits, limits.rpc_logs)
        self._open = True
        self.chain_id: int = chain.chain_id
        self.genesis_hash: str = hex_data(chain.get_canonical_block_hash(0))  # type: ignore[arg-type]

    @classmethod
    def open(cls, folder: Path, *, clock: Callable[[], datetime] = utc_now, limits: Limits = DEFAULT_LIMITS) -> Self:
        """Open the chain of `folder`, or make one with a new identity.

        Raises WrongChain when the file is not such a chain, Unavailable when it cannot be used (held by another
        process, damaged, no rights).
        """
        lock = _locked(folder)
        store: BlockStore | None = None
        try:
            store = BlockStore(folder / "chain.sqlite3", limits.ledger_cache_entries)
            chain = _created(store, clock) if store.is_new else _existing(store)
            return cls(store, lock, chain, clock, limits)
        except BaseException:
            if store is not None:
                store.close()
            lock.release()
            raise

    @property
    def provider(self) -> BaseProvider:
        """A web3 provider for use in this process."""
        from countermark.chain.embedded.provider import EmbeddedProvider

        return EmbeddedProvider(self.request)

    def request(
        self, method: str, params: Sequence[Any] = (), *, contracts: Collection[bytes] | None = None
    ) -> dict[str, Any]:
        """`{"result": …}` or `{"error": {"code", "message", "data"?}}` as JSON-RPC 2.0 has them.

        With `contracts` (20-byte addresses), code of others is neither called nor deployed, and logs are bounded.
        Raises Unavailable when the file cannot be read or written.
        """
        with self._guard:
            if not self._open:
                raise _closed()
            try:
                if contracts is not None:
                    check_target(method, params, contracts, target_of=self._target, limits=self._limits)
                    return {"result": self._for_others.call(method, params)}
                return {"result": self._methods.call(method, params)}
            except RpcRefused as refused:
                return {"error": refused.to_json()}
            except RecursionError:
                return {"error": RpcRefused(SERVER_ERROR, "the call nests too deeply").to_json()}
            finally:
                # Whatever a failed or simulated call wrote must not reach the next block.
                self._store.discard()

    def answer(self, body: object, *, contracts: Collection[bytes] | None = None) -> Any:
        """Answer one parsed JSON-RPC 2.0 body, single or batch; `contracts` as in `request`."""
        return answer_body(body, partial(self.request, contracts=contracts), self._limits)

    def close(self) -> None:
        """Release the folder. Nothing is lost: every answered transaction is already on disk."""
        with self._guard:
            if self._open:
                self._open = False
                self._store.close()
                self._folder_lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _now(self) -> int:
        return int(self._clock().timestamp())

    def _target(self, raw: bytes) -> bytes:
        return bytes(decode_transaction(raw, self.chain_id, self._limits).to)

    def _mine(self, raw: bytes) -> bytes:
        transaction = decode_transaction(raw, self.chain_id, self._limits)
        mine(self._chain, transaction, self._now())
        self._store.commit()
        return transaction.hash


def _locked(folder: Path) -> FolderLock:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FolderLock(folder)
    except OSError as error:
        raise Unavailable(
            got=f"{error.strerror} for the ledger's folder",
            expected="a folder that can be written",
            next_step="check the path and its rights, or name another folder",
        ) from error


def _created(store: BlockStore, clock: Callable[[], datetime]) -> LedgerChain:
    genesis = Genesis(
        chain_id=_LOWEST_CHAIN_ID + secrets.randbelow(_CHAIN_IDS),
        salt=secrets.token_bytes(32),
        timestamp=int(clock().timestamp()),
    )
    chain = create_chain(AtomicDB(store), genesis)
    store[_CHAIN_ID_KEY] = genesis.chain_id.to_bytes(8, "big")
    store[_GENESIS_KEY] = chain.get_canonical_block_hash(0)  # type: ignore[arg-type]
    store.commit()
    return chain


def _existing(store: BlockStore) -> LedgerChain:
    try:
        chain = chain_class(int.from_bytes(store[_CHAIN_ID_KEY], "big"))(AtomicDB(store))
        complete = chain.get_canonical_block_hash(0) == store[_GENESIS_KEY]  # type: ignore[arg-type]
        # The state before the first transaction is the empty trie, which has a root but no node to store.
        root = chain.get_canonical_head().state_root
        complete = complete and (root == BLANK_ROOT_HASH or root in store)
    except (KeyError, HeaderNotFound, CanonicalHeadNotFound):
        complete = False
    if not complete:
        raise WrongChain(
            got="a ledger file whose first or newest block is missing",
            expected="the file as this installation left it",
            next_step="restore the whole folder from a backup",
        )
    return chain


def _closed() -> Unavailable:
    return Unavailable(
        got="a request to a closed ledger", expected="an open ledger", next_step="open the ledger's folder again"
    )
