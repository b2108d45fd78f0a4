"""Whether a trademark credential may be believed: the token against what the chain says. No I/O here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from countermark.credentials.claims import instant
from countermark.credentials.did_key import did_of
from countermark.credentials.gate import read_header
from countermark.credentials.trademark import (
    MEDIA_TYPE,
    TrademarkCredential,
    credential_hash,
    read_trademark_credential,
)
from countermark.errors import CredentialRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PublicKey


@dataclass(frozen=True, slots=True)
class OfficeKey:
    """A credential key that an office's account listed on chain (TrustRegistry.listCredentialKey)."""

    key: PublicKey
    account: str
    valid_from: datetime
    valid_until: datetime
    revoked_since: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether the key may have signed at `moment`."""
        revoked = self.revoked_since is not None and moment >= self.revoked_since
        return self.valid_from <= moment < self.valid_until and not revoked


@dataclass(frozen=True, slots=True)
class AnchoredMark:
    """What TrademarkRegistry holds of a mark. `status` is none, active, suspended or revoked."""

    mark: str
    office: str
    holder: str
    credential_hash: bytes
    status: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that speaks against the credential: a stable code and what a sentence about it needs."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CredentialCheck:
    """The result: what the credential says, None when it cannot be read, and everything that speaks against it."""

    credential: TrademarkCredential | None
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against it."""
        return self.credential is not None and not self.findings


def check_credential(
    token: str,
    *,
    keys: Sequence[OfficeKey],
    anchor: AnchoredMark | None,
    chain_id: int,
    now: datetime,
    limits: Limits = DEFAULT_LIMITS,
) -> CredentialCheck:
    """Judges `token` against the office keys and the mark's record that the caller read from chain `chain_id`.

    Finding codes: a reason of the gate or the reader; issuer-key-unknown; issuer-key-out-of-period; mark-not-anchored;
    wrong-mark; wrong-office; wrong-chain; wrong-holder; hash-differs; mark-suspended; mark-revoked; mark-out-of-period.
    """
    try:
        # (1) The key: one that an office listed, found by the token's key name but taken from the chain.
        issuer = _issuer(token, keys, anchor, limits)
        if issuer is None:
            return CredentialCheck(None, (Finding("issuer-key-unknown"),))
        # (2) The token: gate, claims, validity.
        credential = read_trademark_credential(token, issuer.key, now, limits=limits)
    except (CredentialRefused, TooLarge) as error:
        return CredentialCheck(None, (Finding(error.reason, {"got": error.got, "expected": error.expected}),))
    # (3) The key's own period at the day of issue.
    findings = []
    if not issuer.covers(credential.valid_from):
        findings.append(Finding("issuer-key-out-of-period", {"at": instant(credential.valid_from)}))
    # (4) The chain's record of the mark.
    if anchor is None or anchor.status == "none":
        return CredentialCheck(
            credential, (*findings, Finding("mark-not-anchored", {"mark": credential.trademark.mark}))
        )
    findings += _against_anchor(credential, credential_hash(token), issuer, anchor, chain_id)
    findings += _status(anchor, now)
    return CredentialCheck(credential, tuple(findings))


def _issuer(token: str, keys: Sequence[OfficeKey], anchor: AnchoredMark | None, limits: Limits) -> OfficeKey | None:
    name = str(read_header(token, typ=MEDIA_TYPE, limits=limits).get("kid", "")).partition("#")[0]
    named = [key for key in keys if did_of(key.key) == name]
    # Listing proves no possession: a stranger may list an office's key too, so the recorded office's entry goes first.
    return next(
        (key for key in named if anchor is not None and key.account == anchor.office), named[0] if named else None
    )


def _against_anchor(
    credential: TrademarkCredential, digest: bytes, issuer: OfficeKey, anchor: AnchoredMark, chain_id: int
) -> list[Finding]:
    comparisons = (
        ("wrong-mark", credential.trademark.mark, anchor.mark),
        ("wrong-office", issuer.account, anchor.office),
        ("wrong-chain", credential.holder.chain_id, chain_id),
        ("wrong-holder", credential.holder.address, anchor.holder),
        ("hash-differs", digest.hex(), anchor.credential_hash.hex()),
    )
    return [Finding(code, {"got": got, "expected": wanted}) for code, got, wanted in comparisons if got != wanted]


def _status(anchor: AnchoredMark, now: datetime) -> list[Finding]:
    if anchor.status in ("suspended", "revoked"):
        return [Finding(f"mark-{anchor.status}", {"mark": anchor.mark})]
    if not anchor.valid_from <= now < anchor.valid_until:
        return [Finding("mark-out-of-period", {"mark": anchor.mark, "until": instant(anchor.valid_until)})]
    return []
