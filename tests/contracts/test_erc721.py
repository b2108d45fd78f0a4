"""The token's ERC-721 face: transfers between parties that agreed, approvals that end, receivers that re-enter."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

if TYPE_CHECKING:
    from tests.contracts.conftest import Contract, Party, World

ZERO = "0x" + "00" * 20
REF = b"\x0f" * 32
FOR_EVER = 2**64 - 1
RECEIVED = keccak(text="onERC721Received(address,address,uint256,bytes)")[:4]


class Shop:
    """A world with a hundred items of the brand, and a module that is a party."""

    def __init__(self, world: World, module: Party) -> None:
        self.world, self.token, self.module = world, world.token, module
        self.brand, self.carrier, self.retailer = world.brand, world.carrier, world.retailer
        self.first, self.last = world.commission(world.open_series(), 100)
        self.open(self.carrier, self.brand)

    def open(self, taker: Party, giver: Party, until: int = FOR_EVER) -> None:
        self.world.trust.send("openTo", giver.address, until, by=taker)

    def move(self, first: int, last: int, giver: Party, taker: Party) -> None:
        self.token.send("move", first, last, giver.address, taker.address, REF, by=self.module)

    def transfer_refusal(
        self, item: int, *, by: Party | None = None, giver: Party | None = None, taker: str | None = None
    ) -> tuple[Any, ...] | None:
        """The brand's transfer to the carrier, or a changed one."""
        giver, taker = giver or self.brand, taker or self.carrier.address
        return self.token.refusal("transferFrom", giver.address, taker, item, by=by or giver)

    def owner(self, item: int) -> str:
        return str(self.token.read("ownerOf", item))

    def balances(self, *parties: Party) -> list[int]:
        return [self.token.read("balanceOf", party.address) for party in parties]


@pytest.fixture
def shop(make_world: Callable[..., World]) -> Shop:
    module = make_world().party("module")
    return Shop(make_world(module=module.address), module)


def call(function: str, kinds: list[str], *values: object) -> bytes:
    """Calldata by full signature: the two safeTransferFrom have one name."""
    return keccak(text=f"{function}({','.join(kinds)})")[:4] + encode(kinds, values)


def safe_transfer(giver: str, taker: str, item: int, data: bytes | None = None) -> bytes:
    kinds = ["address", "address", "uint256"]
    if data is None:
        return call("safeTransferFrom", kinds, giver, taker, item)
    return call("safeTransferFrom", [*kinds, "bytes"], giver, taker, item, data)


