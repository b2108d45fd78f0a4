"""Which JSON-RPC methods a node passes on, to whom, and with which parameters: written anew, never as they came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from countermark.chain.embedded import params
from countermark.chain.embedded.params import argument
from countermark.chain.rpc_refused import LIMIT_EXCEEDED, SERVER_ERROR, RpcRefused, invalid
from countermark.identifiers import check_account
from countermark.limits import Limits
from countermark_node.rpc.open_calls import FORWARDER, OpenCalls

Params = Sequence[Any]

OPEN_SENDS = ("TrustRegistry", "Claims", FORWARDER)
"""Contracts to which keys without a role may send: to register, to claim, to pass on what nodes carry for everybody."""

OPEN_METHODS = frozenset(
    {
        "eth_chainId",
        "net_version",
        "eth_blockNumber",
        "eth_gasPrice",
        "eth_maxPriorityFeePerGas",
        "eth_getCode",
        "eth_getTransactionCount",
        "eth_getTransactionReceipt",
    }
)
"""What anybody may ask. A receipt is found by its hash, which its sender knows and no open method tells."""

CALLS = frozenset({"eth_call", "eth_estimateGas"})
"""Open to anybody for some functions (countermark_node.rpc.open_calls)."""

NEWEST = frozenset({"latest", "pending"})
"""The states that strangers may ask for: older ones would tell what an account did when."""

_AT_A_BLOCK = frozenset({*CALLS, "eth_getCode", "eth_getTransactionCount"})
_LOG_FIELDS = frozenset({"fromBlock", "toBlock", "blockHash", "address", "topics"})
_TAGS = frozenset({"latest", "safe", "finalized", "pending", "earliest"})
_FEE_BLOCKS = 1_024


@dataclass(frozen=True)
class Rules:
    """For one deployment. `addresses` are its contracts by name, `head` gives the newest block's number, `is_key` tells
    whether somebody has registered a key.

    Each method of `readers` returns the parameters as they are passed on; it raises RpcRefused.
    """

    addresses: Mapping[str, str]
    limits: Limits
    head: Callable[[], int]
    is_key: Callable[[str], bool]
    own: frozenset[bytes] = field(init=False)
    open_sends: frozenset[bytes] = field(init=False)
    open_calls: OpenCalls = field(init=False)

    def __post_init__(self) -> None:
        for name, contracts in (("own", self.addresses), ("open_sends", OPEN_SENDS)):
            found = frozenset(bytes.fromhex(self.addresses[one][2:]) for one in contracts if one in self.addresses)
            object.__setattr__(self, name, found)
        object.__setattr__(self, "open_calls", OpenCalls(self.addresses, self.limits))

    @property
    def readers(self) -> Mapping[str, Callable[[Params], list[Any]]]:
        """The allow-list."""
        nothing = _nothing
        return MappingProxyType(
            {
                "eth_chainId": nothing,
                "net_version": nothing,
                "eth_blockNumber": nothing,
                "eth_gasPrice": nothing,
                "eth_maxPriorityFeePerGas": nothing,
                "eth_feeHistory": self._fee_history,
                "eth_getBlockByNumber": lambda given: [_tag(argument(given, 0)), argument(given, 1) is True],
                "eth_getBlockByHash": lambda given: [_hex(argument(given, 0), 32), argument(given, 1) is True],
                "eth_getTransactionByHash": lambda given: [_hex(argument(given, 0), 32)],
                "eth_getTransactionReceipt": lambda given: [_hex(argument(given, 0), 32)],
                "eth_getBalance": _state,
                "eth_getCode": _state,
                "eth_getTransactionCount": _state,
                "eth_call": self._call,
                "eth_estimateGas": self._call,
                "eth_getLogs": self._logs,
                "eth_sendRawTransaction": self._transaction,
            }
        )

    def open_to_all(self, method: str, written: Params) -> bool:
        """Whether anybody may ask this; `written` are the parameters as `readers` give them. Raises RpcRefused."""
        if method in _AT_A_BLOCK and written[1] not in NEWEST:
            return False
        if method not in CALLS:
            return method in OPEN_METHODS
        sender, target, data = (bytes.fromhex(written[0][name][2:]) for name in ("from", "to", "data"))
        if self.open_calls.is_for_owners(sender, target, data):
            return not self.is_key(check_account(written[0]["from"]))
        return self.open_calls.allows(target, data)

    def open_to_send(self, target: bytes, data: bytes) -> bool:
        """Whether a key without a role may send this. Raises RpcRefused for relayed requests that cannot be read."""
        if target not in self.open_sends:
            return False
        return not self.is_forwarder(target) or self.open_calls.carries_open_calls(data)

    def is_forwarder(self, target: bytes) -> bool:
        """Whether a transaction carries what others signed."""
        return f"0x{target.hex()}" == self.addresses.get(FORWARDER, "").lower()

    def _call(self, given: Params) -> list[Any]:
        if len(given) > 2:
            raise invalid("state overrides are not served here")
        call = params.call(argument(given, 0), self.limits)
        if call.target not in self.own:
            raise foreign()
        written = {
            "from": f"0x{call.sender.hex()}",
            "to": f"0x{call.target.hex()}",
            "data": f"0x{call.payload.hex()}",
            "value": hex(call.value),
            "gas": hex(call.gas),
            "gasPrice": "0x0",
        }
        return [written, _tag(argument(given, 1))]

    def _logs(self, given: Params) -> list[Any]:
        wanted = argument(given, 0)
        if not isinstance(wanted, Mapping) or not set(wanted) <= _LOG_FIELDS:
            raise invalid("the filter is not an object with known fields")
        chosen = params.log_filter(wanted, self.limits.rpc_filter_entries)
        if not chosen.addresses <= self.own:
            raise RpcRefused(SERVER_ERROR, "only logs of the network's own contracts are served here")
        written: dict[str, Any] = {
            "address": sorted(f"0x{one.hex()}" for one in chosen.addresses or self.own),
            "topics": [sorted(f"0x{one.hex()}" for one in topic) or None for topic in chosen.topics],
        }
        if wanted.get("blockHash") is not None:
            if wanted.get("fromBlock") is not None or wanted.get("toBlock") is not None:
                raise invalid("a filter names a block by its hash, or a span of blocks")
            return [written | {"blockHash": _hex(wanted["blockHash"], 32)}]
        return [written | self._span(wanted)]

    def _span(self, wanted: Mapping[str, Any]) -> dict[str, str]:
        head = self.head()
        first, last = (params.block_number(wanted.get(name), head) for name in ("fromBlock", "toBlock"))
        first, last = head if first is None else first, head if last is None else last
        if last - first >= self.limits.rpc_log_blocks:
            raise RpcRefused(LIMIT_EXCEEDED, f"the filter covers more than {self.limits.rpc_log_blocks} blocks")
        return {"fromBlock": hex(first), "toBlock": hex(last)}

    def _transaction(self, given: Params) -> list[Any]:
        return [f"0x{params.data(argument(given, 0), 'the transaction', self.limits.transaction_bytes).hex()}"]

    def _fee_history(self, given: Params) -> list[Any]:
        count = min(params.quantity(argument(given, 0), "the block count"), _FEE_BLOCKS)
        percentiles = argument(given, 2) or []
        if not isinstance(percentiles, list) or len(percentiles) > self.limits.rpc_filter_entries:
            raise invalid("the percentiles are not a short list")
        if any(isinstance(one, bool) or not isinstance(one, int | float) for one in percentiles):
            raise invalid("the percentiles are not numbers")
        return [hex(count), _tag(argument(given, 1)), percentiles]


def foreign() -> RpcRefused:
    """For code that is not the network's."""
    return RpcRefused(SERVER_ERROR, "only calls and transactions to the network's own contracts are served here")


def _nothing(given: Params) -> list[Any]:
    if given:
        raise invalid("this method takes no parameters")
    return []


def _state(given: Params) -> list[Any]:
    return [_hex(argument(given, 0), 20), _tag(argument(given, 1))]


def _tag(value: object) -> str:
    if value is None:
        return "latest"
    if isinstance(value, str) and value in _TAGS:
        return value
    return hex(params.quantity(value, "the block"))


def _hex(value: object, size: int) -> str:
    return f"0x{params.sized(value, 'the value', size).hex()}"
