"""The compiled contracts that ship with this release."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from countermark.chain.abi import ContractAbi, Signature

CONTRACTS: tuple[str, ...] = (
    "Forwarder",
    "TrustRegistry",
    "BrandRegistry",
    "TrademarkRegistry",
    "ProductToken",
    "ItemStatus",
    "LogisticUnits",
    "Handovers",
    "Claims",
    "CustomsRegister",
    "AlertRegister",
    "Anchors",
    "Directory",
)
"""All contracts, in the order in which they are deployed: constructors name later ones by predicted address."""

SUCCEEDED: tuple[str, ...] = (
    "ProductToken",
    "ItemStatus",
    "LogisticUnits",
    "Handovers",
    "Claims",
    "CustomsRegister",
    "AlertRegister",
)
"""Those of CONTRACTS that a successor set has its own of, in order; accounts, brands, marks and the rest stay."""

GOVERNANCE = ("Council", "GovernorTimelock")
"""Contracts that may govern the others; each network deploys its own."""


@cache
def artifact(name: str) -> ContractAbi:
    """The ABI and creation bytecode of one of CONTRACTS or GOVERNANCE."""
    text = (files("countermark.chain") / "artifacts" / f"{name}.json").read_text(encoding="utf-8")
    return ContractAbi.read(name, json.loads(text))


@cache
def known_error(selector: bytes) -> Signature | None:
    """The custom error with this selector in any of our contracts: a revert may come from a contract called within."""
    everything = (artifact(name).errors for name in (*CONTRACTS, *GOVERNANCE))
    return next((errors[selector] for errors in everything if selector in errors), None)
