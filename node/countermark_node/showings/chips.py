"""Chips at a node that was given their series' keys: is the answer right, is it this item's chip, is it fresh?"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, text
from sqlmodel import Session

from countermark.errors import InputRefused, LabelRefused, Unavailable
from countermark.gs1.identity import ItemKey
from countermark.gs1.label import ScannedLabel
from countermark.nfc import ChipKeys, chip_value, open_sun, read_sun
from countermark_node.showings.tables import ChipKeysRow
from countermark_node.verification.sources import Packed, SqlSources
from countermark_scanner.sources import Showing

SECRET_BYTES = 32
_NONCE_BYTES = 12

# One statement, so that of two requests with the same answer one alone is accepted, on any database.
_ACCEPT = text(
    "INSERT INTO chip_tap (gtin, serial, counter, tapped_at, tapper, before_at, before_tapper)"
    " VALUES (:gtin, :serial, :counter, :now, :tapper, NULL, NULL)"
    " ON CONFLICT (gtin, serial) DO UPDATE SET before_at = chip_tap.tapped_at, before_tapper = chip_tap.tapper,"
    " counter = excluded.counter, tapped_at = excluded.tapped_at, tapper = excluded.tapper"
    " WHERE chip_tap.counter < excluded.counter RETURNING before_at, before_tapper"
)


@dataclass(frozen=True, slots=True)
class Tap:
    """A right answer of the item's own chip, whose counter has not been compared yet."""

    item: ItemKey
    counter: int


@dataclass(frozen=True, slots=True)
class ChipVault:
    """Seals the chip secrets of series for the database (AES-256-GCM); `secret` is the installation's own."""

    secret: bytes = field(repr=False)

    def seal(self, series: int, chip_secret: bytes, nonce: bytes) -> bytes:
        """What the database keeps. Raises InputRefused for a secret that has not 32 bytes."""
        if len(chip_secret) != SECRET_BYTES:
            raise InputRefused(
                got=f"a chip secret of {len(chip_secret)} bytes",
                expected=f"{SECRET_BYTES} bytes",
                next_step="send the file that the brand's wallet wrote, unchanged",
                reason="bad-chip-secret",
            )
        return nonce + self._cipher().encrypt(nonce, chip_secret, _bound_to(series))

    def keys(self, session: Session, series: int) -> ChipKeys | None:
        """The keys of a series' chips, None when they are not here. Raises Unavailable when they do not open."""
        row = session.get(ChipKeysRow, series)
        if row is None:
            return None
        try:
            secret = self._cipher().decrypt(row.sealed[:_NONCE_BYTES], row.sealed[_NONCE_BYTES:], _bound_to(series))
        except InvalidTag:
            raise Unavailable(
                got="chip keys that this installation did not seal",
                expected="a database that belongs to this home folder",
                next_step="restore both from one back-up, or hand the node the chip keys again",
                reason="chip-keys",
            ) from None
        return ChipKeys.from_secret(secret)

    def _cipher(self) -> AESGCM:
        return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"countermark/node/chip-keys").derive(self.secret))


def _bound_to(series: int) -> bytes:
    return series.to_bytes(32, "big")


def judge_chip(vault: ChipVault, sources: SqlSources, label: ScannedLabel) -> Tap | Showing | None:
    """The chip's answer in a label's link; None for a label without one. Whether it is fresh, `accept` says.

    Raises LabelRefused (bad-chip-answer) for attributes that no chip writes.
    """
    message = read_sun(label.raw) if label.form == "digital-link" else None
    if message is None:
        return None
    packed = sources.chain.packed(label.item)
    keys = None if packed is None else vault.keys(sources.session, packed.series)
    if packed is None or keys is None:
        return Showing.CHIP_UNCHECKED
    try:
        answer = open_sun(message, keys)
    except LabelRefused:
        return Showing.CHIP_WRONG
    return Tap(label.item, answer.counter) if _is_bound(packed, answer.uid) else Showing.CHIP_FOREIGN


def _is_bound(packed: Packed, uid: bytes) -> bool:
    return packed.chip is not None and hmac.compare_digest(packed.chip, chip_value(uid))


def accept(connection: Connection, tap: Tap, *, tapper: str, now: int, seconds: int) -> Showing:
    """Take the answer if its counter is above the last one's; fresh if the one before came from the same `tapper`
    not more than `seconds` ago.
    """
    values = {
        "gtin": tap.item.gtin,
        "serial": tap.item.serial,
        "counter": tap.counter,
        "now": now,
        "tapper": tapper,
    }
    accepted = connection.execute(_ACCEPT, values).first()
    if accepted is None:
        return Showing.CHIP_REPLAYED
    before_at, before_tapper = accepted
    again = before_at is not None and before_tapper == tapper and 0 <= now - before_at <= seconds
    return Showing.CHIP_FRESH if again else Showing.CHIP_TAPPED
