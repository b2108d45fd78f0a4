"""A carton from opening to unpacking, offers and releases, over the typed contracts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from countermark.chain.connection import ChainConnection
from countermark.chain.contracts import Contracts, OfferState
from countermark.chain.deploy import deploy_all
from countermark.chain.deployment import Deployment
from countermark.chain.event_types import (
    HandedOver,
    Offered,
    OfferWithdrawn,
    Packed,
    PublicAlertRaised,
    ReleasedToSale,
    SealBroken,
    UnitAliased,
    UnitMoved,
    UnitOpened,
    UnitSealed,
    UnitsHandedOver,
)
from countermark.chain.events import events_of, one_event
from countermark.chain.transactions import ContractCall, TransactionReceipt, TransactionSender
from countermark.custody.handover import Basis, Handover, Purpose, Receipt, RunLine
from countermark.custody.unit import (
    NEVER_CHANGED,
    GoodsLine,
    UnitChange,
    UnitKey,
    UnitLines,
    UnitScheme,
    contents_after,
    contents_packed,
    unit_account,
)
from countermark.errors import ContractRefused
from countermark.roles import Level, Role

MARK = "EM500000001234567"
GTIN = 4_012_345_678_901
WORD, BLANK = b"\x11" * 32, b"\0" * 32
CARTON = UnitKey.parse(UnitScheme.SSCC, "106141412345678908")


@dataclass
class Trade:
    connection: ChainConnection
    deployment: Deployment
    contracts: Contracts
    now: int
    keys: dict[str, Any]
    first: int = 0

    def send(self, who: str, call: ContractCall) -> TransactionReceipt:
        return TransactionSender(self.connection, self.keys[who]).send(call)

    def at(self, who: str) -> str:
        return str(self.keys[who].address)

    def handover(self, runs: tuple[RunLine, ...] = (), units: tuple[int, ...] = (), nonce: int = 1) -> Handover:
        lines = tuple(self.contracts.units.line(unit) for unit in units)
        return Handover(
            self.at("brand"), self.at("carrier"), runs, lines, Purpose.TRANSPORT, Basis.SCANNED, self.now, BLANK,
            BLANK, BLANK, nonce, self.now + 86_400,
        )  # fmt: skip

    def receipt(self, handover: Handover) -> Receipt:
        return Receipt(handover.struct_hash(), handover.runs, handover.units, BLANK, self.now, self.now + 86_400)


@pytest.fixture
def trade(connection: ChainConnection, clock: Any, make_signer: Any) -> Trade:
    """A brand with a thousand items, and a carrier."""
    names = ("governor", "office", "registrar", "brand", "carrier")
    keys = {name: make_signer(number + 10) for number, name in enumerate(names)}
    deployment = deploy_all(connection, make_signer(1), keys["governor"].address)
    made = Trade(connection, deployment, Contracts.of(connection, deployment), clock.second, keys)
    trust, marks = made.contracts.trust, made.contracts.marks
    for name in names[1:]:
        made.send(name, trust.register_account())
    until = made.now + 10**8
    for by, to, role, level in (
        ("governor", "office", Role.IP_OFFICE, Level.ACCREDITED),
        ("governor", "registrar", Role.IDENTIFIER_REGISTRAR, Level.ACCREDITED),
        ("office", "brand", Role.BRAND, Level.ACCREDITED),
        ("brand", "carrier", Role.CARRIER, Level.INTRODUCED),
    ):
        made.send(by, trust.grant(made.at(to), role, level, made.now, until))
    made.send("governor", marks.assign_office("EM", made.at("office")))
    made.send("office", marks.record(MARK, made.at("brand"), WORD, made.now, until))
    made.send("registrar", made.contracts.brands.assign_prefix(made.at("brand"), 401_234_5, 7))
    token = made.contracts.token
    made.send("brand", token.open_series(GTIN, 7, [MARK], 1_000))
    made.send("brand", token.commission(1, 1_000, WORD, "LOT", 0, BLANK, made.at("brand")))
    made.first = 1 << 24
    return made


def test_carton_is_packed_sealed_handed_over_and_opened(trade: Trade) -> None:
    units, handovers, unit = trade.contracts.units, trade.contracts.handovers, CARTON.unit
    opened = one_event(trade.send("brand", units.open(CARTON)), UnitOpened, trade.deployment)
    assert (opened.unit, opened.holder, opened.key, opened.generation) == (
        unit,
        trade.at("brand"),
        CARTON.key.encode(),
        1,
    )
    assert units.unit_id(CARTON) == unit
    lines = UnitLines((RunLine(trade.first, trade.first + 47),), (), (GoodsLine(WORD, 3),))
    packed = one_event(trade.send("brand", units.pack(unit, lines)), Packed, trade.deployment)
    assert packed.contents == contents_packed(NEVER_CHANGED, lines)
    assert packed.lines == {
        "runs": ({"first": trade.first, "last": trade.first + 47},), "units": (),
        "goods": ({"goods": WORD, "quantity": 3},),
    }  # fmt: skip
    assert (units.items_in(unit), units.goods_in(unit, WORD)) == (48, 3)
    assert units.account_of(unit) == unit_account(units.address, unit) == trade.contracts.token.owner_of(trade.first)
    assert units.unit_of(units.account_of(unit)) == unit
    sealed = one_event(trade.send("brand", units.seal(unit, WORD, BLANK)), UnitSealed, trade.deployment)
    assert sealed.contents == contents_after(packed.contents, UnitChange.SEALED, WORD, BLANK)
    handover = trade.handover(units=(unit,))
    receipt = trade.receipt(handover)
    signatures = [
        trade.keys[who].sign_typed(paper.typed(trade.deployment.chain_id, handovers.address))
        for who, paper in (("brand", handover), ("carrier", receipt))
    ]
    moved = trade.send("carrier", handovers.hand_over(handover, signatures[0], receipt, signatures[1]))
    kinds = [type(event) for event in events_of(moved, trade.deployment)]
    assert kinds == [UnitMoved, UnitsHandedOver, HandedOver]
    assert units.custodian_of(trade.first) == units.owner_of(unit) == trade.at("carrier")
    broken = trade.send("carrier", units.break_seal(unit, WORD))
    assert one_event(broken, SealBroken, trade.deployment).reason == WORD
    assert one_event(broken, PublicAlertRaised, trade.deployment).kind == "seal-broken"
    trade.send("carrier", units.unpack(unit, lines))
    trade.send("carrier", units.close(unit))
    info = units.unit_info(unit)
    assert (info.closed, info.version, info.holder, info.parent) == (True, 5, trade.at("carrier"), 0)
    assert trade.contracts.token.balance_of(trade.at("carrier")) == 48


def test_unit_repacked_after_signing_is_refused_with_its_present_state(trade: Trade) -> None:
    units, handovers, unit = trade.contracts.units, trade.contracts.handovers, CARTON.unit
    trade.send("brand", units.open(CARTON))
    handover = trade.handover(units=(unit,))
    trade.send("brand", handovers.offer(handover))
    trade.send("brand", units.pack(unit, UnitLines((RunLine(trade.first, trade.first),))))
    with pytest.raises(ContractRefused) as refused:
        trade.send("carrier", handovers.accept(handover, trade.receipt(handover)))
    assert refused.value.name == "UnitChanged"
    line = units.line(unit)
    assert refused.value.arguments == {
        "unit": unit, "version": line.version, "contents": "0x" + line.contents.hex(),
    }  # fmt: skip


def test_offer_is_read_from_the_chain_and_accepted_or_withdrawn(trade: Trade) -> None:
    handovers = trade.contracts.handovers
    run = RunLine(trade.first, trade.first + 9)
    handover = trade.handover((run,))
    offered = one_event(trade.send("brand", handovers.offer(handover)), Offered, trade.deployment)
    assert offered.handover == handover.struct_hash()
    assert offered.terms["runs"] == ({"first": run.first, "last": run.last},)
    assert handovers.offer_info(offered.handover) == (trade.at("brand"), OfferState.OPEN)
    trade.send("carrier", handovers.accept(handover, trade.receipt(handover)))
    assert handovers.offer_info(offered.handover)[1] is OfferState.ACCEPTED
    second = replace(handover, nonce=2)
    trade.send("brand", handovers.offer(second))
    withdrawn = trade.send("brand", handovers.withdraw(second.struct_hash()))
    assert one_event(withdrawn, OfferWithdrawn, trade.deployment).by == trade.at("brand")
    assert handovers.offer_info(second.struct_hash())[1] is OfferState.WITHDRAWN


def test_releases_and_aliases_are_typed(trade: Trade) -> None:
    units, handovers = trade.contracts.units, trade.contracts.handovers
    runs = (RunLine(trade.first, trade.first + 9),)
    released = one_event(trade.send("brand", handovers.release_to_sale(runs)), ReleasedToSale, trade.deployment)
    assert (released.account, released.first, released.last) == (trade.at("brand"), runs[0].first, runs[0].last)
    trade.send("brand", handovers.release_off_network(runs, WORD))
    assert trade.contracts.token.owner_of(trade.first) == handovers.off_network()
    trade.send("brand", units.open(CARTON))
    plate = UnitKey.parse(UnitScheme.CARRIER_PLATE, "1JUN123456789")
    aliased = one_event(trade.send("brand", units.add_alias(CARTON.unit, plate)), UnitAliased, trade.deployment)
    assert (aliased.unit, aliased.alias_id) == (CARTON.unit, plate.unit)
    assert units.resolve(plate.unit) == units.top_of(CARTON.unit) == CARTON.unit
    assert units.may_move(CARTON.unit, Purpose.SALE) is True
    assert units.is_locked_by(CARTON.unit, trade.at("brand"), WORD) is False
    with pytest.raises(ContractRefused, match="a lock because of this item"):
        trade.send("carrier", units.relieve(CARTON.unit, trade.first + 500))
    with pytest.raises(ContractRefused, match="items that may not be sold"):
        trade.send("carrier", handovers.report_attempt(trade.first + 500, trade.first + 500))