class Receiver:
    """A contract that is an introduced account, open to the brand."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.world = shop, shop.world
        self.contract: Contract = self.world.chain.deploy("ActingReceiver")
        self.address = self.contract.address
        self.act(self.world.trust, "registerAccount")
        word = b"retailer".ljust(32, b"\0")
        self.world.trust.send("grant", self.address, word, 2, 0, FOR_EVER, by=shop.brand)
        self.act(self.world.trust, "openTo", shop.brand.address, FOR_EVER)

    def act(self, target: Contract, function: str, *arguments: object) -> None:
        self.contract.send("act", target.address, target.calldata(function, *arguments))

    def prepare(self, data: bytes = b"", answer: bytes = RECEIVED) -> None:
        self.contract.send("prepare", self.shop.token.address if data else ZERO, data, answer)

    def take(self, item: int, data: bytes | None = b"note") -> None:
        """A safe transfer by the brand."""
        evm, brand = self.world.chain.evm, self.shop.brand.address
        evm.message_call(brand, self.shop.token.address, calldata=safe_transfer(brand, self.address, item, data))

    def refusal(self, item: int) -> str:
        with pytest.raises(RuntimeError) as failed:
            self.take(item)
        return str(failed.value)

    def inner_error(self) -> bytes:
        """The selector of the error that the call during reception met."""
        assert self.contract.read("succeeded") is False
        return bytes(self.contract.read("returned"))[:4]


@pytest.fixture
def receiver(shop: Shop) -> Receiver:
    return Receiver(shop)


# Direct transfer


def test_item_goes_directly_to_a_party_that_agreed_and_is_announced(shop: Shop) -> None:
    item = shop.first + 50
    events = shop.token.send("transferFrom", shop.brand.address, shop.carrier.address, item, by=shop.brand)
    assert [(event.name, event.arguments) for event in events] == [
        (
            "Moved",
            {
                "first": item,
                "last": item,
                "from": shop.brand.address,
                "to": shop.carrier.address,
                "module": shop.token.address,
                "ref": b"\0" * 32,
            },
        ),
        ("Transfer", {"from": shop.brand.address, "to": shop.carrier.address, "tokenId": item}),
    ]
    assert (shop.owner(item), shop.balances(shop.brand, shop.carrier)) == (shop.carrier.address, [99, 1])


def test_transfer_to_a_party_that_did_not_agree_or_no_longer_is_refused(shop: Shop) -> None:
    item, brand, retailer = shop.first, shop.brand.address, shop.retailer.address
    assert shop.transfer_refusal(item, taker=retailer) == ("NotOpenTo", retailer, brand)
    shop.open(shop.retailer, shop.brand, shop.world.chain.time + 60)
    assert shop.world.trust.read("openUntil", retailer, brand) == shop.world.chain.time + 60
    shop.world.chain.wait(59)
    assert shop.transfer_refusal(item, taker=retailer) is None
    shop.world.chain.wait(1)
    assert shop.transfer_refusal(item + 1, taker=retailer) == ("NotOpenTo", retailer, brand)
    shop.open(shop.carrier, shop.brand, 0)
    assert shop.transfer_refusal(item + 1) == ("NotOpenTo", shop.carrier.address, brand)
    assert shop.transfer_refusal(item + 1, taker=ZERO) == ("ReceiverNotIntroduced", ZERO)


def test_agreement_is_announced_and_needs_a_known_giver(shop: Shop) -> None:
    (event,) = shop.world.trust.send("openTo", shop.brand.address, 77, by=shop.retailer)
    arguments = {"account": shop.retailer.address, "from": shop.brand.address, "until": 77}
    assert (event.name, event.arguments) == ("OpenedTo", arguments)
    nobody = shop.world.party("nobody").address
    assert shop.world.trust.refusal("openTo", nobody, 77, by=shop.retailer) == ("UnknownAccount", nobody)


def test_receiver_whose_role_ended_takes_nothing_more(shop: Shop) -> None:
    shop.world.trust.send("revoke", shop.carrier.address, shop.world.word("carrier"), by=shop.brand)
    assert shop.transfer_refusal(shop.first) == ("ReceiverNotIntroduced", shop.carrier.address)


def test_transfer_to_oneself_is_refused(shop: Shop) -> None:
    shop.open(shop.brand, shop.brand)
    refusal = shop.transfer_refusal(shop.first, taker=shop.brand.address)
    assert refusal == ("RunReceiverNotValid", shop.brand.address)


def test_item_of_another_or_that_does_not_exist_is_not_transferred(shop: Shop) -> None:
    item = shop.first
    assert shop.transfer_refusal(item, by=shop.carrier) == ("ERC721InsufficientApproval", shop.carrier.address, item)
    shop.open(shop.retailer, shop.carrier)
    refusal = shop.transfer_refusal(item, giver=shop.carrier, taker=shop.retailer.address)
    assert refusal == ("RunNotHeld", item, item, shop.carrier.address)
    assert shop.transfer_refusal(shop.last + 1) == ("RunPastEnd", shop.last + 1, shop.last + 1, 100)
    assert shop.transfer_refusal(9 << 24) == ("RunPastEnd", 9 << 24, 9 << 24, 0)


def test_locked_item_is_not_transferred_and_a_freed_one_is(shop: Shop) -> None:
    item = shop.first + 5
    shop.world.status.send("recall", item, item + 1, REF, by=shop.brand)
    assert shop.transfer_refusal(item) == ("ItemLocked", item, item, 1)
    assert shop.transfer_refusal(item + 2) is None
    shop.world.status.send("liftRecall", item, item + 1, REF, by=shop.brand)
    assert shop.transfer_refusal(item) is None


def test_pause_stops_new_goods_and_direct_transfers_but_no_move_by_modules(shop: Shop) -> None:
    world = shop.world
    world.trust.send("pause", 3_600, by=world.guardian)
    expected = ("Paused", world.trust.read("pausedUntil"))
    assert shop.transfer_refusal(shop.first) == expected
    assert world.refused_commission(shop.first >> 24) == expected
    opened = (world.GTIN, world.PREFIX_LENGTH, [world.MARK], 10)
    assert world.token.refusal("openSeries", *opened, by=world.brand) == expected
    shop.move(shop.first, shop.last, shop.brand, shop.carrier)
    world.token.send("closeSeries", shop.first >> 24, by=world.brand)


@pytest.mark.parametrize(
    ("function", "values"),
    [
        ("transferFrom", (ZERO, ZERO, 1)),
        ("approve", (ZERO, 1)),
        ("setApprovalForAll", (ZERO, True)),
    ],
)
def test_key_without_custody_acts_for_nobody(shop: Shop, function: str, values: tuple[object, ...]) -> None:
    narrow = shop.world.party("narrow")
    shop.world.add_key(shop.brand, narrow, 1)
    assert shop.token.refusal(function, *values, by=narrow) == ("KeyNotValid", narrow.address, 2)


# Approvals


def test_approved_account_transfers_the_item_and_no_other(shop: Shop) -> None:
    item, retailer = shop.first + 3, shop.retailer
    (event,) = shop.token.send("approve", retailer.address, item, by=shop.brand)
    arguments = {"owner": shop.brand.address, "approved": retailer.address, "tokenId": item}
    assert (event.name, event.arguments) == ("Approval", arguments)
    assert shop.token.read("getApproved", item) == retailer.address
    refusal = shop.transfer_refusal(item + 1, by=retailer)
    assert refusal == ("ERC721InsufficientApproval", retailer.address, item + 1)
    assert shop.transfer_refusal(item, by=retailer) is None
    assert shop.token.read("getApproved", item) == ZERO


def test_approval_does_not_survive_the_item_going_away_and_coming_back(shop: Shop) -> None:
    item, retailer = shop.first + 3, shop.retailer
    shop.token.send("approve", retailer.address, item, by=shop.brand)
    shop.move(item, item, shop.brand, shop.carrier)
    assert shop.token.read("getApproved", item) == ZERO
    shop.move(item, item, shop.carrier, shop.brand)
    assert shop.token.read("getApproved", item) == ZERO
    assert shop.transfer_refusal(item, by=retailer) == ("ERC721InsufficientApproval", retailer.address, item)


def test_approval_does_not_survive_inside_a_run_that_comes_and_goes(shop: Shop) -> None:
    item, retailer = shop.first + 3, shop.retailer
    shop.token.send("approve", retailer.address, item, by=shop.brand)
    shop.move(shop.first, shop.last, shop.brand, shop.carrier)
    shop.move(shop.first, shop.last, shop.carrier, shop.brand)
    assert shop.transfer_refusal(item, by=retailer) == ("ERC721InsufficientApproval", retailer.address, item)


def test_approval_by_one_holder_means_nothing_at_the_next(shop: Shop) -> None:
    """Both have given away as often, so only the holder's name tells the approvals apart."""
    item, retailer = shop.first + 3, shop.retailer
    shop.move(shop.last, shop.last, shop.brand, shop.carrier)
    shop.token.send("approve", retailer.address, item, by=shop.brand)
    shop.move(item, item, shop.brand, shop.carrier)
    shop.move(shop.last, shop.last, shop.carrier, shop.brand)
    shop.open(shop.brand, shop.carrier)
    assert shop.token.read("getApproved", item) == ZERO
    refusal = shop.transfer_refusal(item, by=retailer, giver=shop.carrier, taker=shop.brand.address)
    assert refusal == ("ERC721InsufficientApproval", retailer.address, item)


