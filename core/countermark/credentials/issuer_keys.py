"""Which key signed: chosen by the token's key name among the keys that the chain knows, and among those alone.

A did:key proves that somebody has the key, a did:web document that somebody has the domain. Neither makes anybody an
IP office: a key that no account listed on the chain is never used, and a listed one needs no document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from countermark.credentials import did_web
from countermark.credentials.did_key import did_of, key_id_of
from countermark.credentials.did_web import DidDocument
from countermark.credentials.facts import Finding, OfficeKey
from countermark.p256 import PublicKey


def name_of(issuer: str | None, key: PublicKey) -> tuple[str, str]:
    """The issuer's DID and the `kid` of `key`: at the did:web `issuer`, or else as the key's own did:key.

    Raises CredentialRefused (bad-did).
    """
    if issuer is None:
        return did_of(key), key_id_of(key)
    did_web.url_of(issuer)
    return issuer, did_web.key_id_of(issuer, key)


def signs_as(issuer: str, kid: str, key: PublicKey) -> bool:
    """Whether a token that `key` signed may name `issuer` and `kid`: one DID, the key's own or a did:web."""
    return kid.partition("#")[0] == issuer and (issuer == did_of(key) or issuer.startswith("did:web:"))


def choose_key(
    kid: object, keys: Sequence[OfficeKey], account: str | None, documents: Mapping[str, DidDocument]
) -> OfficeKey | None:
    """The listed key that `kid` names, the entry of `account` before others; None when the chain knows none.

    Listing proves no possession: a stranger may list an office's key too.
    """
    named = [entry for entry in keys if isinstance(kid, str) and _is_named(kid, entry.key, documents)]
    return next((entry for entry in named if entry.account == account), named[0] if named else None)


def document_notes(issuer: str, key: PublicKey, documents: Mapping[str, DidDocument]) -> tuple[Finding, ...]:
    """What the issuer's did:web document adds: it never changes the judgement, the chain has spoken.

    Codes: did-document-agrees, did-document-differs, did-document-unknown; none for a did:key.
    """
    if not issuer.startswith("did:web:"):
        return ()
    document = documents.get(issuer)
    if document is None:
        return (Finding("did-document-unknown", {"did": issuer}),)
    agrees = key in document.keys.values()
    return (Finding("did-document-agrees" if agrees else "did-document-differs", {"did": issuer}),)


def _is_named(kid: str, key: PublicKey, documents: Mapping[str, DidDocument]) -> bool:
    did = kid.partition("#")[0]
    if did in documents and documents[did].keys.get(kid) == key:
        return True
    return did == did_of(key) or (did.startswith("did:web:") and kid == did_web.key_id_of(did, key))
