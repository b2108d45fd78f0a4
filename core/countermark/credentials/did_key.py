"""did:key of a P-256 key in the European blockchain infrastructure's form: a canonical JWK behind multicodec 0xeb51.

Sources: W3C CCG "The did:key Method", section on format; EBSI "DID method for natural persons" (jwk_jcs-pub);
multiformats table, code 0xeb51; RFC 8785 (canonical JSON).
"""

from __future__ import annotations

import json

from countermark.credentials import base58
from countermark.credentials.strict_json import read_object
from countermark.errors import CredentialRefused
from countermark.p256 import PublicKey

_PREFIX = "did:key:z"
_JWK_JCS_PUB = b"\xd1\xd6\x03"
"""0xeb51 as an unsigned varint."""
_LONGEST = 400


def did_of(key: PublicKey) -> str:
    """The key's only did:key, always starting `did:key:z2dmzD81c`."""
    return _PREFIX + base58.encode(_JWK_JCS_PUB + _canonical(key))


def key_id_of(key: PublicKey) -> str:
    """The DID URL of the one verification method in the key's DID document, used as `kid`."""
    did = did_of(key)
    return f"{did}#{did.removeprefix('did:key:')}"


def key_of(did: str) -> PublicKey:
    """The key inside `did`. Any spelling but the canonical one is refused. Raises CredentialRefused (bad-did)."""
    raw = base58.decode(did.removeprefix(_PREFIX)) if did.startswith(_PREFIX) and len(did) <= _LONGEST else None
    if raw is None or not raw.startswith(_JWK_JCS_PUB):
        raise _refused(did)
    key = PublicKey.from_jwk(read_object(raw[len(_JWK_JCS_PUB) :], what="key in the DID", depth=1))
    if did_of(key) != did:
        raise _refused(did)
    return key


def _canonical(key: PublicKey) -> bytes:
    # The four members are ASCII strings: sorted and without spaces is RFC 8785's form.
    return json.dumps(key.to_jwk(), separators=(",", ":"), sort_keys=True).encode("ascii")


def _refused(did: str) -> CredentialRefused:
    return CredentialRefused(
        got=did,
        expected="a did:key of a P-256 key in canonical jwk_jcs-pub form (did:key:z2dmzD81c...)",
        next_step="ask the key's owner for its DID again",
        reason="bad-did",
    )
