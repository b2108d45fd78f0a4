"""The trademark credential: an IP office says which account holds which registered mark.

W3C Verifiable Credentials Data Model 2.0 as `vc+jwt` (W3C VC-JOSE-COSE section 3.1.1); the vocabulary is UNTP 0.7.0's
DigitalIdentityAnchor with `registerType` "trademark". Terms that UNTP lacks are declared in the credential itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from countermark.credentials.account_id import AccountId
from countermark.credentials.claims import Claims, instant
from countermark.credentials.gate import open_token, sign_token
from countermark.credentials.issuer_keys import name_of, signs_as
from countermark.credentials.status_list import StatusEntry, entries_of
from countermark.errors import CredentialRefused, InputRefused
from countermark.identifiers import check_mark
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey, PublicKey

MEDIA_TYPE = "vc+jwt"
CONTEXTS = ("https://www.w3.org/ns/credentials/v2", "https://vocabulary.uncefact.org/untp/0.7.0/context/")
OWN_TERMS = {
    "holderAccount": "urn:countermark:terms:holderAccount",
    "niceClasses": "urn:countermark:terms:niceClasses",
    "wordMark": "urn:countermark:terms:wordMark",
}
TYPES = ("VerifiableCredential", "DigitalIdentityAnchor")
REGISTER_TYPE = "trademark"
ID_SCHEME = {"type": ["IdentifierScheme"], "id": "urn:wipo:st13", "name": "WIPO Standard ST.13"}
_TEXT = 1_000


@dataclass(frozen=True, slots=True)
class Trademark:
    """One registered mark: ST.13 identifier, its words, Nice classes (1..45, ascending) and registration day."""

    mark: str
    text: str
    nice_classes: tuple[int, ...]
    registered_on: date

    def __post_init__(self) -> None:
        check_mark(self.mark)
        ascending = list(self.nice_classes) == sorted(set(self.nice_classes))
        if not self.nice_classes or not ascending or not all(1 <= number <= 45 for number in self.nice_classes):
            raise InputRefused(
                got=f"Nice classes {self.nice_classes}",
                expected="at least one class between 1 and 45, ascending, each once",
                next_step="copy the classes from the office's register",
                reason="bad-nice-class",
            )
        if not 0 < len(self.text) <= _TEXT:
            raise InputRefused(
                got=f"a mark text of {len(self.text)} characters",
                expected=f"1 to {_TEXT} characters",
                next_step="give the words of the mark",
                reason="bad-mark-text",
            )


@dataclass(frozen=True, slots=True)
class TrademarkCredential:
    """What a verified trademark credential says. Times are UTC. `status`: where its office publishes its state."""

    id: str
    trademark: Trademark
    issuer: str
    issuer_name: str
    holder: AccountId
    holder_name: str
    valid_from: datetime
    valid_until: datetime
    status: tuple[StatusEntry, ...] = ()

    @property
    def mark(self) -> str:
        """The ST.13 identifier."""
        return self.trademark.mark


def issue_trademark_credential(
    trademark: Trademark,
    *,
    office_name: str,
    key: PrivateKey,
    holder: AccountId,
    holder_name: str,
    valid_from: datetime,
    valid_until: datetime,
    credential_id: str,
    issuer: str | None = None,
    status: tuple[StatusEntry, ...] = (),
) -> str:
    """The signed compact token, valid in the seconds from `valid_from` to `valid_until`.

    `credential_id` is a URI, such as urn:uuid:; `issuer` a did:web, or None for the key's did:key. The same input
    gives the same token. Raises InputRefused (empty-period), CredentialRefused (bad-did).
    """
    if valid_from >= valid_until:
        raise InputRefused(
            got=f"{instant(valid_from)} to {instant(valid_until)}",
            expected="a period that ends after it begins",
            next_step="give a later end",
            reason="empty-period",
        )
    did, _ = name_of(issuer, key.public)
    return sign_trademark_credential(
        TrademarkCredential(
            credential_id, trademark, did, office_name, holder, holder_name, valid_from, valid_until, status
        ),
        key,
    )


def sign_trademark_credential(credential: TrademarkCredential, key: PrivateKey) -> str:
    """The signed compact token of `credential`, whose issuer is a did:web or the did:key of `key`."""
    _, kid = name_of(credential.issuer if credential.issuer.startswith("did:web:") else None, key.public)
    return sign_token(to_claims(credential), typ=MEDIA_TYPE, key=key, kid=kid, cty="vc")


def to_claims(credential: TrademarkCredential) -> dict[str, Any]:
    """The credential as VC 2.0 JSON."""
    mark = credential.trademark
    status = [entry.to_claims() for entry in credential.status]
    return ({"credentialStatus": status} if status else {}) | {
        "@context": [*CONTEXTS, OWN_TERMS],
        "type": list(TYPES),
        "id": credential.id,
        "name": f"Trademark {mark.mark}",
        "issuer": {"type": ["CredentialIssuer"], "id": credential.issuer, "name": credential.issuer_name},
        "validFrom": instant(credential.valid_from),
        "validUntil": instant(credential.valid_until),
        "credentialSubject": {
            "type": ["RegisteredIdentity"],
            "id": credential.holder.did,
            "registeredName": credential.holder_name,
            "registeredId": mark.mark,
            "registeredDate": mark.registered_on.isoformat(),
            "idScheme": ID_SCHEME,
            "registerType": REGISTER_TYPE,
            "holderAccount": credential.holder.caip10,
            "wordMark": mark.text,
            "niceClasses": list(mark.nice_classes),
        },
    }


def read_trademark_credential(
    token: str, key: PublicKey, now: datetime, *, limits: Limits = DEFAULT_LIMITS
) -> TrademarkCredential:
    """What `token` says, signed by exactly `key` and in its validity at `now`.

    Whether `key` is an office's, and what the chain says of the mark, is `trust.check_credential`'s question.
    Raises CredentialRefused with the gate's reasons, or wrong-issuer, bad-claim, not-yet-valid, expired.
    """
    opened = open_token(token, typ=MEDIA_TYPE, key=key, limits=limits)
    credential = _from_claims(opened.claims, limits)
    if not signs_as(credential.issuer, str(opened.header.get("kid")), key):
        raise _refused("wrong-issuer", credential.issuer, "the DID that kid names: the signing key's own, or a did:web")
    if now < credential.valid_from:
        raise _refused("not-yet-valid", instant(now), f"a time from {instant(credential.valid_from)} on")
    if now >= credential.valid_until:
        raise _refused("expired", instant(now), f"a time before {instant(credential.valid_until)}")
    return credential


def credential_hash(token: str) -> bytes:
    """The 32 bytes anchored on chain: SHA-256 of the compact token, which the gate allows only one spelling."""
    return hashlib.sha256(token.encode("utf-8")).digest()


def _refused(reason: str, got: str, expected: str) -> CredentialRefused:
    return CredentialRefused(
        got=got, expected=expected, next_step="ask the IP office for a current credential", reason=reason
    )


def _from_claims(raw: Mapping[str, Any], limits: Limits) -> TrademarkCredential:
    claims = Claims(raw, "credential")
    claims.must_equal("@context", [*CONTEXTS, OWN_TERMS])
    claims.must_equal("type", list(TYPES))
    issuer, subject = claims.object("issuer"), claims.object("credentialSubject")
    subject.must_equal("registerType", REGISTER_TYPE)
    subject.must_equal("idScheme", ID_SCHEME)
    holder = AccountId.from_did(subject.text("id"))
    subject.must_equal("holderAccount", holder.caip10)
    return TrademarkCredential(
        claims.text("id"),
        _trademark(subject),
        issuer.text("id"),
        issuer.text("name"),
        holder,
        subject.text("registeredName"),
        claims.instant("validFrom"),
        claims.instant("validUntil"),
        entries_of(claims, limits),
    )


def _trademark(subject: Claims) -> Trademark:
    try:
        return Trademark(
            subject.text("registeredId"),
            subject.text("wordMark"),
            subject.integers("niceClasses"),
            subject.day("registeredDate"),
        )
    except InputRefused as error:
        raise _refused("bad-claim", error.got, error.expected) from None
