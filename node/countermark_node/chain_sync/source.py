"""One page of the ledger: blocks and events that belong to one branch of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from countermark.chain.connection import BlockHead
from countermark.chain.deployment import Deployment
from countermark.chain.event_types import ChainEvent
from countermark.chain.events import decode_log
from countermark.chain.logs import LogEntry, read_log
from countermark.errors import NotFound, Unavailable


class BlockSource(Protocol):
    """What is asked of a ledger; a ChainConnection answers."""

    @property
    def chain_id(self) -> int:
        """The EIP-155 id."""

    def block(self, number: int | Literal["latest"] = "latest") -> BlockHead:
        """The head of a block. Raises NotFound for one that does not exist."""

    def rpc(self, method: str, params: Sequence[Any] = ()) -> Any:
        """The result of a JSON-RPC method. Raises RpcRefused, Unavailable."""


@dataclass(frozen=True, slots=True)
class Page:
    """Blocks of one branch: `heads` of those that hold events, may still be replaced, or end the page, in order."""

    heads: Sequence[BlockHead]
    events: Mapping[int, Sequence[ChainEvent]]

    @property
    def end(self) -> BlockHead:
        """The newest block."""
        return self.heads[-1]


def read_logs(source: BlockSource, deployment: Deployment, first: int, last: int) -> list[LogEntry]:
    """Logs of our contracts in blocks first..last, in order. Raises RpcRefused, Unavailable."""
    addresses = sorted(deployment.addresses.values())
    wanted = {"fromBlock": hex(first), "toBlock": hex(last), "address": addresses}
    logs = (read_log(raw) for raw in source.rpc("eth_getLogs", [wanted]))
    return sorted(logs, key=lambda log: (log.block_number, log.log_index))


def page_of(
    source: BlockSource,
    deployment: Deployment,
    logs: Sequence[LogEntry],
    blocks: range,
    *,
    parent: str | None,
    unsettled: int,
) -> Page:
    """`logs` with the heads of their blocks, of the first and last of `blocks`, and of each from `unsettled` on.

    `parent` is the hash of the block before, if it is known. Raises Unavailable when all of this is not one branch:
    the ledger changed its mind in between.
    """
    events: dict[int, list[ChainEvent]] = {}
    for log in logs:
        event = decode_log(log, deployment)
        if event is not None:
            events.setdefault(log.block_number, []).append(event)
    first, last = blocks[0], blocks[-1]
    numbers = {first, last, *events, *range(max(first, unsettled), last + 1)}
    heads = [_head(source, number) for number in sorted(numbers)]
    _check_branch(heads, logs, parent)
    if _head(source, last).hash != heads[-1].hash:
        raise _moved()
    kept = [head for head in heads if head.number in events or head.number >= unsettled or head.number == last]
    return Page(kept, events)


def _head(source: BlockSource, number: int) -> BlockHead:
    try:
        return source.block(number)
    except NotFound:
        raise _moved() from None


def _check_branch(heads: Sequence[BlockHead], logs: Sequence[LogEntry], parent: str | None) -> None:
    known = {} if parent is None else {heads[0].number - 1: parent}
    for head in heads:
        if known.get(head.number - 1, head.parent_hash) != head.parent_hash:
            raise _moved()
        known[head.number] = head.hash
    if any(log.block_hash != known.get(log.block_number, log.block_hash) for log in logs):
        raise _moved()


def _moved() -> Unavailable:
    return Unavailable(
        got="blocks that were replaced while they were read",
        expected="blocks of one branch",
        next_step="nothing: this is tried again by itself",
        reason="ledger-moved",
    )
