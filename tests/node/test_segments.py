"""Packing lists: only the one that commissioning made is taken in."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlmodel import select

from countermark.chain.event_types import Commissioned
from countermark.credentials.account_id import AccountId
from countermark.labels.packing_list import PackingList
from countermark.p256 import PrivateKey
from countermark.passports.passport import Passport, passport_hash, sign_passport
from countermark_node.segments.tables import PackedItemRow, PackingListRow

if TYPE_CHECKING:
    from tests.node.conftest import Goods, World


@pytest.fixture(scope="module")
def unlisted(world: World) -> Goods:
    """A commissioned product whose list has not come."""
    return world.commission(packed=6, upload=False)


def lines_of(goods: Goods) -> list[bytes]:
    return goods.segment.packing_list.read_bytes().splitlines(keepends=True)


def nothing_stored(world: World, goods: Goods) -> bool:
    with world.services.database.read() as session:
        items = session.exec(select(PackedItemRow).where(PackedItemRow.series == goods.series)).first()
        lists = session.exec(select(PackingListRow).where(PackingListRow.series == goods.series)).first()
    return items is None and lists is None


def test_forged_salt_changes_the_root_and_is_refused(world: World, unlisted: Goods) -> None:
    lines = lines_of(unlisted)
    lines[2] = lines[2].replace(lines[2].split(b",")[1].strip(), b"00" * 16)
    response = world.upload(unlisted.segment, packing_list=b"".join(lines))
    assert (response.status_code, response.json()["reason"]) == (400, "wrong-root")
    assert nothing_stored(world, unlisted)


def test_foreign_serial_in_the_list_is_refused(world: World, unlisted: Goods) -> None:
    lines = lines_of(unlisted)
    lines[1] = b"FOREIGN," + lines[1].split(b",")[1]
    assert world.upload(unlisted.segment, packing_list=b"".join(lines)).json()["reason"] == "wrong-root"
    assert nothing_stored(world, unlisted)


def test_swapped_lines_are_refused(world: World, unlisted: Goods) -> None:
    lines = lines_of(unlisted)
    lines[1], lines[2] = lines[2], lines[1]
    assert world.upload(unlisted.segment, packing_list=b"".join(lines)).json()["reason"] == "wrong-root"


def test_missing_line_is_refused(world: World, unlisted: Goods) -> None:
    assert (
        world.upload(unlisted.segment, packing_list=b"".join(lines_of(unlisted)[:-1])).json()["reason"] == "wrong-count"
    )


def test_extra_line_is_refused(world: World, unlisted: Goods) -> None:
    lines = [*lines_of(unlisted), b"EXTRA," + b"00" * 16 + b"\n"]
    assert world.upload(unlisted.segment, packing_list=b"".join(lines)).status_code == 400
    assert nothing_stored(world, unlisted)


@pytest.mark.parametrize(
    "data", [b"\x00\xff\xfe", b"serial\nA\n", b"serial,salt\n", b'serial,salt\n"A,00\n', b"x" * 9_000]
)
def test_file_that_is_no_packing_list_is_refused(world: World, unlisted: Goods, data: bytes) -> None:
    response = world.upload(unlisted.segment, packing_list=data)
    assert response.status_code in (400, 413)
    assert response.json()["type"].startswith("urn:countermark:problem:")
    assert nothing_stored(world, unlisted)


def test_passport_of_another_segment_is_refused(world: World, unlisted: Goods) -> None:
    response = world.client.post(
        f"/v1/segments/{unlisted.segment.first}/packing-list",
        files={
            "packing_list": ("list.csv", unlisted.segment.packing_list.read_bytes(), "text/csv"),
            "passport": ("passport.vc.jwt", world.goods.segment.passport.read_bytes(), "application/vc+jwt"),
        },
    )
    assert (response.status_code, response.json()["reason"]) == (400, "wrong-hash")
    assert nothing_stored(world, unlisted)


@pytest.mark.parametrize("token", ["0", "99999999999999", str(1 << 63), "1" * 40, "-1", "x", "²"])
def test_token_that_begins_no_segment_is_not_found(world: World, unlisted: Goods, token: str) -> None:
    response = world.client.post(
        f"/v1/segments/{token}/packing-list",
        files={
            "packing_list": ("list.csv", unlisted.segment.packing_list.read_bytes(), "text/csv"),
            "passport": ("passport.vc.jwt", unlisted.segment.passport.read_bytes(), "application/vc+jwt"),
        },
    )
    assert (response.status_code, response.json()["reason"]) == (404, "no-such-segment")


def test_upload_without_the_passport_is_refused(world: World, unlisted: Goods) -> None:
    response = world.client.post(
        f"/v1/segments/{unlisted.segment.first}/packing-list", files={"packing_list": ("list.csv", b"", "text/csv")}
    )
    assert (response.status_code, response.json()["reason"]) == (400, "missing-part")


def test_repeated_upload_gives_the_same_answer_and_changes_nothing(world: World) -> None:
    goods = world.commission(packed=4, upload=False)
    first, second = (world.upload(goods.segment) for _ in range(2))
    assert first.json() == second.json() == {"items": 4}
    with world.services.database.read() as session:
        rows = session.exec(select(PackedItemRow).where(PackedItemRow.series == goods.series)).all()
    assert sorted(row.item_index for row in rows) == [0, 1, 2, 3]


@dataclass
class OwnHand:
    """A segment that a brand commissions with software of its own, under a passport of its choice."""

    world: World
    key: PrivateKey
    changes: dict[str, Any] = field(default_factory=dict)

    def upload(self) -> httpx.Response:
        world, goods = self.world, self.world.commission(packed=1, upload=False)
        brand, ledger = world.wallets["brand"], world.ledger("brand")
        chosen, item = goods.product, goods.waste[0].item
        secrets = brand.series_secrets(chosen.gtin, goods.number)
        packing = PackingList.seal(chosen.gtin, [item.serial], secrets)
        account = AccountId(ledger.chain_id, ledger.account)
        told = Passport("urn:example:1", account, chosen.record, datetime.now(UTC), chosen.lot, chosen.expiry)
        token = sign_passport(replace(told, **self.changes), self.key)
        call = ledger.token.commission(
            goods.series,
            1,
            packing.root(),
            chosen.lot or "",
            chosen.expiry_seconds(),
            passport_hash(token),
            ledger.account,
        )
        event = ledger.event(ledger.send(call), Commissioned)
        lines = io.StringIO()
        packing.write(lines)
        self.files = {
            "packing_list": ("list.csv", lines.getvalue().encode(), "text/csv"),
            "passport": ("passport.vc.jwt", token.encode(), "application/vc+jwt"),
        }
        self.path = f"/v1/segments/{event.first}/packing-list"
        return self.again()

    def again(self) -> httpx.Response:
        return self.world.client.post(self.path, files=self.files)


def test_passport_under_a_key_that_the_brand_did_not_list_is_refused_until_it_does(world: World) -> None:
    hand = OwnHand(world, world.wallets["brand"].credential_key(7))
    assert hand.upload().json()["reason"] == "wrong-passport"
    world.accreditation("brand").list_credential_key(hand.key.public)
    assert hand.again().json() == {"items": 1}


@pytest.mark.parametrize("changes", [{"lot": "L9"}, {"expiry": None}, {"brand": AccountId(1, "0x" + "ee" * 20)}])
def test_anchored_passport_about_something_else_is_refused(world: World, changes: dict[str, Any]) -> None:
    hand = OwnHand(world, world.wallets["brand"].credential_key(), changes)
    assert hand.upload().json()["reason"] == "wrong-passport"
