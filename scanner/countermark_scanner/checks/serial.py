"""Check (3): what proves that the brand issued this serial number."""

from __future__ import annotations

from countermark.errors import LabelRefused
from countermark.labels.signature import LabelSignature, read_signature
from countermark_scanner.checks.case import Case
from countermark_scanner.checks.findings import result
from countermark_scanner.sources import LabelKeyTrust, Showing
from countermark_scanner.verdict import CheckResult, Outcome

SIGNED = frozenset({"signature-valid"})
"""Findings that prove the brand's signature."""


def check_serial(case: Case) -> CheckResult:
    """(3) A signature by one of the brand's label keys, or a leaf of the segment's tree; better: what no copy can show.

    A signature that is there must be right: nothing makes up for a wrong one, since the brand did not print it. What
    was shown beside the label counts only for a recorded item, and what speaks for it only with current data: an owner
    or an unused code of yesterday may be another one today.
    """
    printed = _check_printed(case)
    showing = case.context.showing
    if printed.outcome is Outcome.FAIL or case.record is None or showing in (None, Showing.CHIP_UNCHECKED):
        return printed
    shown = result(showing.value)
    return printed if shown.outcome is Outcome.PASS and not case.fresh else shown


def _check_printed(case: Case) -> CheckResult:
    if case.label.s is None:
        return result("serial-in-packing-list" if case.record else "serial-unproven")
    try:
        signature = read_signature(case.label.s)
    except LabelRefused:
        return result("signature-unreadable")
    return _check_signature(case, signature)


def _check_signature(case: Case, signature: LabelSignature) -> CheckResult:
    key_id = signature.key_id.hex()
    if case.brand is None:
        return result("signature-brand-unknown", gtin=case.label.item.gtin)
    named = [trust for trust in case.brand.label_keys if trust.key.key_id == signature.key_id]
    if not named:
        return result("signature-key-unknown" if case.fresh else "signature-data-old", key=key_id)
    signer = next((trust for trust in named if signature.verify(case.label.item, trust.key)), None)
    if signer is None:
        return result("signature-wrong", key=key_id)
    return _check_key(case, signer, key_id)


def _check_key(case: Case, signer: LabelKeyTrust, key_id: str) -> CheckResult:
    """The key as of commissioning (today for labels not commissioned): labels carry no time of their own."""
    moment = case.record.commissioned_at if case.record else case.now
    revoked = signer.revoked_since is not None and moment >= signer.revoked_since
    in_period = moment >= signer.valid_from and (signer.valid_until is None or moment <= signer.valid_until)
    if not revoked and in_period:
        return result("signature-valid", key=key_id)
    if case.record is not None:
        # Printed before, packed after: the brand itself put the serial on the list, whoever may hold the key by now.
        return result("serial-in-packing-list")
    if signer.revoked_since is not None and revoked:
        return result("signature-key-revoked", key=key_id, since=signer.revoked_since.date().isoformat())
    return result("signature-key-out-of-period", key=key_id)
