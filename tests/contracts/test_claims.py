"""From the shelf to an owner, from owner to owner, and back: what goes through, and what somebody would try."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from countermark.chain.artifacts import artifact
from countermark.custody.claim import Claim, ClaimTransfer
from countermark.gs1.identity import ItemKey
from countermark.labels.leaf import NO_CHIP, leaf_hash
from countermark.labels.merkle import MerkleTree

if TYPE_CHECKING:
    from tests.contracts.conftest import Contract, Event, Party, World

DAY = 86_400
CUSTODY, ALL = 2, 31
NOBODY = "0x" + "00" * 20
RECALLED, STOLEN, HELD, SEIZED, RETIRED = 1, 2, 3, 4, 6
SALE, RETURN = 0, 3
SECP256K1_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
CLAIM = [("item", "uint256"), ("owner", "address"), ("nonce", "uint256"), ("deadline", "uint64")]
TRANSFER = [
    ("item", "uint256"),
    ("from", "address"),
    ("to", "address"),
    ("nonce", "uint256"),
    ("deadline", "uint64"),
]
COUNT = 9


@dataclass
class Shelf:
    """Items with claim codes, in the brand's hands and released to sale."""

    world: World
    first: int
    tree: MerkleTree

    def key(self, index: int) -> Party:
        """The key behind the hidden code of one item."""
        return self.world.party(f"code {index}")

    def proof(self, index: int, **changes: Any) -> tuple[Any, ...]:
        """The LeafProof of one item as the ABI takes it."""
        values: dict[str, Any] = {
            "serial": serial(index).encode(),
            "claimKey": self.key(index).address,
            "chip": NO_CHIP,
            "salt": salt(index),
            "path": self.tree.path(index),
        }
        return tuple({**values, **changes}.values())

    def typed(self, kind: str, values: Sequence[Any], world: World | None = None) -> dict[str, Any]:
        asked, fields = world or self.world, {"Claim": CLAIM, "ClaimTransfer": TRANSFER}[kind]
        message = dict(zip([name for name, _ in fields], values, strict=True))
        return asked.typed(asked.claims, {kind: fields}, kind, message)

    def values(self, index: int, owner: Party, nonce: int = 0, deadline: int | None = None) -> tuple[Any, ...]:
        return (self.first + index, owner.address, nonce, self.world.chain.time + DAY if deadline is None else deadline)

    def arguments(self, index: int, owner: Party, **changes: Any) -> tuple[Any, ...]:
        """What claim takes: the claim, the proof and both signatures."""
        values = self.values(index, owner, changes.get("nonce", 0), changes.get("deadline"))
        typed = self.typed("Claim", values, changes.get("signed_in"))
        key = changes.get("key", self.key(index))
        signer = changes.get("signer", owner)
        proof = changes["proof"] if "proof" in changes else (self.proof(index),)
        return (values, *proof, key.sign(typed), signer.sign(typed))

    def refusal(self, index: int, owner: Party, **changes: Any) -> tuple[Any, ...] | None:
        return self.world.claims.refusal("claim", *self.arguments(index, owner, **changes))

    def claim(self, index: int, owner: Party, **changes: Any) -> list[Event]:
        return self.world.claims.send("claim", *self.arguments(index, owner, **changes))

    def resale(self, index: int, giver: Party, taker: Party, nonce: int, **changes: Any) -> tuple[Any, ...]:
        """What transferClaimed takes."""
        deadline = changes.get("deadline", self.world.chain.time + DAY)
        values = (self.first + index, giver.address, taker.address, nonce, deadline)
        typed = self.typed("ClaimTransfer", values, changes.get("signed_in"))
        return (values, changes.get("by_giver", giver).sign(typed), changes.get("by_taker", taker).sign(typed))

    def refused_resale(self, index: int, giver: Party, taker: Party, nonce: int, **changes: Any) -> Any:
        return self.world.claims.refusal("transferClaimed", *self.resale(index, giver, taker, nonce, **changes))

    def resell(self, index: int, giver: Party, taker: Party, nonce: int, **changes: Any) -> list[Event]:
        return self.world.claims.send("transferClaimed", *self.resale(index, giver, taker, nonce, **changes))

    def give_back(self, index: int, owner: Party, to: Party) -> list[Event]:
        """The receiver opens itself to the return, the owner returns."""
        self.world.claims.send("openToReturn", self.first + index, self.world.chain.time + DAY, by=to)
        return self.world.claims.send("unclaim", self.first + index, to.address, by=owner)

    def holder(self, index: int) -> str:
        return str(self.world.token.read("ownerOf", self.first + index))


def serial(index: int) -> str:
    return f"0001{index:012d}"


def salt(index: int) -> bytes:
    return bytes([index + 1]) * 16


