"""Challenges: random, for one item, for a few minutes, answered once. A node keeps none that it only gave out."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from countermark.errors import InputRefused
from countermark.gs1.identity import ItemKey

CHALLENGE_SECONDS = 300
_TIME_BYTES = 8
_RANDOM_BYTES = 8
_MAC_BYTES = 16

_USE = text(
    "INSERT INTO used_challenge (challenge, expires_at) VALUES (:challenge, :expires_at) ON CONFLICT DO NOTHING"
)
_FORGET = text("DELETE FROM used_challenge WHERE expires_at < :now")


@dataclass(frozen=True, slots=True)
class Challenges:
    """Makes challenges of 32 bytes and knows them again: time of expiry (8) | random (8) | HMAC (16)."""

    secret: bytes = field(repr=False)

    def make(self, item: ItemKey, now: int, random: bytes) -> bytes:
        """A challenge for `item`; `random` has 8 bytes."""
        head = (now + CHALLENGE_SECONDS).to_bytes(_TIME_BYTES, "big") + random
        return head + self._mac(item, head)

    def check(self, item: ItemKey, challenge: bytes, now: int) -> None:
        """Raises InputRefused (bad-challenge) unless this node made it for this item a short time ago."""
        head, mac = challenge[: _TIME_BYTES + _RANDOM_BYTES], challenge[_TIME_BYTES + _RANDOM_BYTES :]
        if not hmac.compare_digest(mac, self._mac(item, head)) or self._expiry(challenge) < now:
            raise _refused("a challenge that this node did not give for this item, or too long ago")

    def use(self, connection: Connection, challenge: bytes, now: int) -> None:
        """Note that it was answered. Raises InputRefused (challenge-used) the second time."""
        connection.execute(_FORGET, {"now": now})
        used = connection.execute(_USE, {"challenge": challenge, "expires_at": self._expiry(challenge)})
        if used.rowcount != 1:
            raise _refused("a challenge that was answered before", "challenge-used")

    @staticmethod
    def _expiry(challenge: bytes) -> int:
        return int.from_bytes(challenge[:_TIME_BYTES], "big")

    def _mac(self, item: ItemKey, head: bytes) -> bytes:
        message = b"countermark/challenge/1\x00" + item.text.encode("ascii") + b"\x00" + head
        return hmac.digest(self.secret, message, hashlib.sha256)[:_MAC_BYTES]


def _refused(got: str, reason: str = "bad-challenge") -> InputRefused:
    return InputRefused(
        got=got,
        expected=f"a challenge of this node for this very item, at most {CHALLENGE_SECONDS} seconds old, answered once",
        next_step="ask for a new challenge (POST /v1/challenges) and sign that",
        reason=reason,
    )
