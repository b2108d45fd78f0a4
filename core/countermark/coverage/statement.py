"""A brand's signed statement of which goods carry a label: products, since when, for which markets.

A compact JWS (ES256) of type `countermark-coverage+jwt` behind the strict gate. A later statement replaces an earlier
one of the same brand as a whole; `number` grows, so that an old one cannot come back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from countermark.credentials.account_id import AccountId
from countermark.credentials.claims import Claims
from countermark.credentials.did_key import key_id_of, key_of
from countermark.credentials.gate import open_token, read_header, sign_token
from countermark.errors import InputRefused, LabelRefused
from countermark.gs1.identity import parse_gtin
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey, PublicKey

TYPE = "countermark-coverage+jwt"
FORMAT = "countermark/coverage/1"
_MEMBERS = frozenset({"format", "iss", "iat", "number", "entries"})
_ENTRY = frozenset({"product", "since", "until", "markets"})
_PREFIX = re.compile(r"[0-9]{4,12}")
_MARKET = re.compile(r"[A-Z]{2}")
_MOST_NUMBER = (1 << 53) - 1
_MOST_MARKETS = 300


@dataclass(frozen=True, slots=True)
class CoverageEntry:
    """Goods made from `since` to `until` (both included, None for no end) for `markets` carry a label.

    `product` is a GTIN (14 digits) or the first 4 to 12 digits behind a GTIN's first one, for all products beginning
    with them. `markets` are countries (ISO 3166-1, two letters), none for every country.
    Raises InputRefused (bad-coverage).
    """

    product: str
    since: date
    until: date | None = None
    markets: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        try:
            whole = len(self.product) == 14 and parse_gtin(self.product) == self.product
        except LabelRefused:
            whole = False
        if not whole and not _PREFIX.fullmatch(self.product):
            raise _refused(
                f"product {self.product!r}", "a GTIN of 14 digits, or the 4 to 12 first digits behind its first"
            )
        if self.until is not None and self.until < self.since:
            raise _refused(f"{self.since} to {self.until}", "an end that is not before the beginning")
        if len(self.markets) > _MOST_MARKETS or not all(_MARKET.fullmatch(market) for market in self.markets):
            raise _refused("markets " + ", ".join(sorted(self.markets)), "countries as two capital letters, such as DE")

    def covers_product(self, gtin: str) -> bool:
        """Whether it speaks of this product (14 digits)."""
        return self.product == gtin if len(self.product) == 14 else gtin[1:].startswith(self.product)

    def covers_market(self, market: str) -> bool:
        """Whether it speaks of this country."""
        return not self.markets or market in self.markets

    def to_json(self) -> dict[str, Any]:
        """As it is signed."""
        until = None if self.until is None else self.until.isoformat()
        return {
            "product": self.product,
            "since": self.since.isoformat(),
            "until": until,
            "markets": sorted(self.markets),
        }

    @classmethod
    def from_claims(cls, claims: Claims) -> Self:
        """Read what was signed. Raises CredentialRefused (bad-claim), InputRefused (bad-coverage)."""
        markets = claims.members.get("markets")
        if claims.members.keys() != _ENTRY:
            raise claims.refused("members", ", ".join(sorted(_ENTRY)))
        if not isinstance(markets, list) or len(markets) > _MOST_MARKETS or sorted(set(map(str, markets))) != markets:
            raise claims.refused("markets", "a sorted list of countries, each once")
        until = None if claims.members["until"] is None else claims.day("until")
        return cls(claims.text("product"), claims.day("since"), until, frozenset(markets))


@dataclass(frozen=True, slots=True)
class Coverage:
    """All that a brand says of its labels. `number` is above that of every statement before."""

    brand: AccountId
    number: int
    issued_at: datetime
    entries: tuple[CoverageEntry, ...]

    def sign(self, key: PrivateKey, limits: Limits = DEFAULT_LIMITS) -> str:
        """The token, by a credential key that the brand has listed. Raises InputRefused, TooLarge."""
        if not 1 <= self.number <= _MOST_NUMBER or len(self.entries) > limits.coverage_entries:
            raise _refused(
                f"number {self.number} with {len(self.entries)} entries",
                f"a number above 0 and at most {limits.coverage_entries} entries",
            )
        return sign_token(self._claims(), typ=TYPE, key=key, kid=key_id_of(key.public), limits=limits)

    def _claims(self) -> Mapping[str, Any]:
        return {
            "format": FORMAT,
            "iss": self.brand.did,
            "iat": int(self.issued_at.timestamp()),
            "number": self.number,
            "entries": [entry.to_json() for entry in self.entries],
        }


def read_coverage(token: str, key: PublicKey, limits: Limits = DEFAULT_LIMITS) -> Coverage:
    """The statement that `key` signed.

    Raises CredentialRefused (the gate's reasons, bad-claim), InputRefused (bad-coverage), TooLarge.
    """
    claims = Claims(open_token(token, typ=TYPE, key=key, limits=limits).claims, "coverage")
    if claims.members.keys() != _MEMBERS:
        raise claims.refused("members", ", ".join(sorted(_MEMBERS)))
    claims.must_equal("format", FORMAT)
    entries = claims.members["entries"]
    if not isinstance(entries, list) or len(entries) > limits.coverage_entries:
        raise claims.refused("entries", f"a list of at most {limits.coverage_entries} entries")
    return Coverage(
        brand=AccountId.from_did(claims.text("iss")),
        number=claims.positive("number", most=_MOST_NUMBER),
        issued_at=claims.seconds("iat"),
        entries=tuple(_entry(claims, place, each) for place, each in enumerate(entries)),
    )


def named_key(token: str, limits: Limits = DEFAULT_LIMITS) -> PublicKey:
    """The key that a token names, for looking it up: it proves nothing. Raises CredentialRefused, TooLarge."""
    return key_of(str(read_header(token, typ=TYPE, limits=limits).get("kid", "")).partition("#")[0])


def _entry(claims: Claims, place: int, given: object) -> CoverageEntry:
    if not isinstance(given, dict):
        raise claims.refused("entries", "objects")
    return CoverageEntry.from_claims(Claims(given, f"coverage.entries[{place}]"))


def _refused(got: str, expected: str) -> InputRefused:
    return InputRefused(
        got=got, expected=expected, next_step="correct the table and publish it again", reason="bad-coverage"
    )