def test_approval_is_taken_back_and_given_by_operators_too(shop: Shop) -> None:
    item, retailer, carrier = shop.first, shop.retailer, shop.carrier
    assert shop.token.refusal("approve", retailer.address, item, by=carrier) == (
        "ERC721InvalidApprover",
        carrier.address,
    )
    shop.token.send("setApprovalForAll", carrier.address, True, by=shop.brand)
    shop.token.send("approve", retailer.address, item, by=carrier)
    assert shop.token.read("getApproved", item) == retailer.address
    shop.token.send("approve", ZERO, item, by=shop.brand)
    assert shop.token.read("getApproved", item) == ZERO
    missing = ("ERC721NonexistentToken", shop.last + 1)
    assert shop.token.refusal("approve", retailer.address, shop.last + 1, by=shop.brand) == missing
    assert shop.token.refusal("getApproved", shop.last + 1) == missing


def test_operator_keeps_its_rights_through_its_own_transfers_only(shop: Shop) -> None:
    operator, brand = shop.retailer, shop.brand
    (event,) = shop.token.send("setApprovalForAll", operator.address, True, by=brand)
    arguments = {"owner": brand.address, "operator": operator.address, "approved": True}
    assert (event.name, event.arguments) == ("ApprovalForAll", arguments)
    for item in (shop.first, shop.first + 7, shop.first + 8):
        assert shop.transfer_refusal(item, by=operator) is None
    assert shop.token.read("isApprovedForAll", brand.address, operator.address) is True
    shop.move(shop.last, shop.last, brand, shop.carrier)
    assert shop.token.read("isApprovedForAll", brand.address, operator.address) is False
    item = shop.first + 20
    assert shop.transfer_refusal(item, by=operator) == ("ERC721InsufficientApproval", operator.address, item)


