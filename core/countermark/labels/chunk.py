"""Labels made by the chunk, as the bytes that go into files: what one process does of a large order.

Four streams, each in printing order: the print line's CSV (`printing.print_line` writes the same bytes one by one), the
leaf of each item before a chip is bound (32 bytes each), and with claim codes the code printer's CSV and the addresses
of the claim keys (20 bytes each). The print line names no code and the codes no serial: neither printer has both.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from countermark.gs1.digital_link import build_link
from countermark.gs1.identity import ItemKey
from countermark.labels import claim_code
from countermark.labels.keyed_hash import KeyedHash
from countermark.labels.leaf import NO_CLAIM, SALT_BYTES, leaf_hash
from countermark.labels.serials import SerialProfile
from countermark.labels.series import LabelOrder, SeriesSecrets, item_bytes
from countermark.labels.signature import sign_label
from countermark.p256 import PrivateKey
from countermark.tables import write_lines

CODE_COLUMNS = ("sequence", "code")


@dataclass(frozen=True, slots=True)
class MadeChunk:
    """The bytes of `count` labels in each stream; `codes` and `claim_addresses` are empty without claim codes."""

    count: int
    print_line: bytes = field(repr=False)
    leaves: bytes = field(repr=False)
    codes: bytes = field(default=b"", repr=False)
    claim_addresses: bytes = field(default=b"", repr=False)


class LabelMaker:
    """Makes any part of one order; the same part is the same bytes again. Its repr shows no secret."""

    def __init__(self, order: LabelOrder, secrets: SeriesSecrets, key: PrivateKey) -> None:
        self._order = order
        self._secrets = secrets
        self._key = key
        self._salts = KeyedHash(secrets.salt_key)

    def make(self, first: int, count: int, serials: Iterable[str] | None = None) -> MadeChunk:
        """Labels `first` to `first + count - 1`; an adopted order needs their `serials`."""
        order = self._order
        source = iter(serials) if serials is not None else order.derived_serials(self._secrets).stream(first)
        items = [ItemKey(order.gtin, serial) for serial in islice(source, count)]
        if len(items) != count:
            raise AssertionError(f"{len(items)} serials for {count} labels")
        secrets = [self._secrets.code_secret_of(item) for item in items] if order.codes else []
        addresses = [
            claim_code.address_of(claim_code.secret_of_code(item, secret))
            for item, secret in zip(items, secrets, strict=False)
        ]
        return MadeChunk(
            count,
            self._print_line(first, items),
            b"".join(self._leaves(items, addresses or [NO_CLAIM] * count)),
            _codes(first, secrets),
            b"".join(addresses),
        )

    def _print_line(self, first: int, items: list[ItemKey]) -> bytes:
        order, key, gtin = self._order, self._key, self._order.gtin
        host, lot = order.host, order.lot
        links = (build_link(host, item, lot=lot, s=sign_label(item, key)) for item in items)
        rows = zip(range(first, first + len(items)), items, links, strict=False)
        if order.profile is not SerialProfile.ADOPTED:
            # Digits, letters and a percent-encoded link need no quotes and start no formula.
            return "".join([f"{place},{gtin},{item.serial},{link}\n" for place, item, link in rows]).encode("ascii")
        stream = io.StringIO()
        write_lines(stream, ((place, gtin, item.serial, link) for place, item, link in rows))
        return stream.getvalue().encode("ascii")

    def _leaves(self, items: list[ItemKey], addresses: list[bytes]) -> Iterator[bytes]:
        salt = self._salts.digest
        for item, address in zip(items, addresses, strict=True):
            yield leaf_hash(item, salt(item_bytes(item))[:SALT_BYTES], address)


def _codes(first: int, secrets: list[bytes]) -> bytes:
    rows = (f"{place},{claim_code.claim_code(secret)}\n" for place, secret in enumerate(secrets, start=first))
    return "".join(rows).encode("ascii")
