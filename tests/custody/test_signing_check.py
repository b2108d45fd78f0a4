"""Who signed an EIP-712 message, and which signatures are no signatures."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from countermark.custody.key_consent import KeyConsent
from countermark.errors import InputRefused
from countermark.roles import KeyScope
from countermark.scans.statement import ScanStatement
from countermark.signing import TypedMessage
from countermark.signing_check import digest, hash_struct, recover

VECTOR: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "eip712_mail.json").read_text())
MAIL = TypedMessage(VECTOR["domain"], VECTOR["types"], VECTOR["primary"], VECTOR["message"])
SIGNATURE = bytes.fromhex(VECTOR["signature"])
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def test_published_mail_example_of_eip_712() -> None:
    assert hash_struct(MAIL).hex() == VECTOR["structHash"]
    assert digest(MAIL).hex() == VECTOR["digest"]
    assert recover(MAIL, SIGNATURE) == VECTOR["signer"]


def test_changed_message_gives_another_signer() -> None:
    changed = replace(MAIL, message={**VECTOR["message"], "contents": "Hello, Eve!"})
    assert recover(changed, SIGNATURE) != VECTOR["signer"]


def test_signature_with_the_upper_s_is_refused() -> None:
    s = ORDER - int.from_bytes(SIGNATURE[32:64], "big")
    malleated = SIGNATURE[:32] + s.to_bytes(32, "big") + bytes([55 - SIGNATURE[64]])
    with pytest.raises(InputRefused, match="out of range"):
        recover(MAIL, malleated)


@pytest.mark.parametrize("v", [0, 1, 26, 29, 37, 255])
def test_signature_with_another_v_is_refused(v: int) -> None:
    with pytest.raises(InputRefused, match=f"v {v}"):
        recover(MAIL, SIGNATURE[:64] + bytes([v]))


@pytest.mark.parametrize("length", [0, 64, 66, 130])
def test_signature_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InputRefused, match=f"{length} bytes"):
        recover(MAIL, (SIGNATURE * 2)[:length])


@pytest.mark.parametrize("part", [slice(0, 32), slice(32, 64)])
@pytest.mark.parametrize("value", [0, ORDER, 2**256 - 1])
def test_signature_with_r_or_s_out_of_range_is_refused(part: slice, value: int) -> None:
    forged = bytearray(SIGNATURE)
    forged[part] = value.to_bytes(32, "big")
    with pytest.raises(InputRefused, match="out of range"):
        recover(MAIL, bytes(forged))


@given(st.binary(min_size=64, max_size=64), st.sampled_from([27, 28]))
def test_any_65_bytes_give_an_address_or_a_refusal(body: bytes, v: int) -> None:
    with suppress(InputRefused):
        assert recover(MAIL, body + bytes([v])).startswith("0x")


def _scan(**changes: Any) -> ScanStatement:
    plain = ScanStatement(
        "https://id.example.com/01/04012345678901/21/X", 1, 48_137_154, -11_576_124, 12, "gps", b"n" * 32
    )
    return replace(plain, **changes)


def _signed(message: TypedMessage) -> bytes:
    return bytes(Account.from_key("0x" + "12" * 32).sign_typed_data(full_message=message.full()).signature)


CHAIN, CONTRACT = 5_000_000_000, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
SIGNER = Account.from_key("0x" + "12" * 32).address


@pytest.mark.parametrize(
    "changes",
    [
        {"raw": "https://id.example.com/01/04012345678901/21/Y"},
        {"occurred_at": 2},
        {"latitude_e6": -48_137_154},
        {"longitude_e6": 11_576_124},
        {"accuracy_metres": 13},
        {"place_source": "typed"},
        {"nonce": b"m" * 32},
    ],
)
def test_scan_statement_binds_each_of_its_fields(changes: dict[str, Any]) -> None:
    signature = _signed(_scan().typed(CHAIN, CONTRACT))
    assert recover(_scan().typed(CHAIN, CONTRACT), signature) == SIGNER
    assert recover(_scan(**changes).typed(CHAIN, CONTRACT), signature) != SIGNER


def test_scan_statement_is_bound_to_chain_and_contract() -> None:
    signature = _signed(_scan().typed(CHAIN, CONTRACT))
    assert recover(_scan().typed(CHAIN + 1, CONTRACT), signature) != SIGNER
    assert recover(_scan().typed(CHAIN, "0x" + "11" * 20), signature) != SIGNER


@pytest.mark.parametrize("changes", [{"latitude_e6": 1 << 31}, {"accuracy_metres": -1}, {"nonce": b"n" * 33}])
def test_scan_statement_beyond_its_types_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputRefused, match="ScanStatement"):
        digest(_scan(**changes).typed(CHAIN, CONTRACT))


def test_key_consent_cannot_stand_for_another_account() -> None:
    consent = KeyConsent(CONTRACT, SIGNER, KeyScope.SCAN, 1, 2)
    signature = _signed(consent.typed(CHAIN, CONTRACT))
    assert recover(consent.typed(CHAIN, CONTRACT), signature) == SIGNER
    assert recover(replace(consent, scopes=KeyScope.ALL).typed(CHAIN, CONTRACT), signature) != SIGNER
    assert recover(replace(consent, account=SIGNER).typed(CHAIN, CONTRACT), signature) != SIGNER
