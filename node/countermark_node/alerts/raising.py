"""From a confirmed contradiction to an alert: one per item and pair of places, its content fixed when it is made."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, select

from countermark.chain.contracts import alert_commitment
from countermark.gs1.identity import ItemKey
from countermark.roles import Level
from countermark.scans.place import Place
from countermark_node.alerts.news import alert_raised
from countermark_node.alerts.tables import AlertContradictionRow, AlertRow
from countermark_node.notifications.log import NotificationLog
from countermark_node.times import Clock, rfc3339, seconds
from countermark_node.verification.roles import When, active_roles
from countermark_scanner.anomalies import Contradiction, Scan, place_cell

CLONE = "clone"
FORMAT = "countermark/alert/1"
_SALT_BYTES = 32


class AlertMaker:
    """Writes alerts inside the transaction of the scan that caused them; `hint` is called after it."""

    def __init__(
        self,
        hint: Callable[[], None],
        notifications: NotificationLog,
        *,
        per_item: int,
        clock: Clock,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._hint = hint
        self._notifications = notifications
        self._per_item = per_item
        self._clock = clock
        self._random = random

    def wake(self) -> None:
        """Tell streams and the committer that there may be something new."""
        self._hint()

    def note(self, session: Session, item: ItemKey, found: Contradiction, first: Scan, second: Scan) -> None:
        """Make an alert of `found`, or add it to the one that is open about this item and these places.

        An item has so many alerts at most; what comes later is counted with the newest.
        """
        pair = _pair(first.place, second.place)
        row = self._open_alert(session, item, pair)
        fresh = row is None
        if row is None:
            row = self._new(item, pair, found, (_sighting(session, each, self._now()) for each in (first, second)))
        else:
            row.contradictions += 1
        session.add(row)
        session.flush()
        session.add(AlertContradictionRow(sequence=row.sequence or 0, contradiction=found.key))
        session.flush()
        if fresh:
            self._notifications.note(session, alert_raised(session, row))

    def _open_alert(self, session: Session, item: ItemKey, pair: str) -> AlertRow | None:
        of_item = (AlertRow.kind == CLONE, AlertRow.gtin == item.gtin, AlertRow.serial == item.serial)
        same = session.exec(select(AlertRow).where(*of_item, AlertRow.pair == pair)).first()
        if same is not None:
            return same
        newest = select(AlertRow).where(*of_item).order_by(col(AlertRow.sequence).desc()).limit(self._per_item)
        known = session.exec(newest).all()
        return known[0] if len(known) == self._per_item else None

    def _new(self, item: ItemKey, pair: str, found: Contradiction, sightings: Any) -> AlertRow:
        alert_id, now, salt = str(uuid.uuid4()), self._now(), self._random(_SALT_BYTES)
        content = {
            "format": FORMAT,
            "id": alert_id,
            "kind": CLONE,
            "rule": found.rule,
            "audience": sorted(found.audience),
            "item": {"gtin": item.gtin, "serial": item.serial},
            "created_at": rfc3339(now),
            "explanation": {"code": f"rule.{found.rule}", "params": found.params},
            "sightings": list(sightings),
        }
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        content_hash = hashlib.sha256(text.encode("utf-8")).digest()
        return AlertRow(
            id=alert_id,
            kind=CLONE,
            rule=found.rule,
            gtin=item.gtin,
            serial=item.serial,
            pair=pair,
            created_at=now,
            content=text,
            content_hash=content_hash,
            salt=salt,
            commitment=alert_commitment(salt, content_hash),
        )

    def _now(self) -> int:
        return seconds(self._clock())


def _sighting(session: Session, scan: Scan, now: int) -> dict[str, Any]:
    account = scan.account
    roles = active_roles(session, account, When(now), Level.INTRODUCED) if account else frozenset()
    return {
        "scan_id": scan.id,
        "occurred_at": rfc3339(scan.occurred_at),
        "received_at": rfc3339(scan.received_at),
        "place": scan.place and scan.place.to_json(),
        "evidence_class": scan.evidence.value,
        "account": account,
        "roles": sorted(role.value for role in roles),
    }


def _pair(first: Place | None, second: Place | None) -> str:
    """Two places by whole degrees."""
    return "|".join(sorted(place_cell(place) for place in (first, second)))
