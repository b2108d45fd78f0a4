"""Contract ABIs: encoding calls, decoding results, custom errors and logs (Solidity contract ABI specification)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from countermark.errors import InputRefused, Unavailable

# Spelling an address takes a hash, and the same ones come again and again.
_spelled = lru_cache(maxsize=4_096)(to_checksum_address)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def snake_case(name: str) -> str:
    """A Solidity name as Python writes it."""
    return _HUMP.sub("_", name.strip("_")).lower()


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter: its Solidity name, its canonical type and, for structs, the parts."""

    name: str
    kind: str
    indexed: bool
    parts: tuple[Field, ...]

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Field:
        """From an ABI JSON entry."""
        parts = tuple(cls.read(part) for part in entry.get("components", ()))
        kind = str(entry["type"])
        if kind.startswith("tuple"):
            kind = f"({','.join(part.kind for part in parts)})" + kind.removeprefix("tuple")
        return cls(name=str(entry.get("name", "")), kind=kind, indexed=bool(entry.get("indexed", False)), parts=parts)

    @property
    def python_name(self) -> str:
        """The name in Python: snake_case; `from` and `to` say what they are, an account or a time."""
        plain = snake_case(self.name)
        if plain not in ("from", "to"):
            return plain
        return f"{plain}_account" if self.kind == "address" else f"{plain}_time"

    def python(self, value: Any) -> Any:
        """A decoded value: addresses as EIP-55, lists as tuples, structs as dicts with snake_case keys."""
        if self.kind.endswith("]"):
            inner = Field(self.name, self.kind[: self.kind.rindex("[")], False, self.parts)
            return tuple(inner.python(item) for item in value)
        if self.parts:
            return {part.python_name: part.python(item) for part, item in zip(self.parts, value, strict=True)}
        if self.kind == "string":
            return value.decode("utf-8", "backslashreplace")
        return _spelled(value) if self.kind == "address" else value


@dataclass(frozen=True, slots=True)
class Signature:
    """A function, error or event: name, inputs, outputs and the keccak of its signature."""

    name: str
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    digest: bytes

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Signature:
        """From an ABI JSON entry."""
        inputs = tuple(Field.read(field) for field in entry.get("inputs", ()))
        text = f"{entry['name']}({','.join(field.kind for field in inputs)})"
        outputs = tuple(Field.read(field) for field in entry.get("outputs", ()))
        return cls(name=str(entry["name"]), inputs=inputs, outputs=outputs, digest=keccak(text=text))

    @property
    def selector(self) -> bytes:
        """The first four bytes of the digest."""
        return self.digest[:4]

    def encode_call(self, arguments: Sequence[Any]) -> bytes:
        """Selector and arguments. Raises InputRefused for values that the types do not hold."""
        return self.selector + encode_fields(self.name, self.inputs, arguments)

    def decode_result(self, data: bytes) -> Any:
        """What the function returned: nothing, one value or a tuple. Raises Unavailable if it does not fit."""
        values = decode_fields(self.name, self.outputs, data)
        return values[0] if len(values) == 1 else values


def encode_fields(name: str, fields: Sequence[Field], values: Sequence[Any]) -> bytes:
    """Encode `values` in the order of `fields`."""
    try:
        return encode([field.kind for field in fields], list(values))
    except (EncodingError, TypeError, ValueError) as error:
        raise InputRefused(
            got=f"arguments for {name} that do not fit ({type(error).__name__})",
            expected=", ".join(f"{field.kind} {field.name}" for field in fields),
            next_step="correct the arguments",
        ) from error


def decode_fields(name: str, fields: Sequence[Field], data: bytes) -> tuple[Any, ...]:
    """Decode `data`; the values follow Field.python.

    Contracts take any bytes as a string, so bytes that are not UTF-8 show as \\xNN: a participant who writes some must
    not be able to stop everybody's reading.
    """
    try:
        # Strings and bytes are encoded alike; eth_abi would refuse strings that are not UTF-8.
        raw = decode([field.kind.replace("string", "bytes") for field in fields], data)
        return tuple(field.python(value) for field, value in zip(fields, raw, strict=True))
    except (DecodingError, OverflowError) as error:
        raise Unavailable(
            got=f"{len(data)} bytes that are no {name}",
            expected="the contracts of this release at the deployment's addresses",
            next_step="check the deployment file and the ledger it names",
        ) from error


@dataclass(frozen=True, slots=True)
class ContractAbi:
    """One compiled contract: creation bytecode and signatures by name, selector and topic."""

    name: str
    bytecode: bytes
    constructor: tuple[Field, ...]
    functions: Mapping[str, Signature]
    errors: Mapping[bytes, Signature]
    events: Mapping[bytes, Signature]

    @classmethod
    def read(cls, name: str, artifact: Mapping[str, Any]) -> ContractAbi:
        """From an artifact with `abi` and `bytecode`."""
        entries = cast("list[dict[str, Any]]", artifact["abi"])
        made = {kind: [Signature.read(e) for e in entries if e["type"] == kind] for kind in _KINDS}
        constructors = [e for e in entries if e["type"] == "constructor"]
        return cls(
            name=name,
            bytecode=bytes.fromhex(str(artifact["bytecode"]).removeprefix("0x")),
            constructor=tuple(Field.read(field) for e in constructors for field in e["inputs"]),
            functions={signature.name: signature for signature in made["function"]},
            errors={signature.selector: signature for signature in made["error"]},
            events={signature.digest: signature for signature in made["event"]},
        )


_KINDS = ("function", "error", "event")
