"""Issuing, reading and judging trademark credentials."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from countermark import base64url
from countermark.credentials.account_id import AccountId
from countermark.credentials.facts import AnchoredMark, OfficeKey
from countermark.credentials.gate import open_token, sign_token
from countermark.credentials.trademark import (
    MEDIA_TYPE,
    Trademark,
    credential_hash,
    issue_trademark_credential,
    read_trademark_credential,
)
from countermark.credentials.trust import check_credential
from countermark.errors import CredentialRefused, InputRefused
from countermark.p256 import PrivateKey

OFFICE = "0x" + "11" * 20
STRANGER = "0x" + "22" * 20


@pytest.fixture
def listed(office_key: PrivateKey) -> OfficeKey:
    return OfficeKey(office_key.public, OFFICE, datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))


@pytest.fixture
def anchor(token: str, holder: AccountId) -> AnchoredMark:
    return AnchoredMark(
        "EM500000012345678",
        OFFICE,
        holder.address,
        credential_hash(token),
        "active",
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
    )


def codes(token: str, keys: list[OfficeKey], anchor: AnchoredMark | None, now: datetime, chain: int) -> list[str]:
    return [item.code for item in check_credential(token, keys=keys, anchor=anchor, chain_id=chain, now=now).findings]


def test_issued_credential_reads_back(
    token: str, office_key: PrivateKey, holder: AccountId, trademark: Trademark, now: datetime
) -> None:
    credential = read_trademark_credential(token, office_key.public, now)
    assert credential.trademark == trademark
    assert credential.holder == holder
    assert credential.holder_name == "Nordlicht Example"
    assert credential.issuer_name == "Example Office"
    assert credential.issuer.startswith("did:key:z2dmzD81c")


def test_claims_have_the_members_that_untp_requires(token: str, office_key: PrivateKey) -> None:
    claims = open_token(token, typ=MEDIA_TYPE, key=office_key.public).claims
    assert {"@context", "type", "id", "issuer", "validFrom", "name", "credentialSubject"} <= set(claims)
    assert claims["@context"][:2] == [
        "https://www.w3.org/ns/credentials/v2",
        "https://vocabulary.uncefact.org/untp/0.7.0/context/",
    ]
    assert claims["type"] == ["VerifiableCredential", "DigitalIdentityAnchor"]
    subject = claims["credentialSubject"]
    required = {"id", "registeredName", "registeredId", "registeredDate", "idScheme", "registerType"}
    assert required <= set(subject)
    assert subject["registerType"] == "trademark"
    assert set(claims["@context"][2]) == {"holderAccount", "niceClasses", "wordMark"} <= set(subject)


def test_same_input_gives_the_same_token_and_hash(token: str) -> None:
    assert credential_hash(token) == hashlib.sha256(token.encode()).digest()


def test_validity_includes_its_first_second_and_excludes_its_last(token: str, office_key: PrivateKey) -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    second = timedelta(seconds=1)
    read_trademark_credential(token, office_key.public, start)
    read_trademark_credential(token, office_key.public, end - second)
    for moment, reason in ((start - second, "not-yet-valid"), (end, "expired")):
        with pytest.raises(CredentialRefused) as caught:
            read_trademark_credential(token, office_key.public, moment)
        assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("issuer.id", "did:key:z2dmzD81cgPx8Vki7JbuuMmFYrWPgYoytykUZ3eyqht1j9Kb", "wrong-issuer"),
        ("issuer", "did:web:office.example", "bad-claim"),
        ("type", ["VerifiableCredential"], "bad-claim"),
        ("@context", ["https://www.w3.org/ns/credentials/v2"], "bad-claim"),
        ("validUntil", None, "bad-claim"),
        ("validUntil", "2027-01-01", "bad-claim"),
        ("validUntil", "2027-13-01T00:00:00Z", "bad-claim"),
        ("credentialSubject", [], "bad-claim"),
        ("credentialSubject.registerType", "company", "bad-claim"),
        ("credentialSubject.registeredId", "em500000012345678", "bad-claim"),
        ("credentialSubject.registeredDate", "2019-02-30", "bad-claim"),
        ("credentialSubject.niceClasses", [46], "bad-claim"),
        ("credentialSubject.niceClasses", [True], "bad-claim"),
        ("credentialSubject.niceClasses", [], "bad-claim"),
        ("credentialSubject.wordMark", "", "bad-claim"),
        ("credentialSubject.holderAccount", "eip155:1:0x" + "00" * 20, "bad-claim"),
        ("credentialSubject.id", "did:web:brand.example", "bad-account"),
    ],
)
def test_signed_but_wrong_claim_is_refused(
    path: str,
    value: Any,
    reason: str,
    token: str,
    office_key: PrivateKey,
    now: datetime,
    set_member: Callable[..., Any],
) -> None:
    claims = dict(open_token(token, typ=MEDIA_TYPE, key=office_key.public).claims)
    set_member(path, value)(claims)
    changed = sign_token(claims, typ=MEDIA_TYPE, key=office_key, kid="k")
    with pytest.raises(CredentialRefused) as caught:
        read_trademark_credential(changed, office_key.public, now)
    assert caught.value.reason == reason


@pytest.mark.parametrize("classes", [(), (0,), (46,), (25, 14), (14, 14)])
def test_wrong_nice_classes_are_refused(classes: tuple[int, ...]) -> None:
    with pytest.raises(InputRefused, match="Nice"):
        Trademark("EM500000012345678", "NORDLICHT", classes, date(2019, 3, 4))


def test_empty_period_is_refused(
    trademark: Trademark, office_key: PrivateKey, holder: AccountId, now: datetime
) -> None:
    with pytest.raises(InputRefused) as caught:
        issue_trademark_credential(
            trademark,
            office_name="Example Office",
            key=office_key,
            holder=holder,
            holder_name="Nordlicht Example",
            valid_from=now,
            valid_until=now,
            credential_id="urn:uuid:0",
        )
    assert caught.value.reason == "empty-period"


def test_credential_that_agrees_with_the_chain_has_no_findings(
    token: str, listed: OfficeKey, anchor: AnchoredMark, now: datetime, holder: AccountId
) -> None:
    check = check_credential(token, keys=[listed], anchor=anchor, chain_id=holder.chain_id, now=now)
    assert check.ok
    assert check.credential is not None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"holder": STRANGER}, "wrong-holder"),
        ({"office": STRANGER}, "wrong-office"),
        ({"mark": "EM500000099999999"}, "wrong-mark"),
        ({"credential_hash": b"\0" * 32}, "hash-differs"),
        ({"status": "suspended"}, "mark-suspended"),
        ({"status": "revoked"}, "mark-revoked"),
        ({"status": "none"}, "mark-not-anchored"),
        ({"valid_until": datetime(2026, 2, 1, tzinfo=UTC)}, "mark-out-of-period"),
    ],
)
def test_chain_that_says_otherwise_is_a_finding(
    change: dict[str, Any],
    code: str,
    token: str,
    listed: OfficeKey,
    anchor: AnchoredMark,
    now: datetime,
    holder: AccountId,
) -> None:
    assert codes(token, [listed], replace(anchor, **change), now, holder.chain_id) == [code]


def test_credential_of_another_chain_is_a_finding(
    token: str, listed: OfficeKey, anchor: AnchoredMark, now: datetime
) -> None:
    assert codes(token, [listed], anchor, now, 1) == ["wrong-chain"]


def test_self_made_office_is_not_believed(token: str, anchor: AnchoredMark, now: datetime, holder: AccountId) -> None:
    stranger = OfficeKey(
        PrivateKey.from_secret(b"\x09" * 48).public,
        OFFICE,
        datetime(2025, 1, 1, tzinfo=UTC),
        datetime(2028, 1, 1, tzinfo=UTC),
    )
    assert codes(token, [stranger], anchor, now, holder.chain_id) == ["issuer-key-unknown"]
    assert codes(token, [], anchor, now, holder.chain_id) == ["issuer-key-unknown"]


def test_stranger_listing_the_offices_key_does_not_shadow_the_office(
    token: str, listed: OfficeKey, anchor: AnchoredMark, now: datetime, holder: AccountId
) -> None:
    copied = replace(listed, account=STRANGER)
    assert codes(token, [copied, listed], anchor, now, holder.chain_id) == []
    assert codes(token, [copied], anchor, now, holder.chain_id) == ["wrong-office"]


def test_key_revoked_before_the_day_of_issue_is_a_finding(
    token: str, listed: OfficeKey, anchor: AnchoredMark, now: datetime, holder: AccountId
) -> None:
    early = replace(listed, revoked_since=datetime(2025, 12, 1, tzinfo=UTC))
    late = replace(listed, revoked_since=datetime(2026, 3, 1, tzinfo=UTC))
    assert codes(token, [early], anchor, now, holder.chain_id) == ["issuer-key-out-of-period"]
    assert codes(token, [late], anchor, now, holder.chain_id) == []


def test_expired_unanchored_and_broken_credentials_are_findings(
    token: str, listed: OfficeKey, anchor: AnchoredMark, now: datetime, holder: AccountId
) -> None:
    assert codes(token, [listed], anchor, now + timedelta(days=400), holder.chain_id) == ["expired"]
    assert codes(token, [listed], None, now, holder.chain_id) == ["mark-not-anchored"]
    assert codes(token + "=", [listed], anchor, now, holder.chain_id) == ["not-canonical"]
    assert codes("." * 70_000, [listed], anchor, now, holder.chain_id) == ["too-long"]


def test_payload_bytes_are_what_was_signed(token: str) -> None:
    assert b'"registerType":"trademark"' in (base64url.decode(token.split(".")[1]) or b"")
