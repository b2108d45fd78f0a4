"""Sign-In with Ethereum: one spelling, published vectors, and everything else refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import InputRefused
from countermark.sign_in import SignInMessage, moment_of, recover_text

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors/sign_in.json").read_text("utf-8"))
GOOD = SignInMessage(
    domain="node.example:8750",
    address="0x9D85ca56217D2bb651b00f15e694EB7E713637D4",
    uri="https://node.example:8750",
    chain_id=31337,
    nonce="0123456789abcdef",
    issued_at="2026-03-01T12:00:00Z",
    statement="Sign in.",
    expiration_time="2026-03-01T12:05:00Z",
    not_before="2026-03-01T11:59:00+00:00",
    request_id="one-2",
    resources=("https://node.example/a", "urn:example:b"),
)


def message_of(vector: dict[str, Any]) -> SignInMessage:
    return SignInMessage(**{key: value for key, value in vector.items() if key not in ("name", "signature")})


@pytest.mark.parametrize("vector", VECTORS["texts"], ids=lambda one: str(one["name"]))
def test_published_text_is_read_and_written_again_unchanged(vector: dict[str, str]) -> None:
    assert SignInMessage.parse(vector["text"]).text() == vector["text"]


@pytest.mark.parametrize("vector", VECTORS["signed"], ids=lambda one: str(one["name"]))
def test_published_signature_leads_to_the_address_in_the_message(vector: dict[str, Any]) -> None:
    message = message_of(vector)
    assert recover_text(message.text(), bytes.fromhex(vector["signature"][2:])) == message.address


def test_signature_with_a_recovery_byte_that_no_wallet_standard_writes_is_refused() -> None:
    vector = VECTORS["signed_with_another_recovery_byte"]
    with pytest.raises(InputRefused):
        recover_text(message_of(vector).text(), bytes.fromhex(vector["signature"][2:]))


def test_message_with_every_field_is_read_and_written_again() -> None:
    assert SignInMessage.parse(GOOD.text()) == GOOD


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("node.example:8750 wants", " wants"),
        ("node.example:8750 wants", "node_example wants"),
        ("0x9D85ca", "0x9d85ca"),
        ("0x9D85ca56217D2bb651b00f15e694EB7E713637D4", "0x9d85ca56217d2bb651b00f15e694eb7e713637d4"),
        ("Sign in.\n", "Sign in.\n\n"),
        ("Sign in.", "Sign\rin."),
        ("Sign in.", "Sign in “here”"),
        ("URI: https://node.example:8750\n", ""),
        ("URI: https:", "URI: //"),
        ("Version: 1", "Version: 2"),
        ("Version: 1", "Version: 1 "),
        ("Chain ID: 31337", "Chain ID: 031337"),
        ("Chain ID: 31337", "Chain ID: -1"),
        ("Chain ID: 31337\nNonce: 0123456789abcdef", "Nonce: 0123456789abcdef\nChain ID: 31337"),
        ("Nonce: 0123456789abcdef", "Nonce: 1234567"),
        ("Nonce: 0123456789abcdef", "Nonce: 0123456789-abcdef"),
        ("2026-03-01T12:00:00Z", "Sun, 01 Mar 2026 12:00:00 GMT"),
        ("2026-03-01T12:00:00Z", "2026-02-30T12:00:00Z"),
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00"),
        ("2026-03-01T12:05:00Z", "2026-03-01T25:05:00Z"),
        ("Request ID: one-2", "Request ID: one 2"),
        ("- urn:example:b", "- not a uri"),
        ("- urn:example:b", "- urn:example:b\n"),
        ("- https://node.example/a\n- urn:example:b", ""),
        ("\n", "\r\n"),
    ],
)
def test_message_of_another_form_is_refused(old: str, new: str) -> None:
    text = GOOD.text()
    assert old in text
    with pytest.raises(InputRefused) as refused:
        SignInMessage.parse(text.replace(old, new, 1) if old != "\n" else text.replace(old, new))
    assert refused.value.reason == "bad-sign-in"


def test_message_beyond_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(InputRefused) as refused:
        SignInMessage.parse(GOOD.text() + "\n- urn:x" * 1_000)
    assert "characters" in refused.value.got


@given(st.integers(0, len(GOOD.text()) - 1), st.characters(exclude_categories=()))
def test_changed_character_is_refused_or_read_as_it_stands(place: int, other: str) -> None:
    text = GOOD.text()
    changed = text[:place] + other + text[place + 1 :]
    try:
        found = SignInMessage.parse(changed)
    except InputRefused:
        return
    assert found.text() == changed
    assert (found == GOOD) is (changed == text)


@given(st.text(max_size=200))
def test_any_other_text_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises(InputRefused):
        SignInMessage.parse(text)


def test_nine_digits_of_a_second_are_read() -> None:
    assert moment_of("2026-03-01T12:00:00.123456789Z").microsecond == 123456
