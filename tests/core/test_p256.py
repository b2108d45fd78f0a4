"""P-256 keys: published vectors, and every second spelling of a signature refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from countermark.errors import CredentialRefused
from countermark.p256 import ORDER, PrivateKey, PublicKey

VECTOR = json.loads((Path(__file__).parents[1] / "vectors/rfc6979_p256_sha256.json").read_text())


def key() -> PrivateKey:
    return PrivateKey.from_secret((int(VECTOR["x"], 16) - 1).to_bytes(32, "big"))


def test_published_secret_gives_the_published_public_key() -> None:
    assert key().public == PublicKey(bytes.fromhex(VECTOR["public_x"]), bytes.fromhex(VECTOR["public_y"]))


@pytest.mark.parametrize("case", VECTOR["signatures"], ids=lambda case: case["message"])
def test_deterministic_signature_matches_rfc6979_up_to_low_s(case: dict[str, str]) -> None:
    s = int(case["s"], 16)
    expected = bytes.fromhex(case["r"]) + min(s, ORDER - s).to_bytes(32, "big")
    assert key().sign(case["message"].encode()) == expected


def test_high_s_twin_of_a_signature_is_refused() -> None:
    signature = key().sign(b"sample")
    twin = signature[:32] + (ORDER - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")
    assert key().public.verify(b"sample", signature)
    assert not key().public.verify(b"sample", twin)


@pytest.mark.parametrize("bad", [b"", bytes(64), b"\xff" * 64, bytes(63), bytes(65)])
def test_malformed_signature_is_refused_without_an_exception(bad: bytes) -> None:
    assert not key().public.verify(b"sample", bad)


def test_point_off_the_curve_is_refused() -> None:
    with pytest.raises(CredentialRefused) as refusal:
        PublicKey(bytes(31) + b"\x01", bytes(31) + b"\x01")
    assert refusal.value.reason == "bad-key"


def test_jwk_round_trip_and_missing_member_refused() -> None:
    public = key().public
    assert PublicKey.from_jwk(public.to_jwk()) == public
    for member in ("kty", "crv", "x", "y"):
        with pytest.raises(CredentialRefused):
            PublicKey.from_jwk({name: value for name, value in public.to_jwk().items() if name != member})


def test_private_key_shows_nothing_of_itself() -> None:
    assert VECTOR["x"][:8] not in repr(key())