def stock(world: World, count: int = COUNT, *, released: bool = True) -> Shelf:
    """A segment whose leaves carry claim keys."""
    gtin = f"{world.GTIN:014d}"
    leaves = [
        leaf_hash(ItemKey(gtin, serial(n)), salt(n), bytes.fromhex(world.party(f"code {n}").address[2:]))
        for n in range(count)
    ]
    tree = MerkleTree(leaves)
    first, last = world.commission(world.open_series(), count, root=tree.root)
    if released:
        world.handovers.send("releaseToSale", [(first, last)], by=world.brand)
    return Shelf(world, first, tree)


def customs(world: World) -> Contract:
    assert world.customs_register is not None
    return world.customs_register


@pytest.fixture
def shelf(world: World) -> Shelf:
    return stock(world)


@pytest.fixture
def owner(world: World) -> Party:
    """Somebody with a fresh key and no account."""
    return world.party("owner")


@pytest.fixture
def buyer(world: World) -> Party:
    return world.party("buyer")


def test_code_and_fresh_key_take_an_item_from_the_shelf(world: World, shelf: Shelf, owner: Party) -> None:
    item = shelf.first + 4
    assert world.claims.read("claimInfo", item) == (False, 0, NOBODY)
    events = shelf.claim(4, owner)
    hash_ = world.claims.read("claimHash", shelf.values(4, owner))
    assert [(event.name, event.arguments) for event in events] == [
        ("Claimed", {"item": item, "owner": owner.address, "from": world.brand.address, "claim": hash_})
    ]
    assert [shelf.holder(index) for index in (3, 4, 5)] == [world.brand.address, owner.address, world.brand.address]
    assert world.claims.read("claimInfo", item) == (True, 1, NOBODY)


@pytest.mark.parametrize("index", range(COUNT))
def test_every_item_of_a_segment_can_be_claimed_at_its_own_place(world: World, shelf: Shelf, index: int) -> None:
    shelf.claim(index, world.party("owner"))
    assert shelf.holder(index) == world.party("owner").address


def test_item_of_a_later_segment_is_claimed_at_its_place_in_that_segment(world: World, owner: Party) -> None:
    series = world.open_series()
    world.commission(series, 1_000)
    gtin = f"{world.GTIN:014d}"
    key = bytes.fromhex(world.party("code 0").address[2:])
    tree = MerkleTree([leaf_hash(ItemKey(gtin, serial(0)), salt(0), key)])
    item, _ = world.commission(series, 1, root=tree.root)
    world.handovers.send("releaseToSale", [(item, item)], by=world.brand)
    Shelf(world, item, tree).claim(0, owner)
    assert world.token.read("ownerOf", item) == owner.address


def test_anyone_may_carry_a_claim(world: World, shelf: Shelf, owner: Party) -> None:
    relay = world.party("relay")
    world.claims.send("claim", *shelf.arguments(0, owner), by=relay)
    assert shelf.holder(0) == owner.address


# --- proofs


@pytest.mark.parametrize("other", [0, 2, 5, 8])
def test_proof_of_one_item_claims_no_other(world: World, shelf: Shelf, owner: Party, other: int) -> None:
    refusal = shelf.refusal(other, owner, proof=(shelf.proof(3),), key=shelf.key(3))
    leaf = leaf_hash(ItemKey(f"{world.GTIN:014d}", serial(3)), salt(3), bytes.fromhex(shelf.key(3).address[2:]))
    assert refusal == ("LeafNotProved", leaf, other, shelf.tree.root)


def test_code_of_another_item_opens_nothing(shelf: Shelf, owner: Party) -> None:
    refusal = shelf.refusal(2, owner, key=shelf.key(5))
    assert refusal == ("ClaimKeyMismatch", shelf.key(2).address, shelf.key(5).address)


def test_own_key_written_into_the_proof_is_not_in_the_leaf(world: World, shelf: Shelf, owner: Party) -> None:
    thief = world.party("thief")
    refusal = shelf.refusal(2, owner, proof=(shelf.proof(2, claimKey=thief.address),), key=thief)
    assert refusal is not None
    assert (refusal[0], refusal[2:]) == ("LeafNotProved", (2, shelf.tree.root))


@pytest.mark.parametrize(
    "changes", [{"serial": serial(3).encode()}, {"chip": b"\x01" * 32}, {"salt": b"\x01" * 16}], ids=str
)
def test_leaf_with_anything_changed_is_refused(shelf: Shelf, owner: Party, changes: dict[str, bytes]) -> None:
    refusal = shelf.refusal(2, owner, proof=(shelf.proof(2, **changes),))
    assert refusal is not None
    assert (refusal[0], refusal[2:]) == ("LeafNotProved", (2, shelf.tree.root))


@pytest.mark.parametrize("length", [0, 3, 5])
def test_path_of_a_wrong_depth_is_refused(shelf: Shelf, owner: Party, length: int) -> None:
    path = (shelf.tree.path(2) * 2)[:length]
    assert shelf.refusal(2, owner, proof=(shelf.proof(2, path=path),)) == ("PathDepthWrong", length, 4)


@pytest.mark.parametrize("length", [0, 21, 272])
def test_serial_of_a_wrong_length_is_refused(shelf: Shelf, owner: Party, length: int) -> None:
    refusal = shelf.refusal(2, owner, proof=(shelf.proof(2, serial=b"A" * length),))
    assert refusal == ("SerialLengthOutOfRange", length, 20)


