"""Log-in by Sign-In with Ethereum (EIP-4361): a nonce of ours, a text signed by a registered key, a short token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from countermark.errors import InputRefused, NotPermitted
from countermark.sign_in import SignInMessage, moment_of, recover_text
from countermark_node.access.rights import account_of
from countermark_node.access.tokens import AccessToken, AccessTokens
from countermark_node.access.used import use_once
from countermark_node.database import Database
from countermark_node.times import Clock, seconds

NONCE_SECONDS = 300
_SKEW_SECONDS = 300
_TIME_BYTES = 8
_RANDOM_BYTES = 8
_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Nonces:
    """Nonces of 64 hexadecimal digits, known again without being kept: time of expiry (8) | random (8) | HMAC (16).

    So nobody fills the database by asking; what is kept is which ones were used.
    """

    secret: bytes = field(repr=False)

    def make(self, now: int, random: bytes) -> str:
        """A nonce; `random` has 8 bytes."""
        head = (now + NONCE_SECONDS).to_bytes(_TIME_BYTES, "big") + random
        return (head + self._mac(head)).hex()

    def expiry(self, nonce: str, now: int) -> int:
        """When a nonce of ours runs out. Raises InputRefused (bad-nonce) unless it is one and has not."""
        raw = bytes.fromhex(nonce) if len(nonce) == 64 and set(nonce) <= set("0123456789abcdef") else b""
        head, mac = raw[: _TIME_BYTES + _RANDOM_BYTES], raw[_TIME_BYTES + _RANDOM_BYTES :]
        expires_at = int.from_bytes(head[:_TIME_BYTES], "big")
        if not hmac.compare_digest(mac, self._mac(head)) or expires_at <= now:
            raise refused("a nonce that this node did not give, or too long ago", "bad-nonce")
        return expires_at

    def _mac(self, head: bytes) -> bytes:
        return hmac.digest(self.secret, b"countermark/log-in/1\x00" + head, hashlib.sha256)[:_MAC_BYTES]


@dataclass(frozen=True, slots=True)
class LogInPolicy:
    """The chain that messages must name, and how many seconds a token lives."""

    chain_id: int
    token_seconds: int


class LogIns:
    """`freshen` reads what is new on the ledger; `random` gives bytes. All methods may be called from any thread."""

    def __init__(
        self,
        database: Database,
        nonces: Nonces,
        tokens: AccessTokens,
        policy: LogInPolicy,
        *,
        freshen: Callable[[], None],
        random: Callable[[int], bytes],
        clock: Clock,
    ) -> None:
        self._database = database
        self._nonces = nonces
        self._tokens = tokens
        self._policy = policy
        self._freshen = freshen
        self._random = random
        self._clock = clock

    @property
    def chain_id(self) -> int:
        """The chain that messages must name."""
        return self._policy.chain_id

    def nonce(self) -> tuple[str, int]:
        """Something fresh to sign, and until when it can be used."""
        now = seconds(self._clock())
        return self._nonces.make(now, self._random(_RANDOM_BYTES)), now + NONCE_SECONDS

    def log_in(self, text: str, signature: bytes, own_hosts: frozenset[str]) -> tuple[str, AccessToken]:
        """The access token for who signed `text`, and what it says. `own_hosts` are this node's names, with ports.

        Raises InputRefused (bad-sign-in, wrong-host, wrong-chain, bad-time, bad-nonce, nonce-used) and NotPermitted
        (bad-signature, unknown-key). Nothing is stored unless a registered key signed.
        """
        message, now = SignInMessage.parse(text), seconds(self._clock())
        self._check_place(message, own_hosts)
        _check_times(message, now)
        expires_at = self._nonces.expiry(message.nonce, now)
        if recover_text(text, signature) != message.address:
            raise _not_permitted("a signature by another key", "bad-signature")
        self._freshen()
        with self._database.write() as session:
            found = account_of(session, message.address, now)
            if found is None:
                raise _not_permitted(f"key {message.address}, which acts for no account now", "unknown-key")
            if not use_once(session.connection(), f"nonce:{message.nonce}", expires_at=expires_at, now=now):
                raise refused("a nonce that was used", "nonce-used")
        account, scopes = found
        token = AccessToken(
            account, message.address, scopes, now, now + self._policy.token_seconds, self._random(16).hex()
        )
        return self._tokens.write(token), token

    def _check_place(self, message: SignInMessage, own_hosts: frozenset[str]) -> None:
        # What was signed for another host came from there: somebody passes on a log-in that he asked for himself.
        uris = (f"https://{message.domain}", f"http://{message.domain}")
        if message.domain.lower() not in own_hosts or message.uri not in uris or message.scheme not in (None, "https"):
            raise refused(
                f"a log-in at {message.scheme or ''} {message.domain} ({message.uri})".replace("  ", " "), "wrong-host"
            )
        if message.chain_id != self._policy.chain_id:
            raise refused(f"chain {message.chain_id}", "wrong-chain")


def _check_times(message: SignInMessage, now: int) -> None:
    issued = moment_of(message.issued_at).timestamp()
    ended = message.expiration_time is not None and moment_of(message.expiration_time).timestamp() <= now
    early = message.not_before is not None and moment_of(message.not_before).timestamp() > now + _SKEW_SECONDS
    if abs(issued - now) > NONCE_SECONDS + _SKEW_SECONDS or ended or early:
        raise refused("a message that is not valid now", "bad-time")


def refused(got: str, reason: str) -> InputRefused:
    """What cannot be a log-in here."""
    return InputRefused(
        got=got,
        expected="an EIP-4361 message for this node's own host and chain, with a fresh nonce of this node, used once",
        next_step="log in again: countermark login; the node's operator lists its hosts in COUNTERMARK_LOG_IN_HOSTS",
        reason=reason,
    )


def _not_permitted(got: str, reason: str) -> NotPermitted:
    return NotPermitted(
        got=got,
        expected="a signature by a key that TrustRegistry lists for an account, valid now",
        next_step="sign with an account's own key, or register one: countermark account register; what was "
        "claimed needs neither account nor log-in: countermark holdings, countermark history TOKEN",
        reason=reason,
    )
