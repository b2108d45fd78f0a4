"""Each published signature has twins that differ in one point: every one of them is refused, for its own reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from countermark import base64url
from countermark.credentials.gate import open_token
from countermark.errors import CredentialRefused
from countermark.p256 import ORDER, PrivateKey, PublicKey

HEADER = b'{"alg":"ES256","cty":"vc","kid":"k","typ":"vc+jwt"}'
LAST = "AQgw"
"""In canonical base64url of 64 bytes the last character is one of these four: two bits of it are zero."""


def secret_key(jwk: dict[str, str]) -> PrivateKey:
    number = int.from_bytes(base64url.decode(jwk["d"]) or b"", "big")
    key = PrivateKey.from_secret((number - 1).to_bytes(32, "big"))
    assert key.public == PublicKey.from_jwk(jwk)
    return key


@pytest.fixture(scope="module", params=["rfc7515", "vc_jose_cose", "rfc9901"])
def key(request: pytest.FixtureRequest, jose_vectors: dict[str, Any], sd_jwt_vectors: dict[str, Any]) -> PrivateKey:
    """A key whose private half is published."""
    published = {**jose_vectors["signing_keys"], "rfc9901": sd_jwt_vectors["keys"]["issuer"]}
    return secret_key(published[request.param])


@pytest.fixture(scope="module")
def payload(jose_vectors: dict[str, Any]) -> bytes:
    return base64url.decode(jose_vectors["accepted_published"]["token"].split(".")[1]) or b""


def signed(header: bytes, payload: bytes, key: PrivateKey) -> str:
    text = f"{base64url.encode(header)}.{base64url.encode(payload)}"
    return f"{text}.{base64url.encode(key.sign(text.encode()))}"


def signature_of(token: str) -> bytes:
    return base64url.decode(token.rpartition(".")[2]) or b""


def high_s(token: str) -> str:
    raw = signature_of(token)
    other = (ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    return f"{token.rpartition('.')[0]}.{base64url.encode(raw[:32] + other)}"


def trailing_bits(token: str) -> str:
    assert token[-1] in LAST
    return token[:-1] + chr(ord(token[-1]) + 1)


def der(token: str) -> str:
    raw = signature_of(token)
    parts = b"".join(b"\x02\x21\x00" + half for half in (raw[:32], raw[32:]))
    return f"{token.rpartition('.')[0]}.{base64url.encode(b'0' + bytes([len(parts)]) + parts)}"


def one_bit(token: str) -> str:
    raw = bytearray(signature_of(token))
    raw[5] ^= 1
    return f"{token.rpartition('.')[0]}.{base64url.encode(bytes(raw))}"


@pytest.mark.parametrize(
    ("twin", "reason"),
    [
        (high_s, "high-s"),
        (trailing_bits, "not-canonical"),
        (lambda token: token + "=", "not-canonical"),
        (lambda token: token + ".", "not-a-token"),
        (der, "bad-signature-form"),
        (one_bit, "wrong-signature"),
    ],
)
def test_other_spelling_of_a_signature_is_refused(
    twin: Callable[[str], str], reason: str, key: PrivateKey, payload: bytes
) -> None:
    token = signed(HEADER, payload, key)
    assert open_token(token, typ="vc+jwt", key=key.public).claims == json.loads(payload)
    with pytest.raises(CredentialRefused) as caught:
        open_token(twin(token), typ="vc+jwt", key=key.public)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b'{"alg":"ES256","cty":"vc","kid":"k","typ":"JWT"}', "wrong-type"),
        (b'{"alg":"ES256","cty":"vc","kid":"k","typ":"VC+JWT"}', "wrong-type"),
        (b'{"alg":"ES256","cty":"vp","kid":"k","typ":"vc+jwt"}', "wrong-type"),
        (b'{"alg":"ES256","kid":"k"}', "wrong-type"),
        (b'{"alg":"none","typ":"vc+jwt"}', "wrong-algorithm"),
        (b'{"alg":"ES384","typ":"vc+jwt"}', "wrong-algorithm"),
        (b'{"alg":"ES256","typ":"vc+jwt","b64":true}', "header-not-allowed"),
        (b'{"alg":"ES256","typ":"vc+jwt","crit":[]}', "header-not-allowed"),
        (b'{"alg":"ES256","typ":"vc+jwt","jwk":{}}', "header-not-allowed"),
        (b'{"alg":"ES256","typ":"vc+jwt","alg":"ES256"}', "bad-json"),
        (b'{"alg":"ES256","typ":"vc+jwt","kid":"a","\\u006bid":"b"}', "bad-json"),
    ],
)
def test_rightly_signed_twin_with_another_header_is_refused(
    header: bytes, reason: str, key: PrivateKey, payload: bytes
) -> None:
    with pytest.raises(CredentialRefused) as caught:
        open_token(signed(header, payload, key), typ="vc+jwt", key=key.public)
    assert caught.value.reason == reason


def test_rightly_signed_twin_with_a_duplicate_member_is_refused(key: PrivateKey, payload: bytes) -> None:
    doubled = payload.rstrip()[:-1] + b',"issuer":"https://thief.example"}'
    with pytest.raises(CredentialRefused) as caught:
        open_token(signed(HEADER, doubled, key), typ="vc+jwt", key=key.public)
    assert caught.value.reason == "bad-json"


def test_published_tokens_that_must_be_refused_are(jose_vectors: dict[str, Any], key: PrivateKey) -> None:
    for vector in jose_vectors["refused_suite"]:
        with pytest.raises(CredentialRefused) as caught:
            open_token(vector["token"], typ=vector["typ"], key=key.public)
        assert caught.value.reason == vector["reason"], vector["source"]