def test_item_without_a_code_cannot_be_claimed_by_the_zero_address(world: World, owner: Party) -> None:
    tree = MerkleTree([leaf_hash(ItemKey(f"{world.GTIN:014d}", serial(0)), salt(0))])
    item, _ = world.commission(world.open_series(), 1, root=tree.root)
    world.handovers.send("releaseToSale", [(item, item)], by=world.brand)
    shelf = Shelf(world, item, tree)
    values = shelf.values(0, owner)
    signed = owner.sign(shelf.typed("Claim", values))
    proof = shelf.proof(0, claimKey=NOBODY)
    refusal = world.claims.refusal("claim", values, proof, bytes(65), signed)
    assert refusal == ("ECDSAInvalidSignature",)
    assert shelf.refusal(0, owner, proof=(proof,)) == ("ClaimKeyMismatch", NOBODY, shelf.key(0).address)


def test_item_that_does_not_exist_cannot_be_claimed(shelf: Shelf, owner: Party) -> None:
    refusal = shelf.refusal(COUNT, owner, proof=(shelf.proof(0),))
    assert refusal == ("ERC721NonexistentToken", shelf.first + COUNT)


# --- where the item stands


def test_item_nobody_released_cannot_be_claimed(world: World, owner: Party) -> None:
    shelf = stock(world, released=False)
    assert shelf.refusal(0, owner) == ("ItemNotReleased", shelf.first)


def test_recalled_item_cannot_be_claimed_and_can_when_the_recall_is_lifted(
    world: World, shelf: Shelf, owner: Party
) -> None:
    item = shelf.first
    world.status.send("recall", item, item, b"\x05" * 32, by=world.brand)
    assert shelf.refusal(0, owner) == ("ItemLocked", item, item, RECALLED)
    world.status.send("liftRecall", item, item, b"\x05" * 32, by=world.brand)
    assert shelf.refusal(0, owner) is None


def test_stolen_item_cannot_be_claimed(world: World, shelf: Shelf, owner: Party) -> None:
    item = shelf.first
    world.status.send("reportStolen", item, item, b"\x05" * 32, by=world.brand)
    assert shelf.refusal(0, owner) == ("ItemLocked", item, item, STOLEN)


def test_retired_item_cannot_be_claimed(world: World, shelf: Shelf, owner: Party) -> None:
    item = shelf.first
    world.status.send("retire", item, item, 1, b"\x05" * 32, by=world.brand)
    assert shelf.refusal(0, owner) == ("ItemLocked", item, item, RETIRED)


def test_held_item_cannot_be_claimed(world: World, shelf: Shelf, owner: Party) -> None:
    item = shelf.first
    customs(world).send("recordMeasure", b"\x07" * 32, 3, by=world.customs)
    customs(world).send("confirmIdentity", 1, item, item, by=world.customs)
    assert shelf.refusal(0, owner) == ("ItemLocked", item, item, HELD)
    assert shelf.refusal(1, owner) is None


def test_packed_item_cannot_be_claimed(world: World, shelf: Shelf, owner: Party) -> None:
    opened = world.units.send("open", 1, b"095060000000000015", 1, by=world.brand)
    unit = opened[0].arguments["unit"]
    world.units.send("pack", unit, ([(shelf.first, shelf.first)], [], []), by=world.brand)
    assert shelf.refusal(0, owner) == ("ItemNotOnShelf", shelf.first)


def test_no_refusal_of_claims_names_who_has_an_item(world: World) -> None:
    """Anybody may have a claim tried, so nothing is named that whoever tries does not bring along."""
    names_somebody = {
        error.name
        for error in artifact("Claims").errors.values()
        if {"owner", "holder"} & {field.name for field in error.inputs}
    }
    # Of the owner whose signature comes along.
    assert names_somebody == {"OwnerIsKnown", "OwnerNotFresh"}


def test_item_released_off_the_network_is_on_no_shelf(world: World, shelf: Shelf, owner: Party) -> None:
    world.handovers.send("releaseOffNetwork", [(shelf.first, shelf.first)], b"\x06" * 32, by=world.brand)
    assert shelf.refusal(0, owner) == ("ItemNotOnShelf", shelf.first)


def test_nothing_is_claimed_resold_returned_or_reissued_while_paused(
    world: World, shelf: Shelf, owner: Party, buyer: Party
) -> None:
    shelf.claim(0, owner)
    world.claims.send("openToReturn", shelf.first, world.chain.time + 9 * DAY, by=world.retailer)
    until = world.chain.time + DAY
    world.trust.send("pause", DAY, by=world.guardian)
    paused = ("Paused", until)
    assert shelf.refusal(1, owner) == paused
    assert shelf.refused_resale(0, owner, buyer, 1) == paused
    assert world.claims.refusal("unclaim", shelf.first, world.retailer.address, by=owner) == paused
    assert world.claims.refusal("reissue", shelf.first, buyer.address, by=world.brand) == paused
    assert world.claims.refusal("skipTurn", shelf.first, by=owner) is None


