"""Independent libraries verify what we sign, and we what they sign. Needs Node and `npm install`.

Set COUNTERMARK_REQUIRE_ALL=1 to make missing packages a failure instead of a skip.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from countermark import base64url
from countermark.credentials.account_id import AccountId
from countermark.credentials.did_key import did_of, key_id_of
from countermark.credentials.gate import open_token
from countermark.credentials.key_binding import Challenge
from countermark.credentials.sd_jwt import open_sd_jwt
from countermark.credentials.sd_jwt_making import present_sd_jwt
from countermark.credentials.status_list import (
    LEAST_ENTRIES,
    StatusList,
    StatusListCredential,
    issue_status_list,
)
from countermark.credentials.trademark import Trademark, TrademarkCredential, sign_trademark_credential
from countermark.credentials.trademark_sd_jwt import issue_trademark_sd_jwt, read_trademark_sd_jwt
from countermark.errors import CredentialRefused
from countermark.p256 import ORDER, PrivateKey

HERE = Path(__file__).parent
MODULES = HERE.parents[1] / "node_modules"
NEEDED = ("jose", "@sd-jwt/sd-jwt-vc", "@digitalbazaar/bitstring")
NOW = datetime.now(UTC).replace(microsecond=0)
SECRET = bytes(range(48))
ISSUER, HOLDER = PrivateKey.from_secret(SECRET), PrivateKey.from_secret(SECRET[::-1])
CHALLENGE = Challenge("https://customs.example", "n-0S6_WzA2Mj")


def missing() -> str:
    """What is not installed, empty when all is there."""
    if shutil.which("node") is None:
        return "node"
    return ", ".join(name for name in NEEDED if not (MODULES / name / "package.json").exists())


pytestmark = pytest.mark.skipif(
    bool(missing()) and not os.environ.get("COUNTERMARK_REQUIRE_ALL"),
    reason=f"missing: {missing()} (npm install brings them)",
)


class Independent:
    """The libraries behind one process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def answer(self, verb: str, **request: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"verb": verb, **request}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def __call__(self, verb: str, **request: Any) -> Any:
        answer = self.answer(verb, **request)
        assert answer["ok"], answer
        return answer["value"]

    def refuses(self, verb: str, **request: Any) -> bool:
        return not self.answer(verb, **request)["ok"]


@pytest.fixture(scope="module")
def independent() -> Iterator[Independent]:
    assert not missing(), f"missing: {missing()}"
    with subprocess.Popen(
        ["node", HERE / "independent.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Independent(process)
        assert process.stdin is not None
        process.stdin.close()


def secret_jwk(secret: bytes) -> dict[str, str]:
    number = 1 + int.from_bytes(secret, "big") % (ORDER - 1)
    return {**PrivateKey.from_secret(secret).public.to_jwk(), "d": base64url.encode(number.to_bytes(32, "big"))}


def low(token: str) -> str:
    """Their signature with the lower s: WebCrypto takes either, our gate one."""
    signing_input, _, last = token.rpartition(".")
    raw = base64url.decode(last) or b""
    s = int.from_bytes(raw[32:], "big")
    return f"{signing_input}.{base64url.encode(raw[:32] + min(s, ORDER - s).to_bytes(32, 'big'))}"


@pytest.fixture(scope="module")
def credential(trademark: Trademark, holder: AccountId) -> TrademarkCredential:
    return TrademarkCredential(
        "urn:uuid:1", trademark, did_of(ISSUER.public), "Example Office", holder, "Nordlicht Example",
        NOW - timedelta(days=1), NOW + timedelta(days=300),
    )  # fmt: skip


@pytest.fixture(scope="module")
def text(credential: TrademarkCredential) -> str:
    return issue_trademark_sd_jwt(
        credential,
        anchored_hash=bytes(32),
        key=ISSUER,
        new_salt=lambda: secrets.token_bytes(16),
        holder_key=HOLDER.public,
    )


def test_jose_verifies_our_trademark_credential(independent: Independent, credential: TrademarkCredential) -> None:
    token = sign_trademark_credential(credential, ISSUER)
    found = independent("verify", token=token, jwk=ISSUER.public.to_jwk(), typ="vc+jwt")
    assert found["claims"] == open_token(token, typ="vc+jwt", key=ISSUER.public).claims
    assert found["header"]["kid"] == key_id_of(ISSUER.public)
    assert independent.refuses("verify", token=token, jwk=HOLDER.public.to_jwk(), typ="vc+jwt")
    assert independent.refuses("verify", token=token[:-2] + "AA", jwk=ISSUER.public.to_jwk(), typ="vc+jwt")


def test_we_verify_what_jose_signs_with_the_lower_s_and_refuse_the_upper(independent: Independent) -> None:
    header = {"alg": "ES256", "typ": "vc+jwt", "cty": "vc", "kid": "k"}
    seen = set()
    for number in range(40):
        token = independent("sign", claims={"id": f"urn:{number}"}, header=header, jwk=secret_jwk(SECRET))
        assert open_token(low(token), typ="vc+jwt", key=ISSUER.public).claims == {"id": f"urn:{number}"}
        if token == low(token):
            seen.add("lower")
            continue
        seen.add("upper")
        with pytest.raises(CredentialRefused) as caught:
            open_token(token, typ="vc+jwt", key=ISSUER.public)
        assert caught.value.reason == "high-s"
    assert seen == {"lower", "upper"}


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "ES256", "typ": "JWT"}, "wrong-type"),
        ({"alg": "ES256", "typ": "vc+jwt", "x5c": ["AAAA"]}, "header-not-allowed"),
        ({"alg": "ES256", "typ": "vc+jwt", "jku": "https://thief.example"}, "header-not-allowed"),
    ],
)
def test_we_refuse_what_jose_signs_under_another_header(
    header: dict[str, Any], reason: str, independent: Independent
) -> None:
    token = low(independent("sign", claims={}, header=header, jwk=secret_jwk(SECRET)))
    with pytest.raises(CredentialRefused) as caught:
        open_token(token, typ="vc+jwt", key=ISSUER.public)
    assert caught.value.reason == reason


