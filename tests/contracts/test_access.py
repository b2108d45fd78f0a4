"""Who may call what: one table, every guarded function against every kind of caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contracts.conftest import World

CAST = ("governor", "registrar", "office", "brand", "carrier", "customs", "surveillance", "guardian", "stranger")
X, Y = b"\x0a" * 32, b"\x0b" * 32
WHO = "0x" + "55" * 20
FOR_EVER = 2**64 - 1


def successor(world: World) -> str:
    """A token that was deployed as the successor of the world's own, with its item status."""
    status = world.chain.predicted(world.chain.deployed + 1)
    parts = (world.trust.address, world.brands.address, world.marks.address)
    token = world.chain.deploy("ProductToken", *parts, status, [WHO], world.token.address).address
    before = world.status.address
    world.chain.deploy("ItemStatus", world.trust.address, token, world.marks.address, WHO, WHO, before)
    return token


def arguments(world: World) -> dict[str, tuple[str, tuple[Any, ...]]]:
    """A call of each guarded function that succeeds for whoever may make it: contract and arguments."""
    fresh, newcomer = world.party("fresh").address, world.party("newcomer")
    world.trust.send("registerAccount", by=world.party("fresh"))
    word = world.word
    return {
        "grant customs": ("trust", (fresh, word("customs"), 3, 0, FOR_EVER)),
        "grant ip-office": ("trust", (fresh, word("ip-office"), 3, 0, FOR_EVER)),
        "grant identifier-registrar": ("trust", (fresh, word("identifier-registrar"), 3, 0, FOR_EVER)),
        "grant guardian": ("trust", (fresh, word("guardian"), 3, 0, FOR_EVER)),
        "suspend": ("trust", (world.retailer.address, word("retailer"), 1)),
        "pause": ("trust", (1,)),
        "nameSuccessor": ("trust", (fresh, world.retailer.address)),
        "proposeRecovery": ("trust", (fresh, newcomer.address, world.consent(world.party("fresh"), newcomer, 31))),
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
        "transferMark": ("marks", (world.MARK, fresh, X)),
        "grantLicence": ("marks", (world.MARK, fresh, FOR_EVER, 1)),
        "record": ("marks", (word("EM500000018099999"), fresh, X, 0, FOR_EVER)),
        "openSeries": ("token", (world.GTIN, world.PREFIX_LENGTH, [world.MARK], 10)),
        "approveSuccessor": ("token", (successor(world),)),
        "announce": ("directory", (word("ProductToken"), fresh)),
    }


ALLOWED = {
    "grant customs": {"governor"},
    "grant ip-office": {"governor"},
    "grant identifier-registrar": {"governor"},
    "grant market-surveillance": {"governor"},
    "grant guardian": {"governor"},
    "suspend": {"guardian"},
    "pause": {"guardian"},
    "nameSuccessor": {"governor"},
    "proposeRecovery": {"governor"},
    "transferMark": {"office"},
    "grantLicence": {"brand"},
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
    "approveSuccessor": {"governor"},
    "announce": {"governor"},
}
ERRORS = {
    "grant": "NotAccredited",
    "record": "ForeignMark",
    "transferMark": "ForeignMark",
    "grantLicence": "NotMarkHolder",
    "nameSuccessor": "NotAccountNorGovernor",
    "proposeRecovery": "NotRecoveryAgent",
}


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


CARRIER = b"carrier".ljust(32, b"\0")
RUNS = [(1, 1)]
NO_LINES: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
OPERATE, CUSTODY, SCAN, ACCREDIT, ADMIN = 1, 2, 4, 8, 16

