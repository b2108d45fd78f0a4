"""The page that a printed link opens, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from countermark.gs1 import ItemKey, build_link

if TYPE_CHECKING:
    from tests.browser.conftest import OpenPage, Shelf, StoredScans

    from countermark_node.demo.stage import Stage

pytestmark = pytest.mark.browser


def _open(page: Page, link: str, extra: str = "") -> None:
    parts = urlsplit(link)
    page.goto(f"{parts.path}?{parts.query}{extra}")


def _until(true: Callable[[], bool], page: Page) -> None:
    """Wait up to ten seconds."""
    for _ in range(100):
        if true():
            return
        page.wait_for_timeout(100)


def test_printed_link_of_a_genuine_label_opens_its_verdict(open_page: OpenPage, shelf: Shelf) -> None:
    item, link = shelf.take()
    with open_page() as visit:
        _open(visit.page, link)
        expect(visit.page.get_by_role("heading", level=1)).to_have_text("The label is genuine")
        expect(visit.page.locator("[data-field=serial]").first).to_have_text(item.serial)
        expect(visit.page.get_by_text("What this does not prove")).to_be_visible()
        visit.page.get_by_role("button", name="No, thanks").click()
        expect(visit.page.get_by_role("status")).to_have_text("This check was noted without a place.")


def test_visit_is_noted_once_and_only_by_the_script_of_the_page(
    open_page: OpenPage, shelf: Shelf, stored_scans: StoredScans, stage: Stage
) -> None:
    item, link = shelf.take()
    parts = urlsplit(link)
    for _ in range(3):
        assert httpx.get(f"{stage.url}{parts.path}?{parts.query}").status_code == 200
    assert stored_scans(item) == 0
    with open_page(place=(38.7223, -9.1393)) as visit:
        _open(visit.page, link)
        visit.page.get_by_role("button", name="Yes, note the place").click()
        expect(visit.page.get_by_role("status")).to_have_text("Thank you. This check was noted with its place.")
        visit.page.reload()
        expect(visit.page.get_by_role("heading", level=1)).to_have_text("The label is genuine")
        expect(visit.page.get_by_role("button", name="Yes, note the place")).to_be_hidden()
    assert stored_scans(item) == 1


def test_leaving_without_an_answer_notes_the_visit_without_a_place(
    open_page: OpenPage, shelf: Shelf, stored_scans: StoredScans
) -> None:
    item, link = shelf.take()
    with open_page(place=(38.7223, -9.1393)) as visit:
        _open(visit.page, link)
        expect(visit.page.get_by_role("button", name="No, thanks")).to_be_visible()
        visit.page.goto("/")
        _until(lambda: stored_scans(item) == 1, visit.page)
        visit.page.wait_for_timeout(300)
    assert stored_scans(item) == 1


def test_strangers_label_is_not_genuine(open_page: OpenPage, shelf: Shelf, stranger_link: str) -> None:
    with open_page() as visit:
        _open(visit.page, stranger_link)
        assert visit.page.locator(".report").first.get_attribute("data-verdict") in ("label-not-genuine", "not-issued")
        expect(visit.page.get_by_role("heading", level=1)).not_to_have_text("The label is genuine")


def test_genuine_code_on_a_foreign_host_is_not_genuine(shelf: Shelf, stage: Stage) -> None:
    _, link = shelf.take()
    parts = urlsplit(link)
    answer = httpx.get(f"{stage.url}{parts.path}?{parts.query}", headers={"host": "phish.example"})
    assert 'data-verdict="label-not-genuine"' in answer.text


def test_markup_in_a_serial_is_shown_as_text(open_page: OpenPage, shelf: Shelf) -> None:
    serial = "<svg/onload=a()>"
    with open_page() as visit:
        _open(visit.page, build_link("id.brand.example", ItemKey("09521234000013", serial)))
        expect(visit.page.locator("[data-field=serial]").first).to_have_text(serial)
        assert visit.page.locator("dd svg").count() == 0


def test_chinese_reader_gets_chinese_words_and_can_change_to_english(open_page: OpenPage, shelf: Shelf) -> None:
    _, link = shelf.take()
    with open_page(language="zh-CN") as visit:
        _open(visit.page, link)
        expect(visit.page.locator("html")).to_have_attribute("lang", "zh")
        expect(visit.page.locator("[data-field=country]").first).to_have_text("葡萄牙")
        expect(visit.page.get_by_text("本结果不能证明什么")).to_be_visible()
        visit.page.get_by_role("link", name="English").click()
        expect(visit.page.get_by_role("heading", level=1)).to_have_text("The label is genuine")


def test_bad_link_is_explained(open_page: OpenPage, shelf: Shelf) -> None:
    with open_page() as visit:
        answer = visit.page.goto("/01/09521234000014/21/A")
        assert answer
        assert answer.status == 400
        expect(visit.page.get_by_role("heading", name="This link cannot be checked")).to_be_visible()
        expect(visit.page.get_by_text("wrong check digit")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/scan", "/customs", "label"])
def test_page_fits_a_screen_of_320_pixels(open_page: OpenPage, shelf: Shelf, path: str) -> None:
    with open_page(size=(320, 640)) as visit:
        if path == "label":
            _open(visit.page, shelf.common)
        else:
            visit.page.goto(path)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_answer_of_a_chip_is_sent_at_once_and_not_again_when_the_page_is_reloaded(
    open_page: OpenPage, shelf: Shelf, stored_scans: StoredScans
) -> None:
    item, link = shelf.take()
    chip = "&picc_data=EF963FF7828658A599F3041510671E88&cmac=94EED9EE65337086"
    with open_page(place=(38.7223, -9.1393)) as visit:
        _open(visit.page, link, chip)
        expect(visit.page.get_by_role("status")).to_have_text("This check was noted without a place.")
        expect(visit.page.get_by_role("button", name="Yes, note the place")).to_be_hidden()
        expect(visit.page.locator("[data-code=chip-not-checked]").first).to_be_visible()
        visit.page.reload()
        expect(visit.page.get_by_role("heading", level=1)).to_have_text("The label is genuine")
        visit.page.wait_for_timeout(300)
    assert stored_scans(item) == 1
