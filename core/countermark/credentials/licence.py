"""The licence credential: a mark's holder says who else may use it, until when and for how many items.

W3C Verifiable Credentials Data Model 2.0 as `vc+jwt`. The licence itself stands on the chain; the credential carries it
to people and machines that do not read the chain, and is judged against it by those that do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from countermark.credentials.account_id import AccountId
from countermark.credentials.claims import Claims, instant
from countermark.credentials.did_web import DidDocument
from countermark.credentials.facts import AnchoredLicence, AnchoredMark, Finding, OfficeKey
from countermark.credentials.gate import open_token, read_header, sign_token
from countermark.credentials.issuer_keys import choose_key, document_notes, name_of, signs_as
from countermark.credentials.trust import mark_status
from countermark.errors import CredentialRefused, InputRefused, TooLarge
from countermark.identifiers import check_mark
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey, PublicKey

MEDIA_TYPE = "vc+jwt"
TYPES = ("VerifiableCredential", "TrademarkLicence")
CONTEXT = (
    "https://www.w3.org/ns/credentials/v2",
    {
        name: f"urn:countermark:terms:{name}"
        for name in ("TrademarkLicence", "licenceOf", "licensor", "quantityCeiling", "registeredName")
    },
)
_MOST = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Licence:
    """What a licence credential says: `licensee` may use `mark` for `ceiling` items in all, before `valid_until`.

    `licensor` holds the mark. Raises InputRefused (bad-mark, bad-ceiling, empty-period).
    """

    id: str
    mark: str
    issuer: str
    licensor: AccountId
    licensor_name: str
    licensee: AccountId
    licensee_name: str
    ceiling: int
    valid_from: datetime
    valid_until: datetime

    def __post_init__(self) -> None:
        check_mark(self.mark)
        for reason, wrong, got, expected in (
            ("bad-ceiling", not 1 <= self.ceiling <= _MOST, f"{self.ceiling} items", "a whole number from 1 on"),
            ("empty-period", self.valid_from >= self.valid_until, instant(self.valid_until), "a later end"),
        ):
            if wrong:
                raise InputRefused(got=got, expected=expected, next_step="correct the licence", reason=reason)


@dataclass(frozen=True, slots=True)
class LicenceCheck:
    """The result: what the credential says, None when it cannot be read, and everything that speaks against it."""

    licence: Licence | None
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against it."""
        return self.licence is not None and not self.findings


def issue_licence(licence: Licence, key: PrivateKey) -> str:
    """The signed compact token; the issuer is a did:web or the did:key of `key`."""
    _, kid = name_of(licence.issuer if licence.issuer.startswith("did:web:") else None, key.public)
    return sign_token(to_claims(licence), typ=MEDIA_TYPE, key=key, kid=kid, cty="vc")


def to_claims(licence: Licence) -> dict[str, Any]:
    """The credential as VC 2.0 JSON."""
    return {
        "@context": list(CONTEXT),
        "type": list(TYPES),
        "id": licence.id,
        "name": f"Licence of trademark {licence.mark}",
        "issuer": {"id": licence.issuer, "name": licence.licensor_name},
        "validFrom": instant(licence.valid_from),
        "validUntil": instant(licence.valid_until),
        "credentialSubject": {
            "id": licence.licensee.did,
            "registeredName": licence.licensee_name,
            "licenceOf": licence.mark,
            "licensor": licence.licensor.did,
            "quantityCeiling": licence.ceiling,
        },
    }


def is_licence(claims: Mapping[str, Any]) -> bool:
    """Whether claims call themselves a licence."""
    return claims.get("type") == list(TYPES)


def read_licence(token: str, key: PublicKey, now: datetime, *, limits: Limits = DEFAULT_LIMITS) -> Licence:
    """What `token` says, signed by exactly `key` and in its validity at `now`.

    Raises CredentialRefused with the gate's reasons, or wrong-issuer, bad-claim, bad-account, not-yet-valid, expired.
    """
    opened = open_token(token, typ=MEDIA_TYPE, key=key, limits=limits)
    licence = _from_claims(Claims(opened.claims, "licence"))
    for reason, wrong, expected in (
        ("wrong-issuer", not signs_as(licence.issuer, str(opened.header.get("kid")), key), "the key's own DID"),
        ("not-yet-valid", now < licence.valid_from, f"a time from {instant(licence.valid_from)} on"),
        ("expired", now >= licence.valid_until, f"a time before {instant(licence.valid_until)}"),
    ):
        if wrong:
            raise CredentialRefused(
                got=f"{licence.issuer} at {instant(now)}",
                expected=expected,
                next_step="ask the mark's holder for a current licence",
                reason=reason,
            )
    return licence


