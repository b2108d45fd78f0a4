"""Claims, measures and anchors over the typed contracts."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from countermark.chain.connection import ChainConnection
from countermark.chain.contracts import (
    UINT64_MAX,
    Anchors,
    ClaimInfo,
    Claims,
    Contracts,
    CustomsRegister,
    Measure,
    MeasureLine,
    measure_commitment,
)
from countermark.chain.deploy import deploy_all
from countermark.chain.deployment import Deployment
from countermark.chain.event_types import (
    Anchored,
    Claimed,
    ClaimMoved,
    IdentityConfirmed,
    ItemsSeized,
    MeasureLifted,
    MeasureOpened,
    MeasureRecorded,
    Reissued,
    ReturnOpened,
    TurnSkipped,
    Unclaimed,
)
from countermark.chain.events import events_of
from countermark.chain.kinds import AnchorKind, MeasureKind
from countermark.chain.transactions import ContractCall, TransactionReceipt, TransactionSender
from countermark.custody.claim import Claim, ClaimTransfer, LeafProof
from countermark.custody.handover import RunLine
from countermark.errors import ContractRefused
from countermark.labels.merkle import MerkleTree
from countermark.roles import Level, Role

MARK = "EM500000001234567"
GTIN = 4_012_345_678_901
SALT, CONTENT = b"\x01" * 32, b"\x02" * 32
DAY = 86_400


@dataclass
class Market:
    connection: ChainConnection
    deployment: Deployment
    contracts: Contracts
    claims: Claims
    customs: CustomsRegister
    anchors: Anchors
    now: int
    keys: dict[str, object]

    def send(self, who: str, call: ContractCall) -> TransactionReceipt:
        return TransactionSender(self.connection, self.keys[who]).send(call)  # type: ignore[arg-type]

    def events(self, who: str, call: ContractCall) -> list[object]:
        return list(events_of(self.send(who, call), self.deployment))

    def at(self, who: str) -> str:
        return str(self.keys[who].address)  # type: ignore[attr-defined]

    def sign(self, who: str, paper: Claim | ClaimTransfer) -> bytes:
        typed = paper.typed(self.deployment.chain_id, self.claims.address)
        return bytes(self.keys[who].sign_typed(typed))  # type: ignore[attr-defined]


@pytest.fixture
def market(connection, clock, make_signer) -> Market:
    names = ("governor", "office", "registrar", "brand", "shop", "customs", "code", "owner", "buyer", "new code")
    keys = {name: make_signer(number + 40) for number, name in enumerate(names)}
    deployment = deploy_all(connection, make_signer(1), keys["governor"].address)
    at = deployment.address
    made = Market(
        connection,
        deployment,
        Contracts.of(connection, deployment),
        Claims(connection, at("Claims")),
        CustomsRegister(connection, at("CustomsRegister")),
        Anchors(connection, at("Anchors")),
        clock.second,
        keys,
    )
    trust = made.contracts.trust
    for name in names[1:6]:
        made.send(name, trust.register_account())
    for giver, taker, role, level in (
        ("governor", "office", Role.IP_OFFICE, Level.ACCREDITED),
        ("governor", "registrar", Role.IDENTIFIER_REGISTRAR, Level.ACCREDITED),
        ("governor", "customs", Role.CUSTOMS, Level.ACCREDITED),
        ("office", "brand", Role.BRAND, Level.ACCREDITED),
        ("brand", "shop", Role.RETAILER, Level.INTRODUCED),
    ):
        made.send(giver, trust.grant(made.at(taker), role, level, 0, UINT64_MAX))
    made.send("registrar", made.contracts.brands.assign_prefix(made.at("brand"), 4_012_345, 7))
    made.send("governor", made.contracts.marks.assign_office("EM", made.at("office")))
    made.send("office", made.contracts.marks.record(MARK, made.at("brand"), b"\x0c" * 32, 0, UINT64_MAX))
    return made


@pytest.fixture
def item(market: Market) -> int:
    """One item, claimable with the key called `code`."""
    tree = MerkleTree([_proof(market, []).leaf(f"{GTIN:014d}")])
    token = market.contracts.token
    market.send("brand", token.open_series(GTIN, 7, [MARK], 10))
    series = token.series_count()
    market.send("brand", token.commission(series, 1, tree.root, "", 0, bytes(32), market.at("brand")))
    market.send("brand", market.contracts.handovers.release_to_sale([RunLine(series << 24, series << 24)]))
    return series << 24


def _proof(market: Market, path: list[bytes]) -> LeafProof:
    return LeafProof("0001", market.at("code"), b"\x05" * 16, path)


def _kinds(events: list[object]) -> set[type]:
    return {type(event) for event in events}


def test_item_is_claimed_resold_returned_and_claimed_again(market: Market, item: int) -> None:
    claims, soon = market.claims, market.now + DAY
    claim = Claim(item, market.at("owner"), 0, soon)
    assert claims.claim_hash(claim) == claim.struct_hash()
    call = claims.claim(claim, _proof(market, []), market.sign("code", claim), market.sign("owner", claim))
    claimed = next(event for event in market.events("brand", call) if isinstance(event, Claimed))
    assert (claimed.item, claimed.owner, claimed.from_account) == (item, market.at("owner"), market.at("brand"))
    assert claimed.claim == claim.struct_hash()
    assert claims.claim_info(item) == ClaimInfo(True, 1, None)

    assert TurnSkipped in _kinds(market.events("owner", claims.skip_turn(item)))
    transfer = ClaimTransfer(item, market.at("owner"), market.at("buyer"), 2, soon)
    assert claims.claim_transfer_hash(transfer) == transfer.struct_hash()
    call = claims.transfer_claimed(transfer, market.sign("owner", transfer), market.sign("buyer", transfer))
    assert ClaimMoved in _kinds(market.events("brand", call))

    assert ReturnOpened in _kinds(market.events("shop", claims.open_to_return(item, soon)))
    assert claims.return_open_until(market.at("shop"), item) == soon
    assert Unclaimed in _kinds(market.events("buyer", claims.unclaim(item, market.at("shop"))))
    assert Reissued in _kinds(market.events("brand", claims.reissue(item, market.at("new code"))))
    assert claims.claim_info(item) == ClaimInfo(False, 4, market.at("new code"))
    market.send("shop", market.contracts.handovers.release_to_sale([RunLine(item, item)]))
    assert market.contracts.status.releaser_of(item) == market.at("shop")
    claim = Claim(item, market.at("owner"), 4, soon)
    call = claims.claim_reissued(claim, market.sign("new code", claim), market.sign("owner", claim))
    assert Claimed in _kinds(market.events("brand", call))
    assert market.contracts.token.owner_of(item) == market.at("owner")


def test_refused_claim_says_why_and_what_next(market: Market, item: int) -> None:
    claim = Claim(item, market.at("owner"), 1, market.now + DAY)
    call = market.claims.claim(claim, _proof(market, []), market.sign("code", claim), market.sign("owner", claim))
    with pytest.raises(ContractRefused) as caught:
        market.send("brand", call)
    assert (caught.value.name, caught.value.arguments) == ("NotItsTurn", {"item": item, "nonce": 1, "turn": 0})


def test_measure_is_recorded_confirmed_seized_opened_and_lifted(market: Market, item: int) -> None:
    customs, commitment = market.customs, measure_commitment(SALT, CONTENT)
    events = market.events("customs", customs.record_measure(commitment, MeasureKind.DETENTION))
    recorded = next(event for event in events if isinstance(event, MeasureRecorded))
    assert (recorded.measure_kind, recorded.by) == (MeasureKind.DETENTION, market.at("customs"))
    assert customs.measure_count() == recorded.id == 1
    assert IdentityConfirmed in _kinds(market.events("customs", customs.confirm_identity(1, item, item)))
    assert ItemsSeized in _kinds(market.events("customs", customs.seize(1, 0, 32)))
    assert customs.line_at(1, 0) == MeasureLine(item, item, 1)
    assert customs.units_of(1) == ()
    assert MeasureOpened in _kinds(market.events("customs", customs.open(1, SALT, CONTENT)))
    assert MeasureLifted in _kinds(market.events("customs", customs.lift(1)))
    expected = Measure(market.at("customs"), market.now, MeasureKind.DETENTION, True, True, commitment, 1, 0)
    assert customs.measure_info(1) == expected
    assert market.contracts.token.owner_of(item) == market.at("customs")


def test_root_is_anchored_with_its_time(market: Market) -> None:
    anchors, root = market.anchors, b"\x31" * 32
    assert anchors.anchored_at(market.at("brand"), root) is None
    events = market.events("brand", anchors.anchor(root, AnchorKind.EVENTS))
    anchored = [(event.root, event.anchor_kind) for event in events if isinstance(event, Anchored)]
    assert anchored == [(root, AnchorKind.EVENTS)]
    assert anchors.anchored_at(market.at("brand"), root) == market.now
    many = [bytes([number + 1]) * 32 for number in range(3)]
    events = market.events("brand", anchors.anchor_many(many, AnchorKind.SCANS))
    assert [event.root for event in events if isinstance(event, Anchored)] == many


def test_directory_and_alert_register_say_what_is_wired(market: Market) -> None:
    directory, at = market.contracts.directory, market.deployment.addresses
    assert {name: directory.current(name) for name in directory.names()} == dict(at)
    assert market.contracts.alerts.is_module(at["CustomsRegister"]) is True
    assert market.contracts.alerts.is_module(at["Claims"]) is False
