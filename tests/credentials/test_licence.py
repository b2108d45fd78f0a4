"""Licence credentials: what they say, and what the chain says against them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from countermark.credentials.account_id import AccountId
from countermark.credentials.did_key import did_of, key_id_of
from countermark.credentials.facts import AnchoredLicence, AnchoredMark, OfficeKey
from countermark.credentials.gate import open_token, sign_token
from countermark.credentials.licence import Licence, check_licence, issue_licence, read_licence
from countermark.errors import CredentialRefused, InputRefused
from countermark.p256 import PrivateKey

BRAND = PrivateKey.from_secret(b"\x05" * 48)
CHAIN = 9_876_543_210
HOLDER, LICENSEE = AccountId(CHAIN, "0x" + "ab" * 20), AccountId(CHAIN, "0x" + "33" * 20)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LICENCE = Licence(
    "urn:uuid:2", "EM500000012345678", did_of(BRAND.public), HOLDER, "Nordlicht Example", LICENSEE, "Maker Example",
    5_000, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC),
)  # fmt: skip
MARK = AnchoredMark(
    LICENCE.mark, "0x" + "11" * 20, HOLDER.address, b"\1" * 32, "active",
    datetime(2025, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC),
)  # fmt: skip
STANDING = AnchoredLicence(LICENCE.valid_until, 5_000)
KEY = OfficeKey(BRAND.public, HOLDER.address, datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))


def codes(
    token: str,
    *,
    keys: tuple[OfficeKey, ...] = (KEY,),
    mark: AnchoredMark | None = MARK,
    licence: AnchoredLicence | None = STANDING,
    chain: int = CHAIN,
    now: datetime = NOW,
) -> list[str]:
    check = check_licence(token, keys=keys, mark=mark, licence=licence, chain_id=chain, now=now)
    return [finding.code for finding in check.findings]


def test_licence_that_agrees_with_the_chain_reads_back() -> None:
    token = issue_licence(LICENCE, BRAND)
    assert token == issue_licence(LICENCE, BRAND)
    assert read_licence(token, BRAND.public, NOW) == LICENCE
    assert codes(token) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"licence": None}, "licence-missing"),
        ({"licence": replace(STANDING, until=NOW)}, "licence-over"),
        ({"licence": replace(STANDING, ceiling=4_999)}, "licence-differs"),
        ({"licence": replace(STANDING, until=LICENCE.valid_until + timedelta(days=1))}, "licence-differs"),
        ({"mark": None}, "mark-not-anchored"),
        ({"mark": replace(MARK, status="revoked")}, "mark-revoked"),
        ({"mark": replace(MARK, status="suspended")}, "mark-suspended"),
        ({"mark": replace(MARK, mark="EM500000099999999")}, "wrong-mark"),
        ({"mark": replace(MARK, holder="0x" + "44" * 20)}, "wrong-holder"),
        ({"chain": 1}, "wrong-chain"),
        ({"keys": ()}, "issuer-key-unknown"),
        ({"keys": (replace(KEY, revoked_since=datetime(2025, 6, 1, tzinfo=UTC)),)}, "issuer-key-out-of-period"),
        ({"keys": (replace(KEY, account=LICENSEE.address),)}, "wrong-holder"),
        ({"now": LICENCE.valid_until}, "expired"),
        ({"now": LICENCE.valid_from - timedelta(seconds=1)}, "not-yet-valid"),
    ],
)
def test_chain_that_says_otherwise_is_a_finding(change: dict[str, Any], code: str) -> None:
    assert codes(issue_licence(LICENCE, BRAND), **change) == [code]


def test_licensee_cannot_write_its_own_licence() -> None:
    own = PrivateKey.from_secret(b"\x06" * 48)
    token = issue_licence(replace(LICENCE, issuer=did_of(own.public)), own)
    listed = replace(KEY, key=own.public, account=LICENSEE.address)
    assert codes(token) == ["issuer-key-unknown"]
    assert codes(token, keys=(KEY, listed)) == ["wrong-holder"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("type", ["VerifiableCredential", "DigitalIdentityAnchor"]),
        ("@context", ["https://www.w3.org/ns/credentials/v2"]),
        ("credentialSubject.licenceOf", "em500000012345678"),
        ("credentialSubject.quantityCeiling", 0),
        ("credentialSubject.quantityCeiling", "5000"),
        ("credentialSubject.quantityCeiling", True),
        ("credentialSubject.licensor", None),
        ("validUntil", "2025-01-01T00:00:00Z"),
    ],
)
def test_signed_but_wrong_licence_is_refused(path: str, value: Any, set_member: Callable[..., Any]) -> None:
    claims = dict(open_token(issue_licence(LICENCE, BRAND), typ="vc+jwt", key=BRAND.public).claims)
    set_member(path, value)(claims)
    token = sign_token(claims, typ="vc+jwt", key=BRAND, kid=key_id_of(BRAND.public), cty="vc")
    with pytest.raises(CredentialRefused) as caught:
        read_licence(token, BRAND.public, NOW)
    assert caught.value.reason == "bad-claim"


@pytest.mark.parametrize("change", [{"ceiling": 0}, {"ceiling": 1 << 64}, {"valid_until": LICENCE.valid_from}])
def test_licence_of_nothing_cannot_be_made(change: dict[str, Any]) -> None:
    with pytest.raises(InputRefused):
        replace(LICENCE, **change)