SCOPES: list[tuple[str, str, tuple[Any, ...], int]] = [
    ("trust", "addKey", (WHO, 1, 0, FOR_EVER, b"\0" * 65), ADMIN),
    ("trust", "revokeKey", (WHO,), ADMIN),
    ("trust", "grant", (WHO, CARRIER, 2, 0, FOR_EVER), ACCREDIT),
    ("trust", "revoke", (WHO, CARRIER), ACCREDIT),
    ("trust", "listCredentialKey", (X, Y, 0, FOR_EVER), ADMIN),
    ("trust", "revokeCredentialKey", (X, Y), ADMIN),
    ("trust", "setRecovery", (WHO,), ADMIN),
    ("trust", "proposeRecovery", (WHO, WHO, b"\0" * 65), ADMIN),
    ("trust", "objectRecovery", (), ADMIN),
    ("trust", "nameSuccessor", (WHO, WHO), ADMIN),
    ("trust", "objectSuccessor", (), ADMIN),
    ("trust", "suspend", (WHO, CARRIER, 1), ACCREDIT),
    ("trust", "liftSuspension", (WHO, CARRIER), ACCREDIT),
    ("trust", "pause", (1,), OPERATE),
    ("trust", "unpause", (), OPERATE),
    ("brands", "assignPrefix", (WHO, 1234, 4), OPERATE),
    ("brands", "withdrawPrefix", (1234, 4), OPERATE),
    ("brands", "listLabelKey", (X, Y, 0, FOR_EVER), ADMIN),
    ("brands", "revokeLabelKey", (X, Y, 1), ADMIN),
    ("brands", "listHost", ("a.example",), ADMIN),
    ("brands", "delistHost", ("a.example",), ADMIN),
    ("brands", "setEndpoint", ("https://a.example",), ADMIN),
    ("marks", "assignOffice", (b"GB", WHO), OPERATE),
    ("marks", "record", (X, WHO, X, 0, 1), OPERATE),
    ("marks", "suspend", (X,), OPERATE),
    ("marks", "reinstate", (X,), OPERATE),
    ("marks", "revoke", (X,), OPERATE),
    ("marks", "transferMark", (X, WHO, X), OPERATE),
    ("marks", "grantLicence", (X, WHO, 1, 1), OPERATE),
    ("marks", "endLicence", (X, WHO), OPERATE),
    ("token", "openSeries", (9_506_000_134_352, 7, [X], 10), OPERATE),
    ("token", "commission", (1, 1, X, X, 0, X, WHO), OPERATE),
    ("token", "closeSeries", (1,), OPERATE),
    ("token", "approveSuccessor", (WHO,), OPERATE),
    ("token", "migrateSeries", (1,), OPERATE),
    ("token", "adopt", (1, 1), CUSTODY),
    ("token", "approve", (WHO, 1), CUSTODY),
    ("token", "setApprovalForAll", (WHO, True), CUSTODY),
    ("trust", "openTo", (WHO, 1), CUSTODY),
    ("token", "transferFrom", (WHO, WHO, 1), CUSTODY),
    ("token", "safeTransferFrom(address,address,uint256)", (WHO, WHO, 1), CUSTODY),
    ("token", "safeTransferFrom(address,address,uint256,bytes)", (WHO, WHO, 1, b""), CUSTODY),
    ("status", "recall", (1, 1, X), OPERATE),
    ("status", "liftRecall", (1, 1, X), OPERATE),
    ("status", "reportStolen", (1, 1, X), CUSTODY),
    ("status", "liftStolen", (1, 1, X), CUSTODY),
    ("status", "retire", (1, 1, 1, X), CUSTODY),
    ("units", "open", (0, b"1", 1), CUSTODY),
    ("units", "addAlias", (1, 0, b"1", 1), CUSTODY),
    ("units", "close", (1,), CUSTODY),
    ("units", "pack", (1, NO_LINES), CUSTODY),
    ("units", "unpack", (1, NO_LINES), CUSTODY),
    ("units", "seal", (1, X, X), CUSTODY),
    ("units", "breakSeal", (1, X), CUSTODY),
    ("handovers", "cancelNonce", (1,), CUSTODY),
    ("handovers", "releaseToSale", (RUNS,), CUSTODY),
    ("handovers", "releaseOffNetwork", (RUNS, X), CUSTODY),
    ("handovers", "reportAttempt", (1, 1), SCAN),
    ("claims", "openToReturn", (1, 1), CUSTODY),
    ("claims", "reissue", (1, WHO), OPERATE),
    ("customs_register", "recordMeasure", (X, 1), OPERATE),
    ("customs_register", "confirmIdentity", (1, 1, 1), OPERATE),
    ("customs_register", "confirmUnit", (1, 1), OPERATE),
    ("customs_register", "lift", (1,), OPERATE),
    ("customs_register", "open", (1, X, X), OPERATE),
    ("customs_register", "seize", (1, 1, 1), OPERATE),
    ("customs_register", "seizeUnit", (1, 1), OPERATE),
    ("alerts", "raiseAlert", (X,), OPERATE),
    ("alerts", "openAlert", (1, X, X), OPERATE),
    ("anchors", "anchor", (X, 0), OPERATE),
    ("anchors", "anchorMany", ([X], 0), OPERATE),
    ("directory", "announce", (X, WHO), ADMIN),
]
"""Functions that ask for a key of the caller's account, and the scope it needs."""

