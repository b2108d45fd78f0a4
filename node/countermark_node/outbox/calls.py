"""Which calls a node carries: those of its own contracts, and some of them for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from countermark.chain.artifacts import artifact
from countermark.errors import NotPermitted

FOR_EVERYBODY = (
    # The signatures inside carry the consent, so that a consumer needs no account and a paper no courier.
    ("Claims", "claim"),
    ("Claims", "claimReissued"),
    ("Claims", "transferClaimed"),
    ("Handovers", "handOver"),
    # Who has no account yet cannot log in.
    ("TrustRegistry", "registerAccount"),
)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of one of our contracts; `public` ones are carried for everybody, at a bounded rate."""

    contract: str
    function: str
    public: bool


def call_of(addresses: Mapping[str, str], target: str, data: bytes) -> Call:
    """What a request calls. Raises NotPermitted (foreign-call) for anything but our contracts' functions.

    `addresses` and `target` are as EIP-55 spells them.
    """
    contract = next((name for name, known in addresses.items() if known == target), None)
    function = None if contract in (None, "Forwarder") else function_of(contract or "", data)
    if contract is None or function is None:
        raise NotPermitted(
            got=f"a call of {target} with selector 0x{data[:4].hex()}",
            expected="a function of one of the contracts in /v1/network, other than the forwarder's own",
            next_step="send other calls to the ledger yourself",
            reason="foreign-call",
        )
    return Call(contract, function, (contract, function) in FOR_EVERYBODY)


def function_of(contract: str, data: bytes) -> str | None:
    """The function of one of our contracts that call data names."""
    return _functions(contract).get(data[:4])


@cache
def _functions(contract: str) -> dict[bytes, str]:
    return {signature.selector: name for name, signature in artifact(contract).functions.items()}
