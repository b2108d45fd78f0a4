"""What a reverted call says: custom errors of our contracts, `Error(string)` and `Panic(uint256)`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from countermark.chain.abi import Field, decode_fields
from countermark.chain.artifacts import known_error
from countermark.chain.rpc_refused import EXECUTION_REVERTED, RpcRefused
from countermark.chain.words import from_word
from countermark.errors import ContractRefused, CountermarkError, Unavailable

_ERROR = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")
_DEFAULT_STEP = "check the arguments and the ledger's state, then try again"
_WORDS = frozenset({"role", "mark", "lot", "name", "code", "office_code"})


def contract_refused(refused: RpcRefused) -> CountermarkError:
    """ContractRefused for a revert, and for any other JSON-RPC error that error itself."""
    if refused.data is None or not refused.data.startswith("0x"):
        return refused
    try:
        data = bytes.fromhex(refused.data[2:])
    except ValueError:
        return refused
    if not data and refused.rpc_code != EXECUTION_REVERTED:
        return refused
    name, arguments = revert_reason(data)
    return refusal(name, arguments)


def refusal(name: str, arguments: Mapping[str, Any]) -> ContractRefused:
    """A ContractRefused with the sentences for this error."""
    sentences = _sentences().get(name, {})
    return ContractRefused(
        name,
        arguments,
        expected=sentences.get("expected", "a call that the contract allows"),
        next_step=sentences.get("next", _DEFAULT_STEP),
    )


def revert_reason(data: bytes) -> tuple[str, dict[str, Any]]:
    """Name and arguments behind revert data (Solidity: "Errors and the revert statement")."""
    selector, body = data[:4], data[4:]
    try:
        if selector == _ERROR:
            return "Error", {"message": decode_fields("Error", (_plain("string"),), body)[0]}
        if selector == _PANIC:
            return "Panic", {"panic_code": decode_fields("Panic", (_plain("uint256"),), body)[0]}
        signature = known_error(selector)
        if signature is not None:
            values = decode_fields(signature.name, signature.inputs, body)
            names = [field.python_name for field in signature.inputs]
            return signature.name, {name: _shown(name, value) for name, value in zip(names, values, strict=True)}
    except Unavailable:
        return "UnknownRevert", {"data": "0x" + data.hex()}
    return "UnknownRevert", {"data": "0x" + data.hex()}


def _plain(kind: str) -> Field:
    return Field(name="", kind=kind, indexed=False, parts=())


def _shown(name: str, value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    return from_word(value) if name in _WORDS else "0x" + value.hex()


@cache
def _sentences() -> Mapping[str, Mapping[str, str]]:
    text = (files("countermark.chain") / "refusals.json").read_text(encoding="utf-8")
    sentences: Mapping[str, Mapping[str, str]] = json.loads(text)
    return sentences
