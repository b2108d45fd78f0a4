"""The customs desk, live: two signed sightings of one label in two countries."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import expect

from countermark.gs1 import ItemKey
from countermark_node.access.desk_links import make_desk_link

if TYPE_CHECKING:
    from tests.browser.conftest import CopySeen, LogIn, OpenPage, Shelf

    from countermark_node.demo.stage import Stage

pytestmark = pytest.mark.browser


def _alert(item: ItemKey) -> str:
    return f"#alerts > li:has-text('(21){item.serial}')"


def test_clone_alert_appears_live_and_then_says_that_it_is_on_the_ledger(
    open_page: OpenPage, shelf: Shelf, copy_seen: CopySeen, log_in: LogIn
) -> None:
    item, link = shelf.take()
    with open_page(size=(1280, 800)) as visit:
        log_in(visit.page)
        assert visit.page.locator(_alert(item)).count() == 0
        copy_seen(link)
        alert = visit.page.locator(_alert(item))
        expect(alert).to_be_visible()
        expect(alert).to_contain_text("Merino travel blanket")
        expect(alert.locator(".sighting")).to_have_count(2)
        expect(alert.locator(".sighting").first).to_contain_text("38.722° N, 9.139° W")
        expect(alert.locator(".sighting").last).to_contain_text("customs")
        expect(alert.locator(".sighting").last).to_contain_text("A: signed by an accredited scanner")
        expect(alert.locator("[data-field=explanation]")).to_have_text(re.compile(r"\d+ km"))
        expect(alert).to_have_attribute("data-commitment", "committed")
        expect(alert).to_contain_text("Recorded on the shared ledger in block")


def test_one_time_link_opens_the_desk_once_and_leaves_no_code_in_the_address(open_page: OpenPage, stage: Stage) -> None:
    with stage.services.database.write() as session:
        now = int(stage.services.clock().timestamp())
        code = make_desk_link(session.connection(), "customs", now=now, random=secrets.token_bytes)
    with open_page(size=(1280, 800)) as visit:
        visit.page.goto(f"/desk?lang=en#{code}")
        expect(visit.page.locator("#line")).to_have_attribute("data-state", "live")
        assert code not in visit.page.evaluate("window.location.href")
        visit.page.get_by_role("button", name="Log out").click()
        visit.page.goto(f"/desk?lang=en#{code}")
        expect(visit.page.locator("#desk-said")).to_contain_text("was used or has run out")
        assert code not in visit.page.evaluate("window.location.href")
        visit.page.goto("/customs?lang=en")
        expect(visit.page.locator("#desk")).to_be_hidden()


def test_desk_stays_open_over_a_reload_and_closes_on_log_out(
    open_page: OpenPage, shelf: Shelf, stage: Stage, copy_seen: CopySeen, log_in: LogIn
) -> None:
    item, link = shelf.take()
    copy_seen(link)
    with open_page(language="zh-CN") as visit:
        log_in(visit.page)
        visit.page.goto("/customs")
        expect(visit.page.locator("#line")).to_have_attribute("data-state", "live")
        expect(visit.page.locator(_alert(item))).to_have_count(1)
        expect(visit.page.locator(_alert(item))).to_contain_text("首次发现")
        visit.page.get_by_role("button", name="退出").click()
        expect(visit.page.locator("#desk")).to_be_hidden()
        assert visit.page.locator("#alerts > li").count() == 0
        visit.page.reload()
        expect(visit.page.locator("#log-in")).to_be_visible()
    assert httpx.get(f"{stage.url}/v1/alerts").status_code == 401


def test_wrong_key_opens_nothing(open_page: OpenPage, shelf: Shelf) -> None:
    with open_page() as visit:
        visit.page.goto("/customs")
        visit.page.get_by_label("Access key of the desk").fill("not-the-key")
        visit.page.get_by_role("button", name="Open the desk").click()
        expect(visit.page.get_by_role("alert")).to_contain_text("This key does not open the desk")
        expect(visit.page.locator("#desk")).to_be_hidden()


def test_broken_line_is_shown_and_no_alert_is_missed_after_it(
    open_page: OpenPage, shelf: Shelf, copy_seen: CopySeen, log_in: LogIn
) -> None:
    item, link = shelf.take()
    with open_page(expected=("ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION", "ERR_NETWORK")) as visit:
        log_in(visit.page)
        visit.page.evaluate("window.stop()")
        visit.page.context.set_offline(True)
        expect(visit.page.locator("#line")).to_have_attribute("data-state", "waiting")
        copy_seen(link)
        visit.page.context.set_offline(False)
        expect(visit.page.locator(_alert(item))).to_have_count(1)


def test_officer_asks_about_goods_without_a_label(open_page: OpenPage, shelf: Shelf, log_in: LogIn) -> None:
    item, _ = shelf.take()
    with open_page(size=(1280, 800), expected=("400 (Bad Request)",)) as visit:
        log_in(visit.page)
        visit.page.get_by_text("Goods without a label").click()
        visit.page.get_by_label("Product number (GTIN)").fill(item.gtin)
        visit.page.get_by_label("Country where they are sold").fill("de")
        visit.page.get_by_role("button", name="Should they carry one?").click()
        expect(visit.page.locator("#unlabelled-answer")).to_contain_text("It is not known whether a label is expected")
        visit.page.get_by_label("Country where they are sold").fill("??")
        visit.page.get_by_role("button", name="Should they carry one?").click()
        expect(visit.page.locator("#unlabelled-answer")).to_contain_text("This could not be answered")
