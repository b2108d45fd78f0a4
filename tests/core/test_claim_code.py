"""Claim codes: enough secret bits, slips caught, keys bound to one item, nothing told about neighbours."""

from __future__ import annotations

import contextlib
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import LabelRefused
from countermark.gs1.identity import ItemKey
from countermark.labels import claim_code as codes
from countermark.labels import crockford
from countermark.labels.claim_code import address_of, claim_code, claim_secret, read_claim_code
from countermark.labels.series import SeriesSecrets

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/claim_code.json").read_text("utf-8"))
ITEM = ItemKey("09521234543213", "ABC123")
SECRETS = SeriesSecrets.from_master(b"m" * 32)
secrets10 = st.binary(min_size=10, max_size=10)


@pytest.mark.parametrize("case", VECTORS["codes"], ids=lambda case: case["code"])
def test_code_key_and_address_stay_what_was_printed(case: dict[str, str]) -> None:
    item = ItemKey(case["gtin"], case["serial"])
    assert claim_code(bytes.fromhex(case["secret"])) == case["code"]
    assert claim_secret(item, case["code"]).hex() == case["key"]
    assert address_of(bytes.fromhex(case["key"])).hex() == case["address"]


@pytest.mark.parametrize("case", VECTORS["addresses"], ids=lambda case: case["address"])
@pytest.mark.parametrize("fast", [True, False])
def test_published_keys_have_their_published_addresses(
    case: dict[str, str], fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "_FAST_CURVE", fast)
    assert address_of(bytes.fromhex(case["key"])).hex() == case["address"]


@given(secrets10)
def test_code_has_eighty_secret_bits_and_reads_back(secret: bytes) -> None:
    assert read_claim_code(claim_code(secret)) == secret


@given(secrets10)
def test_typed_code_is_read_whatever_its_case_gaps_and_look_alikes(secret: bytes) -> None:
    code = claim_code(secret)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert read_claim_code(f" {typed} ") == secret


def test_slip_of_the_finger_is_caught_before_a_key_is_made() -> None:
    code = claim_code(b"0123456789")
    slips = [
        code[:place] + letter + code[place + 1 :]
        for place, letter in itertools.product(range(len(code)), crockford.ALPHABET)
        if code[place] not in ("-", letter)
    ]
    unnoticed = 0
    for slip in slips:
        with contextlib.suppress(LabelRefused):
            read_claim_code(slip)
            unnoticed += 1
    assert len(slips) == 18 * 31
    assert unnoticed <= 2


def test_refusal_does_not_repeat_the_code() -> None:
    with pytest.raises(LabelRefused) as refusal:
        read_claim_code("ABCDEF-GHJKMN-PQRSTV")
    assert "ABCDEF" not in json.dumps(refusal.value.problem())


@pytest.mark.parametrize("text", ["", "A", "U" * 18, "0" * 19, "-" * 10_000, "\u0660" * 18, "0000000000000000\x000"])
def test_other_text_is_no_code(text: str) -> None:
    with pytest.raises(LabelRefused) as refusal:
        read_claim_code(text)
    assert refusal.value.reason == "bad-claim-code"


def test_same_code_on_another_item_is_another_key() -> None:
    """So that whoever guesses codes cannot test one guess against all items at once."""
    code = claim_code(b"0123456789")
    keys = {
        claim_secret(item, code)
        for item in (ITEM, ItemKey(ITEM.gtin, "ABC124"), ItemKey("09521234543220", ITEM.serial))
    }
    assert len(keys) == 3


def test_codes_and_salts_of_a_series_do_not_repeat_and_do_not_open_each_other() -> None:
    items = [ItemKey(ITEM.gtin, f"{number}") for number in range(500)]
    found = {SECRETS.code_of(item) for item in items}
    assert len(found) == len(items)
    assert SECRETS.code_secret_of(ITEM) not in SECRETS.salt_of(ITEM)
    other = SeriesSecrets(SECRETS.serial_key, SECRETS.salt_key, b"other claim key", SECRETS.chip_key)
    assert other.salt_of(ITEM) == SECRETS.salt_of(ITEM)
    assert other.code_of(ITEM) != SECRETS.code_of(ITEM)


def test_code_of_a_series_gives_the_address_in_its_leaves() -> None:
    code = SECRETS.code_of(ITEM)
    assert address_of(claim_secret(ITEM, code)) == SECRETS.claim_address_of(ITEM)


def test_four_secrets_of_a_series_differ_and_none_is_shown() -> None:
    keys = (SECRETS.serial_key, SECRETS.salt_key, SECRETS.claim_key, SECRETS.chip_key)
    assert len(set(keys)) == 4
    assert not any(key.hex() in repr(SECRETS) or repr(key) in repr(SECRETS) for key in keys)
