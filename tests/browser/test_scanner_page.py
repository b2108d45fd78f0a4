"""The scanner page, with a camera that shows real labels to a real node."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, Route, expect
from sqlmodel import select

from countermark.gs1 import ItemKey, build_elements
from countermark.printing.picture import label_png
from countermark.printing.print_label import PrintLabel
from countermark_node.scans.tables import ScanRow

if TYPE_CHECKING:
    from tests.browser.conftest import MakeCamera, OpenPage, Shelf, StoredScans

    from countermark_node.demo.stage import Stage

pytestmark = pytest.mark.browser


def _verdict(page: Page) -> str | None:
    return page.locator("#report .report").get_attribute("data-verdict")


def test_camera_showing_a_genuine_label_says_so_and_notes_one_scan(
    open_page: OpenPage, fake_camera: MakeCamera, shelf: Shelf, stored_scans: StoredScans
) -> None:
    item, link = shelf.take()
    with open_page(camera=fake_camera(link)) as visit:
        visit.page.goto("/scan")
        expect(visit.page.get_by_role("heading", name="The label is genuine")).to_be_visible()
        assert _verdict(visit.page) == "label-genuine"
        expect(visit.page.get_by_text("Merino travel blanket, charcoal")).to_be_visible()
        expect(visit.page.locator("[data-field=country]").first).to_have_text("Portugal")
        expect(visit.page.locator("#camera")).to_be_hidden()
        visit.page.get_by_text("The ten checks in detail").click()
        expect(visit.page.locator("#report [data-check]")).to_have_count(10)
        visit.page.wait_for_timeout(1_000)
    assert stored_scans(item) == 1


def test_camera_showing_nothing_keeps_looking_without_an_error(open_page: OpenPage, fake_camera: MakeCamera) -> None:
    with open_page(camera=fake_camera()) as visit:
        visit.page.goto("/scan")
        with visit.page.expect_response("**/v1/scans/image*") as first:
            pass
        assert first.value.status == 400
        expect(visit.page.locator("#say")).to_have_text("Hold the code inside the frame")
        expect(visit.page.locator("#trouble")).to_be_hidden()


def test_two_labels_in_view_are_asked_to_be_shown_one_at_a_time(
    open_page: OpenPage, fake_camera: MakeCamera, shelf: Shelf, stored_scans: StoredScans
) -> None:
    (first, first_link), (second, second_link) = shelf.take(), shelf.take()
    with open_page(camera=fake_camera(first_link, second_link, blank=0)) as visit:
        visit.page.goto("/scan")
        expect(visit.page.locator("#say")).to_contain_text("several different codes")
    assert stored_scans(first) == stored_scans(second) == 0


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--use-fake-ui-for-media-stream=deny", "--use-fake-device-for-media-stream"), "The camera is blocked"),
        (
            ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=device-count=0"),
            "No camera was found",
        ),
    ],
)
def test_missing_or_denied_camera_is_explained_and_leaves_other_ways(
    open_page: OpenPage, flags: tuple[str, ...], sentence: str
) -> None:
    with open_page(flags=flags) as visit:
        visit.page.goto("/scan")
        expect(visit.page.get_by_role("alert")).to_contain_text(sentence)
        expect(visit.page.get_by_label("Take or choose a picture")).to_be_visible()
        expect(visit.page.get_by_role("button", name="Start the camera again")).to_be_visible()


def test_node_that_does_not_answer_is_told_and_tried_again(
    open_page: OpenPage, fake_camera: MakeCamera, shelf: Shelf
) -> None:
    _, link = shelf.take()
    with open_page(camera=fake_camera(link, blank=0), expected=("ERR_CONNECTION_REFUSED",)) as visit:
        visit.page.route("**/v1/scans/image*", lambda route: route.abort("connectionrefused"))
        visit.page.goto("/scan")
        expect(visit.page.locator("#say")).to_contain_text("No connection to the node")
        visit.page.unroute("**/v1/scans/image*")
        expect(visit.page.get_by_role("heading", name="The label is genuine")).to_be_visible()


def test_uploaded_picture_is_checked(open_page: OpenPage, shelf: Shelf, tmp_path: Path) -> None:
    item, link = shelf.take()
    picture = tmp_path / "label.png"
    picture.write_bytes(label_png(PrintLabel(0, item, link), scale=6))
    with open_page() as visit:
        visit.page.goto("/scan")
        visit.page.get_by_label("Take or choose a picture").set_input_files(picture)
        expect(visit.page.get_by_role("heading", name="The label is genuine")).to_be_visible()


def test_file_that_is_no_picture_gets_one_sentence(open_page: OpenPage, tmp_path: Path) -> None:
    file = tmp_path / "label.png"
    file.write_bytes(b"%PDF-1.7 not a picture")
    with open_page() as visit:
        visit.page.goto("/scan")
        visit.page.get_by_label("Take or choose a picture").set_input_files(file)
        expect(visit.page.get_by_role("alert")).to_contain_text("not a picture that can be read")


def test_hand_scanner_typing_an_element_string_gets_its_verdict(open_page: OpenPage, shelf: Shelf) -> None:
    item, _ = shelf.take()
    with open_page() as visit:
        visit.page.goto("/scan")
        visit.page.get_by_label("Link or number on the label").fill(build_elements(item))
        visit.page.keyboard.press("Enter")
        expect(visit.page.locator("#report .report")).to_be_visible()
        assert _verdict(visit.page) == "label-genuine"


def test_markup_in_a_typed_serial_is_shown_as_text(open_page: OpenPage) -> None:
    serial = "<svg/onload=a()>"
    with open_page() as visit:
        visit.page.goto("/scan")
        visit.page.get_by_label("Link or number on the label").fill(f"(01)09521234000013(21){serial}")
        visit.page.get_by_role("button", name="Check").click()
        expect(visit.page.locator("#report [data-field=serial]")).to_have_text(serial)
        assert visit.page.locator("#report dd svg").count() == 0
        expect(visit.page.locator("#report [data-outcome=fail] .sentence").first).to_be_visible()


def test_scanning_again_opens_the_camera_and_notes_a_second_scan(
    open_page: OpenPage, fake_camera: MakeCamera, shelf: Shelf, stored_scans: StoredScans
) -> None:
    item, link = shelf.take()
    with open_page(camera=fake_camera(link, blank=0), language="zh-CN") as visit:
        visit.page.goto("/scan")
        expect(visit.page.locator("#report h1")).to_be_visible()
        assert stored_scans(item) == 1
        with visit.page.expect_response("**/v1/scans/image*"):
            visit.page.get_by_role("button", name="扫描另一个标签").click()
        expect(visit.page.locator("#report h1")).to_have_text("标签为真")
    assert stored_scans(item) == 2


OFFLINE = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "ERR_NETWORK_CHANGED")


def typed(page: Page, text: str) -> None:
    page.get_by_label("Link or number on the label").fill(text)
    page.keyboard.press("Enter")


def captured(stage: Stage, item: ItemKey) -> list[ScanRow]:
    with stage.services.database.read() as session:
        wanted = select(ScanRow).where(ScanRow.gtin == item.gtin, ScanRow.serial == item.serial)
        return list(session.exec(wanted).all())


def test_scans_without_a_connection_wait_on_the_device_and_are_sent_once_with_their_own_time(
    open_page: OpenPage, shelf: Shelf, stage: Stage, tmp_path: Path
) -> None:
    (one, _), (two, link) = shelf.take(), shelf.take()
    picture = tmp_path / "label.png"
    picture.write_bytes(label_png(PrintLabel(0, two, link), scale=6))
    with open_page(expected=OFFLINE) as visit:
        page = visit.page
        page.goto("/scan")
        expect(page.get_by_label("Link or number on the label")).to_be_visible()
        page.context.set_offline(True)
        before = datetime.now(UTC)
        typed(page, build_elements(one))
        expect(page.get_by_role("alert")).to_contain_text("kept on this device")
        page.get_by_label("Take or choose a picture").set_input_files(picture)
        expect(page.locator("#waiting")).to_contain_text(": 2")
        after = datetime.now(UTC)
        assert captured(stage, one) == captured(stage, two) == []
        page.wait_for_timeout(1_500)
        page.context.set_offline(False)
        expect(page.locator("#late li[data-verdict=label-genuine]")).to_have_count(2)
        expect(page.locator("#waiting")).to_be_hidden()
    for item in (one, two):
        (row,) = captured(stage, item)
        assert int(before.timestamp()) <= row.occurred_at <= int(after.timestamp()) < row.received_at
        assert row.from_page


def test_scan_whose_answer_was_lost_is_stored_once(open_page: OpenPage, shelf: Shelf, stage: Stage) -> None:
    item, _ = shelf.take()
    sent: list[str] = []

    def lost(route: Route) -> None:
        sent.append(str(route.fetch().json()["scan_id"]))
        route.abort("failed")

    with open_page(expected=OFFLINE) as visit:
        page = visit.page
        page.goto("/scan")
        page.route("**/v1/scans?*", lost)
        typed(page, build_elements(item))
        expect(page.get_by_role("alert")).to_contain_text("kept on this device")
        page.unroute("**/v1/scans?*")
        page.reload()
        expect(page.locator("#late li[data-verdict=label-genuine]")).to_have_count(1)
    assert [row.id for row in captured(stage, item)] == sent


def test_device_whose_clock_is_a_day_ahead_is_put_right(open_page: OpenPage, shelf: Shelf, stage: Stage) -> None:
    item, _ = shelf.take()
    with open_page(expected=("status of 400",)) as visit:
        page = visit.page
        page.clock.install(time=datetime.now(UTC) + timedelta(days=1))
        page.goto("/scan")
        typed(page, build_elements(item))
        expect(page.locator("#report .report")).to_be_visible()
    (row,) = captured(stage, item)
    assert abs(row.occurred_at - row.received_at) <= 60
