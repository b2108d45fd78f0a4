"""The strict gate: published vectors, each known attack on signed tokens, and random bytes."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark import base64url
from countermark.credentials.gate import open_token, read_header, sign_token
from countermark.credentials.strict_json import is_nested_deeper, load_shallow
from countermark.errors import CountermarkError, CredentialRefused, TooLarge
from countermark.limits import Limits
from countermark.p256 import ORDER, PrivateKey, PublicKey

TYP = "vc+jwt"
GOOD_HEADER = {"alg": "ES256", "typ": TYP}


def with_signature(token: str, signature: bytes) -> str:
    return f"{token.rpartition('.')[0]}.{base64url.encode(signature)}"


def other_s(token: str) -> str:
    signature = base64url.decode(token.rpartition(".")[2]) or b""
    upper = ORDER - int.from_bytes(signature[32:], "big")
    return with_signature(token, signature[:32] + upper.to_bytes(32, "big"))


def signed(header: bytes | dict[str, Any], payload: bytes, key: PrivateKey) -> str:
    """A rightly signed token around any bytes, as a dishonest or careless issuer would make it."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    text = f"{base64url.encode(raw)}.{base64url.encode(payload)}"
    return f"{text}.{base64url.encode(key.sign(text.encode()))}"


def reason_of(token: str, key: PublicKey, typ: str = TYP) -> str:
    with pytest.raises(CredentialRefused) as caught:
        open_token(token, typ=typ, key=key)
    return caught.value.reason


def test_published_w3c_credential_passes(jose_vectors: dict[str, Any]) -> None:
    vector = jose_vectors["accepted_published"]
    opened = open_token(vector["token"], typ=vector["typ"], key=PublicKey.from_jwk(vector["jwk"]))
    assert opened.claims["credentialSubject"]["id"] == vector["subject"]
    assert opened.claims["issuer"] == vector["issuer"]


def test_published_w3c_credential_with_high_s_twin_is_refused(jose_vectors: dict[str, Any]) -> None:
    vector = jose_vectors["accepted_published"]
    assert reason_of(other_s(vector["token"]), PublicKey.from_jwk(vector["jwk"])) == "high-s"


def test_published_rfc7515_signature_is_valid_but_untyped_and_high_s(jose_vectors: dict[str, Any]) -> None:
    vector = jose_vectors["refused_published"]
    key = PublicKey.from_jwk(vector["jwk"])
    assert reason_of(vector["token"], key) == "wrong-type"
    signing_input, _, _ = vector["token"].rpartition(".")
    low = base64url.decode(other_s(vector["token"]).rpartition(".")[2]) or b""
    assert key.verify(signing_input.encode(), low)


def test_own_token_opens_with_its_header_and_claims(office_key: PrivateKey) -> None:
    token = sign_token({"id": "urn:a", "n": 1.5}, typ=TYP, key=office_key, kid="k", cty="vc")
    opened = open_token(token, typ=TYP, key=office_key.public)
    assert opened.header == {"alg": "ES256", "kid": "k", "typ": TYP, "cty": "vc"}
    assert opened.claims == {"id": "urn:a", "n": 1.5}
    assert read_header(token, typ=TYP)["kid"] == "k"


def test_every_other_spelling_of_the_last_character_is_refused(token: str, office_key: PrivateKey) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twins = [token[:-1] + character for character in alphabet if character != token[-1]]
    reasons = {reason_of(twin, office_key.public) for twin in twins}
    assert reasons <= {"not-canonical", "wrong-signature", "high-s"}
    assert sum(reason_of(twin, office_key.public) == "not-canonical" for twin in twins) == 60


@pytest.mark.parametrize("mutation", ["{}=", "{}\n", " {}", "{}.", "{}.AAAA", "", ".", "..", "a.b"])
def test_padding_blanks_and_wrong_number_of_parts_are_refused(
    mutation: str, token: str, office_key: PrivateKey
) -> None:
    assert reason_of(mutation.format(token), office_key.public) in {"not-a-token", "not-canonical"}


def test_non_ascii_lookalike_is_refused(token: str, office_key: PrivateKey) -> None:
    assert reason_of(token.replace("e", "\u0435", 1), office_key.public) == "not-a-token"