def check_licence(
    token: str,
    *,
    keys: Sequence[OfficeKey],
    mark: AnchoredMark | None,
    licence: AnchoredLicence | None,
    chain_id: int,
    now: datetime,
    documents: Mapping[str, DidDocument] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> LicenceCheck:
    """Judges `token` against what the caller read from chain `chain_id`: credential keys that the mark's holder
    listed, the mark's record, and the licence of the account that the token names.

    Finding codes: reasons of the gate and reader; issuer-key-unknown; issuer-key-out-of-period; mark-not-anchored;
    wrong-mark; wrong-chain; wrong-holder; mark-suspended; mark-revoked; mark-out-of-period; licence-missing;
    licence-over; licence-differs.
    """
    known = documents or {}
    try:
        header = read_header(token, typ=MEDIA_TYPE, limits=limits)
        signer = choose_key(header.get("kid"), keys, None if mark is None else mark.holder, known)
        if signer is None:
            return LicenceCheck(None, (Finding("issuer-key-unknown"),))
        said = read_licence(token, signer.key, now, limits=limits)
    except (InputRefused, TooLarge) as error:
        return LicenceCheck(None, (Finding(error.reason, {"got": error.got, "expected": error.expected}),))
    findings = []
    if not signer.covers(said.valid_from):
        findings.append(Finding("issuer-key-out-of-period", {"at": instant(said.valid_from)}))
    findings += _against_chain(said, signer, mark, licence, chain_id, now)
    return LicenceCheck(said, tuple(findings), document_notes(said.issuer, signer.key, known))


def _against_chain(
    said: Licence,
    signer: OfficeKey,
    mark: AnchoredMark | None,
    licence: AnchoredLicence | None,
    chain_id: int,
    now: datetime,
) -> list[Finding]:
    if mark is None or mark.status == "none":
        return [Finding("mark-not-anchored", {"mark": said.mark})]
    chains = {said.licensor.chain_id, said.licensee.chain_id}
    comparisons = (
        ("wrong-mark", said.mark, mark.mark),
        ("wrong-chain", chains, {chain_id}),
        ("wrong-holder", {said.licensor.address, signer.account}, {mark.holder}),
    )
    found = [Finding(code, {"got": str(got)}) for code, got, wanted in comparisons if got != wanted]
    return found + mark_status(mark, now) + _standing(said, licence, now)


def _standing(said: Licence, licence: AnchoredLicence | None, now: datetime) -> list[Finding]:
    if licence is None:
        return [Finding("licence-missing", {"licensee": said.licensee.address})]
    if licence.until <= now:
        return [Finding("licence-over", {"until": instant(licence.until)})]
    if (licence.until, licence.ceiling) != (said.valid_until, said.ceiling):
        return [Finding("licence-differs", {"until": instant(licence.until), "ceiling": licence.ceiling})]
    return []


def _from_claims(claims: Claims) -> Licence:
    claims.must_equal("@context", list(CONTEXT))
    claims.must_equal("type", list(TYPES))
    issuer, subject = claims.object("issuer"), claims.object("credentialSubject")
    try:
        return Licence(
            id=claims.text("id"),
            mark=subject.text("licenceOf"),
            issuer=issuer.text("id"),
            licensor=AccountId.from_did(subject.text("licensor")),
            licensor_name=issuer.text("name"),
            licensee=AccountId.from_did(subject.text("id")),
            licensee_name=subject.text("registeredName"),
            ceiling=subject.positive("quantityCeiling", most=_MOST),
            valid_from=claims.instant("validFrom"),
            valid_until=claims.instant("validUntil"),
        )
    except InputRefused as error:
        if isinstance(error, CredentialRefused):
            raise
        raise claims.refused("credentialSubject", error.expected) from None
