"""The scanner page, with a camera that shows real labels to a real node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from countermark.gs1 import build_elements
from countermark.printing.picture import label_png
from countermark.printing.print_label import PrintLabel

if TYPE_CHECKING:
    from tests.browser.conftest import MakeCamera, OpenPage, Shelf, StoredScans

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