def test_operator_is_dismissed_and_nobody_is_no_operator(shop: Shop) -> None:
    operator, brand, item = shop.retailer, shop.brand, shop.first
    shop.token.send("setApprovalForAll", operator.address, True, by=brand)
    shop.token.send("setApprovalForAll", operator.address, False, by=brand)
    assert shop.transfer_refusal(item, by=operator) == ("ERC721InsufficientApproval", operator.address, item)
    assert shop.token.refusal("setApprovalForAll", ZERO, True, by=brand) == ("ERC721InvalidOperator", ZERO)


# Receivers that are contracts


@pytest.mark.parametrize("data", [None, b"", b"note"])
def test_receiving_contract_is_asked_and_an_account_without_code_is_not(
    shop: Shop, receiver: Receiver, data: bytes | None
) -> None:
    receiver.prepare()
    receiver.take(shop.first, data)
    assert shop.owner(shop.first) == receiver.address
    calldata = safe_transfer(shop.brand.address, shop.carrier.address, shop.first + 1, data)
    shop.world.chain.evm.message_call(shop.brand.address, shop.token.address, calldata=calldata)
    assert shop.owner(shop.first + 1) == shop.carrier.address


def test_receiver_that_answers_wrongly_or_refuses_gets_nothing(shop: Shop, receiver: Receiver) -> None:
    receiver.prepare(answer=b"\x01\x02\x03\x04")
    wrong = keccak(text="ERC721InvalidReceiver(address)")[:4] + encode(["address"], [receiver.address])
    assert wrong.hex() in receiver.refusal(shop.first)
    receiver.prepare(answer=b"\0\0\0\0")
    unwilling = keccak(text="Unwilling(uint256)")[:4] + encode(["uint256"], [shop.first])
    assert unwilling.hex() in receiver.refusal(shop.first)
    assert shop.owner(shop.first) == shop.brand.address
    assert shop.balances(shop.brand) == [100]


def test_receiver_that_re_enters_takes_no_second_item(shop: Shop, receiver: Receiver) -> None:
    receiver.prepare(safe_transfer(shop.brand.address, receiver.address, shop.first + 1))
    receiver.take(shop.first)
    assert receiver.inner_error() == keccak(text="ERC721InsufficientApproval(address,uint256)")[:4]
    assert shop.balances(shop.brand) == [99]


def test_approved_receiver_that_re_enters_finds_its_approval_ended(shop: Shop, receiver: Receiver) -> None:
    shop.token.send("approve", receiver.address, shop.first + 1, by=shop.brand)
    receiver.prepare(safe_transfer(shop.brand.address, receiver.address, shop.first + 1))
    receiver.take(shop.first)
    assert receiver.inner_error() == keccak(text="ERC721InsufficientApproval(address,uint256)")[:4]
    assert shop.owner(shop.first + 1) == shop.brand.address


