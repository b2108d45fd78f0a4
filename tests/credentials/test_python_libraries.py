"""Two Python libraries verify what we sign, and we what they sign."""

from __future__ import annotations

import json

from joserfc import jws
from joserfc.jwk import ECKey
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from countermark import base64url
from countermark.credentials.gate import open_token, sign_token
from countermark.p256 import ORDER, PrivateKey

SECRET = bytes(range(48))
ISSUER = PrivateKey.from_secret(SECRET)
NUMBER = 1 + int.from_bytes(SECRET, "big") % (ORDER - 1)


def low(token: str) -> str:
    """Their signature with the lower s."""
    signing_input, _, last = token.rpartition(".")
    raw = base64url.decode(last) or b""
    s = int.from_bytes(raw[32:], "big")
    return f"{signing_input}.{base64url.encode(raw[:32] + min(s, ORDER - s).to_bytes(32, 'big'))}"


def test_jwcrypto_and_joserfc_verify_our_tokens_and_we_theirs() -> None:
    token = sign_token({"id": "urn:1"}, typ="vc+jwt", key=ISSUER, kid="k")
    theirs = JWS()
    theirs.deserialize(token)
    theirs.verify(JWK(**ISSUER.public.to_jwk()), alg="ES256")
    assert json.loads(theirs.payload) == {"id": "urn:1"}
    assert jws.deserialize_compact(token, ECKey.import_key(ISSUER.public.to_jwk())).payload == theirs.payload
    key = ECKey.import_key({**ISSUER.public.to_jwk(), "d": base64url.encode(NUMBER.to_bytes(32, "big"))})
    made = jws.serialize_compact({"alg": "ES256", "typ": "vc+jwt", "kid": "k"}, b'{"id":"urn:2"}', key)
    assert open_token(low(made), typ="vc+jwt", key=ISSUER.public).claims == {"id": "urn:2"}
