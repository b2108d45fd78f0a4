"""Signed scans."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from countermark.errors import InputRefused
from countermark.scans.attestation import attest_scan
from countermark.scans.place import Place, PlaceSource
from countermark.scans.statement import ScanStatement
from countermark.signing_check import recover
from countermark_wallet.keys.signer import WalletSigner

SIGNER = WalletSigner(b"\x11" * 32)
TRUST = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
WHEN = datetime(2026, 11, 22, 9, 0, 0, 999_000, tzinfo=UTC)


def test_attestation_is_of_exactly_what_was_scanned() -> None:
    place = Place(52.520008, -13.404954, 25, PlaceSource.GNSS)
    attestation = attest_scan(
        SIGNER, raw="RAW", occurred_at=WHEN, place=place, chain_id=7, trust_registry=TRUST, random=lambda n: b"\5" * n
    )
    statement = ScanStatement("RAW", 1795338000, 52520008, -13404954, 25, "gnss", b"\5" * 32)
    signature = bytes.fromhex(attestation["signature"][2:])
    assert recover(statement.typed(7, TRUST), signature) == SIGNER.address == attestation["account"]
    assert recover(statement.typed(8, TRUST), signature) != SIGNER.address
    assert attestation["nonce"] == "0x" + "05" * 32


def test_scan_without_a_place_signs_zeros_and_no_source() -> None:
    attestation = attest_scan(SIGNER, raw="RAW", occurred_at=WHEN, place=None, chain_id=7, trust_registry=TRUST)
    statement = ScanStatement("RAW", 1795338000, 0, 0, 0, "", bytes.fromhex(attestation["nonce"][2:]))
    assert recover(statement.typed(7, TRUST), bytes.fromhex(attestation["signature"][2:])) == SIGNER.address


@pytest.mark.parametrize(
    ("latitude", "longitude", "accuracy", "source"),
    [
        (91.0, 0.0, 1, "gnss"),
        (0.0, -181.0, 1, "gnss"),
        (float("nan"), 0.0, 1, "gnss"),
        (0.0, float("inf"), 1, "gnss"),
        (0.0, 0.0, -1, "gnss"),
        (0.0, 0.0, 1 << 32, "gnss"),
        (0.0, 0.0, 1, "guess"),
    ],
)
def test_place_that_is_nowhere_is_refused(latitude: float, longitude: float, accuracy: int, source: str) -> None:
    with pytest.raises(InputRefused):
        Place.from_json({"latitude": latitude, "longitude": longitude, "accuracy_metres": accuracy, "source": source})
