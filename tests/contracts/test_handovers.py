"""Custody with two signatures: what goes through, and what somebody would try."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from eth_account.messages import encode_typed_data

if TYPE_CHECKING:
    from tests.contracts.conftest import Event, Party, World

DAY = 86_400
CUSTODY, ALL = 2, 31
BLANK = b"\0" * 32
ZERO = "0x" + "00" * 20
SECP256K1_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
TYPES: dict[str, list[tuple[str, str]]] = {
    "Handover": [
        ("from", "address"), ("to", "address"), ("runs", "RunLine[]"), ("units", "UnitLine[]"), ("purpose", "uint8"),
        ("basis", "uint8"), ("eventTime", "uint64"), ("place", "bytes32"), ("seals", "bytes32"),
        ("document", "bytes32"), ("nonce", "uint256"), ("deadline", "uint64"),
    ],
    "Receipt": [
        ("handover", "bytes32"), ("runs", "RunLine[]"), ("units", "UnitLine[]"), ("exceptions", "bytes32"),
        ("eventTime", "uint64"), ("deadline", "uint64"),
    ],
    "RunLine": [("first", "uint256"), ("last", "uint256")],
    "UnitLine": [("unit", "uint256"), ("version", "uint64"), ("contents", "bytes32")],
}  # fmt: skip
Runs = Sequence[tuple[int, int]]


def values_of(kind: str, message: Mapping[str, Any]) -> tuple[Any, ...]:
    """A message as the contract's ABI takes it."""
    plain = []
    for name, type_ in TYPES[kind]:
        inner = type_.removesuffix("[]")
        plain.append([values_of(inner, line) for line in message[name]] if inner in TYPES else message[name])
    return tuple(plain)


@dataclass
class Papers:
    """A handover and its receipt, signed late so that a test can change anything before."""

    world: World
    giver: Party
    taker: Party
    handover: dict[str, Any]
    receipt: dict[str, Any]
    signers: dict[str, Party] = field(default_factory=dict)

    def typed(self, kind: str, message: Mapping[str, Any], world: World | None = None) -> dict[str, Any]:
        used = {"Handover": ("Handover", "RunLine", "UnitLine"), "Receipt": ("Receipt", "RunLine", "UnitLine")}[kind]
        asked = world or self.world
        return asked.typed(asked.handovers, {name: TYPES[name] for name in used}, kind, message)

    def calldata(self, signed_in: World | None = None) -> tuple[Any, ...]:
        handover = values_of("Handover", self.handover)
        receipt = {"handover": self.world.handovers.read("handoverHash", handover)} | self.receipt
        giver = self.signers.get("giver", self.giver).sign(self.typed("Handover", self.handover, signed_in))
        taker = self.signers.get("taker", self.taker).sign(self.typed("Receipt", receipt, signed_in))
        return (handover, giver, values_of("Receipt", receipt), taker)

    def refusal(self) -> tuple[Any, ...] | None:
        return self.world.handovers.refusal("handOver", *self.calldata())

    def send(self) -> list[Event]:
        return self.world.handovers.send("handOver", *self.calldata())


def lines(runs: Runs) -> list[dict[str, int]]:
    return [{"first": first, "last": last} for first, last in runs]


def papers(world: World, giver: Party, taker: Party, runs: Runs, taken: Runs | None = None, **changes: Any) -> Papers:
    now = world.chain.time
    handover: dict[str, Any] = {
        "from": giver.address, "to": taker.address, "runs": lines(runs), "units": [], "purpose": 1, "basis": 0,
        "eventTime": now, "place": BLANK, "seals": BLANK, "document": b"\x0d" * 32, "nonce": 1, "deadline": now + DAY,
    }  # fmt: skip
    receipt: dict[str, Any] = {
        "runs": lines(runs if taken is None else taken), "units": [], "exceptions": BLANK, "eventTime": now,
        "deadline": now + DAY,
    }  # fmt: skip
    return Papers(world, giver, taker, handover | changes, receipt)


@pytest.fixture
def items(world: World) -> tuple[int, int]:
    """A hundred items in the brand's hands."""
    return world.commission(world.open_series(), 100)


