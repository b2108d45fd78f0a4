"""Prefixes, label keys, hosts and endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.contracts.conftest import World

X, Y = b"\x0a" * 32, b"\x0b" * 32
FOR_EVER = 2**64 - 1


@pytest.mark.parametrize(
    ("prefix", "length", "holder", "holder_length"),
    [(9_506_000, 7, 9_506_000, 7), (950_600_012, 9, 9_506_000, 7), (950_600_012_345, 12, 9_506_000, 7)],
)
def test_prefix_inside_one_that_is_taken_is_refused(
    world: World, prefix: int, length: int, holder: int, holder_length: int
) -> None:
    refusal = world.brands.refusal("assignPrefix", world.stranger.address, prefix, length, by=world.registrar)
    assert refusal == ("PrefixTaken", holder, holder_length, world.brand.address)


@pytest.mark.parametrize(("prefix", "length"), [(9_506, 4), (95_060, 5), (950_600, 6)])
def test_prefix_that_covers_a_taken_one_is_refused(world: World, prefix: int, length: int) -> None:
    refusal = world.brands.refusal("assignPrefix", world.stranger.address, prefix, length, by=world.registrar)
    assert refusal == ("PrefixCoversOthers", prefix, length, 1)


def test_withdrawn_prefix_leaves_room_above_and_below(world: World) -> None:
    events = world.brands.send("withdrawPrefix", world.PREFIX, world.PREFIX_LENGTH, by=world.registrar)
    assert events[0].arguments == {"brand": world.brand.address, "prefix": 9_506_000, "length": 7}
    assert world.brands.read("isWithin", world.brand.address, world.GTIN, 7) is False
    world.brands.send("assignPrefix", world.stranger.address, 9_506, 4, by=world.registrar)
    assert world.brands.read("prefixOwner", 9_506, 4) == world.stranger.address


def test_registrar_withdraws_no_prefix_that_another_has_assigned_and_answers_for(world: World) -> None:
    rival, other = world.party("rival"), world.party("other")
    for who in (rival, other):
        world.trust.send("registerAccount", by=who)
        world.grant(world.governor, who, "identifier-registrar", 3)
    prefix = (world.PREFIX, world.PREFIX_LENGTH)
    theirs = ("PrefixOfOther", *prefix, world.registrar.address)
    assert world.brands.refusal("withdrawPrefix", *prefix, by=rival) == theirs
    world.trust.send("revoke", world.registrar.address, world.word("identifier-registrar"), by=world.governor)
    assert world.brands.refusal("withdrawPrefix", *prefix, by=rival) is None
    assert world.brands.refusal("assignPrefix", world.brand.address, *prefix, by=other) is None
    assert world.brands.refusal("withdrawPrefix", *prefix, by=other) is None


def test_prefix_nobody_holds_cannot_be_withdrawn(world: World) -> None:
    assert world.brands.refusal("withdrawPrefix", 1234, 4, by=world.registrar) == ("PrefixNotAssigned", 1234, 4)
    assert world.brands.refusal("withdrawPrefix", 1, 0, by=world.registrar) == ("PrefixNotAssigned", 1, 0)


@pytest.mark.parametrize(("prefix", "length"), [(123, 3), (10_000, 4), (1, 13), (10**12, 12), (1, 255), (1, 0)])
def test_prefix_of_wrong_length_is_refused(world: World, prefix: int, length: int) -> None:
    refusal = world.brands.refusal("assignPrefix", world.brand.address, prefix, length, by=world.registrar)
    assert refusal == ("PrefixOutOfRange", prefix, length)


def test_prefix_with_leading_zeros_is_another_than_without(world: World) -> None:
    world.brands.send("assignPrefix", world.brand.address, 61_414, 7, by=world.registrar)
    assert world.brands.read("isWithin", world.brand.address, 61_414_112_345, 7) is True
    assert world.brands.read("prefixOwner", 61_414, 5) == "0x" + "00" * 20


def test_indicator_digit_does_not_take_a_case_out_of_its_prefix(world: World) -> None:
    assert world.brands.read("isWithin", world.brand.address, 19_506_000_134_359, 7) is True


@pytest.mark.parametrize("length", [0, 3, 6, 8, 13, 255])
def test_gtin_is_within_under_the_right_length_only(world: World, length: int) -> None:
    assert world.brands.read("isWithin", world.brand.address, world.GTIN, length) is False


def test_prefix_for_an_unregistered_address_is_refused(world: World) -> None:
    nobody = world.party("nobody").address
    refusal = world.brands.refusal("assignPrefix", nobody, 1234, 4, by=world.registrar)
    assert refusal == ("UnknownAccount", nobody)


def test_listing_a_label_key_first_keeps_its_true_owner_out_of_nothing(world: World) -> None:
    world.grant(world.office, world.stranger, "brand", 3)
    world.brands.send("listLabelKey", X, Y, 0, 1, by=world.stranger)
    world.brands.send("listLabelKey", X, Y, 0, FOR_EVER, by=world.brand)
    world.brands.send("revokeLabelKey", X, Y, 1, by=world.stranger)
    assert world.brands.read("labelKey", world.brand.address, X, Y) == (0, FOR_EVER, 0)
    assert world.brands.read("labelKey", world.stranger.address, X, Y) == (0, 1, 1)


def test_brand_lists_a_label_key_once(world: World) -> None:
    world.brands.send("listLabelKey", X, Y, 0, FOR_EVER, by=world.brand)
    refusal = world.brands.refusal("listLabelKey", X, Y, 5, FOR_EVER, by=world.brand)
    assert refusal == ("LabelKeyExists", world.brand.address, X, Y)


def test_label_key_with_an_empty_period_is_refused(world: World) -> None:
    assert world.brands.refusal("listLabelKey", X, Y, 8, 8, by=world.brand) == ("EmptyPeriod", 8, 8)


def test_label_key_of_another_brand_cannot_be_revoked(world: World) -> None:
    world.brands.send("listLabelKey", X, Y, 0, FOR_EVER, by=world.brand)
    refusal = world.brands.refusal("revokeLabelKey", X, Y, 1, by=world.stranger)
    assert refusal == ("LabelKeyUnknown", world.stranger.address, X, Y)


def test_revocation_of_a_label_key_only_moves_to_an_earlier_time(world: World) -> None:
    now = world.chain.time
    world.brands.send("listLabelKey", X, Y, 0, FOR_EVER, by=world.brand)
    world.brands.send("revokeLabelKey", X, Y, now - 10, by=world.brand)
    for since in (now - 10, now - 5):
        refusal = world.brands.refusal("revokeLabelKey", X, Y, since, by=world.brand)
        assert refusal == ("LabelKeyRevokedAlready", X, Y, now - 10)
    world.brands.send("revokeLabelKey", X, Y, now - 20, by=world.brand)
    assert world.brands.read("labelKey", world.brand.address, X, Y) == (0, FOR_EVER, now - 20)


@pytest.mark.parametrize("offset", [1, None])
def test_revocation_of_a_label_key_in_the_future_or_at_zero_is_refused(world: World, offset: int | None) -> None:
    since = 0 if offset is None else world.chain.time + offset
    world.brands.send("listLabelKey", X, Y, 0, FOR_EVER, by=world.brand)
    refusal = world.brands.refusal("revokeLabelKey", X, Y, since, by=world.brand)
    assert refusal == ("RevocationTimeNotValid", since, world.chain.time)


def test_revoked_brand_can_still_revoke_its_keys_and_hosts(world: World) -> None:
    world.brands.send("listLabelKey", X, Y, 0, FOR_EVER, by=world.brand)
    world.brands.send("listHost", "id.example", by=world.brand)
    world.trust.send("revoke", world.brand.address, world.word("brand"), by=world.office)
    assert world.brands.refusal("revokeLabelKey", X, Y, world.chain.time, by=world.brand) is None
    assert world.brands.refusal("delistHost", "id.example", by=world.brand) is None


@pytest.mark.parametrize(
    "host",
    [
        "id.example",
        "a",
        "localhost:8000",
        "127.0.0.1:65535",
        "xn--p1ai.example",
        "a-b.c",
        "a" * 63,
        ("a" * 62 + ".") * 4,
    ],
)
def test_host_name_is_listed_and_delisted(world: World, host: str) -> None:
    host = host.removesuffix(".")
    world.brands.send("listHost", host, by=world.brand)
    assert world.brands.read("isHost", world.brand.address, host) is True
    assert world.brands.read("isHost", world.stranger.address, host) is False
    assert world.brands.refusal("listHost", host, by=world.brand) == ("HostExists", world.brand.address, host)
    assert world.brands.send("delistHost", host, by=world.brand)[0].arguments["host"] == host
    assert world.brands.read("isHost", world.brand.address, host) is False
    assert world.brands.refusal("delistHost", host, by=world.brand) == ("HostUnknown", world.brand.address, host)


@pytest.mark.parametrize(
    "host",
    [
        "", "ID.example", "id.example/", "https://id.example", "id..example", ".example", "example.", "-a.example",
        "a-.example", "id.example:", "id.example:0", "id.example:080", "id.example:123456", "id.example:8a",
        "id.example:1:2", ":80", "id_example", "id example", "id.example\0", "bücher.example", "a" * 64,
        ("a" * 62 + ".") * 4 + "a" * 2, "user@id.example", "[::1]",
    ],
)  # fmt: skip
def test_host_that_is_not_a_plain_lower_case_name_is_refused(world: World, host: str) -> None:
    assert world.brands.refusal("listHost", host, by=world.brand) == ("HostNotValid", host)


def test_endpoint_is_set_and_bounded(world: World) -> None:
    world.brands.send("setEndpoint", "https://node.example", by=world.brand)
    assert world.brands.read("endpoint", world.brand.address) == "https://node.example"
    assert world.brands.refusal("setEndpoint", "a" * 513, by=world.brand) == ("EndpointTooLong", 513, 512)
    assert world.brands.refusal("setEndpoint", "a" * 512, by=world.brand) is None
