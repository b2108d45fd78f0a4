"""The passport of a segment: what its brand says about these products, signed before they become tokens.

W3C Verifiable Credentials Data Model 2.0 as `vc+jwt` (W3C VC-JOSE-COSE section 3.1.1); the vocabulary is UNTP 0.7.0's
DigitalProductPassport. SHA-256 of the compact token is the segment's `passport` on the chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from countermark import base64url
from countermark.credentials.account_id import AccountId
from countermark.credentials.claims import Claims, instant
from countermark.credentials.did_key import did_of, key_id_of
from countermark.credentials.gate import open_token, sign_token
from countermark.credentials.strict_json import read_object
from countermark.errors import CountermarkError, CredentialRefused, InputRefused
from countermark.gs1.identity import check_lot
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey, PublicKey
from countermark.products import ProductRecord, check_product_record

MEDIA_TYPE = "vc+jwt"
CONTEXTS = ("https://www.w3.org/ns/credentials/v2", "https://vocabulary.uncefact.org/untp/0.7.0/context/")
TYPES = ("DigitalProductPassport", "VerifiableCredential")
ID_SCHEME = {
    "type": ["IdentifierScheme"],
    "id": "https://id.gs1.org/01",
    "name": "Global Trade Item Number (GTIN)",
}
CATEGORY_SCHEME = ("urn:countermark:terms:category", "Categories in the brand's own words")
# The vocabulary wants a place of making; brands rarely publish more than the country.
FACILITY = {"type": ["Facility"], "id": "urn:countermark:terms:facilityNotDisclosed", "name": "not disclosed"}


@dataclass(frozen=True, slots=True)
class Passport:
    """What a passport says. `id` is a URI, `brand` the account that commissions, times are UTC."""

    id: str
    brand: AccountId
    product: ProductRecord
    valid_from: datetime
    lot: str | None = None
    expiry: date | None = None


@dataclass(frozen=True, slots=True)
class SignedPassport:
    """A passport as read from its token; `issuer` is the did:key of the brand's credential key."""

    passport: Passport
    issuer: str


def sign_passport(passport: Passport, key: PrivateKey) -> str:
    """The compact token, signed by the brand's credential key; the same input gives the same token.

    Raises InputRefused for what no passport may hold.
    """
    signed = SignedPassport(passport, did_of(key.public))
    token = sign_token(to_claims(signed), typ=MEDIA_TYPE, key=key, kid=key_id_of(key.public), cty="vc")
    read_passport(token, key.public)
    return token


def passport_hash(token: str) -> bytes:
    """The 32 bytes that commissioning puts on the chain: SHA-256 of the compact token, which has one spelling."""
    return hashlib.sha256(token.encode("utf-8")).digest()


def to_claims(signed: SignedPassport) -> dict[str, Any]:
    """The passport as VC 2.0 JSON."""
    passport, product = signed.passport, signed.passport.product
    return {
        "@context": list(CONTEXTS),
        "type": list(TYPES),
        "id": passport.id,
        "name": product.name,
        "issuer": {"type": ["CredentialIssuer"], "id": signed.issuer, "name": product.brand},
        "validFrom": instant(passport.valid_from),
        "credentialSubject": _subject(passport, product),
    }


def _subject(passport: Passport, product: ProductRecord) -> dict[str, Any]:
    scheme_id, scheme_name = CATEGORY_SCHEME
    subject: dict[str, Any] = {
        "type": ["Product"],
        "id": f"{ID_SCHEME['id']}/{product.gtin}",
        "name": product.name,
        "idScheme": ID_SCHEME,
        "idGranularity": "batch" if passport.lot else "model",
        "modelNumber": product.gtin,
        "productCategory": [
            {"code": product.category, "name": product.category, "schemeId": scheme_id, "schemeName": scheme_name}
        ],
        "producedAtFacility": FACILITY,
        "countryOfProduction": {"countryCode": product.country},
        "relatedParty": [
            {"role": "brandOwner", "party": {"type": ["Party"], "id": passport.brand.did, "name": product.brand}}
        ],
    }
    if passport.lot:
        subject["batchNumber"] = passport.lot
    if passport.expiry:
        subject["expiryDate"] = passport.expiry.isoformat()
    return subject