def test_goods_go_from_brand_to_carrier_to_retailer(world: World, items: tuple[int, int]) -> None:
    first, last = items
    signed = papers(world, world.brand, world.carrier, [items])
    events = signed.send()
    handed = signed.calldata()[2][0]
    assert [event.name for event in events] == ["HandedOver"]
    assert events[0].arguments == {
        "handover": handed,
        "from": world.brand.address,
        "to": world.carrier.address,
        "itemsHanded": 100,
        "itemsTaken": 100,
        "purpose": 1,
        "eventTime": world.chain.time,
        "document": b"\x0d" * 32,
    }
    papers(world, world.carrier, world.retailer, [(first + 10, first + 19)], nonce=7).send()
    owners = [world.token.read("ownerOf", item) for item in (first, first + 10, first + 19, first + 20, last)]
    carrier, retailer = world.carrier.address, world.retailer.address
    assert owners == [carrier, retailer, retailer, carrier, carrier]
    assert [world.token.read("balanceOf", a) for a in (world.brand.address, carrier, retailer)] == [0, 90, 10]


def test_shortage_is_recorded_and_the_rest_stays(world: World, items: tuple[int, int]) -> None:
    first, last = items
    signed = papers(world, world.brand, world.carrier, [items], taken=[(first, first + 39), (first + 50, last)])
    signed.receipt["exceptions"] = b"\x0e" * 32
    alerts_before = world.alerts.read("alertCount")
    events = signed.send()
    assert [event.name for event in events] == ["DiscrepancyRecorded", "HandedOver"]
    assert events[0].arguments == {
        "handover": events[1].arguments["handover"],
        "from": world.brand.address,
        "to": world.carrier.address,
        "missing": 10,
        "exceptions": b"\x0e" * 32,
    }
    assert (events[1].arguments["itemsHanded"], events[1].arguments["itemsTaken"]) == (100, 90)
    assert world.token.read("runAt", first + 45) == (first + 40, first + 49, world.brand.address)
    assert world.alerts.read("alertCount") == alerts_before + 1


def test_complete_handover_raises_no_alert(world: World, items: tuple[int, int]) -> None:
    papers(world, world.brand, world.carrier, [items]).send()
    assert world.alerts.read("alertCount") == 0


def test_party_nobody_introduced_is_refused(world: World, items: tuple[int, int]) -> None:
    refusal = papers(world, world.brand, world.stranger, [items]).refusal()
    assert refusal == ("ReceiverNotIntroduced", world.stranger.address)


def test_receiver_that_was_revoked_is_refused(world: World, items: tuple[int, int]) -> None:
    world.trust.send("revoke", world.carrier.address, world.word("carrier"), by=world.brand)
    refusal = papers(world, world.brand, world.carrier, [items]).refusal()
    assert refusal == ("ReceiverNotIntroduced", world.carrier.address)


def test_giver_that_was_revoked_can_still_give(world: World, items: tuple[int, int]) -> None:
    papers(world, world.brand, world.carrier, [items]).send()
    world.trust.send("revoke", world.carrier.address, world.word("carrier"), by=world.brand)
    papers(world, world.carrier, world.retailer, [items]).send()
    assert world.token.read("ownerOf", items[0]) == world.retailer.address


def test_replay_is_refused_even_when_the_goods_are_back(world: World, items: tuple[int, int]) -> None:
    signed = papers(world, world.brand, world.carrier, [items])
    signed.send()
    papers(world, world.carrier, world.brand, [items]).send()
    assert signed.refusal() == ("NonceUsed", world.brand.address, 1)
    assert world.token.read("ownerOf", items[0]) == world.brand.address


def test_cancelled_nonce_is_refused(world: World, items: tuple[int, int]) -> None:
    events = world.handovers.send("cancelNonce", 1, by=world.brand)
    assert events[0].arguments == {"account": world.brand.address, "nonce": 1}
    assert world.handovers.read("nonceUsed", world.brand.address, 1) is True
    assert papers(world, world.brand, world.carrier, [items]).refusal() == ("NonceUsed", world.brand.address, 1)
    assert world.handovers.refusal("cancelNonce", 1, by=world.brand) == ("NonceUsed", world.brand.address, 1)


