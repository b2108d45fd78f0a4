"""Who may call what: one table, every guarded function against every kind of caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contracts.conftest import World

CAST = ("governor", "registrar", "office", "brand", "carrier", "customs", "stranger")
X, Y = b"\x0a" * 32, b"\x0b" * 32
FOR_EVER = 2**64 - 1


def arguments(world: World) -> dict[str, tuple[str, tuple[Any, ...]]]:
    """A call of each guarded function that succeeds for whoever may make it: contract and arguments."""
    fresh = world.party("fresh").address
    world.trust.send("registerAccount", by=world.party("fresh"))
    word = world.word
    return {
        "grant customs": ("trust", (fresh, word("customs"), 3, 0, FOR_EVER)),
        "grant ip-office": ("trust", (fresh, word("ip-office"), 3, 0, FOR_EVER)),
        "grant identifier-registrar": ("trust", (fresh, word("identifier-registrar"), 3, 0, FOR_EVER)),
        "grant market-surveillance": ("trust", (fresh, word("market-surveillance"), 3, 0, FOR_EVER)),
        "grant brand": ("trust", (fresh, word("brand"), 3, 0, FOR_EVER)),
        "grant introduced carrier": ("trust", (fresh, word("carrier"), 2, 0, FOR_EVER)),
        "grant accredited carrier": ("trust", (fresh, word("carrier"), 3, 0, FOR_EVER)),
        "grant node-operator": ("trust", (fresh, word("node-operator"), 2, 0, FOR_EVER)),
        "assignPrefix": ("brands", (fresh, 1234, 4)),
        "withdrawPrefix": ("brands", (world.PREFIX, world.PREFIX_LENGTH)),
        "listLabelKey": ("brands", (X, Y, 0, FOR_EVER)),
        "listHost": ("brands", ("id.brand.example",)),
        "setEndpoint": ("brands", ("https://node.brand.example",)),
        "assignOffice": ("marks", (b"GB", fresh)),
        "record": ("marks", (word("EM500000018099999"), fresh, X, 0, FOR_EVER)),
        "openSeries": ("token", (world.GTIN, world.PREFIX_LENGTH, [world.MARK], 10)),
        "announce": ("directory", (word("ProductToken"), fresh)),
    }


ALLOWED = {
    "grant customs": {"governor"},
    "grant ip-office": {"governor"},
    "grant identifier-registrar": {"governor"},
    "grant market-surveillance": {"governor"},
    "grant brand": {"office"},
    "grant introduced carrier": {"governor", "office", "brand"},
    "grant accredited carrier": {"governor"},
    "grant node-operator": {"governor", "office", "brand"},
    "assignPrefix": {"registrar"},
    "withdrawPrefix": {"registrar"},
    "listLabelKey": {"brand"},
    "listHost": {"brand"},
    "setEndpoint": {"brand"},
    "assignOffice": {"governor"},
    "record": {"office"},
    "openSeries": {"brand"},
    "announce": {"governor"},
}
ERRORS = {"grant": "NotAccredited", "record": "ForeignMark"}


@pytest.mark.parametrize("case", ALLOWED)
def test_call_is_refused_to_every_role_not_in_the_table(world: World, case: str) -> None:
    contract, values = arguments(world)[case]
    function = case.split(" ", maxsplit=1)[0]
    for name in sorted(set(CAST) - ALLOWED[case]):
        refusal = getattr(world, contract).refusal(function, *values, by=getattr(world, name))
        assert refusal is not None
        assert refusal[0] == ERRORS.get(function, "RoleMissing")
        assert getattr(world, name).address in refusal


@pytest.mark.parametrize(("case", "name"), [(case, name) for case in ALLOWED for name in sorted(ALLOWED[case])])
def test_each_role_in_the_table_may_make_the_call(world: World, case: str, name: str) -> None:
    contract, values = arguments(world)[case]
    function = case.split(" ", maxsplit=1)[0]
    assert getattr(world, contract).refusal(function, *values, by=getattr(world, name)) is None


@pytest.mark.parametrize("case", ALLOWED)
def test_address_without_an_account_is_refused_everywhere(world: World, case: str) -> None:
    contract, values = arguments(world)[case]
    function = case.split(" ", maxsplit=1)[0]
    nobody = world.party("nobody")
    refusal = getattr(world, contract).refusal(function, *values, by=nobody)
    assert refusal is not None
    assert refusal[:2] == ("KeyNotValid", nobody.address)


@pytest.mark.parametrize(
    ("contract", "function", "values", "scope"),
    [
        ("trust", "addKey", ("0x" + "55" * 20, 1, 0, FOR_EVER, b"\0" * 65), 16),
        ("trust", "revokeKey", ("0x" + "55" * 20,), 16),
        ("trust", "grant", ("0x" + "55" * 20, b"carrier".ljust(32, b"\0"), 2, 0, FOR_EVER), 8),
        ("trust", "revoke", ("0x" + "55" * 20, b"carrier".ljust(32, b"\0")), 8),
        ("trust", "listCredentialKey", (X, Y, 0, FOR_EVER), 16),
        ("trust", "revokeCredentialKey", (X, Y), 16),
        ("brands", "assignPrefix", ("0x" + "55" * 20, 1234, 4), 1),
        ("brands", "withdrawPrefix", (1234, 4), 1),
        ("brands", "listLabelKey", (X, Y, 0, FOR_EVER), 16),
        ("brands", "revokeLabelKey", (X, Y, 1), 16),
        ("brands", "listHost", ("a.example",), 16),
        ("brands", "delistHost", ("a.example",), 16),
        ("brands", "setEndpoint", ("https://a.example",), 16),
        ("marks", "assignOffice", (b"GB", "0x" + "55" * 20), 1),
        ("marks", "record", (X, "0x" + "55" * 20, X, 0, 1), 1),
        ("marks", "suspend", (X,), 1),
        ("marks", "reinstate", (X,), 1),
        ("marks", "revoke", (X,), 1),
        ("token", "openSeries", (9_506_000_134_352, 7, [X], 10), 1),
        ("token", "commission", (1, 1, X, X, 0, X, "0x" + "55" * 20), 1),
        ("token", "closeSeries", (1,), 1),
        ("handovers", "cancelNonce", (1,), 2),
        ("alerts", "raiseAlert", (X,), 1),
        ("alerts", "openAlert", (1, X, X), 1),
        ("directory", "announce", (X, "0x" + "55" * 20), 16),
    ],
)
def test_key_with_every_scope_but_the_needed_one_is_refused(
    world: World, contract: str, function: str, values: tuple[Any, ...], scope: int
) -> None:
    key = world.party("narrow key")
    world.add_key(world.brand, key, 31 & ~scope)
    asked = getattr(world, contract)
    assert asked.refusal(function, *values, by=key) == ("KeyNotValid", key.address, scope)


def test_only_the_handovers_module_moves_items(world: World, make_world: Callable[..., World]) -> None:
    first, last = world.commission(world.open_series(), 10)
    for who in (world.brand, world.governor, world.carrier):
        refusal = world.token.refusal("move", first, last, world.brand.address, world.carrier.address, X, by=who)
        assert refusal == ("NotModule", who.address)
    module = world.party("module")
    other = make_world(module=module.address)
    first, last = other.commission(other.open_series(), 10)
    assert other.token.refusal("move", first, last, other.brand.address, other.carrier.address, X, by=module) is None


def test_only_the_handovers_module_raises_public_alerts(world: World, make_world: Callable[..., World]) -> None:
    assert world.alerts.refusal("raisePublic", X, Y, by=world.governor) == ("NotModule", world.governor.address)
    module = world.party("module")
    assert make_world(module=module.address).alerts.refusal("raisePublic", X, Y, by=module) is None


def test_deployer_keeps_nothing(world: World) -> None:
    from_deployer = world.trust.refusal("grant", world.carrier.address, world.word("carrier"), 2, 0, FOR_EVER)
    assert from_deployer == ("KeyNotValid", "0x" + "de" * 20, 8)
    assert world.trust.read("isAccount", "0x" + "de" * 20) is False