def test_receiver_cannot_take_the_same_item_twice_as_operator(shop: Shop, receiver: Receiver) -> None:
    shop.token.send("setApprovalForAll", receiver.address, True, by=shop.brand)
    brand = shop.brand.address
    receiver.prepare(safe_transfer(brand, receiver.address, shop.first))
    receiver.contract.send("act", shop.token.address, safe_transfer(brand, receiver.address, shop.first))
    assert receiver.inner_error() == keccak(text="RunNotHeld(uint256,uint256,address)")[:4]
    assert shop.balances(shop.brand) == [99]
    assert shop.token.read("balanceOf", receiver.address) == 1


def test_receiver_that_passes_the_item_on_at_once_leaves_balances_right(shop: Shop, receiver: Receiver) -> None:
    shop.world.trust.send("openTo", receiver.address, FOR_EVER, by=shop.retailer)
    receiver.prepare(safe_transfer(receiver.address, shop.retailer.address, shop.first))
    receiver.take(shop.first)
    assert receiver.contract.read("succeeded") is True
    assert shop.owner(shop.first) == shop.retailer.address
    assert shop.balances(shop.brand, shop.retailer) == [99, 1]
    assert shop.token.read("balanceOf", receiver.address) == 0


# What is claimed, cursor, modules


def test_interfaces_that_are_claimed(shop: Shop) -> None:
    codes = ("01ffc9a7", "80ac58cd", "49064906", "5b5e139f", "ffffffff")
    claims = [shop.token.read("supportsInterface", bytes.fromhex(code)) for code in codes]
    assert claims == [True, True, True, False, False]


def test_cursor_walks_over_every_run_of_a_series(shop: Shop) -> None:
    first, last = shop.first, shop.last
    shop.move(first + 10, first + 19, shop.brand, shop.carrier)
    shop.move(last, last, shop.brand, shop.retailer)
    found, index = [], 0
    while (run := shop.token.read("nextRun", first >> 24, index)) != (0, 0, ZERO):
        found.append(run)
        index = (run[1] & 0xFFFFFF) + 1
    brand, carrier, retailer = shop.brand.address, shop.carrier.address, shop.retailer.address
    assert found == [
        (first, first + 9, brand),
        (first + 10, first + 19, carrier),
        (first + 20, last - 1, brand),
        (last, last, retailer),
    ]
    assert shop.token.read("nextRun", first >> 24, 15) == (first + 15, first + 19, carrier)
    assert shop.token.read("nextRun", 9, 0) == (0, 0, ZERO)
    assert shop.token.read("nextRun", first >> 24, 2**256 - 1) == (0, 0, ZERO)


def test_head_of_a_series_tells_brand_and_size(shop: Shop) -> None:
    assert shop.token.read("seriesHead", shop.first >> 24) == (shop.brand.address, 100)
    assert shop.token.read("seriesHead", 9) == (ZERO, 0)


def test_only_modules_move_items(shop: Shop) -> None:
    assert shop.token.read("isModule", shop.module.address) is True
    for who in (shop.brand, shop.world.governor, shop.world.stranger):
        assert shop.token.read("isModule", who.address) is False
        values = (shop.first, shop.first, shop.brand.address, shop.carrier.address, REF)
        assert shop.token.refusal("move", *values, by=who) == ("NotModule", who.address)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_token_takes_one_to_four_modules(world: World, count: int) -> None:
    modules = [world.party(f"module {n}").address for n in range(count)]
    arguments = (world.trust.address, world.brands.address, world.marks.address, world.status.address, modules, ZERO)
    if count in (0, 5):
        assert world.chain.refused_deployment("ProductToken", *arguments) == ("ModuleCountOutOfRange", count, 4)
        return
    token = world.chain.deploy("ProductToken", *arguments)
    assert [token.read("isModule", module) for module in modules] == [True] * count
    assert token.read("isModule", ZERO) is False
