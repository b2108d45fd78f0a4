"""The events that concern one account, item or unit, asked for by topic so that a ledger sends no others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eth_utils.address import to_canonical_address, to_checksum_address

from countermark.chain.artifacts import artifact
from countermark.chain.chain_event import ChainEvent
from countermark.chain.connection import ChainConnection
from countermark.chain.deployment import Deployment
from countermark.chain.events import decode_log
from countermark.chain.logs import read_log
from countermark.limits import DEFAULT_LIMITS, Limits

Topic = str | int | bytes | None
"""An address, a number, a word; None for any."""


def events_about(
    connection: ChainConnection,
    deployment: Deployment,
    contract: str,
    wanted: Sequence[tuple[type[ChainEvent], Sequence[Topic]]],
    *,
    from_block: int | None = None,
    progress: Callable[[int], None] = lambda _done: None,
    limits: Limits = DEFAULT_LIMITS,
) -> list[ChainEvent]:
    """The events of these kinds with these indexed fields (in their order), in chain order.

    `progress` takes how many blocks have been looked at. Raises Unavailable, RpcRefused.
    """
    start = deployment.block if from_block is None else from_block
    end = connection.block_number()
    names = {signature.name: topic for topic, signature in artifact(contract).events.items()}
    filters = [["0x" + names[kind.__name__].hex(), *map(_topic, topics)] for kind, topics in wanted]
    address, found = deployment.address(contract), []
    for first in range(start, end + 1, limits.rpc_log_blocks):
        last = min(first + limits.rpc_log_blocks - 1, end)
        for topics in filters:
            query = {"fromBlock": hex(first), "toBlock": hex(last), "address": address, "topics": topics}
            found += [read_log(raw) for raw in connection.rpc("eth_getLogs", [query])]
        progress(last - start + 1)
    events = [event for log in found if (event := decode_log(log, deployment)) is not None]
    return in_order(events)


@dataclass(frozen=True, slots=True)
class UnitTransfer:
    """A unit changed hands, by a handover or by being packed and unpacked (ERC-721's Transfer)."""

    block_number: int
    log_index: int
    unit: int
    to_account: str


def unit_transfers(
    connection: ChainConnection,
    deployment: Deployment,
    *,
    unit: int | None = None,
    to_account: str | None = None,
    from_block: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> list[UnitTransfer]:
    """The transfers of a unit, or to an account, in chain order. Raises Unavailable, RpcRefused."""
    names = {signature.name: topic for topic, signature in artifact("LogisticUnits").events.items()}
    topics = ["0x" + names["Transfer"].hex(), None, _topic(to_account), _topic(unit)]
    address, found = deployment.address("LogisticUnits"), list[UnitTransfer]()
    start, end = deployment.block if from_block is None else from_block, connection.block_number()
    for first in range(start, end + 1, limits.rpc_log_blocks):
        last = min(first + limits.rpc_log_blocks - 1, end)
        query = {"fromBlock": hex(first), "toBlock": hex(last), "address": address, "topics": topics}
        for log in map(read_log, connection.rpc("eth_getLogs", [query])):
            taker = to_checksum_address(log.topics[2][12:])
            found.append(UnitTransfer(log.block_number, log.log_index, int.from_bytes(log.topics[3], "big"), taker))
    return found


def in_order(events: Sequence[ChainEvent]) -> list[ChainEvent]:
    """Events in chain order, each once."""
    by_place = {(event.block_number, event.log_index): event for event in events}
    return [by_place[place] for place in sorted(by_place)]


def _topic(value: Topic) -> str | None:
    match value:
        case None:
            return None
        case bytes():
            word = value
        case int():
            word = value.to_bytes(32, "big")
        case _:
            word = to_canonical_address(value).rjust(32, b"\0")
    return "0x" + word.hex()