def test_key_names_agree_with_joses_thumbprint(independent: Independent) -> None:
    assert independent("thumbprint", jwk=ISSUER.public.to_jwk()) == base64url.encode(ISSUER.public.thumbprint)


def test_sd_jwt_vc_library_sees_the_claims_that_we_signed(independent: Independent, text: str) -> None:
    found = independent("sdVerify", text=text, issuer=ISSUER.public.to_jwk())
    assert found["claims"] == open_sd_jwt(text, key=ISSUER.public, now=NOW).claims
    less = present_sd_jwt(text, show=("wordMark",), now=NOW)
    shown = independent("sdVerify", text=less, issuer=ISSUER.public.to_jwk())["claims"]
    assert shown["wordMark"] == "NORDLICHT"
    assert "registeredName" not in shown
    assert independent.refuses("sdVerify", text=text, issuer=HOLDER.public.to_jwk())


def test_sd_jwt_vc_library_verifies_our_key_binding(independent: Independent, text: str) -> None:
    answer = present_sd_jwt(text, show=(), challenge=CHALLENGE, key=HOLDER, now=NOW)
    keys = {"issuer": ISSUER.public.to_jwk(), "holder": HOLDER.public.to_jwk()}
    found = independent("sdVerify", text=answer, nonce=CHALLENGE.nonce, **keys)
    assert found["binding"]["aud"] == CHALLENGE.audience
    assert independent.refuses("sdVerify", text=answer, nonce="another", **keys)


def test_we_verify_what_the_library_presents_of_our_credential(independent: Independent, text: str) -> None:
    binding = {"iat": int(NOW.timestamp()), "aud": CHALLENGE.audience, "nonce": CHALLENGE.nonce}
    for _ in range(6):
        answer = independent(
            "sdPresent",
            text=text,
            show=["niceClasses"],
            issuer=ISSUER.public.to_jwk(),
            holder=secret_jwk(SECRET[::-1]),
            binding=binding,
        )
        found = read_trademark_sd_jwt(answer, ISSUER.public, NOW, challenge=CHALLENGE)
        assert found.bound
        assert (found.nice_classes, found.text) == ((14, 25), None)


def test_we_verify_a_credential_that_the_library_issues(independent: Independent) -> None:
    claims = {
        "iss": "https://issuer.example",
        "vct": "urn:example:1",
        "iat": int(NOW.timestamp()),
        "address": {"city": "Lübeck"},
        "word": "NORDLICHT",
        "cnf": {"jwk": HOLDER.public.to_jwk()},
    }
    theirs = independent("sdIssue", claims=claims, hide=["word", "address"], issuer=secret_jwk(SECRET), kid="k")
    token, rest = theirs.split("~", 1)
    opened = open_sd_jwt(f"{low(token)}~{rest}", key=ISSUER.public, now=NOW)
    assert opened.claims == claims
    less = present_sd_jwt(f"{low(token)}~{rest}", show=("word",), challenge=CHALLENGE, key=HOLDER, now=NOW)
    assert "address" not in open_sd_jwt(less, key=ISSUER.public, now=NOW, challenge=CHALLENGE).claims


def test_independent_decoders_read_our_status_list(independent: Independent) -> None:
    indexes = [0, 7, 8, 94_567, LEAST_ENTRIES - 1]
    statuses = StatusList.empty().with_bits(indexes)
    listed = StatusListCredential(
        "https://office.example/s", did_of(ISSUER.public), "revocation", NOW, NOW + timedelta(days=1), 1, statuses
    )
    token = issue_status_list(listed, key=ISSUER, kid=key_id_of(ISSUER.public))
    claims = independent("verify", token=token, jwk=ISSUER.public.to_jwk(), typ="vc+jwt")["claims"]
    read = independent("bitsSet", encodedList=claims["credentialSubject"]["encodedList"])
    assert read == {"length": LEAST_ENTRIES, "set": indexes}


def test_we_read_a_status_list_of_the_independent_encoder(independent: Independent) -> None:
    indexes = [1, 9, 100_000]
    statuses = StatusList.decode(independent("bitsMake", length=LEAST_ENTRIES, set=indexes))
    assert statuses == StatusList.empty().with_bits(indexes)