# --- signatures


def test_claim_carried_twice_acts_once(world: World, shelf: Shelf, owner: Party) -> None:
    arguments = shelf.arguments(0, owner)
    world.claims.send("claim", *arguments)
    assert world.claims.refusal("claim", *arguments) == ("AlreadyClaimed", shelf.first)


def test_second_person_with_the_same_code_comes_too_late(shelf: Shelf, owner: Party, buyer: Party) -> None:
    shelf.claim(0, owner)
    assert shelf.refusal(0, buyer, nonce=1) == ("AlreadyClaimed", shelf.first)


def test_spent_code_claims_nothing_after_the_return(world: World, shelf: Shelf, owner: Party, buyer: Party) -> None:
    arguments = shelf.arguments(0, owner)
    shelf.claim(0, owner)
    shelf.give_back(0, owner, world.retailer)
    assert world.claims.refusal("claim", *arguments) == ("CodeSpent", shelf.first)
    assert shelf.refusal(0, buyer, nonce=2) == ("CodeSpent", shelf.first)


def test_claim_for_a_turn_that_has_not_come_is_refused(shelf: Shelf, owner: Party) -> None:
    assert shelf.refusal(0, owner, nonce=1) == ("NotItsTurn", shelf.first, 1, 0)


def test_claim_signed_for_another_chain_is_refused(
    world: World, shelf: Shelf, owner: Party, make_world: Callable[..., World]
) -> None:
    other = make_world(chain_id=world.chain.chain_id + 1)
    assert other.claims.address == world.claims.address
    refusal = shelf.refusal(0, owner, signed_in=other)
    assert refusal is not None
    assert refusal[:2] == ("ClaimKeyMismatch", shelf.key(0).address)


def test_claim_signed_for_another_contract_is_refused(world: World, shelf: Shelf, owner: Party) -> None:
    values = shelf.values(0, owner)
    typed = shelf.typed("Claim", values)
    foreign = {**typed, "domain": {**typed["domain"], "verifyingContract": world.handovers.address}}
    for signatures in (
        (shelf.key(0).sign(foreign), owner.sign(typed)),
        (shelf.key(0).sign(typed), owner.sign(foreign)),
    ):
        refusal = world.claims.refusal("claim", values, shelf.proof(0), *signatures)
        assert refusal is not None
        assert refusal[0] in {"ClaimKeyMismatch", "SignerNotAllowed"}
        assert refusal[1] in {shelf.key(0).address, owner.address}


def high_s(signature: bytes) -> bytes:
    """The other signature by the same key over the same message."""
    s = SECP256K1_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


@pytest.mark.parametrize("place", [2, 3])
def test_malleable_signature_is_refused(world: World, shelf: Shelf, owner: Party, place: int) -> None:
    arguments = list(shelf.arguments(0, owner))
    arguments[place] = high_s(arguments[place])
    refusal = world.claims.refusal("claim", *arguments)
    assert refusal == ("ECDSAInvalidSignatureS", arguments[place][32:64])


@pytest.mark.parametrize("place", [2, 3])
@pytest.mark.parametrize("length", [0, 64, 66])
def test_signature_of_a_wrong_length_is_refused(
    world: World, shelf: Shelf, owner: Party, place: int, length: int
) -> None:
    arguments = list(shelf.arguments(0, owner))
    arguments[place] = (arguments[place] + b"\0")[:length]
    assert world.claims.refusal("claim", *arguments) == ("ECDSAInvalidSignatureLength", length)


def test_claim_after_its_deadline_is_refused(world: World, shelf: Shelf, owner: Party) -> None:
    now = world.chain.time
    assert shelf.refusal(0, owner, deadline=now - 1) == ("DeadlinePassed", now - 1, now)
    assert shelf.refusal(0, owner, deadline=now) is None


def test_claim_with_a_deadline_beyond_thirty_days_is_refused(world: World, shelf: Shelf, owner: Party) -> None:
    latest = world.chain.time + 30 * DAY
    assert shelf.refusal(0, owner, deadline=latest + 1) == ("DeadlineTooFar", latest + 1, latest)
    assert shelf.refusal(0, owner, deadline=2**64 - 1) == ("DeadlineTooFar", 2**64 - 1, latest)
    assert shelf.refusal(0, owner, deadline=latest) is None


# --- owners


def test_nobody_is_made_owner_without_consent(world: World, shelf: Shelf, owner: Party) -> None:
    thief = world.party("thief")
    assert shelf.refusal(0, owner, signer=thief) == ("SignerNotAllowed", owner.address, thief.address)


