"""SD-JWT: published examples, what every rule refuses, selective disclosure and key binding."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark import base64url
from countermark.credentials.gate import sign_token
from countermark.credentials.key_binding import Challenge, check_key_binding, sign_key_binding
from countermark.credentials.sd_jwt import MEDIA_TYPE, Disclosure, digest_of, open_sd_jwt, split_sd_jwt
from countermark.credentials.sd_jwt_making import hidden_names, issue_sd_jwt, present_sd_jwt
from countermark.errors import CountermarkError, CredentialRefused, InputRefused
from countermark.limits import Limits
from countermark.p256 import ORDER, PrivateKey, PublicKey

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
KEY = PrivateKey.from_secret(bytes(range(48)))
HOLDER = PrivateKey.from_secret(bytes(range(1, 49)))
CHALLENGE = Challenge("https://customs.example", "n-0S6_WzA2Mj")
CLAIMS = {"iss": "did:example:office", "vct": "urn:example:mark", "word": "NORDLICHT", "classes": [14, 25], "day": "x"}


def issued(holder: PublicKey | None = HOLDER.public) -> str:
    return issue_sd_jwt(
        CLAIMS,
        hide=("word", "classes", "day"),
        key=KEY,
        kid="did:example:office#1",
        new_salt=lambda: secrets.token_bytes(16),
        now=NOW,
        holder_key=holder,
    )


def presented(*show: str, challenge: Challenge = CHALLENGE, key: PrivateKey = HOLDER, now: datetime = NOW) -> str:
    return present_sd_jwt(issued(), show=show, challenge=challenge, key=key, now=now)


def reason(text: str, *, challenge: Challenge | None = None, now: datetime = NOW) -> str:
    with pytest.raises(CountermarkError) as caught:
        open_sd_jwt(text, key=KEY.public, now=now, challenge=challenge)
    return caught.value.reason


def hidden(*content: Any) -> str:
    return base64url.encode(json.dumps(content).encode())


def signed(payload: dict[str, Any], *disclosures: str) -> str:
    return "~".join((sign_token(payload, typ=MEDIA_TYPE, key=KEY), *disclosures, ""))


def secret_key(jwk: dict[str, str]) -> PrivateKey:
    number = int.from_bytes(base64url.decode(jwk["d"]) or b"", "big")
    key = PrivateKey.from_secret((number - 1).to_bytes(32, "big"))
    assert key.public == PublicKey.from_jwk(jwk)
    return key


def other_spelling(token: str) -> str:
    """The same signature with the other s."""
    signing_input, _, last = token.rpartition(".")
    raw = base64url.decode(last) or b""
    other = ORDER - int.from_bytes(raw[32:], "big")
    return f"{signing_input}.{base64url.encode(raw[:32] + other.to_bytes(32, 'big'))}"


def is_high(token: str) -> bool:
    return int.from_bytes((base64url.decode(token.rpartition(".")[2]) or b"")[32:], "big") > ORDER // 2


# Published examples


def test_published_disclosures_have_their_digests(sd_jwt_vectors: dict[str, Any]) -> None:
    for vector in sd_jwt_vectors["disclosures"]:
        read = Disclosure.read(vector["disclosure"])
        assert (read.digest, read.name, read.value) == (vector["digest"], vector["name"], vector["value"])


def test_published_presentations_show_what_is_published(sd_jwt_vectors: dict[str, Any]) -> None:
    key = secret_key(sd_jwt_vectors["keys"]["issuer"])
    for vector in sd_jwt_vectors["presentations"]:
        parts = split_sd_jwt(vector["text"])
        token = other_spelling(parts.token) if is_high(parts.token) else parts.token
        shown = "~".join((token, *parts.disclosures, ""))
        opened = open_sd_jwt(shown, key=key.public, now=NOW, typ=vector["typ"])
        assert vector["claims"] in (None, opened.claims), vector["source"]
        assert not opened.bound


def test_published_key_bindings_answer_their_challenges(sd_jwt_vectors: dict[str, Any]) -> None:
    holder = secret_key(sd_jwt_vectors["keys"]["holder"])
    bound = [vector for vector in sd_jwt_vectors["presentations"] if "nonce" in vector]
    assert {is_high(vector["text"]) for vector in bound} == {True, False}
    for vector in bound:
        parts = split_sd_jwt(vector["text"])
        challenge = Challenge(vector["audience"], vector["nonce"])
        claims = {"cnf": {"jwk": holder.public.to_jwk()}}
        at = datetime.fromtimestamp(vector["bound_at"], UTC)
        assert check_key_binding(parts.binding, claims, covers=digest_of(parts.hashed), challenge=challenge, now=at), (
            vector["source"]
        )


def test_published_credential_with_key_binding_passes_whole(sd_jwt_vectors: dict[str, Any]) -> None:
    vector = sd_jwt_vectors["presentations"][-1]
    opened = open_sd_jwt(
        vector["text"],
        key=secret_key(sd_jwt_vectors["keys"]["issuer"]).public,
        now=datetime.fromtimestamp(vector["bound_at"], UTC),
        challenge=Challenge(vector["audience"], vector["nonce"]),
    )
    assert opened.bound
    assert opened.claims == vector["claims"]


def test_published_token_with_the_upper_s_is_refused(sd_jwt_vectors: dict[str, Any]) -> None:
    key = secret_key(sd_jwt_vectors["keys"]["issuer"])
    high = [vector for vector in sd_jwt_vectors["presentations"] if is_high(split_sd_jwt(vector["text"]).token)]
    assert len(high) == 3
    for vector in high:
        with pytest.raises(CredentialRefused) as caught:
            open_sd_jwt(vector["text"], key=key.public, now=NOW, typ=vector["typ"])
        assert caught.value.reason == "high-s"


# Selective disclosure


def test_holder_shows_some_claims_and_the_rest_stays_hidden() -> None:
    text = issued()
    assert hidden_names(text) == ("classes", "day", "word")
    shown = present_sd_jwt(text, show=("word",), now=NOW)
    claims = open_sd_jwt(shown, key=KEY.public, now=NOW).claims
    assert {"word", "classes", "day"} & set(claims) == {"word"}
    assert "_sd" not in claims
    assert not set(shown.split("~")) & {part for part in text.split("~")[1:-1] if Disclosure.read(part).name != "word"}


def test_same_claims_are_hidden_differently_each_time() -> None:
    first, second = issued(), issued()
    assert not set(first.split("~")[1:-1]) & set(second.split("~")[1:-1])


def test_salt_of_too_few_bytes_is_refused() -> None:
    with pytest.raises(InputRefused) as caught:
        issue_sd_jwt(CLAIMS, hide=("word",), key=KEY, kid="k", new_salt=lambda: b"short", now=NOW)
    assert caught.value.reason == "short-salt"


def test_claim_that_is_not_hidden_cannot_be_chosen() -> None:
    with pytest.raises(InputRefused) as caught:
        present_sd_jwt(issued(), show=("iss",), now=NOW)
    assert caught.value.reason == "no-such-claim"


def test_disclosure_inside_a_disclosure_is_put_in_its_place() -> None:
    inner = hidden("salt-1", "city", "Lübeck")
    outer = hidden("salt-2", "address", {"_sd": [digest_of(inner)], "country": "DE"})
    element = hidden("salt-3", {"_sd": [], "n": 2})
    payload = {"_sd": [digest_of(outer), digest_of("decoy")], "list": [1, {"...": digest_of(element)}, {"...": "x"}]}
    claims = open_sd_jwt(signed(payload, outer, inner, element), key=KEY.public, now=NOW).claims
    assert claims == {"address": {"country": "DE", "city": "Lübeck"}, "list": [1, {"n": 2}]}
    assert reason(signed(payload, inner, element)) == "disclosure-unused"


# What the rules refuse: all of it rightly signed


A, B = hidden("salt", "a", 1), hidden("salt", "b", 2)
ELEMENT = hidden("salt", "element")


@pytest.mark.parametrize(
    ("payload", "disclosures", "expected"),
    [
        ({"_sd": [digest_of(A)]}, (A, A), "disclosure-twice"),
        ({"_sd": [digest_of(A), digest_of(A)]}, (A,), "digest-twice"),
        ({"_sd": [digest_of(A)], "x": {"_sd": [digest_of(A)]}}, (A,), "digest-twice"),
        ({"_sd": ["decoy"], "x": [{"...": "decoy"}]}, (), "digest-twice"),
        ({"_sd": [digest_of(A)]}, (A, B), "disclosure-unused"),
        ({}, (A,), "disclosure-unused"),
        ({"_sd": [digest_of(A)], "a": 0}, (A,), "claim-twice"),
        ({"_sd": [digest_of(ELEMENT)]}, (ELEMENT,), "bad-disclosure"),
        ({"x": [{"...": digest_of(A)}]}, (A,), "bad-disclosure"),
        ({"_sd": digest_of(A)}, (A,), "bad-digests"),
        ({"_sd": [1]}, (), "bad-digests"),
        ({"x": [{"...": 1}]}, (), "bad-digests"),
        ({"x": [{"...": digest_of(ELEMENT), "y": 1}]}, (ELEMENT,), "bad-digests"),
        ({"...": digest_of(A)}, (A,), "bad-digests"),
        ({"_sd": [], "_sd_alg": "sha-512"}, (), "wrong-hash"),
        ({"_sd": [], "_sd_alg": ["sha-256"]}, (), "wrong-hash"),
    ],
)
def test_digests_and_disclosures_with_two_readings_are_refused(
    payload: dict[str, Any], disclosures: tuple[str, ...], expected: str
) -> None:
    assert reason(signed(payload, *disclosures)) == expected


@pytest.mark.parametrize("name", ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status"])
def test_claim_that_decides_on_validity_cannot_be_hidden(name: str) -> None:
    text = hidden("salt", name, "anything")
    assert reason(signed({"_sd": [digest_of(text)]}, text)) == "not-disclosable"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (hidden("salt"), "bad-disclosure"),
        (hidden("salt", "a", 1, 2), "bad-disclosure"),
        (hidden(1, "a", 1), "bad-disclosure"),
        (hidden("salt", 1, 1), "bad-disclosure"),
        (hidden("", "a", 1), "bad-disclosure"),
        (hidden("salt", "_sd", []), "bad-disclosure"),
        (hidden("salt", "...", 1), "bad-disclosure"),
        (base64url.encode(b'{"a":1}'), "bad-json"),
        (base64url.encode(b'["salt","a",{"b":1,"b":2}]'), "bad-json"),
        (base64url.encode(b'["salt","a",NaN]'), "bad-json"),
        (hidden("salt", "a", 1) + "=", "bad-disclosure"),
        (base64url.encode(b'["s","a",1]')[:-1] + "1", "bad-disclosure"),
        ("", "bad-disclosure"),
        ("%%%", "bad-disclosure"),
    ],
)
def test_disclosure_in_another_spelling_is_refused(text: str, expected: str) -> None:
    assert reason(signed({"_sd": [digest_of(text)]}, text)) == expected


@pytest.mark.parametrize(
    ("typ", "expected"), [("vc+jwt", "wrong-type"), ("vc+sd-jwt", "wrong-type"), ("kb+jwt", "wrong-type")]
)
def test_token_of_another_type_is_no_sd_jwt_vc(typ: str, expected: str) -> None:
    assert reason(sign_token({}, typ=typ, key=KEY) + "~") == expected


def test_token_without_a_tilde_is_no_sd_jwt() -> None:
    assert reason(issued().split("~")[0]) == "not-a-token"


def test_number_size_and_depth_are_bounded() -> None:
    limits = Limits()
    assert reason("x" + "~" * (limits.disclosures + 2)) == "many-disclosures"
    assert reason("~" * (limits.token_bytes + 1)) == "too-long"
    chain, digests = [], "decoy"
    for number in range(limits.disclosures):
        chain.append(hidden(f"salt-{number}", "a", {"b": {"_sd": [digests]}}))
        digests = digest_of(chain[-1])
    assert reason(signed({"_sd": [digests]}, *chain)) == "too-deep"


# Key binding


def test_holders_answer_to_the_challenge_is_accepted() -> None:
    opened = open_sd_jwt(presented("word"), key=KEY.public, now=NOW, challenge=CHALLENGE)
    assert opened.bound
    assert opened.claims["word"] == "NORDLICHT"


def test_presentation_without_key_binding_fails_only_where_one_is_asked_for() -> None:
    text = issued()
    assert open_sd_jwt(text, key=KEY.public, now=NOW).bound is False
    assert reason(text, challenge=CHALLENGE) == "key-binding-missing"


def test_key_binding_for_another_verifier_or_an_old_challenge_is_refused() -> None:
    text = presented("word")
    assert reason(text, challenge=Challenge("https://thief.example", CHALLENGE.nonce)) == "wrong-audience"
    assert reason(text, challenge=Challenge(CHALLENGE.audience, "another")) == "wrong-nonce"
    late = NOW + timedelta(seconds=Limits().key_binding_seconds + 1)
    assert reason(text, challenge=CHALLENGE, now=late) == "stale-key-binding"


def test_key_binding_is_checked_though_nobody_asked_and_then_proves_nothing() -> None:
    text = presented("word")
    assert open_sd_jwt(text, key=KEY.public, now=NOW).bound is False
    assert reason(presented("word", key=KEY)) == "wrong-signature"
    assert reason(text[:-1] + ("A" if text[-1] != "A" else "B")) in ("not-canonical", "wrong-signature")


def test_key_binding_moved_to_a_presentation_that_shows_more_is_refused() -> None:
    text = issued()
    less = present_sd_jwt(text, show=("word",), challenge=CHALLENGE, key=HOLDER, now=NOW)
    more = present_sd_jwt(text, show=("word", "day"), now=NOW)
    assert reason(more + less.rpartition("~")[2], challenge=CHALLENGE) == "wrong-presentation"


def test_key_binding_by_the_issuer_or_a_stranger_is_refused() -> None:
    assert reason(presented("word", key=KEY), challenge=CHALLENGE) == "wrong-signature"


def test_credential_that_names_no_holder_key_cannot_be_bound() -> None:
    text = present_sd_jwt(issued(holder=None), show=(), challenge=CHALLENGE, key=HOLDER, now=NOW)
    assert reason(text, challenge=CHALLENGE) == "no-holder-key"


def test_key_binding_of_a_wallet_that_signs_with_either_s_is_accepted() -> None:
    shown, _, binding = presented("word").rpartition("~")
    assert open_sd_jwt(f"{shown}~{other_spelling(binding)}", key=KEY.public, now=NOW, challenge=CHALLENGE).bound


@pytest.mark.parametrize("change", [{"iat": "now"}, {"iat": True}, {"iat": None}, {"aud": ["a"]}, {"nonce": 1}])
def test_key_binding_with_members_of_other_kinds_is_refused(change: dict[str, Any]) -> None:
    text = present_sd_jwt(issued(), show=(), now=NOW)
    claims = {"iat": int(NOW.timestamp()), "aud": CHALLENGE.audience, "nonce": CHALLENGE.nonce}
    binding = sign_token({**claims, "sd_hash": digest_of(text), **change}, typ="kb+jwt", key=HOLDER)
    assert reason(text + binding, challenge=CHALLENGE) == "bad-key-binding"


def test_credential_is_no_key_binding() -> None:
    text = present_sd_jwt(issued(), show=(), now=NOW)
    other = sign_token({"iat": int(NOW.timestamp())}, typ=MEDIA_TYPE, key=HOLDER)
    assert reason(text + other, challenge=CHALLENGE) == "wrong-type"


@pytest.mark.parametrize(("audience", "nonce"), [("", "n"), ("a", ""), ("a", "n" * 501)])
def test_empty_or_endless_challenge_is_refused(audience: str, nonce: str) -> None:
    with pytest.raises(InputRefused):
        Challenge(audience, nonce)


def test_challenge_and_key_go_together() -> None:
    with pytest.raises(InputRefused) as caught:
        present_sd_jwt(issued(), show=(), challenge=CHALLENGE, now=NOW)
    assert caught.value.reason == "key-binding-incomplete"


# Fuzzing


@given(st.text(max_size=300) | st.text("~.abcAB019-_", max_size=300))
def test_random_text_raises_nothing_but_our_errors(text: str) -> None:
    with pytest.raises(CountermarkError):
        open_sd_jwt(text, key=KEY.public, now=NOW)


FIXED = presented("word", "day")


@given(st.data())
def test_one_changed_character_of_a_presentation_is_always_refused(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(FIXED) - 1))
    character = data.draw(st.sampled_from("ABCXYZabcxyz019-_.~=").filter(lambda c: c != FIXED[place]))
    with pytest.raises(CountermarkError):
        open_sd_jwt(FIXED[:place] + character + FIXED[place + 1 :], key=KEY.public, now=NOW, challenge=CHALLENGE)


@given(
    st.dictionaries(
        st.sampled_from(["_sd", "...", "_sd_alg", "cnf", "a"]),
        st.recursive(
            st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["sha-256", digest_of(A), digest_of(B)]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["_sd", "...", "jwk", "a"]), inner, max_size=3)
            ),
            max_leaves=12,
        ),
    ),
    st.lists(st.sampled_from([A, B, ELEMENT, ""]), max_size=3),
)
def test_rightly_signed_nonsense_is_opened_or_refused_and_nothing_else(
    payload: dict[str, Any], disclosures: list[str]
) -> None:
    try:
        claims = open_sd_jwt(signed(payload, *disclosures), key=KEY.public, now=NOW).claims
    except CountermarkError:
        return
    assert "_sd" not in json.dumps(claims).replace("_sd_alg", "")


def test_key_binding_signs_the_digest_and_nothing_of_the_claims() -> None:
    binding = sign_key_binding(digest_of("x"), CHALLENGE, key=HOLDER, now=NOW)
    payload = json.loads(base64url.decode(binding.split(".")[1]) or b"")
    assert set(payload) == {"iat", "aud", "nonce", "sd_hash"}
