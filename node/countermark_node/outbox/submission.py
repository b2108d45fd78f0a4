"""A signed request as it arrives, read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from countermark.chain.contracts import RelayRequest
from countermark.errors import InputRefused
from countermark.identifiers import check_account
from countermark.limits import DEFAULT_LIMITS

_MEMBERS = {"request", "signature"}
_REQUEST = {"from", "to", "gas", "nonce", "deadline", "data"}
_SIGNATURE = re.compile(r"0x[0-9a-fA-F]{130}", re.ASCII)
_DATA = re.compile(r"0x([0-9a-fA-F]{2}){4,}", re.ASCII)
_NUMBER = 1 << 48


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """An ERC-2771 request that carries no value, with the 65 bytes of its signature."""

    request: RelayRequest
    signature: bytes

    @classmethod
    def from_json(cls, body: object) -> Self:
        """Read a decoded body. Raises InputRefused (bad-request, bad-address)."""
        members: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
        given = members.get("request")
        signature = members.get("signature")
        if members.keys() != _MEMBERS or not isinstance(given, Mapping) or given.keys() != _REQUEST:
            raise _refused("another shape")
        if not isinstance(signature, str) or not _SIGNATURE.fullmatch(signature):
            raise _refused("a signature that is not 0x and 130 hexadecimal digits")
        request = RelayRequest(
            signer=_address(given, "from"),
            to=_address(given, "to"),
            gas=_number(given, "gas"),
            nonce=_number(given, "nonce"),
            deadline=_number(given, "deadline"),
            data=_data(given),
        )
        return cls(request, bytes.fromhex(signature[2:]))


def _address(given: Mapping[str, Any], name: str) -> str:
    value = given[name]
    if not isinstance(value, str):
        raise _refused(f"{name} that is no text")
    return check_account(value)


def _number(given: Mapping[str, Any], name: str) -> int:
    value = given[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _NUMBER:
        raise _refused(f"{name} that is no whole number of 48 bits")
    return value


def _data(given: Mapping[str, Any]) -> bytes:
    value = given["data"]
    if not isinstance(value, str) or len(value) > 2 + 2 * DEFAULT_LIMITS.transaction_bytes:
        raise _refused(f"data that is no text of at most {DEFAULT_LIMITS.transaction_bytes} bytes")
    if not _DATA.fullmatch(value):
        raise _refused("data that is not 0x and the hexadecimal digits of a call")
    return bytes.fromhex(value[2:])


def _refused(got: str) -> InputRefused:
    return InputRefused(
        got=f"a request with {got}",
        expected="request {from, to, gas, nonce, deadline, data} and signature, as the forwarder takes them",
        next_step="compare with docs/api.md, or send it with the wallet's --via-node",
        reason="bad-request",
    )
