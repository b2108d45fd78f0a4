"""Verdicts signed with the node's own credential key, for whoever asked for evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from countermark.credentials.account_id import AccountId
from countermark.p256 import PrivateKey
from countermark_node.scans.intake import RecordedScan
from countermark_scanner.signed_verdict import SignedVerdict


@dataclass(frozen=True, slots=True)
class EvidenceSigner:
    """Signs as the node's account; the ledger lists the key."""

    node: AccountId
    trust_registry: str
    key: PrivateKey = field(repr=False)

    def sign(self, recorded: RecordedScan, now: datetime) -> str | None:
        """The signed verdict of a scan; None for one that was answered and not kept."""
        if recorded.scan_id is None:
            return None
        return SignedVerdict.of(
            recorded.report,
            node=self.node,
            trust_registry=self.trust_registry,
            scan_id=recorded.scan_id,
            issued_at=now.replace(microsecond=0),
            raw=recorded.raw,
            occurred_at=recorded.occurred_at or recorded.received_at,
            evidence_class=recorded.evidence,
        ).sign(self.key)
