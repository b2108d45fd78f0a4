"""What is kept of scans for how long: addresses a day at most, scans by evidence class, evidence of alerts longer.

Everything is removed in short transactions, so that scans come in between, and a job that is cut off goes on later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from countermark_node.database import Database
from countermark_node.settings import NodeSettings
from countermark_node.times import Clock, seconds
from countermark_scanner.anomalies import EvidenceClass

AT_ONCE = 500
"""Rows removed in one transaction."""
_DAY = 86_400
_HOUR = 3_600

# A scan of a confirmed contradiction is what an alert rests on.
_IS_EVIDENCE = (
    "EXISTS (SELECT 1 FROM contradiction AS found WHERE found.gtin = scan.gtin AND found.serial = scan.serial"
    " AND found.confirmed AND (found.first = scan.id OR found.second = scan.id))"
)
_NO_SIGNAL = (
    "NOT EXISTS (SELECT 1 FROM contradiction AS found WHERE found.gtin = signal_overflow.gtin"
    " AND found.serial = signal_overflow.serial AND NOT found.confirmed)"
)


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """Hours and days; `every_seconds` is how often the job runs, so that nothing outlives its time between two runs."""

    network_hours: int
    scan_days: Mapping[EvidenceClass, int]
    evidence_days: int
    every_seconds: float


@dataclass(frozen=True, slots=True)
class _Removal:
    """Rows of `table` that `where` names, known by the columns `key`: changed as `change` says, or deleted."""

    what: str
    table: str
    key: str
    where: str
    values: Mapping[str, Any]
    change: str = ""

    @property
    def count(self) -> str:
        return f"SELECT count(*) FROM {self.table} WHERE {self.where}"  # noqa: S608 (constants of this module)

    @property
    def some(self) -> str:
        chosen = f"SELECT {self.key} FROM {self.table} WHERE {self.where} LIMIT {AT_ONCE}"  # noqa: S608
        head = f"UPDATE {self.table} SET {self.change}" if self.change else f"DELETE FROM {self.table}"  # noqa: S608
        return f"{head} WHERE ({self.key}) IN ({chosen})"


class Retention:
    """Removes what has had its time. Safe beside a running node, and beside itself."""

    def __init__(self, database: Database, policy: RetentionPolicy, *, clock: Clock) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock

    def due(self) -> dict[str, int]:
        """How much of each kind would be removed now; nothing is. Raises Unavailable."""
        with self._database.read() as session:
            connection = session.connection()
            return {
                one.what: int(connection.execute(text(one.count), dict(one.values)).scalar_one())
                for one in self._removals()
            }

    def run(self) -> dict[str, int]:
        """Remove it; how much of each kind it was. Raises Unavailable; what was removed before that stays removed."""
        return {one.what: self._remove(one) for one in self._removals()}

    def _remove(self, one: _Removal) -> int:
        removed, statement = 0, text(one.some)
        while True:
            with self._database.write() as session:
                found = session.connection().execute(statement, dict(one.values)).rowcount
            removed += found
            if found < AT_ONCE:
                return removed

    def _removals(self) -> Iterator[_Removal]:
        policy, now = self._policy, seconds(self._clock())
        # Two runs earlier, so that an address is gone within its time although the job runs now and then.
        address = {"until": now - max(0, int(policy.network_hours * _HOUR - 2 * policy.every_seconds))}
        known = "network IS NOT NULL AND received_at <= :until"
        yield _Removal("addresses of scans", "scan", "id", known, address, "network = NULL")
        tapped = "tapper <> '' AND tapped_at <= :until"
        forget = "tapper = '', before_tapper = NULL"
        yield _Removal("tappers of chips", "chip_tap", "gtin, serial", tapped, address, forget)
        over = {"until": now - 2 * _HOUR}
        yield _Removal("counts of hours", "scan_count", "subject, since", "since <= :until", over)
        asked = "principal LIKE 'network:%' AND created_at <= :until"
        yield _Removal("answers kept for networks", "idempotency_key", "principal, key", asked, address)
        yield _Removal("used nonces", "used_page_nonce", "nonce", "expires_at < :until", {"until": now})
        for evidence, days in policy.scan_days.items():
            values = {"evidence": evidence.value, "until": now - days * _DAY}
            aged = f"evidence = :evidence AND received_at <= :until AND NOT {_IS_EVIDENCE}"
            yield _Removal(f"scans of class {evidence.value}", "scan", "id", aged, values)
        proven = f"evidence IN ('A', 'B') AND received_at <= :until AND {_IS_EVIDENCE}"
        kept = {"until": now - policy.evidence_days * _DAY}
        yield _Removal("scans behind alerts", "scan", "id", proven, kept)
        signals = {"until": now - policy.scan_days[EvidenceClass.D] * _DAY}
        yield _Removal("signals", "contradiction", "id", "NOT confirmed AND created_at <= :until", signals)
        yield _Removal("counts of signals", "signal_overflow", "gtin, serial", _NO_SIGNAL, {})


def retention_policy(settings: NodeSettings) -> RetentionPolicy:
    """As the settings say."""
    days = {
        EvidenceClass.A: settings.keep_scans_a_days,
        EvidenceClass.B: settings.keep_scans_b_days,
        EvidenceClass.C: settings.keep_scans_c_days,
        EvidenceClass.D: settings.keep_scans_d_days,
    }
    return RetentionPolicy(settings.keep_networks_hours, days, settings.keep_evidence_days, settings.retention_seconds)