def test_item_cannot_be_claimed_into_a_unit(world: World, shelf: Shelf) -> None:
    opened = world.units.send("open", 1, b"095060000000000015", 1, by=world.brand)
    account = world.units.read("accountOf", opened[0].arguments["unit"])
    values = (shelf.first, account, 0, world.chain.time + DAY)
    typed = shelf.typed("Claim", values)
    signatures = (shelf.key(0).sign(typed), shelf.key(0).sign(typed))
    refusal = world.claims.refusal("claim", values, shelf.proof(0), *signatures)
    assert refusal == ("SignerNotAllowed", account, shelf.key(0).address)


def test_owner_that_holds_something_already_is_refused(shelf: Shelf, owner: Party) -> None:
    shelf.claim(0, owner)
    assert shelf.refusal(1, owner) == ("OwnerNotFresh", owner.address, 1)


def test_account_and_its_keys_are_no_fresh_owners(world: World, shelf: Shelf) -> None:
    key = world.party("second key")
    world.add_key(world.retailer, key, ALL)
    for known in (world.retailer, key, world.stranger):
        account = world.stranger if known is world.stranger else world.retailer
        assert shelf.refusal(0, known) == ("OwnerIsKnown", known.address, account.address)
    world.trust.send("revokeKey", key.address, by=world.retailer)
    assert shelf.refusal(0, key) == ("OwnerIsKnown", key.address, world.retailer.address)


# --- resale


def test_owner_resells_and_the_buyer_resells_again(world: World, shelf: Shelf, owner: Party, buyer: Party) -> None:
    shelf.claim(0, owner)
    events = shelf.resell(0, owner, buyer, 1)
    values = shelf.resale(0, owner, buyer, 1)[0]
    hash_ = world.claims.read("claimTransferHash", values)
    assert [(event.name, event.arguments) for event in events] == [
        ("ClaimMoved", {"item": shelf.first, "from": owner.address, "to": buyer.address, "transfer": hash_})
    ]
    third = world.party("third")
    shelf.resell(0, buyer, third, 2)
    assert shelf.holder(0) == third.address
    assert world.claims.read("claimInfo", shelf.first) == (True, 3, NOBODY)


def test_resale_carried_again_after_the_item_came_back_is_refused(
    world: World, shelf: Shelf, owner: Party, buyer: Party
) -> None:
    shelf.claim(0, owner)
    arguments = shelf.resale(0, owner, buyer, 1)
    world.claims.send("transferClaimed", *arguments)
    shelf.resell(0, buyer, owner, 2)
    assert world.claims.refusal("transferClaimed", *arguments) == ("NotItsTurn", shelf.first, 1, 3)


def test_resale_needs_both_sides(world: World, shelf: Shelf, owner: Party, buyer: Party) -> None:
    shelf.claim(0, owner)
    thief = world.party("thief")
    assert shelf.refused_resale(0, owner, buyer, 1, by_giver=thief) == (
        "SignerNotAllowed",
        owner.address,
        thief.address,
    )
    assert shelf.refused_resale(0, owner, buyer, 1, by_taker=thief) == (
        "SignerNotAllowed",
        buyer.address,
        thief.address,
    )


def test_who_does_not_hold_the_item_cannot_resell_it(shelf: Shelf, owner: Party, buyer: Party) -> None:
    shelf.claim(0, owner)
    item = shelf.first
    assert shelf.refused_resale(0, buyer, owner, 1) == ("RunNotHeld", item, item, buyer.address)


def test_resale_to_oneself_is_refused(shelf: Shelf, owner: Party) -> None:
    shelf.claim(0, owner)
    assert shelf.refused_resale(0, owner, owner, 1) == ("RunReceiverNotValid", owner.address)


def test_item_on_the_shelf_is_not_resold(world: World, shelf: Shelf, buyer: Party) -> None:
    assert shelf.refused_resale(0, world.brand, buyer, 0) == ("NotClaimed", shelf.first)


def test_resale_for_another_chain_or_late_is_refused(
    world: World, shelf: Shelf, owner: Party, buyer: Party, make_world: Callable[..., World]
) -> None:
    shelf.claim(0, owner)
    other = make_world(chain_id=world.chain.chain_id + 1)
    refusal = shelf.refused_resale(0, owner, buyer, 1, signed_in=other)
    assert refusal[:2] == ("SignerNotAllowed", owner.address)
    now = world.chain.time
    late = shelf.refused_resale(0, owner, buyer, 1, deadline=now - 1)
    assert late == ("DeadlinePassed", now - 1, now)


def test_malleable_resale_is_refused(world: World, shelf: Shelf, owner: Party, buyer: Party) -> None:
    shelf.claim(0, owner)
    arguments = list(shelf.resale(0, owner, buyer, 1))
    arguments[1] = high_s(arguments[1])
    refusal = world.claims.refusal("transferClaimed", *arguments)
    assert refusal == ("ECDSAInvalidSignatureS", arguments[1][32:64])


@pytest.mark.parametrize(("call", "flag"), [("recall", RECALLED), ("reportStolen", STOLEN)])
def test_recalled_or_stolen_item_is_not_resold(
    world: World, shelf: Shelf, owner: Party, buyer: Party, call: str, flag: int
) -> None:
    shelf.claim(0, owner)
    item = shelf.first
    world.status.send(call, item, item, b"\x05" * 32, by=world.brand)
    assert shelf.refused_resale(0, owner, buyer, 1) == ("ItemLocked", item, item, flag)


