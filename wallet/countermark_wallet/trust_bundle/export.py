"""Making a trust bundle from the chain: read by each node for itself, signed together in one folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from countermark.chain.connection import ChainConnection
from countermark.chain.deployment import Deployment
from countermark.chain.events import read_events
from countermark.chain.logs import from_hex
from countermark.credentials.account_id import AccountId
from countermark.errors import InputRefused, NotFound
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey
from countermark.trust_bundle.chain_fold import TIMED, ChainFold
from countermark.trust_bundle.envelope import read_envelope
from countermark.trust_bundle.issue import make_snapshot, sign_snapshot, sign_timestamp
from countermark.trust_bundle.root import SignedRoot
from countermark.trust_bundle.snapshot import Snapshot, read_snapshot
from countermark.trust_bundle.update import follow_roots
from countermark_wallet.trust_bundle.store import BundleFolder


@dataclass(frozen=True, slots=True)
class ChainReading:
    """What the chain says up to the snapshot's block, in shards by brand."""

    snapshot: Snapshot
    shards: Mapping[str, bytes]


def read_chain(
    connection: ChainConnection,
    deployment: Deployment,
    block: int | None = None,
    *,
    progress: Callable[[int], None] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> ChainReading:
    """Reads every event up to `block` (the newest by default), page by page. Raises NotFound, RpcRefused, Unavailable.

    The same block gives the same bytes to everybody.
    """
    head = connection.block(block if block is not None else "latest")
    fold, times = ChainFold(), _BlockTimes(connection)
    for first in range(deployment.block, head.number + 1, limits.rpc_log_blocks):
        last = min(first + limits.rpc_log_blocks - 1, head.number)
        for event in read_events(connection, deployment, first, last, limits):
            fold.apply(event, times.of(event.block_number) if isinstance(event, TIMED) else 0)
        if progress is not None:
            progress(last - first + 1)
    snapshot, shards = make_snapshot(
        fold.shards(head.timestamp),
        block=head.number,
        block_hash=from_hex(head.hash),
        block_time=datetime.fromtimestamp(head.timestamp, UTC),
    )
    return ChainReading(snapshot, shards)


class _BlockTimes:
    """Times of blocks; events of one block come together, so the last one is enough."""

    def __init__(self, connection: ChainConnection) -> None:
        self._connection = connection
        self._last = (-1, 0)

    def of(self, number: int) -> int:
        if self._last[0] != number:
            self._last = (number, self._connection.block(number).timestamp)
        return self._last[1]


@dataclass(frozen=True)
class Publishing:
    """Signers around one folder. `ledger` is the chain and contract that they all read."""

    folder: BundleFolder
    ledger: AccountId
    clock: Callable[[], datetime]
    limits: Limits = DEFAULT_LIMITS

    def newest_root(self) -> SignedRoot:
        """The folder's root. Raises NotFound (no-root), BundleRefused, InputRefused (wrong-ledger)."""
        files = self.folder.files(_NO_SHARDS)
        if not files.roots:
            raise NotFound(
                got=f"no root in {self.folder.folder}",
                expected="a root that the offline keys signed",
                next_step="run: countermark trust root",
                reason="no-root",
            )
        signed = follow_roots(files, self.limits)
        if signed.root.ledger != self.ledger:
            raise InputRefused(
                got=f"ledger {self.ledger.caip10}",
                expected=f"{signed.root.ledger.caip10}, which the root is for",
                next_step="give the address of a node of that ledger",
                reason="wrong-ledger",
            )
        return signed

    def sign_snapshot(self, reading: ChainReading, key: PrivateKey) -> int:
        """Adds this node's signature, beside those of others at the same block; returns how many there are.

        Raises InputRefused (not-a-signer, nodes-disagree), NotPermitted.
        """
        role = self.newest_root().root.roles["snapshot"]
        _check_signer(key, role.keys, "snapshot")
        others = self.folder.snapshot()
        if others is not None and self._block_of(others) != reading.snapshot.block:
            others = None
        signed = sign_snapshot(reading.snapshot, key, others=others, limits=self.limits)
        self.folder.write_snapshot(signed, reading.shards.items())
        return len(read_envelope(signed, "snapshot", self.limits.bundle_part_bytes, self.limits).signatures)

    def sign_timestamp(self, key: PrivateKey) -> None:
        """Says that the folder's snapshot is the newest, and packs the bundle.

        Raises InputRefused (not-a-signer), NotFound (no-snapshot), BundleRefused (too-few-signers).
        """
        roles = self.newest_root().root.roles
        _check_signer(key, roles["timestamp"].keys, "timestamp")
        data = self.folder.snapshot()
        if data is None:
            raise NotFound(
                got=f"no snapshot in {self.folder.folder}",
                expected="a snapshot that nodes signed",
                next_step="run: countermark trust export",
                reason="no-snapshot",
            )
        envelope = read_envelope(data, "snapshot", self.limits.bundle_part_bytes, self.limits)
        roles["snapshot"].check(envelope)
        snapshot = read_snapshot(envelope, self.limits)
        self.folder.write_timestamp(sign_timestamp(data, snapshot, [key], self.clock()))
        self.folder.write_bundle(self.folder.files(snapshot))

    def _block_of(self, data: bytes) -> int:
        envelope = read_envelope(data, "snapshot", self.limits.bundle_part_bytes, self.limits)
        return read_snapshot(envelope, self.limits).block


_NO_SHARDS = Snapshot(0, bytes(32), datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(0, UTC), {})


def _check_signer(key: PrivateKey, keys: tuple[object, ...], role: str) -> None:
    if key.public not in keys:
        raise InputRefused(
            got=f"this wallet's {role} key {key.public.key_id.hex()}",
            expected=f"a key that the root lists for the {role}",
            next_step="have the root's keepers add it: countermark trust key, then countermark trust root",
            reason="not-a-signer",
        )
