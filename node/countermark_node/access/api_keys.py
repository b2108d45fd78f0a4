"""Keys of ERP systems: shown once, kept as hashes, bound to an account whose rights on the ledger they never exceed."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from countermark.errors import InputRefused, NotFound
from countermark.identifiers import check_account
from countermark_node.access.permissions import Permission
from countermark_node.access.tables import ApiKeyRow

PREFIX = "cmk_"
MOST_DAYS = 730
_KEY = re.compile(r"cmk_([0-9a-f]{12})_([0-9a-f]{64})", re.ASCII)
_ID_BYTES = 6
_SECRET_BYTES = 32
_LABEL = 60
_DAY = 86_400
_NOBODYS_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """What to make: for which account, for what, how long, and what people call it."""

    label: str
    account: str
    permissions: frozenset[Permission]
    days: int

    @classmethod
    def of(cls, label: str, account: str, permissions: Iterable[str], days: int) -> NewApiKey:
        """Checked. Raises InputRefused (bad-api-key)."""
        wanted = frozenset(permissions)
        known = frozenset(one for one in Permission if one in wanted)
        if not wanted or len(known) != len(wanted):
            raise _bad(f"scopes {', '.join(sorted(wanted)) or 'none'}", f"one or more of {', '.join(Permission)}")
        if not 1 <= days <= MOST_DAYS:
            raise _bad(f"{days} days", f"1 to {MOST_DAYS} days")
        if not 1 <= len(label) <= _LABEL or not label.isprintable():
            raise _bad(f"label {label!r}", f"1 to {_LABEL} printable characters")
        return cls(label, check_account(account), known, days)


def make_api_key(session: Session, new: NewApiKey, *, now: int, random: Callable[[int], bytes]) -> tuple[str, str]:
    """Its id and the key itself, which nobody can show again."""
    name, secret = random(_ID_BYTES).hex(), random(_SECRET_BYTES).hex()
    row = ApiKeyRow(
        id=name,
        secret_hash=_hash(secret),
        label=new.label,
        account=new.account,
        permissions=" ".join(sorted(new.permissions)),
        created_at=now,
        expires_at=now + new.days * _DAY,
    )
    session.add(row)
    return name, f"{PREFIX}{name}_{secret}"


def list_api_keys(session: Session) -> list[ApiKeyRow]:
    """All keys, the newest first."""
    return list(session.exec(select(ApiKeyRow).order_by(col(ApiKeyRow.created_at).desc(), col(ApiKeyRow.id))))


def revoke_api_key(session: Session, name: str, *, now: int) -> ApiKeyRow:
    """End a key at once. Raises NotFound (no-such-api-key)."""
    row = session.get(ApiKeyRow, name)
    if row is None:
        raise NotFound(
            got=f"API key {name!r}",
            expected="the id of a key of this node",
            next_step="run: countermark node key list",
            reason="no-such-api-key",
        )
    row.revoked_at = now if row.revoked_at is None else row.revoked_at
    session.add(row)
    return row


def find_api_key(session: Session, text: str, *, now: int) -> ApiKeyRow | None:
    """The living key behind `text`."""
    found = _KEY.fullmatch(text)
    if found is None:
        return None
    row = session.get(ApiKeyRow, found[1])
    # Unknown ids take as long as wrong secrets. The secret has 256 random bits, so one hash protects it.
    fits = hmac.compare_digest(_hash(found[2]), _NOBODYS_HASH if row is None else row.secret_hash)
    alive = row is not None and row.revoked_at is None and now < row.expires_at
    return row if fits and alive else None


def permissions_in(row: ApiKeyRow) -> frozenset[Permission]:
    """What a key is for; what a later release made known and this one does not is left out."""
    named = set(row.permissions.split())
    return frozenset(one for one in Permission if one in named)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()


def _bad(got: str, expected: str) -> InputRefused:
    return InputRefused(got=got, expected=expected, next_step="correct it and try again", reason="bad-api-key")
