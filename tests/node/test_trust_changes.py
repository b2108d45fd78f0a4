"""Keys, roles and licences that ended, rested or came back: what counts is their place in the chain's order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import Session

from countermark.chain import event_types as events
from countermark.chain.contracts import UINT64_MAX
from countermark.credentials.trademark import Trademark
from countermark.custody.key_consent import KeyConsent
from countermark.errors import ContractRefused
from countermark.roles import KeyScope, Level, Role
from countermark_node.chain_sync.apply import apply, position_of
from countermark_node.chain_sync.tables import SegmentRow, SeriesRow
from countermark_node.database import Database
from countermark_node.verification.roles import When, active_roles
from countermark_node.verification.sources import Kept, SqlChain
from countermark_wallet.keys.keystore import WalletKeystore

if TYPE_CHECKING:
    from tests.node.conftest import Ahead, World

BRAND, HOLDER, OTHER, OFFICE = ("0x" + digit * 40 for digit in "1234")
MARK, HASH = "EM500000001234567", b"\x05" * 32
NOW, LATER = 1_000, 5_000
Make = Callable[..., events.ChainEvent]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    database = Database(tmp_path / "node.sqlite3")
    with database.write() as opened:
        yield opened
    database.close()


def event(kind: Make, block: int, **values: Any) -> events.ChainEvent:
    return kind(block_number=block, log_index=0, tx_hash="0x", address="0x", **values)


def recorded(block: int, holder: str) -> events.ChainEvent:
    period = {"valid_from": 0, "valid_until": UINT64_MAX}
    return event(events.MarkRecorded, block, mark=MARK, office=OFFICE, holder=holder, credential_hash=HASH, **period)


def licensed(block: int, until: int = UINT64_MAX) -> events.ChainEvent:
    who = {"holder": HOLDER, "licensee": BRAND}
    return event(events.LicenceGranted, block, mark=MARK, **who, until=until, ceiling=10)


def ended(block: int) -> events.ChainEvent:
    return event(events.LicenceEnded, block, mark=MARK, licensee=BRAND, by=HOLDER)


COMMISSIONED = 50


@pytest.mark.parametrize(
    ("happened", "usable"),
    [
        ([recorded(1, BRAND)], True),
        ([recorded(1, BRAND), recorded(60, OTHER)], True),
        ([recorded(1, BRAND), recorded(40, OTHER)], False),
        ([recorded(1, HOLDER)], False),
        ([recorded(1, HOLDER), licensed(2)], True),
        ([recorded(1, HOLDER), licensed(60)], False),
        ([recorded(1, HOLDER), licensed(2, until=NOW)], False),
        ([recorded(1, HOLDER), licensed(2, until=NOW + 1)], True),
        ([recorded(1, HOLDER), licensed(2), ended(3)], False),
        ([recorded(1, HOLDER), licensed(2), ended(60)], True),
        ([recorded(1, HOLDER), licensed(2), ended(3), licensed(4)], True),
        ([recorded(1, HOLDER), licensed(2), ended(3), licensed(4), ended(5)], False),
        ([recorded(1, HOLDER), licensed(2), recorded(3, HOLDER)], True),
        ([recorded(1, HOLDER), licensed(2), recorded(3, OTHER)], False),
        ([recorded(1, HOLDER), licensed(2), recorded(3, OTHER), recorded(4, HOLDER)], False),
        ([recorded(1, HOLDER), licensed(2), recorded(60, OTHER)], True),
        ([recorded(60, BRAND)], None),
    ],
)
def test_mark_is_usable_by_holder_or_licensee_as_of_commissioning(
    session: Session, happened: Sequence[events.ChainEvent], usable: bool | None
) -> None:
    for each in happened:
        apply(each, session, NOW)
    # All in one second: only the order of events tells them apart.
    segment = SegmentRow(
        series=1, first_index=0, last_index=0, root=HASH, lot="", expiry=0, passport=HASH, holder=BRAND,
        commissioned_at=NOW, position=COMMISSIONED << 20,
    )  # fmt: skip
    series = SeriesRow(series=1, gtin="0", number=1, brand=BRAND, ceiling=1, position=0)
    found = SqlChain(session, None, Kept(0, 0))._mark(MARK, segment, series)
    assert (found and found.usable_by_brand) == usable


def granted(block: int) -> events.ChainEvent:
    period = {"valid_from": 0, "valid_until": UINT64_MAX}
    return event(
        events.RoleGranted, block, account=BRAND, role="brand", level=Level.ACCREDITED, accreditor=OFFICE, **period
    )


def suspended(block: int, until: int) -> events.ChainEvent:
    return event(events.RoleSuspended, block, account=BRAND, role="brand", by=OTHER, until=until)


def lifted(block: int) -> events.ChainEvent:
    return event(events.SuspensionLifted, block, account=BRAND, role="brand", by=OFFICE)


@pytest.mark.parametrize(
    ("happened", "when", "active"),
    [
        ([granted(1), suspended(2, LATER)], When(NOW), False),
        ([granted(1), suspended(2, LATER)], When(LATER - 1), False),
        ([granted(1), suspended(2, LATER)], When(LATER), True),
        ([granted(1), suspended(2, LATER), lifted(3)], When(NOW), True),
        ([granted(1), suspended(2, LATER), granted(3)], When(NOW), False),
        ([granted(1), suspended(2, LATER)], When(NOW, 1 << 20), True),
        ([granted(1), suspended(2, LATER)], When(NOW, 3 << 20), False),
        ([granted(1), suspended(2, LATER), lifted(4)], When(NOW, 3 << 20), False),
        ([granted(1), suspended(2, LATER), lifted(4)], When(NOW, 5 << 20), True),
        ([granted(1), suspended(2, NOW), lifted(3), suspended(4, LATER)], When(NOW), False),
        ([granted(1), suspended(2, NOW), suspended(4, LATER), lifted(5)], When(NOW), True),
    ],
)
def test_suspended_role_rests_until_its_end_or_until_it_is_lifted(
    session: Session, happened: Sequence[events.ChainEvent], when: When, active: bool
) -> None:
    for each in happened:
        apply(each, session, NOW)
    session.flush()
    assert (Role.BRAND in active_roles(session, BRAND, when, Level.ACCREDITED)) is active
    other = event(
        events.RoleGranted, 9, account=BRAND, role="customs", level=Level.ACCREDITED, accreditor=OFFICE,
        valid_from=0, valid_until=UINT64_MAX,
    )  # fmt: skip
    apply(other, session, NOW)
    assert Role.CUSTOMS in active_roles(session, BRAND, When(NOW), Level.ACCREDITED)
    assert position_of(other) == 9 << 20


def test_recovery_kills_old_keys_and_suspension_takes_class_a_for_its_time(
    own_world: Callable[..., Any], ahead: Ahead, tmp_path: Path
) -> None:
    with own_world(clock=ahead) as world:
        token = world.goods.token(world.goods.packed[0])
        world.hand_over("brand", "retailer", token, token)
        _suspend_and_lift(world, ahead)
        _recover(world, ahead, WalletKeystore(tmp_path, work_factor=2))


def _suspend_and_lift(world: World, ahead: Ahead) -> None:
    raw, trust, retailer = world.goods.packed[0].link, world.installation.contracts.trust, world.account("retailer")
    world.accreditation("governor").grant(world.account("stranger"), Role.GUARDIAN, Level.ACCREDITED)
    assert world.evidence(raw, "retailer") == "A"
    world.ledger("stranger").send(trust.suspend(retailer, Role.RETAILER, 3600))
    assert world.evidence(raw, "retailer") == "C"
    world.ledger("brand").send(trust.lift_suspension(retailer, Role.RETAILER))
    assert world.evidence(raw, "retailer") == "A"
    world.ledger("stranger").send(trust.suspend(world.account("brand"), Role.BRAND, 3600))
    # Goods that were packed before keep what they were; the brand itself answers for nothing meanwhile.
    assert world.scan(raw).json()["report"]["verdict"] == "label-genuine"
    assert world.evidence(world.goods.packed[1].link, "brand") == "C"
    ahead.by += timedelta(hours=2)
    assert world.evidence(world.goods.packed[1].link, "brand", after=ahead.by) == "A"


def _recover(world: World, ahead: Ahead, keystore: WalletKeystore) -> None:
    raw, trust, account = world.goods.packed[0].link, world.installation.contracts.trust, world.account("retailer")
    world.wallets["fresh"] = keystore.create("fresh", "four unrelated words")
    fresh = world.wallets["fresh"].signer()
    consent = KeyConsent(account, fresh.address, KeyScope.ALL, 0, UINT64_MAX)
    signed = fresh.sign_typed(consent.typed(world.installation.deployment.chain_id, trust.address))
    world.ledger("governor").send(trust.propose_recovery(account, fresh.address, signed))
    ahead.by += timedelta(days=8)
    assert world.evidence(raw, "retailer", after=ahead.by) == "A"
    assert world.evidence(raw, "fresh", after=ahead.by, by="retailer") == "bad-attestation-key"
    world.ledger("governor").send(trust.execute_recovery(account))
    assert world.evidence(raw, "retailer", after=ahead.by) == "bad-attestation-key"
    # Dated back to when the key was good: who has stolen it can do that too.
    assert world.evidence(raw, "retailer") == "bad-attestation-key"
    assert world.evidence(raw, "fresh", after=ahead.by, by="retailer") == "A"


def test_licensee_packs_genuine_goods_until_the_licence_ends_or_the_mark_goes_to_another(world: World) -> None:
    marks, mark = world.installation.contracts.marks, f"EM5000000{next(world.counter):08d}"
    trademark = Trademark(mark, "NORDLICHT", (25,), datetime(2019, 3, 4, tzinfo=UTC).date())
    world.office().issue(trademark, holder=world.account("stranger"), holder_name="Holder Example")
    with pytest.raises(ContractRefused):
        world.commission(packed=1, mark=mark)
    world.ledger("stranger").send(marks.grant_licence(mark, world.account("brand"), UINT64_MAX, 100))
    first = world.commission(packed=1, mark=mark)
    world.ledger("stranger").send(marks.end_licence(mark, world.account("brand")))
    with pytest.raises(ContractRefused):
        world.commission(packed=1, mark=mark)
    world.ledger("office").send(marks.transfer_mark(mark, world.account("brand"), HASH))
    second = world.commission(packed=1, mark=mark)
    world.ledger("office").send(marks.transfer_mark(mark, world.account("stranger"), HASH))
    for goods in (first, second):
        report = world.scan(goods.packed[0].link).json()["report"]
        assert report["verdict"] == "label-genuine"
        assert [check["code"] for check in report["checks"] if check["code"].startswith("marks")] == ["marks-valid"]
