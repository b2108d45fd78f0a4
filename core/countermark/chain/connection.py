"""One way to speak to a ledger, embedded or remote: JSON-RPC with every failure mapped to the error tree."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import requests
from web3 import Web3
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from countermark.chain.bearer_provider import BearerProvider
from countermark.chain.embedded import EmbeddedChain
from countermark.chain.rpc_refused import LOG_IN_FIRST, NO_RIGHT, SERVER_ERROR, RpcRefused
from countermark.errors import (
    CountermarkError,
    InputRefused,
    NotFound,
    NotPermitted,
    NotSignedIn,
    Unavailable,
    WrongChain,
)
from countermark.limits import DEFAULT_LIMITS
from countermark.stack_guard import guard_stack

guard_stack()


@dataclass(frozen=True, slots=True)
class BlockHead:
    """A block without its contents. `timestamp` is seconds UTC, hashes are `0x…`."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class ChainConnection:
    """A ledger that answers JSON-RPC. `web3` is for what this class does not cover."""

    web3: Web3
    chain_id: int

    @classmethod
    def embedded(cls, chain: EmbeddedChain) -> Self:
        """Speak to a chain in this process."""
        return cls(web3=Web3(chain.provider), chain_id=chain.chain_id)

    @classmethod
    def to(
        cls,
        url: str,
        *,
        timeout: float = DEFAULT_LIMITS.ledger_seconds,
        expected_chain_id: int | None = None,
        token: str | None = None,
        log_in: Callable[[], str | None] | None = None,
    ) -> Self:
        """Speak to an HTTP endpoint; `timeout` in seconds bounds each request.

        `token` is sent as bearer; `log_in` gets a new one when the endpoint, a node's gateway, asks for it.

        Raises InputRefused for another kind of URL, Unavailable when nothing answers, WrongChain when
        `expected_chain_id` is given and differs.
        """
        if not url.startswith(("http://", "https://")):
            raise InputRefused(
                got=url, expected="an http:// or https:// address", next_step="give the ledger's JSON-RPC address"
            )
        # Retries would blur whether a transaction was sent; redirects would lead to addresses nobody configured.
        provider = BearerProvider(url, timeout=timeout, token=token, log_in=log_in)
        web3 = Web3(provider)
        found = cls(web3=web3, chain_id=_number(cls(web3=web3, chain_id=0).rpc("eth_chainId")))
        if expected_chain_id is not None and found.chain_id != expected_chain_id:
            raise WrongChain(
                got=f"chain {found.chain_id}",
                expected=f"chain {expected_chain_id}",
                next_step="check the ledger address in the settings; this installation belongs to one chain",
            )
        return found

    def rpc(self, method: str, params: Sequence[Any] = ()) -> Any:
        """The result of one JSON-RPC method.

        Raises RpcRefused with the endpoint's error object, NotSignedIn and NotPermitted where a node's gateway does not
        answer everybody, Unavailable when it does not answer or not in JSON-RPC.
        """
        try:
            response: object = self.web3.provider.make_request(RPCEndpoint(method), list(params))
        except (requests.RequestException, Web3Exception, OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise _no_answer(_what_came(error)) from error
        if not isinstance(response, Mapping) or not ("result" in response or "error" in response):
            raise _no_answer("a response that is not JSON-RPC")
        if response.get("error") is not None:
            raise _refused(response["error"])
        return response.get("result")

    def block_number(self) -> int:
        """The newest block's number."""
        return _number(self.rpc("eth_blockNumber"))

    def block(self, number: int | Literal["latest"] = "latest") -> BlockHead:
        """The head of a block. Raises NotFound for one that does not exist yet."""
        found = self.rpc("eth_getBlockByNumber", [number if isinstance(number, str) else hex(number), False])
        if found is None:
            raise NotFound(
                got=f"block {number}",
                expected="a block that exists",
                next_step="wait for the ledger, or check that it has not been reset",
            )
        try:
            return BlockHead(
                number=_number(found["number"]),
                hash=str(found["hash"]),
                parent_hash=str(found["parentHash"]),
                timestamp=_number(found["timestamp"]),
            )
        except (KeyError, TypeError) as error:
            raise _no_answer("a block without its usual fields") from error


def _what_came(error: Exception) -> str:
    answered = error.response if isinstance(error, requests.HTTPError) else None
    return type(error).__name__ if answered is None else f"the HTTP status {answered.status_code}"


def _number(value: object) -> int:
    if not isinstance(value, str):
        raise _no_answer("a quantity that is not a string")
    try:
        return int(value, 16)
    except ValueError as error:
        raise _no_answer("a quantity that is not hexadecimal") from error


def _refused(error: object) -> CountermarkError:
    if not isinstance(error, Mapping):
        return RpcRefused(SERVER_ERROR, "an error without code and message")
    code, data = error.get("code"), error.get("data")
    if code in (LOG_IN_FIRST, NO_RIGHT):
        return _closed_to_us(code == LOG_IN_FIRST)
    return RpcRefused(
        code if isinstance(code, int) else SERVER_ERROR,
        str(error.get("message", "")),
        data if isinstance(data, str) else None,
    )


def _no_answer(got: str) -> Unavailable:
    return Unavailable(
        got=got,
        expected="a JSON-RPC answer from the ledger",
        next_step="check that the ledger runs and that its address in the settings is right",
    )


def _closed_to_us(nobody: bool) -> NotPermitted:
    kind = NotSignedIn if nobody else NotPermitted
    return kind(
        got="a reading of the ledger by " + ("nobody" if nobody else "an account without an active role"),
        expected="an account with the right ledger:read, which every active role gives",
        next_step="log in first: countermark login" if nobody else "ask who accredits your account for a role",
        reason="log-in-first" if nobody else "no-right",
    )