def test_signature_of_another_key_is_refused(token: str) -> None:
    assert reason_of(token, PrivateKey.from_secret(b"\x07" * 48).public) == "wrong-signature"


def test_changed_payload_is_refused(token: str, office_key: PrivateKey) -> None:
    header, payload, signature = token.split(".")
    claims = json.loads(base64url.decode(payload) or b"")
    claims["issuer"]["name"] = "Somebody Else"
    forged = f"{header}.{base64url.encode(json.dumps(claims).encode())}.{signature}"
    assert reason_of(forged, office_key.public) == "wrong-signature"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "none", "typ": TYP}, "wrong-algorithm"),
        ({"alg": "HS256", "typ": TYP}, "wrong-algorithm"),
        ({"alg": "ES384", "typ": TYP}, "wrong-algorithm"),
        ({"alg": "es256", "typ": TYP}, "wrong-algorithm"),
        ({"alg": ["ES256"], "typ": TYP}, "wrong-algorithm"),
        ({"typ": TYP}, "wrong-algorithm"),
        ({"alg": "ES256"}, "wrong-type"),
        ({"alg": "ES256", "typ": "vp+jwt"}, "wrong-type"),
        ({"alg": "ES256", "typ": "VC+JWT"}, "wrong-type"),
        ({"alg": "ES256", "typ": "JWT"}, "wrong-type"),
        ({**GOOD_HEADER, "cty": "vp"}, "wrong-type"),
        ({**GOOD_HEADER, "crit": []}, "header-not-allowed"),
        ({**GOOD_HEADER, "b64": False}, "header-not-allowed"),
        ({**GOOD_HEADER, "jku": "https://keys.example/"}, "header-not-allowed"),
        ({**GOOD_HEADER, "jwk": {}}, "header-not-allowed"),
        ({**GOOD_HEADER, "x5u": "https://keys.example/"}, "header-not-allowed"),
        ({**GOOD_HEADER, "x5c": []}, "header-not-allowed"),
        ({**GOOD_HEADER, "zip": "DEF"}, "header-not-allowed"),
        ({**GOOD_HEADER, "iss": "did:example:1"}, "header-not-allowed"),
        ({**GOOD_HEADER, "kid": 7}, "bad-key-name"),
        ({**GOOD_HEADER, "kid": ""}, "bad-key-name"),
        ({**GOOD_HEADER, "kid": "k" * 1025}, "bad-key-name"),
        (b'{"alg":"none","alg":"ES256","typ":"vc+jwt"}', "bad-json"),
        (b'["ES256"]', "bad-json"),
        (b"\xff\xfe", "bad-json"),
    ],
)
def test_forged_header_is_refused_although_rightly_signed(
    header: bytes | dict[str, Any], reason: str, office_key: PrivateKey
) -> None:
    assert reason_of(signed(header, b"{}", office_key), office_key.public) == reason


def test_hs256_keyed_with_the_public_key_is_refused(office_key: PrivateKey) -> None:
    text = f"{base64url.encode(json.dumps({'alg': 'HS256', 'typ': TYP}).encode())}.{base64url.encode(b'{}')}"
    public = json.dumps(office_key.public.to_jwk()).encode()
    forged = f"{text}.{base64url.encode(hmac.digest(public, text.encode(), hashlib.sha256))}"
    assert reason_of(forged, office_key.public) == "wrong-algorithm"


@pytest.mark.parametrize("length", [0, 63, 65, 70, 72])
def test_signature_of_another_length_is_refused(length: int, token: str, office_key: PrivateKey) -> None:
    expected = "not-canonical" if length == 0 else "bad-signature-form"
    assert reason_of(with_signature(token, b"\x01" * length), office_key.public) == expected


@pytest.mark.parametrize("signature", [b"\0" * 64, b"\0" * 32 + b"\1" * 32, b"\1" * 32 + b"\0" * 32])
def test_zero_signature_is_refused(signature: bytes, token: str, office_key: PrivateKey) -> None:
    assert reason_of(with_signature(token, signature), office_key.public) == "wrong-signature"


