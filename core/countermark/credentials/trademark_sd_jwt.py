"""The trademark credential as SD-JWT VC: the same facts, of which the holder shows what a verifier needs.

Sources: IETF draft "SD-JWT-based Verifiable Credentials"; claim names as UNTP 0.7.0's DigitalIdentityAnchor. The
claim `anchoredHash` ties it to its `vc+jwt` twin, whose hash is on the chain: one anchor for both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from countermark import base64url
from countermark.credentials.account_id import AccountId
from countermark.credentials.claims import Claims, instant
from countermark.credentials.issuer_keys import name_of, signs_as
from countermark.credentials.key_binding import Challenge
from countermark.credentials.sd_jwt import ALWAYS_SHOWN, open_sd_jwt
from countermark.credentials.sd_jwt_making import issue_sd_jwt
from countermark.credentials.status_list import StatusEntry, entries_of
from countermark.credentials.trademark import REGISTER_TYPE, TrademarkCredential
from countermark.errors import CredentialRefused, InputRefused
from countermark.identifiers import check_mark
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey, PublicKey

CREDENTIAL_TYPE = "urn:countermark:vct:trademark:1"
CHOOSABLE = ("niceClasses", "registeredDate", "registeredName", "wordMark")
"""What the holder may show or leave out."""
_FIXED = ALWAYS_SHOWN | {"sub", "registerType", "registeredId", "issuerName", "anchoredHash", "credentialStatus"}


@dataclass(frozen=True, slots=True)
class PresentedTrademark:
    """What a verified SD-JWT VC says; None for what its holder did not show. `bound`: the holder answered a challenge.

    `anchored_hash` is the credential hash of its `vc+jwt` twin.
    """

    mark: str
    issuer: str
    issuer_name: str
    holder: AccountId
    anchored_hash: bytes
    valid_from: datetime
    valid_until: datetime
    status: tuple[StatusEntry, ...]
    bound: bool
    holder_name: str | None
    text: str | None
    nice_classes: tuple[int, ...] | None
    registered_on: date | None


def issue_trademark_sd_jwt(
    credential: TrademarkCredential,
    *,
    anchored_hash: bytes,
    key: PrivateKey,
    new_salt: Callable[[], bytes],
    holder_key: PublicKey | None = None,
) -> str:
    """The SD-JWT VC with the facts of `credential`, all disclosures included.

    `holder_key` is what the holder will answer challenges with. Raises InputRefused, CredentialRefused.
    """
    kid = name_of(credential.issuer if credential.issuer.startswith("did:web:") else None, key.public)[1]
    return issue_sd_jwt(
        _to_claims(credential, anchored_hash),
        hide=CHOOSABLE,
        key=key,
        kid=kid,
        new_salt=new_salt,
        now=credential.valid_from,
        holder_key=holder_key,
    )


def read_trademark_sd_jwt(
    text: str, key: PublicKey, now: datetime, *, challenge: Challenge | None = None, limits: Limits = DEFAULT_LIMITS
) -> PresentedTrademark:
    """What `text` shows, signed by exactly `key` and in its validity at `now`.

    Raises CredentialRefused with the reasons of `open_sd_jwt`, or wrong-issuer, bad-claim, bad-account,
    not-yet-valid, expired; TooLarge.
    """
    opened = open_sd_jwt(text, key=key, now=now, challenge=challenge, always_shown=_FIXED, limits=limits)
    presented = _from_claims(Claims(opened.claims, "credential"), bound=opened.bound, limits=limits)
    for reason, wrong, expected in (
        ("wrong-issuer", not signs_as(presented.issuer, str(opened.header.get("kid")), key), "the key's own DID"),
        ("not-yet-valid", now < presented.valid_from, f"a time from {instant(presented.valid_from)} on"),
        ("expired", now >= presented.valid_until, f"a time before {instant(presented.valid_until)}"),
    ):
        if wrong:
            raise CredentialRefused(
                got=f"{presented.issuer} at {instant(now)}",
                expected=expected,
                next_step="ask the IP office for a current credential",
                reason=reason,
            )
    return presented


def _to_claims(credential: TrademarkCredential, anchored_hash: bytes) -> dict[str, Any]:
    mark = credential.trademark
    claims: dict[str, Any] = {
        "vct": CREDENTIAL_TYPE,
        "iss": credential.issuer,
        "issuerName": credential.issuer_name,
        "nbf": int(credential.valid_from.timestamp()),
        "exp": int(credential.valid_until.timestamp()),
        "sub": credential.holder.did,
        "registerType": REGISTER_TYPE,
        "registeredId": mark.mark,
        "anchoredHash": base64url.encode(anchored_hash),
        "registeredName": credential.holder_name,
        "registeredDate": mark.registered_on.isoformat(),
        "wordMark": mark.text,
        "niceClasses": list(mark.nice_classes),
    }
    status = [entry.to_claims() for entry in credential.status]
    return claims | ({"credentialStatus": status} if status else {})


def _from_claims(claims: Claims, *, bound: bool, limits: Limits) -> PresentedTrademark:
    claims.must_equal("vct", CREDENTIAL_TYPE)
    claims.must_equal("registerType", REGISTER_TYPE)
    anchored = base64url.decode(claims.text("anchoredHash"))
    try:
        mark = check_mark(claims.text("registeredId"))
    except InputRefused as error:
        raise claims.refused("registeredId", error.expected) from None
    if anchored is None or len(anchored) != 32:
        raise claims.refused("anchoredHash", "32 bytes in canonical base64url")
    shown = claims.members
    return PresentedTrademark(
        mark=mark,
        issuer=claims.text("iss"),
        issuer_name=claims.text("issuerName"),
        holder=AccountId.from_did(claims.text("sub")),
        anchored_hash=anchored,
        valid_from=claims.seconds("nbf"),
        valid_until=claims.seconds("exp"),
        status=entries_of(claims, limits),
        bound=bound,
        holder_name=claims.text("registeredName") if "registeredName" in shown else None,
        text=claims.text("wordMark") if "wordMark" in shown else None,
        nice_classes=claims.integers("niceClasses") if "niceClasses" in shown else None,
        registered_on=claims.day("registeredDate") if "registeredDate" in shown else None,
    )
