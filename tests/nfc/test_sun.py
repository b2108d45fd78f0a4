"""Answers of chips: what NXP published opens, and nothing that was changed does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import CountermarkError, InputRefused, LabelRefused
from countermark.nfc import ChipAnswer, ChipKeys, chip_value, diversify, open_sun, read_sun
from countermark.nfc.soft_chip import SoftChip
from countermark.nfc.sun import _open_picc_data, open_with_file_key

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "nfc.json").read_text("utf-8"))
LINK = "https://id.brand.example/01/09501101020917/21/A1"
KEYS = ChipKeys.from_secret(b"a series' chip secret, of a test")
UID = bytes.fromhex("04A1B2C3D4E5F6")


def opened(query: str, meta_key: bytes, file_key: bytes) -> ChipAnswer:
    message = read_sun(f"{LINK}?{query}")
    assert message is not None
    uid, counter = message.uid, message.counter
    if message.picc_data is not None:
        uid, counter = _open_picc_data(message.picc_data, meta_key)
    return open_with_file_key(message, uid, counter, file_key)


@pytest.mark.parametrize("vector", VECTORS["sun"], ids=lambda vector: str(vector["name"]))
def test_published_answer_opens_to_its_uid_counter_and_file_data(vector: dict[str, Any]) -> None:
    answer = opened(vector["query"], bytes.fromhex(vector["meta_key"]), bytes.fromhex(vector["file_key"]))
    found = (answer.uid.hex().upper(), answer.counter, answer.file_data.hex())
    assert found == (vector["uid"], vector["counter"], vector["file_data"])


@pytest.mark.parametrize("vector", VECTORS["sun"], ids=lambda vector: str(vector["name"]))
def test_published_answer_with_one_digit_changed_is_refused(vector: dict[str, Any]) -> None:
    query = str(vector["query"])
    values = [place for place, letter in enumerate(query) if letter in "0123456789ABCDEF" and query[place - 1] != "_"]
    for place in values:
        changed = query[:place] + ("0" if query[place] != "0" else "1") + query[place + 1 :]
        with pytest.raises(LabelRefused) as refused:
            opened(changed, bytes(16), bytes(16))
        assert refused.value.reason in {"wrong-chip-answer", "bad-chip-answer"}, place


@pytest.mark.parametrize("vector", VECTORS["diversification"])
def test_published_key_diversification(vector: dict[str, str]) -> None:
    key = diversify(bytes.fromhex(vector["master"]), bytes.fromhex(vector["material"]))
    assert key.hex().upper() == vector["key"]


def test_diversification_of_two_whole_blocks_is_plain_cmac_and_each_length_gives_another_key() -> None:
    master = bytes(range(16))
    mac = CMAC(algorithms.AES(master))
    mac.update(b"\x01" + bytes(31))
    assert diversify(master, bytes(31)) == mac.finalize()
    assert len({diversify(master, bytes(length)) for length in range(1, 32)}) == 31


@given(st.binary(min_size=7, max_size=7), st.integers(1, (1 << 24) - 1), st.booleans(), st.booleans())
def test_tapped_chip_is_known_by_uid_and_counter(uid: bytes, counter: int, plain: bool, signed: bool) -> None:
    chip = SoftChip(uid, KEYS.meta_key, KEYS.file_key_of(uid), counter - 1)
    message = read_sun(chip.tap(f"{LINK}?s=abc" if signed else LINK, plain=plain))
    assert message is not None
    answer = open_sun(message, KEYS)
    assert (answer.uid, answer.counter) == (uid, counter)


def test_chip_of_another_series_is_refused() -> None:
    other = ChipKeys.from_secret(b"another series' chip secret ....")
    for plain in (False, True):
        message = read_sun(SoftChip.of(UID, other).tap(LINK, plain=plain))
        assert message is not None
        with pytest.raises(LabelRefused) as refused:
            open_sun(message, KEYS)
        assert refused.value.reason == "wrong-chip-answer"


def test_key_read_out_of_one_chip_signs_for_no_other() -> None:
    stolen = KEYS.file_key_of(UID)
    victim = bytes.fromhex("04FFFFFFFFFFFF")
    message = read_sun(SoftChip(victim, KEYS.meta_key, stolen).tap(LINK))
    assert message is not None
    with pytest.raises(LabelRefused):
        open_sun(message, KEYS)


def test_link_without_a_chip_has_no_message() -> None:
    for link in (LINK, f"{LINK}?s=abc", f"{LINK}?s=picc_data", f"{LINK}?lang=en&x=1"):
        assert read_sun(link) is None


@pytest.mark.parametrize(
    "query",
    [
        "cmac=94EED9EE65337086",
        "picc_data=EF963FF7828658A599F3041510671E88",
        "picc_data=ef963ff7828658a599f3041510671e88&cmac=94eed9ee65337086",
        "cmac=94EED9EE65337086&picc_data=EF963FF7828658A599F3041510671E88",
        "picc_data=EF963FF7828658A599F3041510671E88&cmac=94EED9EE65337086&x=1",
        "picc_data=EF963FF7828658A599F3041510671E88&cmac=94EED9EE65337086&cmac=94EED9EE65337086",
        "picc_data=EF963FF7828658A599F3041510671E8&cmac=94EED9EE65337086",
        "uid=041E3C8A2D6B80&cmac=4B00064004B0B3D3",
        "uid=041E3C8A2D6B80&ctr=6&cmac=4B00064004B0B3D3",
        "picc_data=EF963FF7828658A599F3041510671E88&uid=041E3C8A2D6B80&ctr=000006&cmac=94EED9EE65337086",
    ],
)
def test_attributes_in_another_form_are_refused(query: str) -> None:
    with pytest.raises(LabelRefused) as refused:
        read_sun(f"{LINK}?{query}")
    assert refused.value.reason == "bad-chip-answer"


@given(st.text(max_size=300))
def test_any_text_is_a_message_or_nothing_or_a_refusal(text: str) -> None:
    try:
        message = read_sun(f"{LINK}?picc_data={text}")
        if message is not None:
            open_sun(message, KEYS)
    except CountermarkError:
        return


def test_chip_value_is_frozen_and_its_uid_has_seven_bytes() -> None:
    assert chip_value(UID).hex() == "8491ca5b349733444db3b1a96c2b42a5c77ce73494a411a704633adbb70352ea"
    with pytest.raises(InputRefused):
        chip_value(UID[:4])


def test_keys_show_nothing() -> None:
    assert KEYS.meta_key.hex() not in repr(KEYS)
    assert repr(KEYS) == "ChipKeys()"
    assert KEYS.meta_key.hex() == "bc90fcf5e59a06078b165235d251bbca"
    assert KEYS.file_key_of(UID).hex() == "e2dcc1de14b1e375249bac452e353167"
    assert len({KEYS.meta_key, KEYS.file_key, KEYS.file_key_of(UID)}) == 3
