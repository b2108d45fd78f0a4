"""Which functions of the contracts strangers may call: decided for each one, and for each call that a relay carries.

A contract answers whoever it is asked through. What must not be told may therefore not be asked through the forwarder
either, and not in the name of somebody else: `from` of an eth_call is whatever the asker writes there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from eth_utils.address import to_checksum_address

from countermark.chain.abi import Signature, decode_fields
from countermark.chain.artifacts import artifact
from countermark.chain.rpc_refused import LIMIT_EXCEEDED, RpcRefused, invalid
from countermark.errors import NotPermitted, Unavailable
from countermark.limits import Limits
from countermark_node.outbox.calls import FOR_EVERYBODY, call_of, function_of

FORWARDER = "Forwarder"
REGISTERS = frozenset({"TrustRegistry", "BrandRegistry", "TrademarkRegistry", "Directory"})
"""Who is accredited is meant to be known; none of them knows of goods."""

CLOSED_IN_REGISTERS = frozenset({("TrustRegistry", "openUntil"), ("TrustRegistry", "giverFor")})
"""Who takes goods from whom without signing for each."""

OPEN_VIEWS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        # What a buyer needs, who has no account. Nothing that answers by who has the item, or asks who calls.
        "Claims": frozenset(
            {
                "claimHash",
                "claimInfo",
                "claimTransferHash",
                "eip712Domain",
                "isClaimed",
                "isSpent",
                "isTrustedForwarder",
            }
        ),
        FORWARDER: frozenset({"eip712Domain", "nonces", "verify"}),
    }
)
FOR_OWNERS = frozenset({("Claims", "skipTurn"), ("Claims", "unclaim")})
"""What a claimed item lets its owner do. The answer tells whether `from` is the owner, so that strangers may try it for
private owners' keys, which nobody knows from elsewhere, and in the name of no party."""

_WORD = 32
_REQUESTS_AT = 2 * _WORD
"""Where the list of a batch begins, behind its place and the address for refunds."""


@dataclass(frozen=True)
class OpenCalls:
    """For one deployment. `addresses` are its contracts by name."""

    addresses: Mapping[str, str]
    limits: Limits

    def allows(self, target: bytes, data: bytes) -> bool:
        """Whether strangers may have this call tried. Raises RpcRefused for relayed requests that cannot be read."""
        contract = self._name(target)
        function = None if contract is None else function_of(contract, data)
        if contract is None or function is None:
            return False
        if contract == FORWARDER and function not in OPEN_VIEWS[FORWARDER]:
            return self.carries_open_calls(data)
        if contract in REGISTERS:
            return (contract, function) not in CLOSED_IN_REGISTERS
        return function in OPEN_VIEWS.get(contract, ()) or (contract, function) in FOR_EVERYBODY

    def is_for_owners(self, sender: bytes, target: bytes, data: bytes) -> bool:
        """Whether a call, in the name of `sender` itself, is one of those that an item's owner makes."""
        contract = self._name(target)
        # The forwarder says itself in whose name it calls.
        return self._name(sender) is None and (contract, function_of(contract or FORWARDER, data)) in FOR_OWNERS

    def carries_open_calls(self, data: bytes) -> bool:
        """Whether a node would carry each request in a call of the forwarder for everybody.

        Raises RpcRefused for requests that cannot be read, and for too many.
        """
        try:
            return all(
                call_of(self.addresses, to_checksum_address(request["to_account"]), request["data"]).public
                for request in self._requests(data)
            )
        except NotPermitted:
            # A foreign contract, or the forwarder itself.
            return False

    def _name(self, target: bytes) -> str | None:
        found = f"0x{target.hex()}"
        return next((name for name, address in self.addresses.items() if address.lower() == found), None)

    def _requests(self, data: bytes) -> list[Mapping[str, Any]]:
        """What `execute` or `executeBatch` is to carry, read as the contract reads it and not in another way."""
        signature = artifact(FORWARDER).functions.get(function_of(FORWARDER, data) or "")
        if signature is None or signature.name not in ("execute", "executeBatch"):
            raise invalid("the forwarder is called with something else than requests to carry")
        is_batch = signature.name == "executeBatch"
        if is_batch:
            self._check_count(data[4:])
        values = _decoded(signature, data)
        requests = list(values[0]) if is_batch else [values[0]]
        again = [_fields(request) for request in requests]
        if sum(len(request["data"]) for request in requests) > len(data) or data != signature.encode_call(
            [again, values[1]] if is_batch else again
        ):
            raise invalid("the requests are not encoded in the one standard way")
        return requests

    def _check_count(self, body: bytes) -> None:
        """Before anything is read that stands once and is referred to many times."""
        count = int.from_bytes(body[_REQUESTS_AT : _REQUESTS_AT + _WORD], "big")
        if len(body) < _REQUESTS_AT + _WORD or int.from_bytes(body[:_WORD], "big") != _REQUESTS_AT:
            raise invalid("the requests are not encoded in the one standard way")
        if count > self.limits.rpc_relayed:
            raise RpcRefused(LIMIT_EXCEEDED, f"at most {self.limits.rpc_relayed} requests are carried at once")


def _decoded(signature: Signature, data: bytes) -> tuple[Any, ...]:
    try:
        return decode_fields(signature.name, signature.inputs, data[4:])
    except Unavailable as error:
        raise invalid("the forwarder's requests cannot be read") from error


def _fields(request: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(request.values())