def test_nonces_are_unordered_and_each_acts_once(world: World, items: tuple[int, int]) -> None:
    first = items[0]
    nonces = [2**256 - 1, 0, 255, 256, 12345678901234567890]
    for offset, nonce in enumerate(nonces):
        assert world.handovers.read("nonceUsed", world.brand.address, nonce) is False
        papers(world, world.brand, world.carrier, [(first + offset, first + offset)], nonce=nonce).send()
        assert world.handovers.read("nonceUsed", world.brand.address, nonce) is True
    assert world.handovers.read("nonceUsed", world.brand.address, 1) is False
    assert world.handovers.read("nonceUsed", world.carrier.address, 0) is False


def high_s(signature: bytes) -> bytes:
    """The other signature by the same key over the same message."""
    s = SECP256K1_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


@pytest.mark.parametrize("place", [1, 3])
def test_malleable_signature_is_refused(world: World, items: tuple[int, int], place: int) -> None:
    values = list(papers(world, world.brand, world.carrier, [items]).calldata())
    values[place] = high_s(values[place])
    refusal = world.handovers.refusal("handOver", *values)
    assert refusal == ("ECDSAInvalidSignatureS", values[place][32:64])


@pytest.mark.parametrize("place", [1, 3])
@pytest.mark.parametrize("length", [0, 64, 66])
def test_signature_of_a_wrong_length_is_refused(world: World, items: tuple[int, int], place: int, length: int) -> None:
    values = list(papers(world, world.brand, world.carrier, [items]).calldata())
    values[place] = (values[place] + b"\0")[:length]
    assert world.handovers.refusal("handOver", *values) == ("ECDSAInvalidSignatureLength", length)


def test_signature_of_zeros_is_refused(world: World, items: tuple[int, int]) -> None:
    values = list(papers(world, world.brand, world.carrier, [items]).calldata())
    values[1] = b"\0" * 65
    assert world.handovers.refusal("handOver", *values) == ("ECDSAInvalidSignature",)


def test_signatures_for_another_chain_are_refused(
    world: World, items: tuple[int, int], make_world: Callable[..., World]
) -> None:
    signed = papers(world, world.brand, world.carrier, [items])
    other = make_world(chain_id=world.chain.chain_id + 1)
    assert other.handovers.address == world.handovers.address
    refusal = world.handovers.refusal("handOver", *signed.calldata(signed_in=other))
    assert refusal is not None
    assert refusal[:2] == ("SignerNotAllowed", world.brand.address)


def test_signatures_for_another_contract_are_refused(world: World, items: tuple[int, int]) -> None:
    signed = papers(world, world.brand, world.carrier, [items])
    values = list(signed.calldata())
    foreign = signed.typed("Handover", signed.handover)
    foreign["domain"]["verifyingContract"] = world.token.address
    values[1] = world.brand.sign(foreign)
    refusal = world.handovers.refusal("handOver", *values)
    assert refusal is not None
    assert refusal[:2] == ("SignerNotAllowed", world.brand.address)


@pytest.mark.parametrize("side", ["giver", "taker"])
def test_signature_by_a_stranger_is_refused(world: World, items: tuple[int, int], side: str) -> None:
    signed = papers(world, world.brand, world.carrier, [items])
    signed.signers[side] = world.stranger
    account = {"giver": world.brand, "taker": world.carrier}[side].address
    assert signed.refusal() == ("SignerNotAllowed", account, world.stranger.address)


@pytest.mark.parametrize("side", ["giver", "taker"])
def test_key_without_custody_scope_is_refused(world: World, items: tuple[int, int], side: str) -> None:
    account, key = {"giver": world.brand, "taker": world.carrier}[side], world.party("narrow")
    world.add_key(account, key, ALL & ~CUSTODY)
    signed = papers(world, world.brand, world.carrier, [items])
    signed.signers[side] = key
    assert signed.refusal() == ("SignerNotAllowed", account.address, key.address)


def test_custody_key_signs_for_its_account_and_anyone_may_carry(world: World, items: tuple[int, int]) -> None:
    key = world.party("dock scanner")
    world.add_key(world.brand, key, CUSTODY)
    signed = papers(world, world.brand, world.carrier, [items])
    signed.signers["giver"] = key
    world.handovers.send("handOver", *signed.calldata(), by=world.party("relay"))
    assert world.token.read("ownerOf", items[0]) == world.carrier.address


def test_revoked_custody_key_is_refused(world: World, items: tuple[int, int]) -> None:
    key = world.party("stolen key")
    world.add_key(world.brand, key, CUSTODY)
    world.trust.send("revokeKey", key.address, by=world.brand)
    signed = papers(world, world.brand, world.carrier, [items])
    signed.signers["giver"] = key
    assert signed.refusal() == ("SignerNotAllowed", world.brand.address, key.address)


