"""Flags, direct transfers and the cursor over runs, by the typed contracts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from countermark.chain.connection import ChainConnection
from countermark.chain.contracts import Contracts, Run
from countermark.chain.deploy import deploy_all
from countermark.chain.deployment import Deployment
from countermark.chain.event_types import ChainEvent, FlagCleared, FlagSet, Moved, OpenedTo
from countermark.chain.events import events_of
from countermark.chain.flags import Flag, Retirement, flags_in
from countermark.chain.transactions import ContractCall, TransactionSender
from countermark.custody.handover import Purpose
from countermark.errors import ContractRefused
from countermark.roles import Level, Role

MARK, GTIN = "EM500000001234567", 4_012_345_678_901
WORD = b"\x11" * 32
FIRST = 1 << 24


@dataclass
class Trade:
    """A brand with a hundred items, and a carrier."""

    connection: ChainConnection
    deployment: Deployment
    contracts: Contracts
    keys: dict[str, Any]

    def at(self, who: str) -> str:
        return str(self.keys[who].address)

    def send(self, who: str, call: ContractCall) -> list[ChainEvent]:
        receipt = TransactionSender(self.connection, self.keys[who]).send(call)
        return events_of(receipt, self.deployment)


@pytest.fixture
def trade(connection: ChainConnection, make_signer: Any, clock: Any) -> Trade:
    keys = {name: make_signer(40 + n) for n, name in enumerate(("governor", "office", "registrar", "brand", "carrier"))}
    deployment = deploy_all(connection, make_signer(1), keys["governor"].address)
    made = Trade(connection, deployment, Contracts.of(connection, deployment), keys)
    trust, token = made.contracts.trust, made.contracts.token
    until = clock.second + 10**8
    for name in ("office", "registrar", "brand", "carrier"):
        made.send(name, trust.register_account())
    for giver, taker, role, level in (
        ("governor", "office", Role.IP_OFFICE, Level.ACCREDITED),
        ("governor", "registrar", Role.IDENTIFIER_REGISTRAR, Level.ACCREDITED),
        ("office", "brand", Role.BRAND, Level.ACCREDITED),
        ("brand", "carrier", Role.CARRIER, Level.INTRODUCED),
    ):
        made.send(giver, trust.grant(made.at(taker), role, level, 0, until))
    made.send("governor", made.contracts.marks.assign_office("EM", made.at("office")))
    made.send("office", made.contracts.marks.record(MARK, made.at("brand"), WORD, 0, until))
    made.send("registrar", made.contracts.brands.assign_prefix(made.at("brand"), 4_012_345, 7))
    made.send("brand", token.open_series(GTIN, 7, [MARK], 100))
    made.send("brand", token.commission(1, 100, WORD, "L-1", 0, WORD, made.at("brand")))
    return made


def test_flags_are_set_read_and_cleared_with_typed_events(trade: Trade) -> None:
    status = trade.contracts.status
    (event,) = trade.send("brand", status.recall(FIRST + 5, FIRST + 9, WORD))
    assert isinstance(event, FlagSet)
    assert (event.first, event.last, event.flag, event.by, event.ref) == (
        FIRST + 5,
        FIRST + 9,
        Flag.RECALLED,
        trade.at("brand"),
        WORD,
    )
    trade.send("brand", status.report_stolen(FIRST + 9, FIRST + 9, WORD))
    trade.send("brand", status.retire(FIRST + 50, FIRST + 50, Retirement.SAMPLED, WORD))
    assert status.flags_at(FIRST + 9) == {Flag.RECALLED, Flag.STOLEN}
    assert status.lock_of(FIRST, FIRST + 49, Purpose.RETURN) is Flag.NONE
    assert status.lock_of(FIRST, FIRST + 49, Purpose.INSPECTION) is Flag.STOLEN
    with pytest.raises(ContractRefused) as refused:
        status.require_movable(FIRST, FIRST + 5, Purpose.SALE)
    assert (refused.value.name, refused.value.arguments["flag"]) == ("ItemLocked", Flag.RECALLED)
    assert status.retirement_of(FIRST + 50) is Retirement.SAMPLED
    assert (status.reporter_of(FIRST + 9), status.reporter_of(FIRST)) == (trade.at("brand"), None)
    assert status.is_released(FIRST) is False
    assert status.hold_run_at(trade.at("office"), FIRST) is None
    (event,) = trade.send("brand", status.lift_recall(FIRST, FIRST + 99, WORD))
    assert isinstance(event, FlagCleared)
    trade.send("brand", status.lift_stolen(FIRST + 9, FIRST + 9, WORD))
    assert status.flags_at(FIRST + 9) == frozenset()


def test_item_moves_directly_once_the_receiver_has_agreed(trade: Trade) -> None:
    token, brand, carrier = trade.contracts.token, trade.at("brand"), trade.at("carrier")
    with pytest.raises(ContractRefused) as refused:
        trade.send("brand", token.transfer_from(brand, carrier, FIRST + 7))
    assert refused.value.name == "NotOpenTo"
    (event,) = trade.send("carrier", trade.contracts.trust.open_to(brand, 2**40))
    assert isinstance(event, OpenedTo)
    assert (event.account, event.from_account, event.until) == (carrier, brand, 2**40)
    assert trade.contracts.trust.open_until(carrier, brand) == 2**40
    (event,) = trade.send("brand", token.transfer_from(brand, carrier, FIRST + 7))
    assert isinstance(event, Moved)
    assert event.module == token.address
    assert list(token.runs(1)) == [
        Run(FIRST, FIRST + 6, brand),
        Run(FIRST + 7, FIRST + 7, carrier),
        Run(FIRST + 8, FIRST + 99, brand),
    ]
    assert list(token.runs(2)) == []


def test_approvals_are_read_back_until_something_leaves(trade: Trade) -> None:
    token, brand, carrier, office = (trade.contracts.token, *(trade.at(who) for who in ("brand", "carrier", "office")))
    trade.send("carrier", trade.contracts.trust.open_to(brand, 2**40))
    trade.send("brand", token.approve(office, FIRST))
    trade.send("brand", token.set_approval_for_all(office, True))
    assert (token.approved_for(FIRST), token.is_operator(brand, office)) == (office, True)
    trade.send("brand", token.transfer_from(brand, carrier, FIRST + 7))
    assert (token.approved_for(FIRST), token.is_operator(brand, office)) == (None, False)


def test_modules_of_a_deployment_are_the_four_that_check_consent(trade: Trade) -> None:
    modules = {name for name, address in trade.deployment.addresses.items() if trade.contracts.token.is_module(address)}
    assert modules == {"Handovers", "LogisticUnits", "Claims", "CustomsRegister"}


def test_mask_without_flags_is_empty() -> None:
    assert flags_in(0) == frozenset()
    assert flags_in(1 << Flag.HELD | 1 << Flag.RELEASED) == {Flag.HELD, Flag.RELEASED}
