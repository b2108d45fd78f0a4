"""Passports: what is signed reads back, nothing else does, and an independent checker takes what we make."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark import base64url
from countermark.credentials.account_id import AccountId
from countermark.credentials.did_key import did_of, key_id_of
from countermark.credentials.gate import sign_token
from countermark.errors import CountermarkError, CredentialRefused, InputRefused
from countermark.p256 import PrivateKey
from countermark.passports.passport import (
    Passport,
    SignedPassport,
    passport_hash,
    read_anchored_passport,
    read_passport,
    sign_passport,
    to_claims,
)
from countermark.products import ProductRecord

KEY = PrivateKey.from_secret(b"the brand's credential key, a test's".ljust(48, b"."))
STRANGER = PrivateKey.from_secret(b"a stranger's key".ljust(48, b"."))
BRAND = AccountId(1_337, "0x" + "b1" * 20)
PRODUCT = ProductRecord("09521234543213", "Trail shoe", "Example", "PT", "Footwear")
THEN = datetime(2026, 3, 1, 9, tzinfo=UTC)
PASSPORT = Passport("urn:uuid:00000000-0000-4000-8000-000000000001", BRAND, PRODUCT, THEN, "L1", date(2030, 1, 31))
TOKEN = sign_passport(PASSPORT, KEY)
texts = st.text(min_size=1, max_size=120).filter(str.isprintable)


@given(texts, texts, texts)
def test_any_printable_product_reads_back_as_it_was_signed(name: str, brand: str, category: str) -> None:
    passport = Passport(PASSPORT.id, BRAND, ProductRecord(PRODUCT.gtin, name, brand, "PT", category), THEN)
    token = sign_passport(passport, KEY)
    assert read_passport(token, KEY.public).passport == passport
    assert read_anchored_passport(token.encode(), passport_hash(token)).passport == passport


def test_same_passport_gives_the_same_token_so_a_resumed_run_anchors_the_same_hash() -> None:
    assert sign_passport(PASSPORT, KEY) == TOKEN


def test_passport_signed_by_another_key_is_refused() -> None:
    with pytest.raises(CredentialRefused):
        read_passport(sign_passport(PASSPORT, STRANGER), KEY.public)


def test_passport_that_names_another_issuer_than_its_signer_is_refused() -> None:
    claims = to_claims(SignedPassport(PASSPORT, did_of(STRANGER.public)))
    token = sign_token(claims, typ="vc+jwt", key=KEY, kid=key_id_of(KEY.public), cty="vc")
    with pytest.raises(CredentialRefused) as refusal:
        read_passport(token, KEY.public)
    assert refusal.value.reason == "wrong-issuer"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("name",), "Other shoe"),
        (("type",), ["VerifiableCredential"]),
        (("extra",), 1),
        (("issuer", "name"), "Other brand"),
        (("credentialSubject", "id"), "https://id.gs1.org/01/04006381333931"),
        (("credentialSubject", "modelNumber"), "9521234543213"),
        (("credentialSubject", "modelNumber"), "09521234543214"),
        (("credentialSubject", "batchNumber"), "no lot at all, much too long"),
        (("credentialSubject", "expiryDate"), "2030-02-31"),
        (("credentialSubject", "countryOfProduction"), {"countryCode": "Portugal"}),
        (("credentialSubject", "productCategory"), []),
        (("credentialSubject", "relatedParty"), [1]),
        (("validFrom",), "2026-03-01"),
    ],
)
def test_correctly_signed_claims_in_any_other_form_are_refused(place: tuple[str, ...], value: object) -> None:
    claims = to_claims(SignedPassport(PASSPORT, did_of(KEY.public)))
    member = claims
    for name in place[:-1]:
        member = member[name]
    member[place[-1]] = value
    token = sign_token(claims, typ="vc+jwt", key=KEY, kid=key_id_of(KEY.public), cty="vc")
    with pytest.raises(CredentialRefused):
        read_passport(token, KEY.public)


@pytest.mark.parametrize(("name", "country"), [("", "PT"), ("x" * 121, "PT"), ("a\nb", "PT"), ("Shoe", "pt")])
def test_product_that_no_page_could_show_is_not_signed(name: str, country: str) -> None:
    with pytest.raises(InputRefused):
        sign_passport(Passport(PASSPORT.id, BRAND, ProductRecord(PRODUCT.gtin, name, "B", country, "c"), THEN), KEY)


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="ascii"))
def test_no_changed_passport_is_accepted(place: int, character: str) -> None:
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    if changed == TOKEN:
        return
    with pytest.raises(CountermarkError):
        read_passport(changed, KEY.public)
    with pytest.raises(CountermarkError):
        read_anchored_passport(changed.encode(), passport_hash(TOKEN))


def test_anchored_token_with_characters_beyond_ascii_is_refused() -> None:
    payload = TOKEN.split(".")[1].encode()
    for token in (b"\xff." + payload + b".c", b"a." + payload + b".\xc3\xa9"):
        with pytest.raises(CredentialRefused):
            read_anchored_passport(token, hashlib.sha256(token).digest())


@given(st.binary(max_size=300))
def test_foreign_bytes_are_refused_inside_the_error_tree(data: bytes) -> None:
    payload = base64url.encode(data).encode()
    for token in (data, b"a." + payload + b".c"):
        with pytest.raises(CountermarkError):
            read_anchored_passport(token, passport_hash(token.decode("latin-1")))


@pytest.mark.parametrize("passport", [PASSPORT, Passport(PASSPORT.id, BRAND, PRODUCT, THEN)], ids=["lot", "model"])
def test_independent_validator_accepts_our_passports_in_strict_mode(passport: Passport, tmp_path: Path) -> None:
    path = tmp_path / "passport.json"
    path.write_text(json.dumps(to_claims(SignedPassport(passport, did_of(KEY.public)))), encoding="utf-8")
    command = [sys.executable, "-m", "dppvalidator.cli.main", "validate", str(path), "--strict", "--format", "json"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    answer = json.loads(run.stdout)
    assert (run.returncode, answer["valid"], answer["errors"], answer["schema_version"]) == (0, True, [], "0.7.0")


def test_independent_validator_finds_a_passport_without_its_country(tmp_path: Path) -> None:
    claims = to_claims(SignedPassport(PASSPORT, did_of(KEY.public)))
    del claims["credentialSubject"]["countryOfProduction"]
    path = tmp_path / "passport.json"
    path.write_text(json.dumps(claims), encoding="utf-8")
    command = [sys.executable, "-m", "dppvalidator.cli.main", "validate", str(path), "--strict", "--format", "json"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (run.returncode != 0, json.loads(run.stdout)["valid"]) == (True, False)