def test_receipt_for_another_handover_is_refused(world: World, items: tuple[int, int]) -> None:
    signed = papers(world, world.brand, world.carrier, [items])
    signed.receipt["handover"] = b"\x77" * 32
    handed = world.handovers.read("handoverHash", values_of("Handover", signed.handover))
    assert signed.refusal() == ("ReceiptForOther", b"\x77" * 32, handed)


def test_handover_changed_after_signing_is_refused(world: World, items: tuple[int, int]) -> None:
    signed = papers(world, world.brand, world.carrier, [items])
    giver = signed.calldata()[1]
    signed.handover["runs"] = lines([(items[0], items[1] - 1)])
    signed.receipt["runs"] = lines([(items[0], items[1] - 1)])
    values = list(signed.calldata())
    values[1] = giver
    refusal = world.handovers.refusal("handOver", *values)
    assert refusal is not None
    assert refusal[:2] == ("SignerNotAllowed", world.brand.address)


@pytest.mark.parametrize(
    "taken", [[(0, 9), (20, 30)], [(5, 14)], [(10, 19)], [(40, 41)], [(0, 29)], [(30, 31)]], ids=str
)
def test_receipt_line_outside_the_handover_is_refused(world: World, items: tuple[int, int], taken: Runs) -> None:
    first = items[0]
    handed = [(first, first + 9), (first + 20, first + 29)]
    shifted = [(first + a, first + b) for a, b in taken]
    refusal = papers(world, world.brand, world.carrier, handed, taken=shifted).refusal()
    assert refusal == ("RunOutsideHandover", *shifted[-1])


def test_adjoining_lines_are_two_lines_and_a_receipt_line_must_not_join_them(
    world: World, items: tuple[int, int]
) -> None:
    first = items[0]
    handed = [(first, first + 4), (first + 5, first + 9)]
    joined = papers(world, world.brand, world.carrier, handed, taken=[(first, first + 9)])
    assert joined.refusal() == ("RunOutsideHandover", first, first + 9)
    papers(world, world.brand, world.carrier, handed).send()
    assert world.token.read("runAt", first) == (first, first + 9, world.carrier.address)


@pytest.mark.parametrize("side", ["handover", "receipt"])
@pytest.mark.parametrize(
    ("offsets", "error"),
    [
        ([(9, 3)], "RunReversed"),
        ([(0, 5), (5, 9)], "RunsNotAscending"),
        ([(6, 9), (0, 5)], "RunsNotAscending"),
        ([(0, 5), (0, 5)], "RunsNotAscending"),
        ([(0, 1 << 24)], "RunCrossesSeries"),
        ([], "RunCountOutOfRange"),
        ([(3 * n, 3 * n) for n in range(33)], "RunCountOutOfRange"),
    ],
    ids=str,
)
def test_lines_that_are_no_list_of_ranges_are_refused(
    world: World, items: tuple[int, int], side: str, offsets: Runs, error: str
) -> None:
    signed = papers(world, world.brand, world.carrier, [items])
    runs = [(items[0] + a, items[0] + b) for a, b in offsets]
    (signed.handover if side == "handover" else signed.receipt)["runs"] = lines(runs)
    refusal = signed.refusal()
    assert refusal is not None
    assert refusal[0] == error
    expected: dict[str, tuple[int, ...]] = {
        "RunReversed": tuple(runs[0]) if runs else (),
        "RunCrossesSeries": tuple(runs[0]) if runs else (),
        "RunsNotAscending": (1,),
        "RunCountOutOfRange": (len(runs), 32),
    }
    assert refusal[1:] == expected[error]
    assert world.token.read("balanceOf", world.brand.address) == 100


def test_thirty_two_lines_are_the_most_and_go_through(world: World, items: tuple[int, int]) -> None:
    runs = [(items[0] + 3 * n, items[0] + 3 * n + 1) for n in range(32)]
    papers(world, world.brand, world.carrier, runs).send()
    assert world.token.read("balanceOf", world.carrier.address) == 64


