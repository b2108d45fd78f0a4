"""Debian's Chromium against a real node: a fresh embedded chain, accredited parties, commissioned labels.

Set COUNTERMARK_REQUIRE_ALL=1 to make a missing browser a failure instead of a skip.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright
from sqlmodel import col, func, select

from countermark.credentials.trademark import Trademark
from countermark.gs1 import ItemKey, build_link
from countermark.labels.render import label_image
from countermark.labels.signature import sign_label
from countermark.p256 import PrivateKey
from countermark.products import Product, ProductRecord
from countermark_node.demo.cast import BRAND_HOST, BRAND_NAME
from countermark_node.demo.stage import Stage, raise_curtain
from countermark_node.scans.tables import ScanRow
from countermark_wallet.series import BrandSeries

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
_GTIN = "09521234000013"
_MARK = "XX500000012345678"
_FRAME = (640, 480)
_PATIENCE = 15_000
_EXPECTED_REFUSALS = ("/v1/scans/image", "/v1/sessions", "/01/")


def _without(package: str) -> NoReturn:
    """What a missing part of the machine means: a skip that names the package, or a failure where all must run."""
    reason = f"the Debian package {package} is not installed: apt-get install {package}"
    if os.environ.get("COUNTERMARK_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    return shutil.which("chromium") or _without("chromium")


@pytest.fixture(scope="session")
def playwright(chromium_path: str) -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@dataclass(frozen=True)
class Visit:
    """One page with everything it complained about."""

    page: Page
    expected: tuple[str, ...] = ()
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Collect console errors and uncaught exceptions; refusals that the page handles are no complaint."""

        def heard(message: ConsoleMessage) -> None:
            said, url = message.text, message.location["url"]
            refused = said.startswith("Failed to load resource") and any(part in url for part in _EXPECTED_REFUSALS)
            expected = any(part in said for part in self.expected)
            if message.type in ("error", "warning") and not refused and not expected:
                self.complaints.append(f"{said} ({url})")

        self.page.on("console", heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))


OpenPage = Callable[..., AbstractContextManager[Visit]]
"""Called as open_page(camera=FILE, flags=, expected=, language="en-GB", size=(390, 844), dark=False, place=None)."""


@pytest.fixture(scope="session")
def open_page(playwright: Playwright, chromium_path: str, stage: Stage) -> OpenPage:
    @contextmanager
    def opened(
        *,
        camera: Path | None = None,
        flags: Sequence[str] = _CAMERA,
        expected: tuple[str, ...] = (),
        language: str = "en-GB",
        size: tuple[int, int] = (390, 844),
        dark: bool = False,
        place: tuple[float, float] | None = None,
    ) -> Iterator[Visit]:
        film = [f"--use-file-for-fake-video-capture={camera}"] if camera else []
        with _launched(playwright, chromium_path, [*_FLAGS, *flags, *film]) as browser:
            context: BrowserContext = browser.new_context(
                base_url=stage.url,
                locale=language,
                viewport={"width": size[0], "height": size[1]},
                color_scheme="dark" if dark else "light",
                permissions=["geolocation"] if place else [],
                geolocation={"latitude": place[0], "longitude": place[1]} if place else None,
                timezone_id="Europe/Lisbon",
            )
            context.set_default_timeout(_PATIENCE)
            visit = Visit(context.new_page(), expected)
            visit.listen()
            yield visit
            context.close()
        assert visit.complaints == []

    return opened


@contextmanager
def _launched(playwright: Playwright, path: str, flags: Sequence[str]) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=path, args=list(flags))
    try:
        yield browser
    finally:
        browser.close()


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with raise_curtain(folder, 0, lambda: datetime.now(UTC)) as raised:
        yield raised


@dataclass(frozen=True)
class Shelf:
    """Commissioned labels, each handed out once so that no test sees another's scans."""

    labels: list[tuple[ItemKey, str]]

    def take(self) -> tuple[ItemKey, str]:
        """A genuine item and its printed link that no test has scanned."""
        return self.labels.pop()


@pytest.fixture(scope="session")
def shelf(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    record = ProductRecord(_GTIN, "Merino travel blanket, charcoal", BRAND_NAME, "PT", "textiles")
    trademark = Trademark(_MARK, "EXAMPLE", (24,), stage.clock().date())
    stage.cast.issuing().issue(trademark, holder=stage.cast.brand.account, holder_name=BRAND_NAME)
    series = BrandSeries(stage.cast.brand.ledger, stage.cast.brand.wallet, BRAND_HOST)
    state = series.open(Product(record=record, marks=(_MARK,), quantity=24, lot="L2026-07"))
    made = series.make_labels(_GTIN, state.number, tmp_path_factory.mktemp("labels"))
    with made.print_line.open(encoding="utf-8", newline="") as stream:
        labels = [(ItemKey(row["gtin"], row["serial"]), row["link"]) for row in csv.DictReader(stream)]
    report = "\n".join(("serial", *(item.serial for item, _ in labels), ""))
    segment = series.commission(_GTIN, state.number, io.StringIO(report))
    stage.client.send_packing_list(segment.first, segment.packing_list, segment.product_record)
    return Shelf(labels)


StoredScans = Callable[[ItemKey], int]
"""How many scans of an item the node has stored."""


@pytest.fixture(scope="session")
def stored_scans(stage: Stage) -> StoredScans:
    def count(item: ItemKey) -> int:
        wanted = select(func.count()).where(col(ScanRow.gtin) == item.gtin, col(ScanRow.serial) == item.serial)
        with stage.services.database.read() as session:
            return session.exec(wanted).one()

    return count


@pytest.fixture
def stranger_link() -> str:
    """A label that somebody else signed for the brand's product and host."""
    item = ItemKey(_GTIN, "XSTRANGER1")
    key = PrivateKey.from_secret(bytes(31) + b"\x07")
    return build_link(BRAND_HOST, item, s=sign_label(item, key))


MakeCamera = Callable[..., Path]
"""Called as fake_camera(link, link, ..., blank=10): what the camera sees after `blank` empty frames."""


@pytest.fixture
def fake_camera(tmp_path: Path) -> MakeCamera:
    def made(*links: str, blank: int = 10) -> Path:
        path = tmp_path / "camera.mjpeg"
        empty, seen = _jpeg(_table()), _jpeg(_table(*links))
        path.write_bytes(empty * blank + seen * 60)
        return path

    return made


def _table(*links: str) -> Image.Image:
    """A grey table with the labels side by side."""
    picture = Image.new("L", _FRAME, 168)
    width = _FRAME[0] // max(1, len(links))
    for place, link in enumerate(links):
        label = label_image(link, ItemKey(_GTIN, "-"), scale=6)
        side = min(width - 20, 420)
        label = label.resize((side, side * label.height // label.width), Image.Resampling.LANCZOS)
        label.thumbnail((side, _FRAME[1] - 20))
        picture.paste(label, (place * width + (width - label.width) // 2, (_FRAME[1] - label.height) // 2))
    return picture


def _jpeg(picture: Image.Image) -> bytes:
    """One frame: Chromium's fake camera reads a sequence of 4:2:0 JPEG pictures."""
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=90, subsampling="4:2:0")
    return buffer.getvalue()
