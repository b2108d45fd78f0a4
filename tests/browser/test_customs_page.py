"""The customs desk, live: two signed sightings of one label in two countries."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import Page, expect

from countermark.gs1 import ItemKey
from countermark_wallet.scanning import ScanPlace, sign_scan

if TYPE_CHECKING:
    from tests.browser.conftest import OpenPage, Shelf

    from countermark_node.demo.cast import Party
    from countermark_node.demo.stage import Stage

pytestmark = pytest.mark.browser

_LISBON = ScanPlace(38.7223, -9.1393, 20, "gnss")
_CHICAGO = ScanPlace(41.8781, -87.6298, 20, "gnss")


def _sighting(stage: Stage, party: Party, link: str, place: ScanPlace, minutes_ago: int) -> None:
    """A participant's signed scan, sent as its software would."""
    at = stage.clock().replace(microsecond=0) - timedelta(minutes=minutes_ago)
    deployment = party.ledger.deployment
    attestation = sign_scan(
        party.wallet.signer(),
        raw=link,
        occurred_at=at,
        place=place,
        chain_id=deployment.chain_id,
        trust_registry=deployment.address("TrustRegistry"),
    )
    where = {
        "latitude": place.latitude,
        "longitude": place.longitude,
        "accuracy_metres": place.accuracy_metres,
        "source": place.source,
    }
    body = {"raw": link, "occurred_at": at.isoformat(), "place": where, "attestation": attestation}
    answer = httpx.post(f"{stage.url}/v1/scans", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["evidence_class"] == "A"


def _copy_seen(stage: Stage, link: str) -> None:
    _sighting(stage, stage.cast.brand, link, _LISBON, minutes_ago=60)
    _sighting(stage, stage.cast.customs, link, _CHICAGO, minutes_ago=1)


def _log_in(page: Page, stage: Stage) -> None:
    page.goto("/customs")
    page.get_by_label("Access key of the desk").fill(stage.services.installation.desk_key("customs"))
    page.get_by_role("button", name="Open the desk").click()
    expect(page.locator("#line")).to_have_attribute("data-state", "live")


def _alert(page: Page, item: ItemKey) -> str:
    return f"#alerts > li:has-text('(21){item.serial}')"


def test_clone_alert_appears_live_and_then_says_that_it_is_on_the_ledger(
    open_page: OpenPage, shelf: Shelf, stage: Stage
) -> None:
    item, link = shelf.take()
    with open_page(size=(1280, 800)) as visit:
        _log_in(visit.page, stage)
        assert visit.page.locator(_alert(visit.page, item)).count() == 0
        _copy_seen(stage, link)
        alert = visit.page.locator(_alert(visit.page, item))
        expect(alert).to_be_visible()
        expect(alert).to_contain_text("Merino travel blanket")
        expect(alert.locator(".sighting")).to_have_count(2)
        expect(alert.locator(".sighting").first).to_contain_text("38.722°, -9.139°")
        expect(alert.locator(".sighting").last).to_contain_text("customs")
        expect(alert.locator(".sighting").last).to_contain_text("A: signed by an accredited scanner")
        expect(alert.locator("[data-field=explanation]")).to_have_text(re.compile(r"\d+ km"))
        expect(alert).to_have_attribute("data-commitment", "committed")
        expect(alert).to_contain_text("Recorded on the shared ledger in block")


def test_desk_stays_open_over_a_reload_and_closes_on_log_out(open_page: OpenPage, shelf: Shelf, stage: Stage) -> None:
    item, link = shelf.take()
    _copy_seen(stage, link)
    with open_page(language="zh-CN") as visit:
        visit.page.goto("/customs?lang=en")
        _log_in(visit.page, stage)
        visit.page.goto("/customs")
        expect(visit.page.locator("#line")).to_have_attribute("data-state", "live")
        expect(visit.page.locator(_alert(visit.page, item))).to_have_count(1)
        expect(visit.page.locator(_alert(visit.page, item))).to_contain_text("首次发现")
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


def test_broken_line_is_shown_and_no_alert_is_missed_after_it(open_page: OpenPage, shelf: Shelf, stage: Stage) -> None:
    item, link = shelf.take()
    with open_page(expected=("ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION", "ERR_NETWORK")) as visit:
        _log_in(visit.page, stage)
        visit.page.evaluate("window.stop()")
        visit.page.context.set_offline(True)
        expect(visit.page.locator("#line")).to_have_attribute("data-state", "waiting")
        _copy_seen(stage, link)
        visit.page.context.set_offline(False)
        expect(visit.page.locator(_alert(visit.page, item))).to_have_count(1)