def test_goods_the_giver_does_not_hold_cannot_be_handed_over(world: World, items: tuple[int, int]) -> None:
    first, last = items
    refusal = papers(world, world.carrier, world.retailer, [items]).refusal()
    assert refusal == ("RunNotHeld", first, last, world.carrier.address)
    assert papers(world, world.brand, world.carrier, [(first, last + 1)]).refusal() == (
        "RunPastEnd",
        first,
        last + 1,
        100,
    )


def test_giver_cannot_have_goods_recorded_as_missing_that_it_never_held(world: World, items: tuple[int, int]) -> None:
    first, _ = items
    papers(world, world.brand, world.carrier, [(first, first)]).send()
    handed = [(first, first), (first + 1, first + 5)]
    refusal = papers(world, world.carrier, world.retailer, handed, taken=[(first, first)]).refusal()
    assert refusal == ("RunNotHeld", first + 1, first + 5, world.carrier.address)


def test_one_line_that_is_not_held_moves_nothing_of_the_others(world: World, items: tuple[int, int]) -> None:
    first, _ = items
    papers(world, world.brand, world.carrier, [(first + 50, first + 50)]).send()
    signed = papers(world, world.brand, world.retailer, [(first, first + 9), (first + 45, first + 55)], nonce=2)
    assert signed.refusal() == ("RunNotHeld", first + 45, first + 55, world.brand.address)
    assert world.token.read("balanceOf", world.retailer.address) == 0
    assert world.handovers.read("nonceUsed", world.brand.address, 2) is False


@pytest.mark.parametrize("side", ["handover", "receipt"])
def test_deadline_that_has_passed_or_lies_too_far_is_refused(world: World, items: tuple[int, int], side: str) -> None:
    now = world.chain.time
    outcomes = []
    for deadline in (now - 1, now + 30 * DAY + 1, 2**64 - 1):
        signed = papers(world, world.brand, world.carrier, [items])
        (signed.handover if side == "handover" else signed.receipt)["deadline"] = deadline
        outcomes.append(signed.refusal())
    assert outcomes == [
        ("DeadlinePassed", now - 1, now),
        ("DeadlineTooFar", now + 30 * DAY + 1, now + 30 * DAY),
        ("DeadlineTooFar", 2**64 - 1, now + 30 * DAY),
    ]


@pytest.mark.parametrize("offset", [0, 30 * DAY])
def test_deadline_now_or_in_thirty_days_is_accepted(world: World, items: tuple[int, int], offset: int) -> None:
    signed = papers(world, world.brand, world.carrier, [items], deadline=world.chain.time + offset)
    assert signed.refusal() is None


def test_handover_to_oneself_is_refused(world: World, items: tuple[int, int]) -> None:
    refusal = papers(world, world.brand, world.brand, [items]).refusal()
    assert refusal == ("HandoverToSelf", world.brand.address)


@pytest.mark.parametrize("end", ["from", "to"])
def test_handover_from_or_to_nobody_is_refused(world: World, items: tuple[int, int], end: str) -> None:
    signer = {"from": world.brand, "to": world.carrier}[end]
    signed = papers(world, world.brand, world.carrier, [items])
    signed.handover[end] = ZERO
    assert signed.refusal() == ("SignerNotAllowed", ZERO, signer.address)


@pytest.mark.parametrize(("name", "number", "error"), [("purpose", 6, "PurposeUnknown"), ("basis", 3, "BasisUnknown")])
def test_purpose_or_basis_without_a_meaning_is_refused(
    world: World, items: tuple[int, int], name: str, number: int, error: str
) -> None:
    signed = papers(world, world.brand, world.carrier, [items])
    signed.handover[name] = number
    assert signed.refusal() == (error, number)
    signed.handover[name] = number - 1
    assert signed.refusal() is None


def test_contract_hashes_are_those_of_eip712(world: World, items: tuple[int, int]) -> None:
    signed = papers(world, world.brand, world.carrier, [items, (items[1] + 1, items[1] + 9)])
    signed.handover["units"] = [{"unit": 5, "version": 6, "contents": b"\x07" * 32}]
    receipt = {"handover": b"\x08" * 32} | signed.receipt
    for kind, function, message in (("Handover", "handoverHash", signed.handover), ("Receipt", "receiptHash", receipt)):
        body = encode_typed_data(full_message=signed.typed(kind, message)).body
        assert world.handovers.read(function, values_of(kind, message)) == body
