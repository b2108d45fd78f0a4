"""The trademark credential as SD-JWT VC: the same facts, shown as far as its holder wants, tied to one anchor."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark import base64url
from countermark.credentials.account_id import AccountId
from countermark.credentials.did_key import did_of, key_id_of
from countermark.credentials.facts import AnchoredMark, OfficeKey
from countermark.credentials.gate import open_token, sign_token
from countermark.credentials.key_binding import Challenge
from countermark.credentials.sd_jwt import MEDIA_TYPE, digest_of
from countermark.credentials.sd_jwt_making import hidden_names, present_sd_jwt
from countermark.credentials.trademark import Trademark, TrademarkCredential, credential_hash, sign_trademark_credential
from countermark.credentials.trademark_sd_jwt import CHOOSABLE, issue_trademark_sd_jwt, read_trademark_sd_jwt
from countermark.credentials.trust import PresentationCheck, check_credential, check_presentation
from countermark.errors import CountermarkError, CredentialRefused
from countermark.p256 import PrivateKey

OFFICE = "0x" + "11" * 20
BRAND = PrivateKey.from_secret(b"\x05" * 48)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def credential(trademark: Trademark, office_key: PrivateKey, holder: AccountId) -> TrademarkCredential:
    return TrademarkCredential(
        "urn:uuid:1", trademark, did_of(office_key.public), "Example Office", holder, "Nordlicht Example",
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC),
    )  # fmt: skip


@pytest.fixture(scope="module")
def twin(credential: TrademarkCredential, office_key: PrivateKey) -> str:
    return sign_trademark_credential(credential, office_key)


@pytest.fixture(scope="module")
def text(credential: TrademarkCredential, twin: str, office_key: PrivateKey) -> str:
    return issue_trademark_sd_jwt(
        credential,
        anchored_hash=credential_hash(twin),
        key=office_key,
        new_salt=lambda: secrets.token_bytes(16),
        holder_key=BRAND.public,
    )


@pytest.fixture
def listed(office_key: PrivateKey) -> OfficeKey:
    return OfficeKey(office_key.public, OFFICE, datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))


@pytest.fixture
def anchor(twin: str, holder: AccountId) -> AnchoredMark:
    return AnchoredMark(
        "EM500000012345678", OFFICE, holder.address, credential_hash(twin), "active",
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def codes(check: PresentationCheck) -> list[str]:
    return [finding.code for finding in check.findings]


def test_both_forms_say_the_same_under_one_anchor(
    text: str, twin: str, trademark: Trademark, listed: OfficeKey, anchor: AnchoredMark, holder: AccountId
) -> None:
    check = check_presentation(text, keys=[listed], anchor=anchor, chain_id=holder.chain_id, now=NOW)
    assert check.ok
    assert check_credential(twin, keys=[listed], anchor=anchor, chain_id=holder.chain_id, now=NOW).ok
    shown = check.presented
    assert shown is not None
    assert (shown.mark, shown.text, shown.nice_classes, shown.registered_on) == (
        trademark.mark,
        trademark.text,
        trademark.nice_classes,
        trademark.registered_on,
    )
    assert (shown.holder, shown.holder_name, shown.bound) == (holder, "Nordlicht Example", False)


def test_holder_shows_the_words_and_hides_the_rest(text: str, office_key: PrivateKey) -> None:
    assert hidden_names(text) == CHOOSABLE
    shown = read_trademark_sd_jwt(present_sd_jwt(text, show=("wordMark",), now=NOW), office_key.public, NOW)
    assert shown.text == "NORDLICHT"
    assert (shown.holder_name, shown.nice_classes, shown.registered_on) == (None, None, None)
    assert shown.mark == "EM500000012345678"


def test_holder_answers_a_challenge(text: str, listed: OfficeKey, anchor: AnchoredMark, holder: AccountId) -> None:
    challenge = Challenge("https://customs.example", "fresh")
    answer = present_sd_jwt(text, show=(), challenge=challenge, key=BRAND, now=NOW)
    facts: dict[str, Any] = {"keys": [listed], "anchor": anchor, "chain_id": holder.chain_id, "now": NOW}
    check = check_presentation(answer, challenge=challenge, **facts)
    assert check.ok
    assert check.presented is not None
    assert check.presented.bound
    assert codes(check_presentation(text, challenge=challenge, **facts)) == ["key-binding-missing"]
    stolen = present_sd_jwt(text, show=(), challenge=challenge, key=PrivateKey.generate(), now=NOW)
    assert codes(check_presentation(stolen, challenge=challenge, **facts)) == ["wrong-signature"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"credential_hash": b"\0" * 32}, "hash-differs"),
        ({"holder": "0x" + "22" * 20}, "wrong-holder"),
        ({"office": "0x" + "22" * 20}, "wrong-office"),
        ({"mark": "EM500000099999999"}, "wrong-mark"),
        ({"status": "revoked"}, "mark-revoked"),
        ({"status": "none"}, "mark-not-anchored"),
    ],
)
def test_chain_that_says_otherwise_is_a_finding(
    change: dict[str, Any], code: str, text: str, listed: OfficeKey, anchor: AnchoredMark, holder: AccountId
) -> None:
    changed = replace(anchor, **change)
    assert codes(check_presentation(text, keys=[listed], anchor=changed, chain_id=holder.chain_id, now=NOW)) == [code]


def test_presentation_by_a_key_that_the_chain_does_not_know_is_not_believed(
    text: str, anchor: AnchoredMark, holder: AccountId
) -> None:
    check = check_presentation(text, keys=[], anchor=anchor, chain_id=holder.chain_id, now=NOW)
    assert codes(check) == ["issuer-key-unknown"]


def test_form_is_not_taken_for_the_other_one(
    text: str, twin: str, listed: OfficeKey, anchor: AnchoredMark, holder: AccountId
) -> None:
    facts: dict[str, Any] = {"keys": [listed], "anchor": anchor, "chain_id": holder.chain_id, "now": NOW}
    assert codes(check_presentation(twin, **facts)) == ["not-a-token"]
    assert codes(check_presentation(twin + "~", **facts)) == ["wrong-type"]
    alone = check_credential(text.partition("~")[0], **facts)
    assert [finding.code for finding in alone.findings] == ["wrong-type"]


def test_validity_includes_its_first_second_and_excludes_its_last(text: str, office_key: PrivateKey) -> None:
    start, end, second = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), timedelta(seconds=1)
    read_trademark_sd_jwt(text, office_key.public, start)
    read_trademark_sd_jwt(text, office_key.public, end - second)
    for moment, reason in ((start - second, "not-yet-valid"), (end, "expired")):
        with pytest.raises(CredentialRefused) as caught:
            read_trademark_sd_jwt(text, office_key.public, moment)
        assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("vct", "urn:other", "bad-claim"),
        ("registerType", "company", "bad-claim"),
        ("registeredId", "em500000012345678", "bad-claim"),
        ("anchoredHash", "AAAA", "bad-claim"),
        ("anchoredHash", None, "bad-claim"),
        ("sub", "did:web:brand.example", "bad-account"),
        ("exp", None, "bad-claim"),
        ("exp", "1800000000", "bad-claim"),
        ("exp", True, "bad-claim"),
        ("exp", 1e10, "bad-claim"),
        ("exp", 1 << 63, "bad-claim"),
        ("nbf", None, "bad-claim"),
        ("iss", "did:web:other.example", "wrong-issuer"),
    ],
)
def test_signed_but_wrong_claim_is_refused(
    path: str, value: Any, reason: str, text: str, office_key: PrivateKey, set_member: Callable[..., Any]
) -> None:
    claims = dict(open_token(text.partition("~")[0], typ=MEDIA_TYPE, key=office_key.public).claims)
    set_member(path, value)(claims)
    changed = sign_token(claims, typ=MEDIA_TYPE, key=office_key, kid=key_id_of(office_key.public)) + "~"
    with pytest.raises(CredentialRefused) as caught:
        read_trademark_sd_jwt(changed, office_key.public, NOW)
    assert caught.value.reason == reason


@pytest.mark.parametrize("name", ["sub", "registeredId", "anchoredHash", "credentialStatus"])
def test_claim_that_ties_it_to_the_chain_cannot_be_hidden(name: str, text: str, office_key: PrivateKey) -> None:
    claims = dict(open_token(text.partition("~")[0], typ=MEDIA_TYPE, key=office_key.public).claims)
    claims.pop(name, None)
    disclosure = base64url.encode(f'["salt","{name}","x"]'.encode())
    claims["_sd"] = [digest_of(disclosure)]
    changed = sign_token(claims, typ=MEDIA_TYPE, key=office_key, kid=key_id_of(office_key.public))
    with pytest.raises(CredentialRefused) as caught:
        read_trademark_sd_jwt(f"{changed}~{disclosure}~", office_key.public, NOW)
    assert caught.value.reason == "not-disclosable"


@given(data=st.data())
def test_one_changed_character_is_never_accepted(data: st.DataObject, text: str, office_key: PrivateKey) -> None:
    place = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.sampled_from("ABCabc019-_.~=").filter(lambda c: c != text[place]))
    with pytest.raises(CountermarkError):
        read_trademark_sd_jwt(text[:place] + character + text[place + 1 :], office_key.public, NOW)
