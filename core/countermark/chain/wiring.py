"""What each constructor is given: parameters are matched by their names, so that one table wires all contracts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from countermark.chain.artifacts import artifact
from countermark.chain.words import to_word

ZERO_ADDRESS = "0x" + "00" * 20

ADDRESS_OF: Mapping[str, str] = {
    "forwarder": "Forwarder",
    "trust": "TrustRegistry",
    "brands": "BrandRegistry",
    "marks": "TrademarkRegistry",
    "token": "ProductToken",
    "status": "ItemStatus",
    "units": "LogisticUnits",
    "handovers": "Handovers",
    "claims": "Claims",
    "customs": "CustomsRegister",
    "alerts": "AlertRegister",
}
"""The contract whose address a parameter of this name takes."""

MODULES: Mapping[str, tuple[str, ...]] = {
    "ProductToken": ("Handovers", "LogisticUnits", "Claims", "CustomsRegister"),
    "AlertRegister": ("Handovers", "LogisticUnits", "ItemStatus", "CustomsRegister"),
}
"""The contracts that may move items, and those that may raise public alerts."""


def constructor_arguments(name: str, at: Mapping[str, str], settings: Mapping[str, Any]) -> list[Any]:
    """The arguments of `name`'s constructor; `at` has every address, `settings` what is no address of ours.

    `settings["before"]`, if there, has the addresses of the set that this one succeeds.
    """
    return [_argument(name, field.name.rstrip("_"), at, settings) for field in artifact(name).constructor]


def _argument(name: str, parameter: str, at: Mapping[str, str], settings: Mapping[str, Any]) -> Any:
    if parameter in ADDRESS_OF:
        return at[ADDRESS_OF[parameter]]
    listed = {
        "modules": [at[module] for module in MODULES.get(name, ()) if module in at],
        "names": [to_word(contract) for contract in at],
        "targets": list(at.values()),
        "predecessor": settings.get("before", {}).get(name, ZERO_ADDRESS),
    }
    return {**listed, **settings}[parameter]
