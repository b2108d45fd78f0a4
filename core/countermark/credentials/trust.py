"""Whether a trademark credential may be believed: the token against what the chain says. No I/O here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from countermark.credentials.claims import instant
from countermark.credentials.did_web import DidDocument
from countermark.credentials.facts import AnchoredMark, Finding, OfficeKey
from countermark.credentials.gate import read_header
from countermark.credentials.issuer_keys import choose_key, document_notes
from countermark.credentials.key_binding import Challenge
from countermark.credentials.sd_jwt import read_sd_jwt_header
from countermark.credentials.status_check import check_status
from countermark.credentials.trademark import (
    MEDIA_TYPE,
    TrademarkCredential,
    credential_hash,
    read_trademark_credential,
)
from countermark.credentials.trademark_sd_jwt import PresentedTrademark, read_trademark_sd_jwt
from countermark.errors import CredentialRefused, InputRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """What the caller read from chain `chain_id`, and copies of what stands elsewhere: status lists, DID documents."""

    keys: Sequence[OfficeKey]
    anchor: AnchoredMark | None
    chain_id: int
    status_lists: Mapping[str, str]
    documents: Mapping[str, DidDocument]


@dataclass(frozen=True, slots=True)
class CredentialCheck:
    """The result: what the credential says, None when it cannot be read, and everything that speaks against it.

    `notes` tell what a DID document adds; they never change the judgement.
    """

    credential: TrademarkCredential | None
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against it."""
        return self.credential is not None and not self.findings


@dataclass(frozen=True, slots=True)
class PresentationCheck:
    """As CredentialCheck, of an SD-JWT VC: what its holder chose to show."""

    presented: PresentedTrademark | None
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against it."""
        return self.presented is not None and not self.findings


def check_credential(
    token: str,
    *,
    keys: Sequence[OfficeKey],
    anchor: AnchoredMark | None,
    chain_id: int,
    now: datetime,
    status_lists: Mapping[str, str] | None = None,
    documents: Mapping[str, DidDocument] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> CredentialCheck:
    """Judges a `vc+jwt` token against the office keys and the mark's record that the caller read from chain `chain_id`.

    Finding codes: a reason of the gate or the reader; issuer-key-unknown; issuer-key-out-of-period; mark-not-anchored;
    wrong-mark; wrong-office; wrong-chain; wrong-holder; hash-differs; mark-suspended; mark-revoked;
    mark-out-of-period; those of `check_status`.
    """
    facts = ChainFacts(keys, anchor, chain_id, status_lists or {}, documents or {})
    try:
        # (1) The key: one that an office listed, found by the token's key name but taken from the chain.
        issuer = _issuer(read_header(token, typ=MEDIA_TYPE, limits=limits), facts)
        # (2) The token: gate, claims, validity.
        credential = read_trademark_credential(token, issuer.key, now, limits=limits)
    except (InputRefused, TooLarge) as error:
        return CredentialCheck(None, (_unreadable(error),))
    # (3) What the chain and the office's status lists say.
    findings = _against_chain(credential, credential_hash(token), issuer, facts, now, limits)
    return CredentialCheck(credential, findings, document_notes(credential.issuer, issuer.key, facts.documents))


def check_presentation(
    text: str,
    *,
    keys: Sequence[OfficeKey],
    anchor: AnchoredMark | None,
    chain_id: int,
    now: datetime,
    challenge: Challenge | None = None,
    status_lists: Mapping[str, str] | None = None,
    documents: Mapping[str, DidDocument] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> PresentationCheck:
    """Judges an SD-JWT VC as `check_credential` does, with the same codes and those of `open_sd_jwt`.

    With `challenge` the holder must have answered it. `hash-differs`: its twin is not the credential that the chain
    anchors.
    """
    facts = ChainFacts(keys, anchor, chain_id, status_lists or {}, documents or {})
    try:
        issuer = _issuer(read_sd_jwt_header(text, limits=limits), facts)
        presented = read_trademark_sd_jwt(text, issuer.key, now, challenge=challenge, limits=limits)
    except (InputRefused, TooLarge) as error:
        return PresentationCheck(None, (_unreadable(error),))
    findings = _against_chain(presented, presented.anchored_hash, issuer, facts, now, limits)
    return PresentationCheck(presented, findings, document_notes(presented.issuer, issuer.key, facts.documents))


def mark_status(anchor: AnchoredMark, now: datetime) -> list[Finding]:
    """What the ledger says against using a mark now."""
    if anchor.status in ("suspended", "revoked"):
        return [Finding(f"mark-{anchor.status}", {"mark": anchor.mark})]
    if not anchor.valid_from <= now < anchor.valid_until:
        return [Finding("mark-out-of-period", {"mark": anchor.mark, "until": instant(anchor.valid_until)})]
    return []


def _issuer(header: Mapping[str, object], facts: ChainFacts) -> OfficeKey:
    office = None if facts.anchor is None else facts.anchor.office
    issuer = choose_key(header.get("kid"), facts.keys, office, facts.documents)
    if issuer is None:
        raise CredentialRefused(
            got=header.get("kid"),
            expected="a key that an office listed on the ledger",
            next_step="do not rely on it; ask the IP office",
            reason="issuer-key-unknown",
        )
    return issuer


def _unreadable(error: InputRefused | TooLarge) -> Finding:
    return Finding(error.reason, {"got": error.got, "expected": error.expected})


def _against_chain(
    said: TrademarkCredential | PresentedTrademark,
    digest: bytes,
    issuer: OfficeKey,
    facts: ChainFacts,
    now: datetime,
    limits: Limits,
) -> tuple[Finding, ...]:
    findings = []
    if not issuer.covers(said.valid_from):
        findings.append(Finding("issuer-key-out-of-period", {"at": instant(said.valid_from)}))
    anchor = facts.anchor
    if anchor is None or anchor.status == "none":
        return (*findings, Finding("mark-not-anchored", {"mark": said.mark}))
    comparisons = (
        ("wrong-mark", said.mark, anchor.mark),
        ("wrong-office", issuer.account, anchor.office),
        ("wrong-chain", said.holder.chain_id, facts.chain_id),
        ("wrong-holder", said.holder.address, anchor.holder),
        ("hash-differs", digest.hex(), anchor.credential_hash.hex()),
    )
    findings += [Finding(code, {"got": got, "expected": wanted}) for code, got, wanted in comparisons if got != wanted]
    findings += mark_status(anchor, now)
    findings += check_status(
        said.status,
        facts.status_lists,
        keys=facts.keys,
        account=issuer.account,
        documents=facts.documents,
        now=now,
        limits=limits,
    )
    return tuple(findings)
