"""The pages over a real verifier whose trust, records and scans are plain dictionaries."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from countermark.credentials.account_id import AccountId
from countermark.errors import CountermarkError, LabelRefused, NotFound
from countermark.gs1 import ItemKey, build_link
from countermark.labels.signature import sign_label
from countermark.p256 import PrivateKey
from countermark.passports.passport import Passport, passport_hash, sign_passport
from countermark.products import ProductRecord
from countermark_node.pages.routes import router
from countermark_node.resolver.links import Link
from countermark_node.scans.page_nonces import PageNonces
from countermark_node.settings import NodeSettings
from countermark_node.times import utc_now
from countermark_scanner.memory import MemoryChain, MemoryScans, MemoryTrust
from countermark_scanner.sources import (
    BrandTrust,
    ChainState,
    ItemRecord,
    LabelKeyTrust,
    MarkRecord,
    MarkStatus,
    Standing,
)
from countermark_scanner.verifier import Verifier

if TYPE_CHECKING:
    from countermark_node.services import NodeServices

_NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
_THEN = _NOW - timedelta(days=30)
_KEY = PrivateKey.from_secret(bytes(31) + b"\x01")
_PRODUCT = ProductRecord("09521234000013", 'Blanket "<script>" & sons', "Example Brand", "PT", "textiles")
_BRAND = AccountId(1_337, "0x" + "0b" * 20)
_PASSPORT = sign_passport(Passport("urn:example:passport", _BRAND, _PRODUCT, _THEN, "L1"), _KEY)


@dataclass(frozen=True)
class PrintedLabel:
    """A label of the brand: its item, host and signature."""

    item: ItemKey
    host: str = "id.brand.example"
    key: PrivateKey = _KEY

    @property
    def link(self) -> str:
        """The printed link."""
        return build_link(self.host, self.item, lot="L1", s=sign_label(self.item, self.key))


@pytest.fixture
def genuine() -> PrintedLabel:
    """A commissioned label whose serial and lot are as awkward as GS1 allows."""
    return PrintedLabel(ItemKey("09521234000013", "<b>%2F/..&?\"'"))


@pytest.fixture
def strangers() -> PrintedLabel:
    """A label that somebody else signed."""
    return PrintedLabel(ItemKey("09521234000013", "NOBODYS"), key=PrivateKey.from_secret(bytes(31) + b"\x02"))


def _verifier(item: ItemKey) -> Verifier:
    brand = BrandTrust(
        _BRAND.address,
        accredited=True,
        prefix="9521234",
        hosts=frozenset({"id.brand.example"}),
        label_keys=(_trusted(_KEY),),
    )
    mark = MarkRecord("XX5000000000001", MarkStatus.ACTIVE, True, True, b"\x01" * 32, _THEN)
    record = ItemRecord(1, 1, _THEN, _BRAND.address, True, _BRAND.address, passport_hash(_PASSPORT), (mark,), lot="L1")
    chain = MemoryChain(
        {item: record}, {}, {item: _PASSPORT.encode()}, ChainState(7, _NOW, _NOW), otherwise=Standing.NEVER_ISSUED
    )
    return Verifier(trust=MemoryTrust((brand,)), chain=chain, scans=MemoryScans(), clock=lambda: _NOW)


def _trusted(key: PrivateKey) -> LabelKeyTrust:
    return LabelKeyTrust(key.public, _THEN - timedelta(days=1))


@dataclass(frozen=True)
class PlainBrowser:
    """A browser without scripts."""

    app: FastAPI
    base_url: str

    def get(self, path: str, *, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """The answer to GET."""
        return asyncio.run(self._send("GET", path, headers))

    def head(self, path: str) -> httpx.Response:
        """The answer to HEAD."""
        return asyncio.run(self._send("HEAD", path, None))

    async def _send(self, method: str, path: str, headers: Mapping[str, str] | None) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=self.base_url) as client:
            return await client.request(method, path, headers=headers)


def _refused(_: Request, refusal: Exception) -> JSONResponse:
    """What the node's own handlers do with a refusal that no page shows."""
    assert isinstance(refusal, CountermarkError)
    return JSONResponse(refusal.problem(), refusal.status)


def _no_link(path: str, query: str, language: str) -> Link:
    """What the resolver does with the link of a product that the node does not know."""
    if not re.fullmatch(r"/01/\d{14}", path):
        raise LabelRefused(got=path, expected="a link", next_step="scan again", reason="truncated-link")
    raise NotFound(got=path, expected="a product", next_step="ask elsewhere", reason="no-such-link")


MakeClient = Callable[..., PlainBrowser]
"""Called as make_client(base_url=, public_host=, visits_per_minute=)."""


@pytest.fixture
def make_client(genuine: PrintedLabel) -> MakeClient:
    def made(
        *, base_url: str = "https://id.brand.example", public_host: str = "", visits_per_minute: int = 1_000
    ) -> PlainBrowser:
        def desks(request: Request) -> frozenset[str]:
            return frozenset({"customs"} if request.cookies.get("countermark_session") == "open" else ())

        services = SimpleNamespace(
            settings=NodeSettings(public_host=public_host, public_scans_per_minute=visits_per_minute),
            verification=_verifier(genuine.item),
            access=SimpleNamespace(desks=desks),
            resolver=SimpleNamespace(default=_no_link),
            clock=utc_now,
            page_nonces=PageNonces(b"secret"),
        )
        app = FastAPI()
        app.include_router(router(cast("NodeServices", services)))
        app.add_exception_handler(CountermarkError, _refused)
        return PlainBrowser(app, base_url)

    return made


@pytest.fixture
def client(make_client: MakeClient) -> PlainBrowser:
    """The pages under the brand's own host."""
    return make_client()
