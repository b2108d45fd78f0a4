"""Label orders as streams: serial, signature and link of one label at a time, in flat memory."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from countermark.errors import InputRefused
from countermark.gs1.digital_link import build_link
from countermark.gs1.identity import ItemKey
from countermark.labels.serial import is_native_of, native_serial
from countermark.labels.signature import sign_label
from countermark.limits import DEFAULT_LIMITS
from countermark.p256 import PrivateKey


@dataclass(frozen=True, slots=True, repr=False)
class SeriesSecrets:
    """Separate secrets for serials and salts, so that one given away does not open the other."""

    serial_key: bytes
    salt_key: bytes

    @classmethod
    def from_master(cls, master: bytes) -> SeriesSecrets:
        """Derived from 32 secret bytes of one series (HKDF-Expand, RFC 5869)."""
        serial_key, salt_key = (
            HKDFExpand(SHA256(), 32, b"countermark/series/" + purpose).derive(master)
            for purpose in (b"serial", b"salt")
        )
        return cls(serial_key, salt_key)

    def owns(self, item: ItemKey) -> bool:
        """Whether `item` carries a serial made with these secrets."""
        return is_native_of(item.serial, item.gtin, self.serial_key)

    def salt_of(self, item: ItemKey) -> bytes:
        """The 16-byte salt of the item's leaf."""
        return hmac.digest(self.salt_key, item.gtin.encode("ascii") + item.serial.encode("ascii"), hashlib.sha256)[:16]


@dataclass(frozen=True, slots=True)
class LabelOrder:
    """One order of labels: `quantity` native serials of `gtin`, sequences from `first_sequence` on."""

    gtin: str
    series_number: int
    quantity: int
    host: str
    first_sequence: int = 1
    lot: str | None = None

    def __post_init__(self) -> None:
        last = self.first_sequence + self.quantity - 1
        if not (1 <= self.first_sequence <= last <= DEFAULT_LIMITS.series_labels and 1 <= self.series_number < 1 << 16):
            raise InputRefused(
                got=f"series {self.series_number}, labels {self.first_sequence} to {last}",
                expected=f"a series number of 1 to 65535 and labels 1 to {DEFAULT_LIMITS.series_labels}",
                next_step="split the order into several series",
                reason="bad-label-order",
            )


@dataclass(frozen=True, slots=True)
class Label:
    """One label to print."""

    sequence: int
    item: ItemKey
    link: str = field(repr=False)


def make_labels(order: LabelOrder, secrets: SeriesSecrets, key: PrivateKey) -> Iterator[Label]:
    """The labels of `order` one by one, in printing order; the same inputs give the same labels again."""
    for sequence in range(order.first_sequence, order.first_sequence + order.quantity):
        serial = native_serial(order.gtin, order.series_number, sequence, secrets.serial_key)
        item = ItemKey(order.gtin, serial)
        yield Label(sequence, item, build_link(order.host, item, lot=order.lot, s=sign_label(item, key)))