def test_account_buys_with_a_custody_key_and_sells_with_one(world: World, shelf: Shelf, owner: Party) -> None:
    dealer, key, narrow = world.retailer, world.party("counter"), world.party("narrow")
    world.add_key(dealer, key, CUSTODY)
    world.add_key(dealer, narrow, ALL & ~CUSTODY)
    shelf.claim(0, owner)
    refusal = shelf.refused_resale(0, owner, dealer, 1, by_taker=narrow)
    assert refusal == ("SignerNotAllowed", dealer.address, narrow.address)
    shelf.resell(0, owner, dealer, 1, by_taker=key)
    third = world.party("third")
    refusal = shelf.refused_resale(0, dealer, third, 2, by_giver=narrow)
    assert refusal == ("SignerNotAllowed", dealer.address, narrow.address)
    shelf.resell(0, dealer, third, 2, by_giver=key)
    assert shelf.holder(0) == third.address


def test_account_nobody_answers_for_cannot_buy(world: World, shelf: Shelf, owner: Party) -> None:
    shelf.claim(0, owner)
    refusal = shelf.refused_resale(0, owner, world.stranger, 1)
    assert refusal == ("ReceiverNotIntroduced", world.stranger.address)


def test_successor_sells_what_an_account_left_behind(world: World, shelf: Shelf, owner: Party, buyer: Party) -> None:
    shelf.claim(0, owner)
    shelf.resell(0, owner, world.retailer, 1)
    assert shelf.refused_resale(0, world.retailer, buyer, 2, by_giver=world.carrier) == (
        "SignerNotAllowed",
        world.retailer.address,
        world.carrier.address,
    )
    world.trust.send("nameSuccessor", world.retailer.address, world.carrier.address, by=world.retailer)
    shelf.resell(0, world.retailer, buyer, 2, by_giver=world.carrier)
    assert shelf.holder(0) == buyer.address


def test_owner_whose_address_became_an_account_needs_a_key_that_still_stands(
    world: World, shelf: Shelf, owner: Party, buyer: Party
) -> None:
    shelf.claim(0, owner)
    world.trust.send("registerAccount", by=owner)
    fresh = world.party("fresh")
    world.add_key(owner, fresh, ALL)
    world.trust.send("revokeKey", owner.address, by=fresh)
    assert shelf.refused_resale(0, owner, buyer, 1) == ("SignerNotAllowed", owner.address, owner.address)
    shelf.resell(0, owner, buyer, 1, by_giver=fresh)
    assert shelf.holder(0) == buyer.address


def test_holder_voids_what_it_signed(world: World, shelf: Shelf, owner: Party, buyer: Party) -> None:
    shelf.claim(0, owner)
    arguments = shelf.resale(0, owner, buyer, 1)
    assert world.claims.refusal("skipTurn", shelf.first, by=buyer) == ("NotHolder", shelf.first, buyer.address)
    events = world.claims.send("skipTurn", shelf.first, by=owner)
    assert [(event.name, event.arguments) for event in events] == [("TurnSkipped", {"item": shelf.first, "turn": 2})]
    assert world.claims.refusal("transferClaimed", *arguments) == ("NotItsTurn", shelf.first, 1, 2)


def test_turn_of_an_item_on_the_shelf_cannot_be_skipped(world: World, shelf: Shelf) -> None:
    assert world.claims.refusal("skipTurn", shelf.first, by=world.brand) == ("NotClaimed", shelf.first)


# --- return and re-issue


def test_returned_item_gets_a_new_code_and_a_new_owner(world: World, shelf: Shelf, owner: Party, buyer: Party) -> None:
    item, code = shelf.first, world.party("new code")
    shelf.claim(0, owner)
    events = shelf.give_back(0, owner, world.retailer)
    assert [(event.name, event.arguments) for event in events] == [
        ("Unclaimed", {"item": item, "from": owner.address, "to": world.retailer.address})
    ]
    assert (shelf.holder(0), world.claims.read("claimInfo", item)) == (world.retailer.address, (False, 2, NOBODY))
    events = world.claims.send("reissue", item, code.address, by=world.brand)
    assert [(event.name, event.arguments) for event in events] == [
        ("Reissued", {"item": item, "claimKey": code.address, "brand": world.brand.address})
    ]
    assert world.claims.read("claimInfo", item) == (False, 2, code.address)
    arguments = shelf.arguments(0, buyer, nonce=2, key=code, proof=())
    assert world.claims.refusal("claimReissued", *arguments) == ("ItemNotReleased", item)
    world.handovers.send("releaseToSale", [(item, item)], by=world.retailer)
    claimed = world.claims.send("claimReissued", *arguments)
    assert (claimed[0].name, claimed[0].arguments["from"]) == ("Claimed", world.retailer.address)
    assert (shelf.holder(0), world.claims.read("claimInfo", item)) == (buyer.address, (True, 3, NOBODY))
    assert world.claims.refusal("claimReissued", *arguments) == ("AlreadyClaimed", item)


