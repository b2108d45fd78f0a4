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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright
from sqlmodel import col, func, select

from countermark.credentials.trademark import Trademark
from countermark.gs1 import ItemKey, build_link, read_label
from countermark.labels.signature import sign_label
from countermark.p256 import PrivateKey
from countermark.printing.picture import label_image
from countermark.printing.print_label import PrintLabel
from countermark.products import Product, ProductRecord
from countermark.scans.attestation import signed_scan
from countermark.scans.place import Place, PlaceSource
from countermark_node.demo.cast import BRAND_HOST, BRAND_NAME, Party
from countermark_node.demo.stage import Stage, raise_curtain
from countermark_node.scans.tables import ScanRow
from countermark_wallet.series.brand_series import BrandSeries

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
_LISBON = Place(38.7223, -9.1393, 20, PlaceSource.GNSS)
_CHICAGO = Place(41.8781, -87.6298, 20, PlaceSource.GNSS)
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


@pytest.fixture(scope="module")
def playwright(chromium_path: str) -> Iterator[Playwright]:
    """Not for the session: while it runs, no other test of this thread could run an event loop of its own."""
    expect.set_options(timeout=_PATIENCE)
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


Chromium = Callable[[Sequence[str], Path | None], AbstractContextManager[Browser]]
"""A browser with these flags and this film before its camera."""


@pytest.fixture(scope="module")
def chromium(playwright: Playwright, chromium_path: str) -> Iterator[Chromium]:
    """Starting a browser takes a second, so pages without a film of their own share one."""

    def launch(flags: Sequence[str]) -> Browser:
        return playwright.chromium.launch(executable_path=chromium_path, args=[*_FLAGS, *flags])

    shared = launch(_CAMERA)

    @contextmanager
    def started(flags: Sequence[str], camera: Path | None) -> Iterator[Browser]:
        if camera is None and flags == _CAMERA:
            yield shared
            return
        film = [f"--use-file-for-fake-video-capture={camera}"] if camera else []
        browser = launch([*flags, *film])
        try:
            yield browser
        finally:
            browser.close()

    yield started
    shared.close()


OpenPage = Callable[..., AbstractContextManager[Visit]]
"""Called as open_page(camera=FILE, flags=, expected=, language="en-GB", size=(390, 844), dark=False, place=None)."""


@pytest.fixture(scope="module")
def open_page(chromium: Chromium, stage: Stage) -> OpenPage:
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
        with chromium(flags, camera) as browser:
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


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with raise_curtain(folder, 0, lambda: datetime.now(UTC)) as raised, raised.client:
        yield raised


@dataclass(frozen=True)
class Shelf:
    """Commissioned labels, each handed out once so that no test sees another's scans; `common` is looked at by many."""

    labels: list[tuple[ItemKey, str]]
    common: str

    def take(self) -> tuple[ItemKey, str]:
        """A genuine item and its printed link that no test has scanned."""
        return self.labels.pop()


@pytest.fixture(scope="session")
def shelf(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    record = ProductRecord(_GTIN, "Merino travel blanket, charcoal", BRAND_NAME, "PT", "textiles")
    trademark = Trademark(_MARK, "EXAMPLE", (24,), stage.clock().date())
    stage.cast.issuing().issue(trademark, holder=stage.cast.brand.account, holder_name=BRAND_NAME)
    series = BrandSeries(stage.cast.brand.ledger, stage.cast.brand.wallet, BRAND_HOST)
    state = series.open(Product(record=record, marks=(_MARK,), quantity=40, lot="L2026-07"))
    made = series.make_labels(_GTIN, state.number, tmp_path_factory.mktemp("labels"))
    with made.print_line.open(encoding="utf-8", newline="") as stream:
        labels = [(ItemKey(row["gtin"], row["serial"]), row["link"]) for row in csv.DictReader(stream)]
    report = "\n".join(("serial", *(item.serial for item, _ in labels), ""))
    segment = series.commission(_GTIN, state.number, io.StringIO(report))
    stage.client.send_packing_list(segment.first, segment.packing_list, segment.passport)
    return Shelf(labels[1:], common=labels[0][1])


StoredScans = Callable[[ItemKey], int]
"""How many scans of an item the node has stored."""


@pytest.fixture(scope="session")
def stored_scans(stage: Stage) -> StoredScans:
    def count(item: ItemKey) -> int:
        wanted = select(func.count()).where(col(ScanRow.gtin) == item.gtin, col(ScanRow.serial) == item.serial)
        with stage.services.database.read() as session:
            return session.exec(wanted).one()

    return count


CopySeen = Callable[[str], None]
"""The brand signs a sighting of this label in Lisbon, customs an hour later one in Chicago."""


@pytest.fixture
def copy_seen(stage: Stage) -> CopySeen:
    def seen(link: str) -> None:
        _sighting(stage, stage.cast.brand, link, _LISBON, minutes_ago=60)
        _sighting(stage, stage.cast.customs, link, _CHICAGO, minutes_ago=1)

    return seen


def _sighting(stage: Stage, party: Party, link: str, place: Place, minutes_ago: int) -> None:
    """A participant's signed scan, sent as its software would."""
    at = stage.clock().replace(microsecond=0) - timedelta(minutes=minutes_ago)
    deployment = party.ledger.deployment
    body = signed_scan(
        party.wallet.signer(),
        raw=link,
        occurred_at=at,
        place=place,
        chain_id=deployment.chain_id,
        trust_registry=deployment.address("TrustRegistry"),
    )
    answer = httpx.post(f"{stage.url}/v1/scans", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["evidence_class"] == "A"


LogIn = Callable[[Page], None]
"""Opens the customs desk and waits until its line is live."""


@pytest.fixture
def log_in(stage: Stage) -> LogIn:
    def entered(page: Page) -> None:
        page.goto("/customs?lang=en")
        page.get_by_label("Access key of the desk").fill(stage.services.installation.desk_key("customs"))
        page.get_by_role("button", name="Open the desk").click()
        expect(page.locator("#line")).to_have_attribute("data-state", "live")

    return entered


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
        label = label_image(PrintLabel(0, read_label(link).item, link), scale=6)
        side = min(width - 20, 330)
        label = label.resize((side, side * label.height // label.width), Image.Resampling.LANCZOS)
        label.thumbnail((side, _FRAME[1] - 20))
        picture.paste(label, (place * width + (width - label.width) // 2, (_FRAME[1] - label.height) // 2))
    return picture


def _jpeg(picture: Image.Image) -> bytes:
    """One frame: Chromium's fake camera reads a sequence of 4:2:0 JPEG pictures."""
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=90, subsampling="4:2:0")
    return buffer.getvalue()
