"""Any history of claims, resales, returns and new codes: the turns only go up, each signature acts once, and the
contract says what a plain model says."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from countermark.gs1.identity import ItemKey
from countermark.labels.leaf import leaf_hash
from countermark.labels.merkle import MerkleTree

if TYPE_CHECKING:
    from tests.contracts.conftest import Party, World

DAY = 86_400
COUNT = 4
NOBODY = "0x" + "00" * 20
FIELDS = {
    "Claim": [("item", "uint256"), ("owner", "address"), ("nonce", "uint256"), ("deadline", "uint64")],
    "ClaimTransfer": [
        ("item", "uint256"), ("from", "address"), ("to", "address"), ("nonce", "uint256"), ("deadline", "uint64"),
    ],
}  # fmt: skip


@dataclass
class Item:
    """What the model keeps of one item."""

    holder: Party
    code: Party
    releaser: Party
    claimed: bool = False
    turn: int = 0
    new_code: Party | None = None


@dataclass
class History:
    """Contract and model, driven together. `acted` holds every signed call that went through."""

    world: World
    first: int
    tree: MerkleTree
    items: list[Item]
    rng: random.Random
    acted: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    people: int = 0

    def fresh(self) -> Party:
        self.people += 1
        return self.world.party(f"person {self.people}")

    def signed(self, kind: str, values: Sequence[Any], *signers: Party) -> tuple[Any, ...]:
        message = dict(zip([name for name, _ in FIELDS[kind]], values, strict=True))
        typed = self.world.typed(self.world.claims, {kind: FIELDS[kind]}, kind, message)
        return tuple(signer.sign(typed) for signer in signers)

    def claim(self, index: int) -> None:
        item, owner = self.items[index], self.fresh()
        values = (self.first + index, owner.address, item.turn, self.world.chain.time + DAY)
        code = item.new_code or item.code
        signatures = self.signed("Claim", values, code, owner)
        proof = (f"{index:04d}".encode(), item.code.address, bytes(32), b"\x05" * 16, self.tree.path(index))
        call = ("claimReissued", (values, *signatures)) if item.new_code else ("claim", (values, proof, *signatures))
        refusal = self.world.claims.refusal(call[0], *call[1])
        if item.claimed:
            assert refusal == ("AlreadyClaimed", self.first + index)
        elif item.turn and not item.new_code:
            assert refusal == ("CodeSpent", self.first + index)
        elif item.releaser != item.holder:
            assert refusal == ("ItemNotReleased", self.first + index)
        else:
            assert refusal is None
            self.acted.append(call)
            item.holder, item.claimed, item.new_code = owner, True, None
            item.turn += 1

    def resell(self, index: int) -> None:
        item, buyer = self.items[index], self.rng.choice([self.fresh(), self.world.retailer, self.world.carrier])
        values = (self.first + index, item.holder.address, buyer.address, item.turn, self.world.chain.time + DAY)
        arguments = (values, *self.signed("ClaimTransfer", values, item.holder, buyer))
        refusal = self.world.claims.refusal("transferClaimed", *arguments)
        if not item.claimed:
            assert refusal == ("NotClaimed", self.first + index)
        elif buyer == item.holder:
            assert refusal == ("RunReceiverNotValid", buyer.address)
        else:
            assert refusal is None
            self.acted.append(("transferClaimed", arguments))
            item.holder = buyer
            item.turn += 1

    def give_back(self, index: int) -> None:
        item, shop = self.items[index], self.rng.choice([self.world.retailer, self.world.carrier])
        self.world.claims.send("openToReturn", self.first + index, self.world.chain.time + DAY, by=shop)
        refusal = self.world.claims.refusal("unclaim", self.first + index, shop.address, by=item.holder)
        assert refusal == (None if item.claimed else ("NotClaimed", self.first + index))
        if item.claimed:
            item.holder, item.claimed = shop, False
            item.turn += 1

    def release(self, index: int) -> None:
        item = self.items[index]
        if item.holder in (self.world.retailer, self.world.carrier):
            self.world.handovers.send("releaseToSale", [(self.first + index,) * 2], by=item.holder)
            item.releaser = item.holder

    def reissue(self, index: int) -> None:
        item, code = self.items[index], self.fresh()
        refusal = self.world.claims.refusal("reissue", self.first + index, code.address, by=self.world.brand)
        if item.claimed:
            assert refusal == ("AlreadyClaimed", self.first + index)
        elif not item.turn:
            assert refusal == ("CodeUnspent", self.first + index)
        else:
            assert refusal is None
            item.new_code = code

    def skip(self, index: int) -> None:
        item = self.items[index]
        refusal = self.world.claims.refusal("skipTurn", self.first + index, by=item.holder)
        assert refusal == (None if item.claimed else ("NotClaimed", self.first + index))
        item.turn += item.claimed

    def check(self) -> None:
        for index, item in enumerate(self.items):
            code = item.new_code.address if item.new_code else NOBODY
            assert self.world.claims.read("claimInfo", self.first + index) == (item.claimed, item.turn, code)
            assert self.world.token.read("ownerOf", self.first + index) == item.holder.address
        holders = {item.holder.address for item in self.items}
        held = sum(self.world.token.read("balanceOf", holder) for holder in holders)
        assert held == len(self.items)

    def replay(self) -> None:
        """Nothing that acted acts again."""
        for function, arguments in self.acted:
            assert self.world.claims.refusal(function, *arguments) is not None


@pytest.fixture
def history(world: World) -> History:
    codes = [world.party(f"hidden {index}") for index in range(COUNT)]
    gtin = f"{world.GTIN:014d}"
    leaves = [
        leaf_hash(ItemKey(gtin, f"{index:04d}"), b"\x05" * 16, bytes.fromhex(code.address[2:]))
        for index, code in enumerate(codes)
    ]
    tree = MerkleTree(leaves)
    first, last = world.commission(world.open_series(), COUNT, root=tree.root)
    world.handovers.send("releaseToSale", [(first, last)], by=world.brand)
    return History(world, first, tree, [Item(world.brand, code, world.brand) for code in codes], random.Random(0))  # noqa: S311


@pytest.mark.parametrize("seed", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_any_history_of_claims_is_the_model_s_and_nothing_signed_acts_twice(history: History, seed: int) -> None:
    history.rng = random.Random(seed)  # noqa: S311 - a repeatable history, not a secret
    acts = [
        history.claim, history.claim, history.resell, history.give_back, history.release, history.reissue, history.skip,
    ]  # fmt: skip
    for _ in range(360):
        history.rng.choice(acts)(history.rng.randrange(COUNT))
        history.check()
    assert len(history.acted) > 20
    history.replay()
    history.check()
