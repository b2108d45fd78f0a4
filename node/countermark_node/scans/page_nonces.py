"""Nonces of the node's own pages: a scan that brings one was sent by a page, once, a short time after it was opened.

That proves no person; it costs whoever scripts scans a page for each, within the limits of pages.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from countermark.errors import InputRefused
from countermark.gs1.identity import ItemKey

LIFE_SECONDS = 900
RANDOM_BYTES = 8
_MAC_BYTES = 16
_TEXT = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_USE = text("INSERT INTO used_page_nonce (nonce, expires_at) VALUES (:nonce, :expires_at) ON CONFLICT DO NOTHING")


@dataclass(frozen=True, slots=True)
class PageNonces:
    """Makes nonces and knows them again: time of expiry (8) | random (8) | HMAC (16); none is stored until it is used.

    Each is bound to the network that opened the page and to the item that the page is about, if it is about one.
    """

    secret: bytes = field(repr=False)

    def make(self, item: ItemKey | None, network: str, now: int, random: bytes) -> str:
        """A nonce for a page; `random` has 8 bytes."""
        head = (now + LIFE_SECONDS).to_bytes(8, "big") + random
        return base64.urlsafe_b64encode(head + self._mac(item, network, head)).decode("ascii").rstrip("=")

    def check(self, nonce: str, item: ItemKey, network: str, now: int) -> bytes | None:
        """The nonce in bytes, for `use`; None when it has run out, as on a page left open.

        Raises InputRefused (bad-page-nonce) for one that this node did not make for this network, nor for this item or
        for scans of any.
        """
        data = base64.urlsafe_b64decode(nonce + "=") if _TEXT.fullmatch(nonce) else b""
        head, mac = data[:16], data[16:]
        ours = [hmac.compare_digest(mac, self._mac(about, network, head)) for about in (item, None)]
        if not any(ours):
            raise _refused("a page's nonce that this node did not make for this item and network", "bad-page-nonce")
        return data if int.from_bytes(head[:8], "big") >= now else None

    def use(self, connection: Connection, nonce: bytes) -> None:
        """Note that it came. Raises InputRefused (page-nonce-used) the second time, also at another replica."""
        used = connection.execute(_USE, {"nonce": nonce, "expires_at": int.from_bytes(nonce[:8], "big")})
        if used.rowcount != 1:
            raise _refused("a page's nonce that came with another scan", "page-nonce-used")

    def _mac(self, item: ItemKey | None, network: str, head: bytes) -> bytes:
        about = b"" if item is None else item.text.encode("ascii")
        message = b"\x00".join((b"countermark/page-nonce/1", about, network.encode("ascii"), head))
        return hmac.digest(self.secret, message, hashlib.sha256)[:_MAC_BYTES]


def _refused(got: str, reason: str) -> InputRefused:
    return InputRefused(
        got=got,
        expected=f"the nonce of a page of this node that was opened at most {LIFE_SECONDS} seconds ago, used once",
        next_step="load the page again, or send the scan without page_nonce",
        reason=reason,
    )
