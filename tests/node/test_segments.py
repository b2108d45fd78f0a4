"""Packing lists: only the one that commissioning made is taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlmodel import select

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
