"""Scans that came before: the same signature, or the same id, is answered again and not stored again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from countermark.errors import InputRefused
from countermark_node.scans.intake import Intake
from countermark_node.scans.tables import ScanRow
from countermark_scanner.anomalies import EvidenceClass
from countermark_scanner.sources import Showing

_Name = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Stored:
    """A scan that is in the database, as far as a repetition is answered from it."""

    id: str
    raw: str
    occurred_at: int
    received_at: int
    evidence: EvidenceClass
    showing: Showing | None = None
    statement: bytes | None = None
    content: bytes | None = None


class StoredScans:
    """Those of one transaction's scans that are known already."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[_Name, Stored] = {}

    def look_up(self, intakes: Sequence[Intake]) -> None:
        """Find them all at once."""
        row = ScanRow
        uploads = [each.upload.name for each in intakes if each.upload is not None]
        if uploads:
            self._keep(self._session.exec(select(row).where(col(row.upload).in_(uploads))))
        nonces: dict[str, list[bytes]] = {}
        for each in intakes:
            if each.evidence.account is not None and each.evidence.nonce is not None:
                nonces.setdefault(each.evidence.account, []).append(each.evidence.nonce)
        for account, wanted in nonces.items():
            self._keep(self._session.exec(select(row).where(row.account == account, col(row.nonce).in_(wanted))))

    def knows(self, intake: Intake) -> bool:
        """Whether a scan came under the same signature or id."""
        signed = _signature(intake)
        return signed in self._known or (intake.upload is not None and ("", intake.upload.name) in self._known)

    def before(self, intake: Intake) -> Stored | None:
        """The scan that this one repeats. Raises InputRefused (nonce-used, scan-id-used) if it says something else."""
        signed, sent = _signature(intake), intake.upload
        found = None if signed is None else self._known.get(signed)
        if found is not None and found.statement != intake.evidence.statement:
            raise InputRefused(
                got="a nonce that this account has signed another scan with",
                expected="a fresh nonce for every scan",
                next_step="sign the scan again with a new random nonce",
                reason="nonce-used",
            )
        if found is not None or sent is None:
            return found
        found = self._known.get(("", sent.name))
        if found is not None and (found.content, found.statement) != (sent.content, intake.evidence.statement):
            raise InputRefused(
                got="an id that another scan came under",
                expected="an id of its own for every scan: 128 random bits",
                next_step="send the scan under a new random id",
                reason="scan-id-used",
            )
        return found

    def add(self, intake: Intake, stored: Stored) -> None:
        """A scan was stored just now."""
        signed = _signature(intake)
        if signed is not None:
            self._known[signed] = stored
        if intake.upload is not None:
            self._known["", intake.upload.name] = stored

    def _keep(self, rows: Iterable[ScanRow]) -> None:
        for row in rows:
            stored = Stored(
                row.id,
                row.raw,
                row.occurred_at,
                row.received_at,
                EvidenceClass(row.evidence),
                None if row.showing is None else Showing(row.showing),
                row.statement,
                row.content,
            )
            if row.upload is not None:
                self._known["", row.upload] = stored
            if row.account is not None and row.nonce is not None:
                self._known[row.account, row.nonce] = stored


def _signature(intake: Intake) -> _Name | None:
    account, nonce = intake.evidence.account, intake.evidence.nonce
    return None if account is None or nonce is None else (account, nonce)