MODULE_ONLY: list[tuple[str, str, tuple[Any, ...], str]] = [
    ("marks", "useMarks", ([X], WHO, 1), "NotToken"),
    ("token", "move", (1, 1, WHO, WHO, X), "NotModule"),
    ("token", "touch", (1, 1), "NotModule"),
    ("token", "handToSuccessor", (1, 1, WHO), "NotModule"),
    ("token", "takeOver", (1,), "NotModule"),
    ("status", "hold", (WHO, 1, 1, X), "NotModule"),
    ("status", "liftHold", (WHO, 1, 1, X), "NotModule"),
    ("status", "seize", (WHO, 1, 1, X), "NotModule"),
    ("status", "setReleased", (WHO, 1, 1), "NotModule"),
    ("status", "setOffNetwork", (WHO, 1, 1, X), "NotModule"),
    ("units", "moveUnit", (1, 1, X, WHO, WHO, 0, X), "NotModule"),
    ("units", "lock", (1, 1, X), "NotModule"),
    ("units", "unlock", (1, X), "NotModule"),
    ("units", "takeOut", (1, 1, 1, WHO, X), "NotModule"),
    ("units", "takeUnit", (1, WHO, X), "NotModule"),
    ("alerts", "raisePublic", (X, Y, WHO), "NotModule"),
]
"""Functions that only one of our contracts may call."""

OPEN = {
    ("forwarder", "execute"),
    ("forwarder", "executeBatch"),
    ("trust", "registerAccount"),
    ("trust", "executeRecovery"),
    ("status", "poke"),
    ("units", "relieve"),
    ("handovers", "handOver"),
    ("claims", "claim"),
    ("claims", "claimReissued"),
    ("claims", "transferClaimed"),
    ("claims", "unclaim"),
    ("claims", "skipTurn"),
}
"""Functions that anybody may call: their rules ask for signatures, for time or for what is public anyway."""

BY_PAPER = {("handovers", "offer"), ("handovers", "accept"), ("handovers", "withdraw")}
"""Functions that ask for a CUSTODY key of a side that the handover names; `test_handovers.py` has their refusals."""


@pytest.mark.parametrize(("contract", "function", "values", "scope"), SCOPES)
def test_key_with_every_scope_but_the_needed_one_is_refused(
    world: World, contract: str, function: str, values: tuple[Any, ...], scope: int
) -> None:
    key = world.party("narrow key")
    world.add_key(world.brand, key, 31 & ~scope)
    asked = getattr(world, contract)
    assert asked.refusal(function, *values, by=key) == ("KeyNotValid", key.address, scope)


@pytest.mark.parametrize(("contract", "function", "values", "error"), MODULE_ONLY)
def test_function_of_a_module_is_refused_to_every_party(
    world: World, contract: str, function: str, values: tuple[Any, ...], error: str
) -> None:
    for name in CAST:
        who = getattr(world, name)
        assert getattr(world, contract).refusal(function, *values, by=who) == (error, who.address)


def test_every_function_that_writes_is_in_one_of_the_tables(world: World) -> None:
    contracts = [getattr(world, "customs_register" if part == "customs" else part) for part in world.at]
    parts = ["customs_register" if part == "customs" else part for part in world.at]
    writing = {
        (part, entry["name"])
        for part, contract in zip(parts, contracts, strict=True)
        for entry in contract.abi
        if entry["type"] == "function" and entry["stateMutability"] not in {"view", "pure"}
    }
    named = {(contract, function.split("(")[0]) for contract, function, _, _ in [*SCOPES, *MODULE_ONLY]}
    assert writing == named | OPEN | BY_PAPER
    assert not named & (OPEN | BY_PAPER)


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
    assert world.alerts.refusal("raisePublic", X, Y, WHO, by=world.governor) == ("NotModule", world.governor.address)
    module = world.party("module")
    assert make_world(module=module.address).alerts.refusal("raisePublic", X, Y, WHO, by=module) is None


def test_deployer_keeps_nothing(world: World) -> None:
    from_deployer = world.trust.refusal("grant", world.carrier.address, world.word("carrier"), 2, 0, FOR_EVER)
    assert from_deployer == ("KeyNotValid", "0x" + "de" * 20, 8)
    assert world.trust.read("isAccount", "0x" + "de" * 20) is False
