"""did:web: one address for each name, one reading for each document, and the chain wins over it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark import base64url
from countermark.credentials.account_id import AccountId
from countermark.credentials.did_key import did_of
from countermark.credentials.did_web import (
    DidDocument,
    key_id_of,
    read_did_document,
    resolve_did_web,
    url_of,
    write_did_document,
)
from countermark.credentials.facts import AnchoredMark, OfficeKey
from countermark.credentials.gate import open_token, sign_token
from countermark.credentials.trademark import Trademark, credential_hash, issue_trademark_credential
from countermark.credentials.trust import CredentialCheck, check_credential
from countermark.errors import CountermarkError, CredentialRefused, TooLarge
from countermark.limits import Limits
from countermark.p256 import PrivateKey, PublicKey

DID = "did:web:office.example"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
OFFICE, STRANGER = "0x" + "11" * 20, "0x" + "22" * 20
OTHER = PrivateKey.from_secret(b"\x09" * 48)


@pytest.mark.parametrize(
    ("did", "url"),
    [
        # The three examples of the did:web specification, section 2.5.2.
        ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
        ("did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"),
        ("did:web:example.com%3A3000:user:alice", "https://example.com:3000/user/alice/did.json"),
        ("did:web:office.example:v1:0xAb", "https://office.example/v1/0xAb/did.json"),
        ("did:web:xn--bcher-kva.example", "https://xn--bcher-kva.example/.well-known/did.json"),
    ],
)
def test_name_has_one_address(did: str, url: str) -> None:
    assert url_of(did) == url


@pytest.mark.parametrize(
    "did",
    [
        "did:web:",
        "did:web:localhost",
        "did:web:127.0.0.1",
        "did:web:127.1",
        "did:web:0x7f.1",
        "did:web:2130706433",
        "did:web:%5B%3A%3A1%5D",
        "did:web:Office.example",
        "did:web:office.example.",
        "did:web:-office.example",
        "did:web:office..example",
        "did:web:user@office.example",
        "did:web:office.example%2Fpath",
        "did:web:office.example/path",
        "did:web:office.example%3a8443",
        "did:web:office.example%3A0",
        "did:web:office.example%3A65536",
        "did:web:office.example%3A08443",
        "did:web:office.example::user",
        "did:web:office.example:",
        "did:web:office.example:..:secret",
        "did:web:office.example:.",
        "did:web:office.example:%2e%2e",
        "did:web:office.example?x",
        "did:web:office.example#key",
        "did:web:öffice.example",
        "did:web:office.example\n",
        "did:web:" + "a" * 64 + ".example",
        "did:web:" + "a." * 150 + "example",
        "did:key:z2dmzD81c",
    ],
)
def test_name_that_programs_read_in_two_ways_is_refused(did: str) -> None:
    with pytest.raises(CredentialRefused) as caught:
        url_of(did)
    assert caught.value.reason == "bad-did"


def document(key: PublicKey, did: str = DID) -> dict[str, Any]:
    return write_did_document(did, [key])


def read(content: dict[str, Any], did: str = DID) -> DidDocument:
    return read_did_document(json.dumps(content).encode(), did)


def test_document_that_we_write_reads_back(office_key: PrivateKey) -> None:
    content = write_did_document(DID, [office_key.public, OTHER.public])
    assert read(content).keys == {
        key_id_of(DID, office_key.public): office_key.public,
        key_id_of(DID, OTHER.public): OTHER.public,
    }
    assert all(set(method["publicKeyJwk"]) == {"kty", "crv", "x", "y"} for method in content["verificationMethod"])


def test_published_thumbprint_is_the_keys_fragment(thumbprint_vector: dict[str, Any]) -> None:
    key = PublicKey.from_jwk(thumbprint_vector["jwk"])
    assert key_id_of(DID, key) == f"{DID}#{thumbprint_vector['thumbprint']}"


def test_key_with_a_relative_name_and_keys_of_other_kinds(office_key: PrivateKey) -> None:
    content = document(office_key.public)
    content["verificationMethod"][0]["id"] = "#key-1"
    content["verificationMethod"].append(
        {"id": "#ed", "type": "JsonWebKey", "controller": DID, "publicKeyJwk": {"kty": "OKP", "crv": "Ed25519"}}
    )
    content["verificationMethod"].append({"id": "#b", "type": "Multikey", "controller": DID, "publicKeyMultibase": "z"})
    content["assertionMethod"] = ["#key-1", "#ed", "#b", {"id": "#embedded"}]
    assert read(content).keys == {f"{DID}#key-1": office_key.public}


def test_key_that_is_not_for_statements_is_left_out(office_key: PrivateKey) -> None:
    content = document(office_key.public)
    content["authentication"] = content.pop("assertionMethod")
    assert read(content).keys == {}


@pytest.mark.parametrize("change", [{"controller": "did:web:thief.example"}, {"id": "did:web:thief.example#k"}])
def test_key_of_another_controller_is_left_out(change: dict[str, str], office_key: PrivateKey) -> None:
    content = document(office_key.public)
    content["verificationMethod"][0] |= change
    content["assertionMethod"] = [content["verificationMethod"][0]["id"]]
    assert read(content).keys == {}


def test_document_of_another_name_is_refused(office_key: PrivateKey) -> None:
    with pytest.raises(CredentialRefused):
        read(document(office_key.public, "did:web:thief.example"))


def test_private_key_in_a_document_is_refused(office_key: PrivateKey) -> None:
    content = document(office_key.public)
    content["verificationMethod"][0]["publicKeyJwk"]["d"] = "x"
    with pytest.raises(CredentialRefused) as caught:
        read(content)
    assert caught.value.reason == "private-key"


@pytest.mark.parametrize(
    "change",
    [
        {"verificationMethod": {}},
        {"verificationMethod": [5]},
        {"verificationMethod": "x"},
        {"assertionMethod": "#key"},
        {"id": None},
        {"id": [DID]},
    ],
)
def test_document_of_another_form_is_refused(change: dict[str, Any], office_key: PrivateKey) -> None:
    with pytest.raises(CredentialRefused):
        read(document(office_key.public) | change)


def test_document_with_one_key_name_twice_is_refused(office_key: PrivateKey) -> None:
    content = document(office_key.public)
    content["verificationMethod"] *= 2
    with pytest.raises(CredentialRefused):
        read(content)


def test_size_of_a_document_and_its_keys_are_bounded(office_key: PrivateKey) -> None:
    limits = Limits()
    with pytest.raises(TooLarge):
        read_did_document(b" " * (limits.did_document_bytes + 1), DID)
    method = document(office_key.public)["verificationMethod"][0]
    many = [method | {"id": f"#{number}"} for number in range(limits.did_document_keys + 1)]
    with pytest.raises(CredentialRefused):
        read(document(office_key.public) | {"verificationMethod": many})


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"id":"did:web:office.example","id":"x"}', b"\xff", b"[" * 100])
def test_document_with_two_readings_is_refused(raw: bytes) -> None:
    with pytest.raises((CredentialRefused, TooLarge)):
        read_did_document(raw, DID)


@given(
    st.dictionaries(
        st.sampled_from(["id", "verificationMethod", "assertionMethod", "controller", "publicKeyJwk", "type"]),
        st.recursive(
            st.none() | st.integers() | st.sampled_from([DID, "#k", "JsonWebKey", "EC", "P-256"]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["id", "type", "controller", "publicKeyJwk", "kty", "crv", "x"]), inner
                )
            ),
            max_leaves=15,
        ),
    )
)
def test_nonsense_in_a_document_raises_nothing_but_our_errors(content: dict[str, Any]) -> None:
    try:
        read({**content, "id": DID})
    except CountermarkError:
        return


def test_resolving_asks_for_the_one_address_with_a_bound(office_key: PrivateKey) -> None:
    asked = []

    def fetch(url: str, *, most: int) -> bytes:
        asked.append((url, most))
        return json.dumps(document(office_key.public)).encode()

    assert resolve_did_web(DID, fetch).keys
    assert asked == [("https://office.example/.well-known/did.json", Limits().did_document_bytes)]


# The chain wins


@pytest.fixture(scope="module")
def web_token(issued: Callable[..., str]) -> str:
    return issued(credential_id="urn:uuid:1", issuer=DID)


def listed(key: PublicKey, account: str = OFFICE, **changes: Any) -> OfficeKey:
    entry = OfficeKey(key, account, datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
    return replace(entry, **changes)


def judged(token: str, keys: list[OfficeKey], holder: AccountId, *documents: DidDocument) -> CredentialCheck:
    anchor = AnchoredMark(
        "EM500000012345678", OFFICE, holder.address, credential_hash(token), "active",
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    known = {document.did: document for document in documents}
    return check_credential(token, keys=keys, anchor=anchor, chain_id=holder.chain_id, now=NOW, documents=known)


def codes(check: CredentialCheck) -> tuple[list[str], list[str]]:
    return [finding.code for finding in check.findings], [note.code for note in check.notes]


def naming(key: PublicKey, fragment: str | None = None) -> DidDocument:
    return DidDocument(DID, {key_id_of(DID, key) if fragment is None else f"{DID}#{fragment}": key})


def test_key_that_the_chain_lists_needs_no_document(web_token: str, office_key: PrivateKey, holder: AccountId) -> None:
    keys = [listed(office_key.public)]
    assert codes(judged(web_token, keys, holder)) == ([], ["did-document-unknown"])
    assert codes(judged(web_token, keys, holder, naming(office_key.public))) == ([], ["did-document-agrees"])


def test_key_in_a_document_that_the_chain_does_not_know_is_never_trusted(
    web_token: str, office_key: PrivateKey, holder: AccountId
) -> None:
    check = judged(web_token, [listed(OTHER.public)], holder, naming(office_key.public))
    assert codes(check) == (["issuer-key-unknown"], [])
    assert check.credential is None
    assert codes(judged(web_token, [], holder, naming(office_key.public))) == (["issuer-key-unknown"], [])


def test_document_cannot_give_a_known_name_to_a_foreign_key(
    web_token: str, office_key: PrivateKey, holder: AccountId
) -> None:
    kid = key_id_of(DID, office_key.public)
    shifted = DidDocument(DID, {kid: OTHER.public})
    claims = open_token(web_token, typ="vc+jwt", key=office_key.public).claims
    forged = sign_token(claims, typ="vc+jwt", key=OTHER, kid=kid, cty="vc")
    assert codes(judged(forged, [listed(office_key.public)], holder, shifted))[0] == ["wrong-signature"]


def test_key_that_the_document_dropped_stays_trusted_while_the_chain_lists_it(
    web_token: str, office_key: PrivateKey, holder: AccountId
) -> None:
    check = judged(web_token, [listed(office_key.public)], holder, naming(OTHER.public))
    assert codes(check) == ([], ["did-document-differs"])
    assert check.ok


def test_key_that_the_chain_revoked_is_not_saved_by_its_document(
    web_token: str, office_key: PrivateKey, holder: AccountId
) -> None:
    revoked = listed(office_key.public, revoked_since=datetime(2025, 12, 1, tzinfo=UTC))
    assert codes(judged(web_token, [revoked], holder, naming(office_key.public)))[0] == ["issuer-key-out-of-period"]


def test_key_that_another_account_lists_is_not_the_offices_whatever_the_document_says(
    web_token: str, office_key: PrivateKey, holder: AccountId
) -> None:
    foreign = listed(office_key.public, STRANGER)
    assert codes(judged(web_token, [foreign], holder, naming(office_key.public)))[0] == ["wrong-office"]


def test_did_key_that_the_chain_does_not_know_proves_no_office(token: str, holder: AccountId) -> None:
    assert codes(judged(token, [listed(OTHER.public)], holder)) == (["issuer-key-unknown"], [])


def test_key_under_another_fragment_is_found_through_the_document_but_only_if_the_chain_lists_it(
    web_token: str, office_key: PrivateKey, holder: AccountId
) -> None:
    claims = open_token(web_token, typ="vc+jwt", key=office_key.public).claims
    renamed = sign_token(claims, typ="vc+jwt", key=office_key, kid=f"{DID}#key-1", cty="vc")
    named = naming(office_key.public, "key-1")
    assert codes(judged(renamed, [listed(office_key.public)], holder, named))[0] == []
    assert codes(judged(renamed, [listed(office_key.public)], holder))[0] == ["issuer-key-unknown"]
    assert codes(judged(renamed, [listed(OTHER.public)], holder, named))[0] == ["issuer-key-unknown"]


@pytest.mark.parametrize("issuer", ["did:web:other.example", None])
def test_issuer_and_key_name_must_be_of_one_did(
    issuer: str | None, web_token: str, office_key: PrivateKey, holder: AccountId
) -> None:
    claims = dict(open_token(web_token, typ="vc+jwt", key=office_key.public).claims)
    claims["issuer"] = {**claims["issuer"], "id": issuer or did_of(OTHER.public)}
    token = sign_token(claims, typ="vc+jwt", key=office_key, kid=key_id_of(DID, office_key.public), cty="vc")
    assert codes(judged(token, [listed(office_key.public)], holder))[0] == ["wrong-issuer"]


def test_credential_is_not_issued_under_a_name_that_cannot_be_asked(
    trademark: Trademark, office_key: PrivateKey, holder: AccountId
) -> None:
    with pytest.raises(CredentialRefused) as caught:
        issue_trademark_credential(
            trademark, office_name="O", key=office_key, holder=holder, holder_name="N",
            valid_from=datetime(2026, 1, 1, tzinfo=UTC), valid_until=datetime(2027, 1, 1, tzinfo=UTC),
            credential_id="urn:uuid:1", issuer="did:web:127.0.0.1",
        )  # fmt: skip
    assert caught.value.reason == "bad-did"


def test_fragment_is_the_thumbprint_in_base64url(office_key: PrivateKey) -> None:
    assert base64url.decode(key_id_of(DID, office_key.public).partition("#")[2]) == office_key.public.thumbprint
