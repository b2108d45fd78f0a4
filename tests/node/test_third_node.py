"""A node that has no packing lists of a product: it accuses nobody, and nothing invented passes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from countermark.gs1 import ItemKey, build_link
from countermark.labels.signature import sign_label
from countermark.p256 import PrivateKey

if TYPE_CHECKING:
    from tests.node.conftest import Goods, World

HOST = "id.brand.example"
STRANGER = PrivateKey.from_secret(b"a forger's key, of a test".ljust(48, b"."))


@pytest.fixture(scope="module")
def elsewhere(world: World) -> Goods:
    """Goods whose packing list is at another node only."""
    return world.commission(packed=3, upload=False)


def verdict_of(world: World, link: str) -> tuple[str, str]:
    report = world.scan(link).json()["report"]
    return report["verdict"], report["checks"][2]["code"]


@pytest.mark.parametrize("serial", ["A1", "1", "0000", "GUESS-2", "5K2V7QX0M3N8"])
def test_invented_short_serial_at_a_third_node_never_passes(world: World, elsewhere: Goods, serial: str) -> None:
    item = ItemKey(elsewhere.product.gtin, serial)
    assert verdict_of(world, build_link(HOST, item)) == ("unverifiable", "serial-unproven")
    forged = build_link(HOST, item, s=sign_label(item, STRANGER))
    assert verdict_of(world, forged) == ("label-not-genuine", "signature-key-unknown")
    borrowed = build_link(HOST, item, s=elsewhere.packed[0].link.partition("?s=")[2])
    assert verdict_of(world, borrowed) == ("label-not-genuine", "signature-wrong")


def test_invented_native_serial_beyond_the_order_was_never_issued_wherever_the_list_is(
    world: World, elsewhere: Goods
) -> None:
    beyond = "FFFF" + elsewhere.packed[0].item.serial[4:]
    report = world.scan(build_link(HOST, ItemKey(elsewhere.product.gtin, beyond))).json()["report"]
    assert report["verdict"] == "not-issued"


def test_signed_label_at_a_third_node_is_neither_confirmed_nor_accused(world: World, elsewhere: Goods) -> None:
    assert verdict_of(world, elsewhere.packed[0].link) == ("unverifiable", "signature-valid")


def test_genuine_code_on_a_foreign_host_is_not_genuine_at_any_node(world: World, elsewhere: Goods) -> None:
    for link in (elsewhere.packed[0].link, world.label().link):
        answer = world.scan(link.replace(HOST, "id.brand.example.evil.example")).json()["report"]
        assert (answer["verdict"], answer["checks"][1]["code"]) == ("label-not-genuine", "host-foreign")