def test_new_code_serves_once(world: World, shelf: Shelf, owner: Party, buyer: Party) -> None:
    code = world.party("new code")
    shelf.claim(0, owner)
    shelf.give_back(0, owner, world.retailer)
    world.claims.send("reissue", shelf.first, code.address, by=world.brand)
    world.handovers.send("releaseToSale", [(shelf.first, shelf.first)], by=world.retailer)
    arguments = shelf.arguments(0, buyer, nonce=2, key=code, proof=())
    world.claims.send("claimReissued", *arguments)
    shelf.give_back(0, buyer, world.retailer)
    assert world.claims.refusal("claimReissued", *arguments) == ("NotReissued", shelf.first)
    world.claims.send("reissue", shelf.first, code.address, by=world.brand)
    assert world.claims.refusal("claimReissued", *arguments) == ("NotItsTurn", shelf.first, 2, 4)


def test_old_code_does_not_pass_for_the_new_one(world: World, shelf: Shelf, owner: Party, buyer: Party) -> None:
    code = world.party("new code")
    shelf.claim(0, owner)
    shelf.give_back(0, owner, world.retailer)
    world.claims.send("reissue", shelf.first, code.address, by=world.brand)
    refusal = world.claims.refusal("claimReissued", *shelf.arguments(0, buyer, nonce=2, proof=()))
    assert refusal == ("ClaimKeyMismatch", code.address, shelf.key(0).address)


def test_item_without_a_new_code_needs_its_proof(world: World, shelf: Shelf, owner: Party) -> None:
    refusal = world.claims.refusal("claimReissued", *shelf.arguments(0, owner, proof=()))
    assert refusal == ("NotReissued", shelf.first)


def test_lost_new_code_is_replaced_by_another(world: World, shelf: Shelf, owner: Party, buyer: Party) -> None:
    shelf.claim(0, owner)
    shelf.give_back(0, owner, world.retailer)
    for name in ("lost", "found"):
        world.claims.send("reissue", shelf.first, world.party(name).address, by=world.brand)
    lost = shelf.arguments(0, buyer, nonce=2, key=world.party("lost"), proof=())
    assert world.claims.refusal("claimReissued", *lost) == (
        "ClaimKeyMismatch",
        world.party("found").address,
        world.party("lost").address,
    )


def test_new_code_for_an_item_whose_code_is_good_or_in_use_is_refused(world: World, shelf: Shelf, owner: Party) -> None:
    code = world.party("new code").address
    assert world.claims.refusal("reissue", shelf.first, code, by=world.brand) == ("CodeUnspent", shelf.first)
    shelf.claim(0, owner)
    refusal = world.claims.refusal("reissue", shelf.first, code, by=world.brand)
    assert refusal == ("AlreadyClaimed", shelf.first)
    shelf.give_back(0, owner, world.retailer)
    refusal = world.claims.refusal("reissue", shelf.first, NOBODY, by=world.brand)
    assert refusal == ("ClaimKeyMissing", shelf.first)


def test_only_the_brand_of_the_series_gives_new_codes(world: World, shelf: Shelf, owner: Party) -> None:
    shelf.claim(0, owner)
    shelf.give_back(0, owner, world.retailer)
    rival, code = world.party("rival"), world.party("new code").address
    world.trust.send("registerAccount", by=rival)
    world.grant(world.office, rival, "brand", 3)
    refusal = world.claims.refusal("reissue", shelf.first, code, by=rival)
    assert refusal == ("NotSeriesBrand", shelf.first >> 24, rival.address)
    refusal = world.claims.refusal("reissue", shelf.first, code, by=world.retailer)
    assert refusal == ("RoleMissing", world.retailer.address, world.word("brand"))
    world.trust.send("revoke", world.brand.address, world.word("brand"), by=world.office)
    refusal = world.claims.refusal("reissue", shelf.first, code, by=world.brand)
    assert refusal == ("RoleMissing", world.brand.address, world.word("brand"))
    unknown = 9_999 << 24
    assert world.claims.refusal("reissue", unknown, code, by=rival) == ("NotSeriesBrand", 9_999, rival.address)


def test_return_needs_a_party_that_opened_itself_to_this_item(world: World, shelf: Shelf, owner: Party) -> None:
    item, shop = shelf.first, world.retailer
    shelf.claim(0, owner)
    closed = ("ReturnNotOpen", shop.address, item, 0)
    assert world.claims.refusal("unclaim", item, shop.address, by=owner) == closed
    world.claims.send("openToReturn", item + 1, world.chain.time + DAY, by=shop)
    assert world.claims.refusal("unclaim", item, shop.address, by=owner) == closed
    until = world.chain.time + DAY
    events = world.claims.send("openToReturn", item, until, by=shop)
    assert [(event.name, event.arguments) for event in events] == [
        ("ReturnOpened", {"account": shop.address, "item": item, "until": until})
    ]
    assert world.claims.read("returnOpenUntil", shop.address, item) == until
    world.chain.wait(DAY)
    late = ("ReturnNotOpen", shop.address, item, until)
    assert world.claims.refusal("unclaim", item, shop.address, by=owner) == late


