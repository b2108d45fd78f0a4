"""did:key and base58 against published values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.credentials import base58
from countermark.credentials.account_id import AccountId
from countermark.credentials.did_key import did_of, key_id_of, key_of
from countermark.errors import CountermarkError, CredentialRefused
from countermark.p256 import PrivateKey, PublicKey


def test_published_dids_decode_to_their_keys_and_back(did_vectors: dict[str, Any]) -> None:
    for vector in did_vectors["did_key"]:
        expected = PublicKey.from_jwk({"kty": "EC", "crv": "P-256", "x": vector["x"], "y": vector["y"]})
        assert key_of(vector["did"]) == expected
        assert did_of(expected) == vector["did"]
        assert key_id_of(expected) == f"{vector['did']}#{vector['did'].removeprefix('did:key:')}"


def test_published_base58_values(did_vectors: dict[str, Any]) -> None:
    for vector in did_vectors["base58"]:
        raw = bytes.fromhex(vector["hex"])
        assert base58.encode(raw) == vector["text"]
        assert base58.decode(vector["text"]) == raw


@given(st.binary(max_size=80))
def test_base58_round_trip(data: bytes) -> None:
    assert base58.decode(base58.encode(data)) == data


@pytest.mark.parametrize("character", "0OIl+/ é")
def test_foreign_base58_character_is_refused(character: str) -> None:
    assert base58.decode(f"ab{character}c") is None


def jwk_did(text: str) -> str:
    return "did:key:z" + base58.encode(b"\xd1\xd6\x03" + text.encode())


def test_other_spellings_of_a_key_are_refused() -> None:
    jwk = PrivateKey.from_secret(b"\x05" * 48).public.to_jwk()
    x, y = jwk["x"], jwk["y"]
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    key_of(jwk_did(canonical))
    for spelling in (
        f'{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}',
        canonical.replace(",", ", "),
        canonical.replace("}", ',"use":"sig"}'),
        canonical.replace("}", f',"y":"{y}"}}'),
    ):
        with pytest.raises(CredentialRefused):
            key_of(jwk_did(spelling))


@pytest.mark.parametrize(
    "did",
    [
        "",
        "did:key:z",
        "did:web:brand.example",
        "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169",
        "did:key:z" + "2" * 500,
    ],
)
def test_other_dids_are_refused(did: str) -> None:
    with pytest.raises(CredentialRefused):
        key_of(did)


@given(st.text(max_size=60))
def test_random_text_after_the_prefix_never_leaks_another_error(text: str) -> None:
    with pytest.raises(CountermarkError):
        key_of("did:key:z2dmzD81cgPx8Vki7Jb" + text)


def test_account_did_round_trip_and_checksum() -> None:
    account = AccountId(31337, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
    assert account.caip10 == "eip155:31337:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    assert AccountId.from_did(account.did) == account
    for wrong in (
        account.did.lower(),
        account.did.replace("eip155", "cosmos"),
        account.did + "0",
        account.did.replace("31337", "031337"),
    ):
        with pytest.raises(CredentialRefused):
            AccountId.from_did(wrong)
