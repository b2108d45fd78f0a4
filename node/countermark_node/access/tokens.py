"""Access tokens: short JSON Web Tokens (RFC 7519, RFC 9068) of one node for itself, HS256 and nothing else."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field

from countermark import base64url
from countermark.credentials.strict_json import read_object
from countermark.errors import CredentialRefused, NotSignedIn, TooLarge
from countermark.roles import KeyScope

_HEADER = base64url.encode(b'{"alg":"HS256","typ":"at+jwt"}')
_LONGEST = 2_048
_MEMBERS = {"iss", "aud", "sub", "key", "scope", "iat", "exp", "jti"}


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a token says. `scopes` are those of `key` when it was made; times are unix seconds."""

    account: str
    key: str
    scopes: KeyScope
    issued_at: int
    expires_at: int
    id: str


@dataclass(frozen=True, slots=True)
class AccessTokens:
    """`issuer` names the node and its chain; `secret` is the installation's."""

    issuer: str
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, issuer: str, salt: bytes) -> AccessTokens:
        """With a key of its own, made from the installation's salt."""
        return cls(issuer, hmac.digest(salt, b"countermark/access-token/1", hashlib.sha256))

    def write(self, token: AccessToken) -> str:
        """The compact form (RFC 7515, section 3.1)."""
        claims = {
            "iss": self.issuer,
            "aud": self.issuer,
            "sub": token.account,
            "key": token.key,
            "scope": int(token.scopes),
            "iat": token.issued_at,
            "exp": token.expires_at,
            "jti": token.id,
        }
        head = f"{_HEADER}.{base64url.encode(json.dumps(claims, separators=(',', ':')).encode('ascii'))}"
        return f"{head}.{base64url.encode(self._mac(head))}"

    def read(self, text: str, now: int) -> AccessToken:
        """What this node's token says. Raises NotSignedIn (bad-token, token-expired)."""
        head, _, mac = text[: _LONGEST + 1].rpartition(".")
        given = base64url.decode(mac)
        # The header is compared, not read: no token chooses how it is checked.
        fits = given is not None and head.isascii() and hmac.compare_digest(given, self._mac(head))
        if len(text) > _LONGEST or not fits or not head.startswith(f"{_HEADER}."):
            raise _refused("a token that this node did not make", "bad-token")
        token = self._claims(base64url.decode(head.removeprefix(f"{_HEADER}.")) or b"")
        if not token.issued_at <= now + 60 or now >= token.expires_at:
            raise _refused("a token that has run out", "token-expired")
        return token

    def _claims(self, raw: bytes) -> AccessToken:
        try:
            claims = read_object(raw, what="access token", depth=2)
        except (CredentialRefused, TooLarge):
            raise _refused("a token without claims", "bad-token") from None
        if claims.keys() != _MEMBERS or (claims["iss"], claims["aud"]) != (self.issuer, self.issuer):
            raise _refused("a token of another node", "bad-token")
        scopes = KeyScope(claims["scope"] & KeyScope.ALL)
        return AccessToken(claims["sub"], claims["key"], scopes, claims["iat"], claims["exp"], claims["jti"])

    def _mac(self, head: str) -> bytes:
        return hmac.digest(self.secret, head.encode("ascii"), hashlib.sha256)


def _refused(got: str, reason: str) -> NotSignedIn:
    return NotSignedIn(
        got=got, expected="an access token of this node", next_step="log in again: countermark login", reason=reason
    )
