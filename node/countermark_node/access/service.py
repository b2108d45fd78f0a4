"""Who is asking: a browser's session, a token, an API key, or a desk's access key."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete
from sqlmodel import Session, col, select
from starlette.requests import HTTPConnection

from countermark.errors import NotPermitted, NotSignedIn, RateLimited
from countermark_node.access import api_keys, rights
from countermark_node.access.desk_links import take_desk_link
from countermark_node.access.log_in import LogIns
from countermark_node.access.permissions import OF_DESK, Permission, permissions_of
from countermark_node.access.principal import NOBODY, How, Principal
from countermark_node.access.tables import SessionRow
from countermark_node.access.tokens import AccessTokens
from countermark_node.access.used import is_used, use_once
from countermark_node.database import Database
from countermark_node.installation import DESKS, Desk
from countermark_node.rate_limit import RateLimiter
from countermark_node.request_source import RequestSource
from countermark_node.times import Clock, seconds

COOKIE = "countermark_session"
_ID_BYTES = 32
_LONGEST = 256


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long a session lives, in seconds, and how many there are."""

    seconds: int
    most: int


class AccessService:
    """All methods may be called from any thread. `keys` are the desks' access keys, none where they are turned off."""

    def __init__(
        self,
        database: Database,
        keys: Mapping[Desk, str],
        *,
        log_ins: LogIns,
        tokens: AccessTokens,
        freshen: Callable[[], None],
        limiter: RateLimiter,
        policy: SessionPolicy,
        clock: Clock,
    ) -> None:
        self.log_ins = log_ins
        self._database = database
        self._keys = {desk: _hash(key) for desk, key in keys.items()}
        self._tokens = tokens
        self._freshen = freshen
        self._limiter = limiter
        self._policy = policy
        self._clock = clock

    def log_in(self, desk: Desk, key: str, source: RequestSource) -> str:
        """Begin a session; returns its id. Raises NotPermitted (wrong-key), RateLimited after too many failures."""
        self._limiter.take(source.network)
        if not self._fits(desk, key):
            raise NotPermitted(
                got="an access key that does not fit",
                expected=f"the access key of the {desk} desk",
                next_step="ask the node's operator, who finds it in the node's home folder",
                reason="wrong-key",
            )
        self._limiter.give_back(source.network)
        now = seconds(self._clock())
        with self._database.write() as session:
            return self._begin(session, desk, now)

    def enter(self, code: str, source: RequestSource) -> tuple[Desk, str]:
        """Begin a session by a one-time link; the desk and the session's id. Raises NotPermitted, RateLimited."""
        self._limiter.take(source.network)
        now = seconds(self._clock())
        with self._database.write() as session:
            desk = take_desk_link(session.connection(), code, now=now)
            session_id = "" if desk is None else self._begin(session, desk, now)
        if desk is None:
            raise NotPermitted(
                got="a link that was used, ran out or never was",
                expected="a link of the last minute",
                next_step="make a new one: countermark desk",
                reason="wrong-link",
            )
        self._limiter.give_back(source.network)
        return desk, session_id

    def log_out(self, session_id: str) -> None:
        """End a session, if it lives."""
        with self._database.write() as session:
            session.exec(delete(SessionRow).where(col(SessionRow.id_hash) == _hash(session_id)))

    def principal(self, request: HTTPConnection) -> Principal:
        """Who a request is from, with the rights of this moment.

        Raises NotSignedIn for a token or API key that does not count, RateLimited after too many wrong keys.
        """
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._by_bearer(text.strip(), RequestSource.of(request))
        cookie = request.cookies.get(COOKIE, "")
        return self._by_session(cookie) if 0 < len(cookie) <= _LONGEST else NOBODY

    def may(self, request: HTTPConnection, permission: Permission) -> bool:
        """Whether a request may still do what it began."""
        try:
            return permission in self.principal(request).permissions
        except (NotSignedIn, RateLimited):
            return False

    def desks(self, request: HTTPConnection) -> frozenset[Desk]:
        """The desks that the request may act for. Raises RateLimited after too many wrong keys."""
        try:
            return self.principal(request).desks
        except NotSignedIn:
            return frozenset()

    def give_back_token(self, text: str) -> None:
        """End a token before its time. Raises NotSignedIn when it is none of ours."""
        now = seconds(self._clock())
        token = self._tokens.read(text, now)
        with self._database.write() as session:
            use_once(session.connection(), f"token:{token.id}", expires_at=token.expires_at, now=now)

    def _by_bearer(self, text: str, source: RequestSource) -> Principal:
        if text.count(".") == 2:
            return self._by_token(text)
        self._limiter.take(source.network)
        found = self._by_api_key(text) if text.startswith(api_keys.PREFIX) else self._by_desk_key(text)
        if found is not NOBODY:
            self._limiter.give_back(source.network)
        elif text.startswith(api_keys.PREFIX):
            raise NotSignedIn(
                got="an API key that does not count: unknown, ended or run out",
                expected="a key that the node's operator made",
                next_step="ask the operator for a new one: countermark node key make",
                reason="bad-api-key",
            )
        return found

    def _by_token(self, text: str) -> Principal:
        now = seconds(self._clock())
        token = self._tokens.read(text, now)
        self._freshen()
        with self._database.read() as session:
            found = rights.account_of(session, token.key, now)
            if found is None or found[0] != token.account or is_used(session.connection(), f"token:{token.id}"):
                raise NotSignedIn(
                    got="a token of a key that no longer acts for the account, or one that was given back",
                    expected="a token whose key still counts",
                    next_step="log in with a key that is valid: countermark login",
                    reason="token-ended",
                )
            roles = rights.roles_of(session, token.account, now)
        allowed = permissions_of(roles, token.scopes & found[1])
        return Principal(
            How.WALLET, f"account:{token.account}", allowed, token.account, roles, expires_at=token.expires_at
        )

    def _by_api_key(self, text: str) -> Principal:
        self._freshen()
        now = seconds(self._clock())
        with self._database.read() as session:
            row = api_keys.find_api_key(session, text, now=now)
            if row is None or not rights.is_account(session, row.account):
                return NOBODY
            roles = rights.roles_of(session, row.account, now)
        allowed = permissions_of(roles) & api_keys.permissions_in(row)
        return Principal(How.API_KEY, f"api-key:{row.id}", allowed, row.account, roles, expires_at=row.expires_at)

    def _by_desk_key(self, key: str) -> Principal:
        return _at_desks(frozenset(desk for desk in DESKS if self._fits(desk, key)))

    def _by_session(self, session_id: str) -> Principal:
        with self._database.read() as session:
            row = session.exec(
                select(SessionRow).where(
                    SessionRow.id_hash == _hash(session_id), SessionRow.expires_at > seconds(self._clock())
                )
            ).first()
        return _at_desks(frozenset(desk for desk in DESKS if row is not None and row.desk == desk))

    def _begin(self, session: Session, desk: Desk, now: int) -> str:
        session_id = secrets.token_urlsafe(_ID_BYTES)
        self._make_room(session, now)
        expires = now + self._policy.seconds
        session.add(SessionRow(id_hash=_hash(session_id), desk=desk, created_at=now, expires_at=expires))
        return session_id

    def _fits(self, desk: Desk, key: str) -> bool:
        # Hashes have one length, so the comparison tells nothing about the key's.
        return desk in self._keys and hmac.compare_digest(self._keys[desk], _hash(key))

    def _make_room(self, session: Session, now: int) -> None:
        session.exec(delete(SessionRow).where(col(SessionRow.expires_at) <= now))
        newest = col(SessionRow.created_at).desc()
        kept = select(SessionRow.id_hash).order_by(newest, col(SessionRow.id_hash)).limit(self._policy.most - 1)
        session.exec(delete(SessionRow).where(col(SessionRow.id_hash).not_in(kept)))


def _at_desks(desks: frozenset[Desk]) -> Principal:
    if not desks:
        return NOBODY
    allowed = frozenset[Permission]().union(*(OF_DESK[desk] for desk in desks))
    return Principal(How.DESK, f"desk:{'+'.join(sorted(desks))}", allowed, desks=desks)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
