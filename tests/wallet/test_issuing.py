"""An office's credentials on a real ledger: anchored, checked, suspended, revoked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from countermark.chain.contracts import Contracts
from countermark.chain.marks import MarkStatus
from countermark.credentials.account_id import AccountId
from countermark.credentials.trademark import Trademark, credential_hash, issue_trademark_credential
from countermark.credentials.trust import CredentialCheck
from countermark.errors import ContractRefused, CredentialRefused, InputRefused, NotPermitted
from countermark_wallet.credentials.checking import Check, CredentialDesk, refuse_findings
from countermark_wallet.credentials.issuing import TrademarkIssuing

if TYPE_CHECKING:
    from tests.wallet.conftest import Market

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def judged(market: Market, token: str, now: datetime = NOW) -> Check:
    contracts = Contracts.of(market.connection, market.deployment)
    return CredentialDesk(contracts, market.connection.chain_id).check(token, now=now)


def test_issued_credential_is_anchored_and_agrees_with_the_ledger(market: Market) -> None:
    mark = market.new_mark()
    token = market.issue(mark)
    info = market.ledger("brand").marks.mark_info(mark.mark)
    assert info.credential_hash == credential_hash(token)
    assert (info.holder, info.office, info.status) == (
        market.account("brand"),
        market.account("office"),
        MarkStatus.ACTIVE,
    )
    check = judged(market, token)
    refuse_findings(check.findings)
    assert isinstance(check, CredentialCheck)
    found = check.credential
    assert found is not None
    assert found.trademark == mark
    assert found.holder.address == market.account("brand")


def test_revoked_mark_is_a_finding_and_final(market: Market) -> None:
    mark = market.new_mark()
    token = market.issue(mark)
    market.office().revoke(mark.mark)
    with pytest.raises(CredentialRefused) as caught:
        refuse_findings(judged(market, token).findings)
    assert caught.value.reason == "mark-revoked"
    with pytest.raises(ContractRefused):
        market.office().reinstate(mark.mark)


def test_suspended_mark_comes_back_when_reinstated(market: Market) -> None:
    mark = market.new_mark()
    token = market.issue(mark)
    market.office().suspend(mark.mark)
    assert [finding.code for finding in judged(market, token).findings] == ["mark-suspended"]
    market.office().reinstate(mark.mark)
    assert judged(market, token).ok


def test_replaced_credential_no_longer_matches_its_anchor(market: Market) -> None:
    mark = market.new_mark()
    first, second = market.issue(mark), market.issue(mark)
    assert first != second
    assert [finding.code for finding in judged(market, first).findings] == ["hash-differs"]
    assert judged(market, second).ok


def self_signed(market: Market, mark: Trademark, signer: str) -> str:
    return issue_trademark_credential(
        mark,
        office_name="Example Office",
        key=market.wallets[signer].credential_key(),
        holder=AccountId(market.connection.chain_id, market.account("brand")),
        holder_name="Nordlicht Example",
        valid_from=NOW,
        valid_until=NOW + timedelta(days=1),
        credential_id="urn:uuid:7f6c3f0a-6a39-4c3e-8d53-0d0a3a1f6a10",
    )


def test_brand_that_makes_its_own_credential_is_not_believed(market: Market) -> None:
    mark = market.new_mark()
    market.issue(mark)
    assert [finding.code for finding in judged(market, self_signed(market, mark, "brand")).findings] == [
        "issuer-key-unknown"
    ]


def test_office_with_an_unlisted_key_issues_nothing(market: Market) -> None:
    mark = market.new_mark()
    unlisted = replace(market.office(), key=market.wallets["office"].credential_key(period=2))
    with pytest.raises(NotPermitted) as caught:
        unlisted.issue(mark, holder=market.account("brand"), holder_name="Nordlicht Example")
    assert caught.value.reason == "credential-key-not-listed"
    assert market.ledger("brand").marks.mark_info(mark.mark).status is MarkStatus.NONE


def test_credential_of_another_chain_is_a_finding(market: Market) -> None:
    token = market.issue(market.new_mark())
    contracts = Contracts.of(market.connection, market.deployment)
    check = CredentialDesk(contracts, market.connection.chain_id + 1).check(token, now=NOW)
    assert [finding.code for finding in check.findings] == ["wrong-chain"]


def test_signed_credential_of_a_mark_that_nobody_recorded_is_not_believed(market: Market) -> None:
    token = self_signed(market, market.new_mark(), "office")
    assert [finding.code for finding in judged(market, token).findings] == ["issuer-key-unknown"]


def test_stranger_cannot_record_a_mark(market: Market) -> None:
    stranger = market.wallets["stranger"]
    market.accreditation("stranger").list_credential_key(stranger.credential_key().public)
    issuing = TrademarkIssuing(market.ledger("stranger"), stranger.credential_key(), "Fake Office", lambda: NOW)
    with pytest.raises(ContractRefused):
        issuing.issue(market.new_mark(), holder=market.account("stranger"), holder_name="Nobody")


def test_expired_credential_is_refused(market: Market) -> None:
    token = market.issue(market.new_mark())
    with pytest.raises(CredentialRefused) as caught:
        judged(market, token, NOW + timedelta(days=4000))
    assert caught.value.reason == "expired"


@pytest.mark.parametrize("days", [0, -1, 40_000])
def test_absurd_period_is_refused(market: Market, days: int) -> None:
    with pytest.raises(InputRefused) as caught:
        market.office().issue(market.new_mark(), holder=market.account("brand"), holder_name="N", days=days)
    assert caught.value.reason == "bad-period"