@pytest.mark.parametrize(
    "payload",
    [
        b'{"a":1,"a":2}',
        b'{"b":{"a":1,"a":1}}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":"\\ud800"}',
        b"[]",
        b'"text"',
        b"{}{}",
        b"",
    ],
)
def test_payload_with_two_readings_is_refused_although_rightly_signed(payload: bytes, office_key: PrivateKey) -> None:
    token = signed(GOOD_HEADER, payload, office_key)
    assert reason_of(token, office_key.public) == ("bad-json" if payload else "not-canonical")


@pytest.mark.parametrize("member", ["vc", "vp"])
def test_wrapped_credential_is_refused(member: str, office_key: PrivateKey) -> None:
    token = signed(GOOD_HEADER, json.dumps({member: {}}).encode(), office_key)
    assert reason_of(token, office_key.public) == "embedded-claims"


def test_nesting_is_bounded_and_brackets_in_texts_do_not_count(office_key: PrivateKey) -> None:
    depth = Limits().json_depth
    at_limit = signed(GOOD_HEADER, b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}", office_key)
    beyond = signed(GOOD_HEADER, b'{"a":' + b"[" * depth + b"]" * depth + b"}", office_key)
    in_text = signed(GOOD_HEADER, json.dumps({"a": '\\"' + "[" * 100}).encode(), office_key)
    open_token(at_limit, typ=TYP, key=office_key.public)
    open_token(in_text, typ=TYP, key=office_key.public)
    with pytest.raises(TooLarge, match="nested"):
        open_token(beyond, typ=TYP, key=office_key.public)


def test_token_beyond_the_size_limit_is_refused_before_it_is_parsed(office_key: PrivateKey) -> None:
    with pytest.raises(TooLarge):
        open_token("." * 65_537, typ=TYP, key=office_key.public)


@given(st.text(max_size=200))
def test_random_text_never_leaks_another_error(text: str) -> None:
    key = PrivateKey.from_secret(bytes(range(48)))
    with pytest.raises(CountermarkError):
        open_token(text, typ=TYP, key=key.public)


@given(header=st.binary(max_size=60), payload=st.binary(max_size=60))
def test_random_signed_bytes_never_leak_another_error(header: bytes, payload: bytes) -> None:
    key = PrivateKey.from_secret(bytes(range(48)))
    with pytest.raises(CountermarkError):
        open_token(signed(header, payload, key), typ=TYP, key=key.public)


@given(st.data())
def test_one_changed_character_is_always_refused(data: st.DataObject) -> None:
    key = PrivateKey.from_secret(bytes(range(48)))
    token = sign_token({"id": "urn:a"}, typ=TYP, key=key, kid="k")
    place = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.sampled_from("ABCXYZabcxyz019-_.=").filter(lambda c: c != token[place]))
    with pytest.raises(CredentialRefused):
        open_token(token[:place] + character + token[place + 1 :], typ=TYP, key=key.public)


def test_deep_nesting_cannot_crash_the_process() -> None:
    """Ethereum libraries lift the recursion limit until the C parser overruns its stack: tried in a child."""
    code = (
        "import sys\n"
        "sys.setrecursionlimit(100_000)\n"
        "from countermark.credentials.strict_json import load_shallow\n"
        "for raw in (b'[' * 2_000_000, b'{\"a\":' * 500_000):\n"
        "    try:\n"
        "        load_shallow(raw)\n"
        "    except ValueError:\n"
        "        print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "refused\nrefused\n")


def test_other_encoding_cannot_hide_nesting_behind_a_quote() -> None:
    """U+2200 ends in the byte of a quotation mark in UTF-16."""
    raw = ('["\u2200",' + "[" * 100 + "]" * 100 + "]").encode("utf-16-le")
    with pytest.raises(ValueError, match=r"."):
        load_shallow(raw)


@given(st.recursive(st.none() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=20))
def test_nesting_is_counted_as_the_parser_sees_it(value: Any) -> None:
    def depth_of(part: Any) -> int:
        return 1 + max(map(depth_of, part), default=0) if isinstance(part, list) else 0

    raw = json.dumps(value).encode()
    assert not is_nested_deeper(raw, depth_of(value))
    assert depth_of(value) == 0 or is_nested_deeper(raw, depth_of(value) - 1)
