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
from countermark.labels import claim_code
from countermark.labels.leaf import SALT_BYTES
from countermark.labels.serial import is_native_of
from countermark.labels.serials import DerivedSerials, SerialProfile, SeriesSerials
from countermark.labels.signature import sign_label
from countermark.limits import DEFAULT_LIMITS
from countermark.p256 import PrivateKey

_MOST_SERIES = (1 << 16) - 1


@dataclass(frozen=True, slots=True, repr=False)
class SeriesSecrets:
    """Separate secrets (32 bytes each) for serials, salts, claim codes and chips: one given away opens no other."""

    serial_key: bytes
    salt_key: bytes
    claim_key: bytes
    chip_key: bytes

    @classmethod
    def from_master(cls, master: bytes) -> SeriesSecrets:
        """Derived from 32 secret bytes of one series (HKDF-Expand, RFC 5869)."""
        purposes = (b"serial", b"salt", b"claim", b"chip")
        return cls(*(HKDFExpand(SHA256(), 32, b"countermark/series/" + purpose).derive(master) for purpose in purposes))

    def owns(self, item: ItemKey) -> bool:
        """Whether `item` carries a native serial made with these secrets."""
        return is_native_of(item.serial, item.gtin, self.serial_key)

    def salt_of(self, item: ItemKey) -> bytes:
        """The 16-byte salt of the item's leaf."""
        return hmac.digest(self.salt_key, item_bytes(item), hashlib.sha256)[:SALT_BYTES]

    def code_of(self, item: ItemKey) -> str:
        """The claim code to print under the item's scratch field."""
        return claim_code.claim_code(self.code_secret_of(item))

    def claim_address_of(self, item: ItemKey) -> bytes:
        """The 20-byte address of the item's claim key."""
        return claim_code.address_of(claim_code.secret_of_code(item, self.code_secret_of(item)))

    def code_secret_of(self, item: ItemKey) -> bytes:
        """The 10 secret bytes that the item's claim code holds."""
        return hmac.digest(self.claim_key, item_bytes(item), hashlib.sha256)[: claim_code.SECRET_BYTES]


def item_bytes(item: ItemKey) -> bytes:
    """What salts and codes are derived from: gtin14 serial (the GTIN's length is fixed, so no two items agree)."""
    return item.gtin.encode("ascii") + item.serial.encode("ascii")


@dataclass(frozen=True, slots=True)
class LabelOrder:
    """One order of labels: `quantity` serials of `gtin`, sequences from `first_sequence` on.

    With `codes` every item has a claim code, whose key's address is part of its leaf. Raises InputRefused
    (bad-label-order) for numbers that tokens and serials cannot hold.
    """

    gtin: str
    series_number: int
    quantity: int
    host: str
    first_sequence: int = 1
    lot: str | None = None
    profile: SerialProfile = SerialProfile.NATIVE
    codes: bool = False

    def __post_init__(self) -> None:
        last = self.first_sequence + self.quantity - 1
        inside = 1 <= self.first_sequence <= last <= DEFAULT_LIMITS.series_labels
        if not (inside and 1 <= self.series_number <= _MOST_SERIES):
            raise InputRefused(
                got=f"series {self.series_number}, labels {self.first_sequence} to {last}",
                expected=f"a series number of 1 to {_MOST_SERIES} and labels 1 to {DEFAULT_LIMITS.series_labels}",
                next_step="split the order into several series",
                reason="bad-label-order",
            )

    @property
    def last_sequence(self) -> int:
        """The sequence of the last label."""
        return self.first_sequence + self.quantity - 1

    def derived_serials(self, secrets: SeriesSecrets) -> DerivedSerials:
        """The serials of a native or random series."""
        return DerivedSerials(self.gtin, self.series_number, self.last_sequence, self.profile, secrets.serial_key)


@dataclass(frozen=True, slots=True)
class Label:
    """One made label. `link` is the printed link with its signature."""

    sequence: int
    item: ItemKey
    link: str = field(repr=False)


def make_label(order: LabelOrder, sequence: int, serial: str, key: PrivateKey) -> Label:
    """The label of `order` with this sequence and serial."""
    item = ItemKey(order.gtin, serial)
    return Label(sequence, item, build_link(order.host, item, lot=order.lot, s=sign_label(item, key)))


def make_labels(
    order: LabelOrder, secrets: SeriesSecrets, key: PrivateKey, serials: SeriesSerials | None = None
) -> Iterator[Label]:
    """The labels of `order` one by one, in printing order; the same inputs give the same labels again.

    `serials` must be given for an adopted series.
    """
    stream = (serials or order.derived_serials(secrets)).stream(order.first_sequence)
    for sequence in range(order.first_sequence, order.last_sequence + 1):
        yield make_label(order, sequence, next(stream), key)
