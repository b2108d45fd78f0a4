"""Rightly signed nonsense and changed characters: every reader of credentials refuses in our own words."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark import base64url
from countermark.credentials import base58
from countermark.credentials.account_id import AccountId
from countermark.credentials.did_key import did_of, key_id_of
from countermark.credentials.gate import open_token, sign_token
from countermark.credentials.licence import Licence, check_licence, issue_licence, read_licence
from countermark.credentials.status_list import StatusList, StatusListCredential, issue_status_list, read_status_list
from countermark.credentials.trademark import read_trademark_credential
from countermark.credentials.trademark_sd_jwt import read_trademark_sd_jwt
from countermark.credentials.trust import check_credential, check_presentation
from countermark.errors import CountermarkError
from countermark.p256 import PrivateKey

KEY = PrivateKey.from_secret(bytes(range(48)))
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ACCOUNT = AccountId(1, "0x" + "ab" * 20)
LICENCE = issue_licence(
    Licence(
        "urn:uuid:2", "EM500000012345678", did_of(KEY.public), ACCOUNT, "N", AccountId(1, "0x" + "33" * 20), "M", 5,
        NOW - timedelta(days=1), NOW + timedelta(days=1),
    ),
    KEY,
)  # fmt: skip
LIST = issue_status_list(
    StatusListCredential(
        "https://office.example/s", did_of(KEY.public), "revocation", NOW, NOW + timedelta(days=1), None,
        StatusList.empty(),
    ),
    key=KEY,
    kid=key_id_of(KEY.public),
)  # fmt: skip

READERS: dict[str, tuple[str, str, Callable[[str], object]]] = {
    "trademark": ("vc+jwt", "", lambda text: read_trademark_credential(text, KEY.public, NOW)),
    "presentation": ("dc+sd-jwt", "~", lambda text: read_trademark_sd_jwt(text, KEY.public, NOW)),
    "licence": ("vc+jwt", "", lambda text: read_licence(text, KEY.public, NOW)),
    "status list": ("vc+jwt", "", lambda text: read_status_list(text, KEY.public, NOW)),
}
NAMES = [
    "@context", "type", "id", "issuer", "name", "validFrom", "validUntil", "credentialSubject", "credentialStatus",
    "registeredId", "registeredName", "registeredDate", "idScheme", "registerType", "holderAccount", "wordMark",
    "niceClasses", "vct", "iss", "sub", "nbf", "exp", "anchoredHash", "issuerName", "licenceOf", "licensor",
    "quantityCeiling", "statusPurpose", "encodedList", "ttl", "statusListIndex", "statusListCredential", "statusSize",
]  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), 1 << 63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(
        ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "trademark", "EM500000012345678",
         "VerifiableCredential", "TrademarkLicence", did_of(KEY.public), ACCOUNT.did, "revocation", "0", "A" * 43,
         "urn:countermark:vct:trademark:1", "uH4sI", "9999-12-31T23:59:59Z"],
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.parametrize("kind", READERS)
@given(claims=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=12))
def test_rightly_signed_nonsense_is_refused_in_our_words(kind: str, claims: dict[str, Any]) -> None:
    typ, end, read = READERS[kind]
    token = sign_token(claims, typ=typ, key=KEY, kid=key_id_of(KEY.public)) + end
    with pytest.raises(CountermarkError):
        read(token)


@pytest.mark.parametrize("kind", READERS)
@given(data=st.data())
def test_good_claims_with_one_member_changed_are_read_or_refused_in_our_words(
    kind: str, data: st.DataObject, token: str
) -> None:
    typ, end, read = READERS[kind]
    good = {"trademark": token, "licence": LICENCE, "status list": LIST}.get(kind, token)
    claims = dict(open_token(good, typ="vc+jwt", key=KEY.public).claims)
    subject = dict(claims["credentialSubject"])
    target = claims if data.draw(st.booleans()) else subject
    target[data.draw(st.sampled_from([*target, *NAMES]))] = data.draw(VALUES)
    if target is subject:
        claims["credentialSubject"] = subject
    changed = sign_token(claims, typ=typ, key=KEY, kid=key_id_of(KEY.public)) + end
    try:
        read(changed)
    except CountermarkError:
        return


@pytest.mark.parametrize(("text", "read"), [(LICENCE, READERS["licence"][2]), (LIST, READERS["status list"][2])])
@given(data=st.data())
def test_changed_character_of_a_licence_or_list_is_never_accepted(
    text: str, read: Callable[[str], object], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.sampled_from("ABCabc019-_.=").filter(lambda c: c != text[place]))
    with pytest.raises(CountermarkError):
        read(text[:place] + character + text[place + 1 :])


@given(text=st.text(max_size=200) | st.text("eyJhbGciOi.~_-019", max_size=200))
def test_checks_of_random_text_answer_with_findings(text: str) -> None:
    facts: dict[str, Any] = {"keys": [], "chain_id": 1, "now": NOW}
    assert check_credential(text, anchor=None, **facts).findings
    assert check_presentation(text, anchor=None, **facts).findings
    assert check_licence(text, mark=None, licence=None, **facts).findings


@given(st.binary(max_size=200))
def test_base58_comes_back(data: bytes) -> None:
    assert base58.decode(base58.encode(data)) == data


@given(st.binary(max_size=60))
def test_base64url_has_one_spelling(data: bytes) -> None:
    text = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    assert base64url.encode(data) == text
    assert base64url.decode(text) == data
