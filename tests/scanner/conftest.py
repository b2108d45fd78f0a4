"""One small world for the scanner's tests: a brand, its keys, a commissioned item, all changeable by a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from countermark.credentials.account_id import AccountId
from countermark.gs1.digital_link import build_link
from countermark.gs1.identity import ItemKey
from countermark.gs1.label import ScannedLabel
from countermark.gs1.label_text import read_label
from countermark.labels.signature import sign_label
from countermark.p256 import PrivateKey
from countermark.passports.passport import Passport, passport_hash, sign_passport
from countermark.products import ProductRecord
from countermark_scanner.anomalies.clone import Contradiction
from countermark_scanner.memory import MemoryChain, MemoryScans, MemoryTrust
from countermark_scanner.sources import (
    ANONYMOUS,
    BrandTrust,
    ChainState,
    ItemRecord,
    LabelKeyTrust,
    MarkRecord,
    MarkStatus,
    ScannerContext,
    Standing,
)
from countermark_scanner.verdict import VerdictReport
from countermark_scanner.verifier import Verifier

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
COMMISSIONED = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
ITEM = ItemKey("09501101020917", "5K2V7QX0M3N8R1TA")
HOST = "id.brand.example"
BRAND = AccountId(1_337, "0x" + "b1" * 20).address
HOLDER = "0x" + "c2" * 20
LABEL_KEY = PrivateKey.from_secret(b"the brand's label key, a test's".ljust(48, b"."))
STRANGER_KEY = PrivateKey.from_secret(b"a stranger's key, also a test's".ljust(48, b"."))
PRODUCT = ProductRecord(gtin=ITEM.gtin, name="Olive oil 500 ml", brand="Brand", country="PT", category="food")
CREDENTIAL_KEY = PrivateKey.from_secret(b"the brand's credential key, a test's".ljust(48, b"."))


def passport_of(product: ProductRecord, brand: str = BRAND, lot: str | None = "L7") -> str:
    """A signed passport, as the brand would have made it."""
    told = Passport(
        "urn:uuid:00000000-0000-4000-8000-000000000001", AccountId(1_337, brand), product, COMMISSIONED, lot
    )
    return sign_passport(told, CREDENTIAL_KEY)


PASSPORT = passport_of(PRODUCT)
MARK = MarkRecord(
    mark="EM500000018123456",
    status=MarkStatus.ACTIVE,
    issuer_active=True,
    usable_by_brand=True,
    credential_hash=b"\x11" * 32,
    valid_from=datetime(2020, 1, 1, tzinfo=UTC),
    valid_until=datetime(2030, 1, 1, tzinfo=UTC),
)

GOOD_BRAND = BrandTrust(
    account=BRAND,
    accredited=True,
    prefix="950110102",
    hosts=frozenset({HOST}),
    label_keys=(LabelKeyTrust(LABEL_KEY.public, datetime(2026, 1, 1, tzinfo=UTC)),),
)
GOOD_RECORD = ItemRecord(
    token_id=1 << 24,
    series=1,
    commissioned_at=COMMISSIONED,
    brand=BRAND,
    brand_accredited_then=True,
    holder=HOLDER,
    passport=passport_hash(PASSPORT),
    marks=(MARK,),
    lot="L7",
    expiry=date(2027, 1, 1),
)
GOOD_STATE = ChainState(100, NOW - timedelta(seconds=4), NOW - timedelta(seconds=1))


@dataclass
class ScannerWorld:
    """Facts as a node would hold them; the defaults make a good label good."""

    brand: BrandTrust | None = GOOD_BRAND
    record: ItemRecord | None = GOOD_RECORD
    standing: Standing = Standing.UNKNOWN
    product: bytes | None = PASSPORT.encode()
    contradictions: Sequence[Contradiction] = ()
    state: ChainState | None = GOOD_STATE
    now: datetime = NOW
    label: ScannedLabel = field(default_factory=lambda: printed_label(lot="L7"))

    def change_record(self, **changes: object) -> None:
        assert self.record is not None
        self.record = replace(self.record, **changes)  # type: ignore[arg-type]

    def change_brand(self, **changes: object) -> None:
        assert self.brand is not None
        self.brand = replace(self.brand, **changes)  # type: ignore[arg-type]

    def change_mark(self, **changes: object) -> None:
        self.change_record(marks=(replace(MARK, **changes),))  # type: ignore[arg-type]

    def carry_passport(self, token: str, *, anchored: bool) -> None:
        self.product = token.encode()
        if anchored:
            self.change_record(passport=passport_hash(token))

    def go_stale(self) -> None:
        assert self.state is not None
        self.state = replace(self.state, synced_at=self.now - timedelta(hours=3))

    def verify(self, context: ScannerContext = ANONYMOUS) -> VerdictReport:
        item = self.label.item
        verifier = Verifier(
            trust=MemoryTrust([self.brand] if self.brand else []),
            chain=MemoryChain(
                items={item: self.record} if self.record else {},
                products={item: self.product} if self.product else {},
                head=self.state,
                otherwise=self.standing,
            ),
            scans=MemoryScans({item: self.contradictions}),
            clock=lambda: self.now,
        )
        return verifier.verify(self.label, context)


def printed_label(
    host: str = HOST, key: PrivateKey | None = LABEL_KEY, item: ItemKey = ITEM, lot: str | None = None
) -> ScannedLabel:
    return read_label(build_link(host, item, lot=lot, s=sign_label(item, key) if key else None))


@pytest.fixture
def sign() -> Callable[..., str]:
    """Signs a passport: `sign(product, brand=..., lot=...)`."""
    return passport_of


@pytest.fixture
def world() -> ScannerWorld:
    return ScannerWorld()
