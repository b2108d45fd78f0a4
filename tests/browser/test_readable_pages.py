"""Everybody can read and use the pages: contrast, names, headings, sizes. Also takes the pictures of docs/pictures.

COUNTERMARK_PICTURES=docs/pictures writes the pictures into the repository; without it they go to a temporary folder.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.browser.conftest import CopySeen, LogIn, MakeCamera, OpenPage, Shelf

pytestmark = pytest.mark.browser

Keep = Callable[[Page, str], Image.Image]

_FAINT = """() => {
  const rgba = (text) => (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = rgba(getComputedStyle(one).backgroundColor);
      if ((colour[3] ?? 1) > 0.7) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const element = text.parentElement;
    if (!text.data.trim() || !element.checkVisibility() || element.closest("template, .skip, noscript")) continue;
    const pair = [light(rgba(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) found.push(`${text.data.trim()}: ${ratio.toFixed(2)}`);
  }
  return found;
}"""
_SMALL = """() => [...document.querySelectorAll("button, .button, input:not([type=checkbox]):not([hidden])")]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 44)
  .map((one) => one.outerHTML)"""
_NAMELESS = """() => [...document.querySelectorAll("input:not([hidden])")]
  .filter((one) => one.labels.length === 0).map((one) => one.outerHTML)"""


def _path(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def _readable(page: Page) -> None:
    """No faint text, no small target, no field without a name, one heading, nothing beyond the edge."""
    assert page.evaluate(_FAINT) == []
    assert page.evaluate(_SMALL) == []
    assert page.evaluate(_NAMELESS) == []
    assert page.locator("h1:visible").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(320, 640), (1280, 800)], ids=["small", "large"])
def test_pages_are_readable(open_page: OpenPage, shelf: Shelf, size: tuple[int, int], dark: bool) -> None:
    genuine = _path(shelf.common)
    foreign = genuine.partition("?")[0].rpartition("/")[0] + "/NOBODYS"
    with open_page(size=size, dark=dark) as visit:
        for path in (
            "/",
            "/scan",
            "/customs",
            "/desk",
            genuine,
            f"{genuine}&lang=zh",
            foreign,
            "/01/09521234000014/21/A",
        ):
            visit.page.goto(path)
            _readable(visit.page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_alerts_are_readable(open_page: OpenPage, shelf: Shelf, copy_seen: CopySeen, log_in: LogIn, dark: bool) -> None:
    item, link = shelf.take()
    copy_seen(link)
    with open_page(size=(320, 640), dark=dark) as visit:
        log_in(visit.page)
        expect(visit.page.get_by_text(item.serial)).to_be_visible()
        _readable(visit.page)


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Keeps what a page looks like as a small picture."""
    folder = Path(os.environ.get("COUNTERMARK_PICTURES") or tmp_path)

    def kept(page: Page, name: str) -> Image.Image:
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture.quantize(128, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            folder / f"{name}.png", optimize=True
        )
        return picture

    return kept


def test_picture_of_a_verdict_shows_colour_and_text(open_page: OpenPage, shelf: Shelf, keep: Keep) -> None:
    with open_page() as visit:
        visit.page.goto(_path(shelf.common))
        expect(visit.page.locator("[data-field=country]").first).to_have_text("Portugal")
        picture = keep(visit.page, "verdict")
    assert (27, 107, 58) in {colour for _, colour in picture.getcolors(1 << 16) or ()}


def test_picture_of_the_scanner_shows_what_the_camera_sees(
    open_page: OpenPage, shelf: Shelf, fake_camera: MakeCamera, keep: Keep
) -> None:
    with open_page(camera=fake_camera(shelf.common, blank=0)) as visit:
        visit.page.route("**/v1/scans/image*", lambda _: None)
        visit.page.goto("/scan")
        expect(visit.page.locator("#say")).to_have_text("Hold the code inside the frame")
        visit.page.wait_for_timeout(500)
        picture = keep(visit.page, "scan").convert("L")
    finder = picture.crop((20, 120, 370, 370)).histogram()
    assert sum(finder[:40]) > 2_000
    assert sum(finder[240:]) > 2_000


def test_picture_of_the_customs_desk_shows_an_alert(
    open_page: OpenPage, shelf: Shelf, copy_seen: CopySeen, log_in: LogIn, keep: Keep
) -> None:
    item, link = shelf.take()
    copy_seen(link)
    with open_page(size=(1000, 640)) as visit:
        log_in(visit.page)
        alert = visit.page.locator(f"#alerts > li:has-text('{item.serial}')")
        expect(alert).to_have_attribute("data-commitment", "committed")
        visit.page.wait_for_timeout(1_500)
        picture = keep(visit.page, "customs")
    assert picture.size == (1000, 640)