def read_passport(token: str, key: PublicKey, *, limits: Limits = DEFAULT_LIMITS) -> SignedPassport:
    """What `token` says, signed by exactly `key`, which the caller trusts to be the brand's.

    Raises CredentialRefused with the gate's reasons, wrong-issuer or bad-claim; TooLarge.
    """
    signed = _from_claims(open_token(token, typ=MEDIA_TYPE, key=key, limits=limits).claims)
    if signed.issuer != did_of(key):
        raise _refused("wrong-issuer", signed.issuer, f"the signing key's own DID, {did_of(key)}")
    return signed


def read_anchored_passport(token: bytes, anchored: bytes, *, limits: Limits = DEFAULT_LIMITS) -> SignedPassport:
    """What `token` says when its SHA-256 is `anchored`: the brand's own transaction then vouches for every byte.

    No signature is checked: it was before the segment's list was taken in, and offline it is again.
    Raises CredentialRefused (wrong-hash, bad-claim), TooLarge.
    """
    if hashlib.sha256(token).digest() != anchored:
        raise _refused("wrong-hash", hashlib.sha256(token).hexdigest(), f"SHA-256 {anchored.hex()}")
    parts = token.split(b".") if len(token) <= limits.token_bytes and token.isascii() else []
    payload = base64url.decode(parts[1].decode("ascii")) if len(parts) == 3 else None
    if payload is None:
        raise _refused("not-a-token", "other bytes", "a compact token of three parts")
    return _from_claims(read_object(payload, what="payload", depth=limits.json_depth))


def _refused(reason: str, got: str, expected: str) -> CredentialRefused:
    return CredentialRefused(
        got=got, expected=expected, next_step="use the passport file that commissioning wrote, unchanged", reason=reason
    )


def _from_claims(raw: Mapping[str, Any]) -> SignedPassport:
    """The passport in `raw`, which must be exactly what `to_claims` writes: one meaning, one spelling."""
    claims = Claims(raw, "passport")
    subject, issuer = claims.object("credentialSubject"), claims.object("issuer")
    lot = subject.text("batchNumber") if "batchNumber" in subject.members else None
    expiry = subject.day("expiryDate") if "expiryDate" in subject.members else None
    passport = Passport(
        id=claims.text("id"),
        brand=AccountId.from_did(_only(subject, "relatedParty").object("party").text("id")),
        product=_product(claims, subject, issuer),
        valid_from=claims.instant("validFrom"),
        lot=_lot(lot) if lot else None,
        expiry=expiry,
    )
    signed = SignedPassport(passport, issuer.text("id"))
    if to_claims(signed) != raw:
        raise _refused("bad-claim", "members that this format does not have", "exactly the members of docs/formats.md")
    return signed


def _only(parent: Claims, name: str) -> Claims:
    found = parent.members.get(name)
    if not isinstance(found, list) or len(found) != 1:
        raise _refused("bad-claim", f"{parent.path}.{name}", "a list of one object")
    return Claims({name: found[0]}, parent.path).object(name)


def _product(claims: Claims, subject: Claims, issuer: Claims) -> ProductRecord:
    try:
        return check_product_record(
            ProductRecord(
                gtin=subject.text("modelNumber"),
                name=claims.text("name"),
                brand=issuer.text("name"),
                country=subject.object("countryOfProduction").text("countryCode"),
                category=_only(subject, "productCategory").text("code"),
            )
        )
    except CredentialRefused:
        raise
    except InputRefused as error:
        raise _refused("bad-claim", error.got, error.expected) from None


def _lot(text: str) -> str:
    try:
        return check_lot(text)
    except CountermarkError as error:
        raise _refused("bad-claim", error.got, error.expected) from None
