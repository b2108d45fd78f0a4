"""Logs of our contracts as typed events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from countermark.chain.abi import Field, Signature, decode_fields
from countermark.chain.artifacts import artifact
from countermark.chain.connection import ChainConnection
from countermark.chain.deployment import Deployment
from countermark.chain.event_types import EVENT_TYPES, ChainEvent
from countermark.chain.flags import Flag
from countermark.chain.kinds import AnchorKind, MeasureKind
from countermark.chain.logs import LogEntry, read_log
from countermark.chain.marks import MarkStatus
from countermark.chain.transactions import TransactionReceipt
from countermark.chain.words import from_word
from countermark.custody.handover import Purpose
from countermark.errors import NotFound, Unavailable
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.roles import KeyScope, Level

Kind = TypeVar("Kind", bound=ChainEvent)


def _words(values: tuple[bytes, ...]) -> tuple[str, ...]:
    return tuple(from_word(value) for value in values)


_CONVERTERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "role": from_word,
        "mark": from_word,
        "lot": from_word,
        "name": from_word,
        "code": from_word,
        "kind": from_word,
        "marks": _words,
        "level": Level,
        "scopes": KeyScope,
        "status": MarkStatus,
        "purpose": Purpose,
        "flag": Flag,
        "anchor_kind": AnchorKind,
        "measure_kind": MeasureKind,
    }
)


def decode_log(log: LogEntry, deployment: Deployment) -> ChainEvent | None:
    """The event behind a log; None when the log is not from our contracts or not an event we type.

    Raises Unavailable when one of our contracts wrote something that its ABI does not allow (a wrong deployment file).
    """
    contract = deployment.contract_at(log.address)
    if contract is None or not log.topics:
        return None
    signature = artifact(contract).events.get(log.topics[0])
    kind = EVENT_TYPES.get(signature.name) if signature else None
    if signature is None or kind is None:
        return None
    try:
        return kind(
            block_number=log.block_number,
            log_index=log.log_index,
            tx_hash=log.tx_hash,
            address=log.address,
            **_values(signature, log),
        )
    except (TypeError, ValueError) as error:
        raise Unavailable(
            got=f"a {signature.name} log with unexpected fields",
            expected="the events of this release",
            next_step="check that deployment file and software are of the same release",
        ) from error


def _values(signature: Signature, log: LogEntry) -> dict[str, Any]:
    indexed = tuple(_in_topic(field) for field in signature.inputs if field.indexed)
    plain = tuple(field for field in signature.inputs if not field.indexed)
    values = dict(_named(signature.name, indexed, b"".join(log.topics[1:])))
    values |= _named(signature.name, plain, log.data)
    return {name: _CONVERTERS.get(name, _same)(value) for name, value in values.items()}


def _in_topic(field: Field) -> Field:
    """Topics hold the hash of a dynamic value (contract ABI specification, "Events")."""
    dynamic = field.parts or field.kind.endswith("]") or field.kind in ("string", "bytes")
    return Field(field.name, "bytes32", True, ()) if dynamic else field


def _named(name: str, fields: tuple[Field, ...], data: bytes) -> dict[str, Any]:
    values = decode_fields(name, fields, data)
    return {field.python_name: value for field, value in zip(fields, values, strict=True)}


def _same(value: Any) -> Any:
    return value


def events_of(receipt: TransactionReceipt, deployment: Deployment) -> list[ChainEvent]:
    """The typed events of one transaction, in order."""
    decoded = (decode_log(log, deployment) for log in receipt.logs)
    return [event for event in decoded if event is not None]


def one_event(receipt: TransactionReceipt, kind: type[Kind], deployment: Deployment) -> Kind:
    """The first event of this kind in a transaction. Raises NotFound when there is none."""
    for event in events_of(receipt, deployment):
        if isinstance(event, kind):
            return event
    raise NotFound(
        got=f"transaction {receipt.tx_hash} without {kind.__name__}",
        expected=f"a transaction that emits {kind.__name__}",
        next_step="check that the right call was sent",
    )


def read_events(
    connection: ChainConnection,
    deployment: Deployment,
    from_block: int,
    to_block: int,
    limits: Limits = DEFAULT_LIMITS,
) -> list[ChainEvent]:
    """All typed events of the blocks from_block..to_block, in chain order. Asks for a bounded page of blocks at a time.

    Raises RpcRefused for blocks that do not exist, Unavailable when the ledger does not answer.
    """
    addresses = sorted(deployment.addresses.values())
    events: list[ChainEvent] = []
    for first in range(from_block, to_block + 1, limits.rpc_log_blocks):
        last = min(first + limits.rpc_log_blocks - 1, to_block)
        page = connection.rpc("eth_getLogs", [{"fromBlock": hex(first), "toBlock": hex(last), "address": addresses}])
        decoded = (decode_log(read_log(raw), deployment) for raw in page)
        events.extend(event for event in decoded if event is not None)
    return sorted(events, key=lambda event: (event.block_number, event.log_index))
