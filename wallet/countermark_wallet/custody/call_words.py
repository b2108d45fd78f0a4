"""What a transaction will do, in plain words, from its typed arguments alone: shown before what cannot be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from countermark.chain.flags import Retirement
from countermark.chain.transactions import ContractCall
from countermark.errors import InputRefused
from countermark.identifiers import index_of, series_of
from countermark_wallet.custody.history_words import unit_name

_Arguments = Mapping[str, Any]


def describe_call(call: ContractCall, account: str, chain_id: int) -> tuple[str, ...]:
    """Lines for people. Raises InputRefused (no-words) for a call that nobody wrote words for."""
    words = _WORDS.get((call.contract, call.function))
    if words is None:
        raise InputRefused(
            got=f"{call.contract}.{call.function}",
            expected="a call that can be told in plain words",
            next_step="use a command that the wallet has words for",
            reason="no-words",
        )
    return (*words(call.arguments), f"As {account}, on chain {chain_id}")


def _stolen(given: _Arguments) -> tuple[str, ...]:
    return (
        f"Reports as stolen: {_range(given['first'], given['last'])}",
        "Nobody can sell or take them over until the report is taken back",
        _case(given["ref"]),
    )


def _found(given: _Arguments) -> tuple[str, ...]:
    return (f"Takes back the report of theft of: {_range(given['first'], given['last'])}", _case(given["ref"]))


def _retire(given: _Arguments) -> tuple[str, ...]:
    reason = Retirement(given["reason"]).name.lower()
    return (
        f"Ends FOR EVER, as {reason}: {_range(given['first'], given['last'])}",
        "They never move again; this cannot be taken back",
        _case(given["ref"]),
    )


def _off_network(given: _Arguments) -> tuple[str, ...]:
    return (
        *(f"Gives off the network: {_range(first, last)}" for first, last in given["runs"]),
        "To a party without a wallet: nobody can sign for them any more",
        _case(given["reason"]),
    )


def _seize(given: _Arguments) -> tuple[str, ...]:
    return (
        f"Takes line {given['number']} of measure {given['id']} into custody, whoever holds it",
        f"At most {given['runs']} runs in this transaction",
    )


def _seize_unit(given: _Arguments) -> tuple[str, ...]:
    return (f"Takes {unit_name(given['unit'])} with all that is in it into custody, under measure {given['id']}",)


def _range(first: int, last: int) -> str:
    places = f"series {series_of(first)}, places {index_of(first)} to {index_of(last)}"
    return f"{last - first + 1} items: {places} (tokens {first} to {last})"


def _case(ref: bytes) -> str:
    return f"Case 0x{ref.hex()}" if any(ref) else "No case named"


_WORDS: Mapping[tuple[str, str], Callable[[_Arguments], tuple[str, ...]]] = {
    ("ItemStatus", "reportStolen"): _stolen,
    ("ItemStatus", "liftStolen"): _found,
    ("ItemStatus", "retire"): _retire,
    ("Handovers", "releaseOffNetwork"): _off_network,
    ("CustomsRegister", "seize"): _seize,
    ("CustomsRegister", "seizeUnit"): _seize_unit,
}