def test_open_return_serves_once_and_can_be_closed(world: World, shelf: Shelf, owner: Party, buyer: Party) -> None:
    item, shop = shelf.first, world.retailer
    shelf.claim(0, owner)
    shelf.give_back(0, owner, shop)
    assert world.claims.read("returnOpenUntil", shop.address, item) == 0
    shelf.claim(1, buyer)
    world.claims.send("openToReturn", item + 1, world.chain.time + DAY, by=shop)
    world.claims.send("openToReturn", item + 1, 0, by=shop)
    refusal = world.claims.refusal("unclaim", item + 1, shop.address, by=buyer)
    assert refusal == ("ReturnNotOpen", shop.address, item + 1, 0)


def test_only_the_holder_returns(world: World, shelf: Shelf, owner: Party, buyer: Party) -> None:
    shelf.claim(0, owner)
    world.claims.send("openToReturn", shelf.first, world.chain.time + DAY, by=world.retailer)
    for thief in (buyer, world.brand, shelf.key(0)):
        refusal = world.claims.refusal("unclaim", shelf.first, world.retailer.address, by=thief)
        assert refusal == ("NotHolder", shelf.first, thief.address)
    refusal = world.claims.refusal("unclaim", shelf.first + 1, world.retailer.address, by=world.brand)
    assert refusal == ("NotClaimed", shelf.first + 1)


def test_party_whose_role_ended_cannot_take_back(world: World, shelf: Shelf, owner: Party) -> None:
    shelf.claim(0, owner)
    world.claims.send("openToReturn", shelf.first, world.chain.time + DAY, by=world.retailer)
    world.trust.send("revoke", world.retailer.address, world.word("retailer"), by=world.brand)
    refusal = world.claims.refusal("unclaim", shelf.first, world.retailer.address, by=owner)
    assert refusal == ("ReceiverNotIntroduced", world.retailer.address)


def test_recalled_item_comes_back_and_a_held_one_does_not(
    world: World, shelf: Shelf, owner: Party, buyer: Party
) -> None:
    item = shelf.first
    shelf.claim(0, owner)
    shelf.claim(1, buyer)
    world.status.send("recall", item, item + 1, b"\x05" * 32, by=world.brand)
    customs(world).send("recordMeasure", b"\x07" * 32, 3, by=world.customs)
    customs(world).send("confirmIdentity", 1, item + 1, item + 1, by=world.customs)
    shelf.give_back(0, owner, world.retailer)
    world.claims.send("openToReturn", item + 1, world.chain.time + DAY, by=world.retailer)
    refusal = world.claims.refusal("unclaim", item + 1, world.retailer.address, by=buyer)
    assert refusal == ("ItemLocked", item + 1, item + 1, HELD)


def test_account_that_bought_a_claimed_item_unclaims_it_where_it_is(world: World, shelf: Shelf, owner: Party) -> None:
    shelf.claim(0, owner)
    refusal = world.claims.refusal("unclaim", shelf.first, owner.address, by=owner)
    assert refusal == ("UnknownAccount", owner.address)
    shelf.resell(0, owner, world.retailer, 1)
    events = world.claims.send("unclaim", shelf.first, world.retailer.address, by=world.retailer)
    assert events[0].arguments == {
        "item": shelf.first,
        "from": world.retailer.address,
        "to": world.retailer.address,
    }
    assert world.claims.read("claimInfo", shelf.first) == (False, 3, NOBODY)


def test_owner_returns_through_a_relay(world: World, shelf: Shelf, owner: Party) -> None:
    shelf.claim(0, owner)
    world.claims.send("openToReturn", shelf.first, world.chain.time + DAY, by=world.retailer)
    relay = world.party("relay")
    events = world.relay(owner, relay, world.claims, "unclaim", shelf.first, world.retailer.address)
    assert events[0].arguments["from"] == owner.address


def test_wallets_and_contract_hash_claims_and_resales_alike(world: World, shelf: Shelf, owner: Party) -> None:
    claim = Claim(shelf.first, owner.address, 2**256 - 1, 2**64 - 1)
    values = (claim.item, claim.owner, claim.nonce, claim.deadline)
    assert world.claims.read("claimHash", values) == claim.struct_hash()
    assert claim.typed(world.chain.chain_id, world.claims.address).full() == shelf.typed("Claim", values)
    transfer = ClaimTransfer(shelf.first, owner.address, world.brand.address, 7, 8)
    terms = (transfer.item, transfer.giver, transfer.receiver, transfer.nonce, transfer.deadline)
    assert world.claims.read("claimTransferHash", terms) == transfer.struct_hash()
    assert transfer.typed(world.chain.chain_id, world.claims.address).full() == shelf.typed("ClaimTransfer", terms)
