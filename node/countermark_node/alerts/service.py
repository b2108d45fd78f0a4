"""Reading alerts and signals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from countermark.errors import InputRefused, TooLarge
from countermark.gs1.identity import ItemKey
from countermark.passports.passport import read_anchored_passport
from countermark.products import ProductRecord
from countermark_node.alerts.tables import AlertRow
from countermark_node.chain_sync.tables import SegmentRow, SeriesRow
from countermark_node.database import Database
from countermark_node.scans.tables import ContradictionRow
from countermark_node.segments.tables import PackedItemRow, PackingListRow
from countermark_node.times import rfc3339
from countermark_scanner.messages import Language, render

MOST = 200


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert as a desk sees it."""

    row: AlertRow
    product: ProductRecord | None

    @property
    def sequence(self) -> int:
        """Its place in the stream."""
        return self.row.sequence or 0

    @property
    def state(self) -> str:
        """pending or committed."""
        return self.row.state

    def to_json(self, language: Language) -> dict[str, Any]:
        """With sentences in `language`; see docs/api.md."""
        content = json.loads(self.row.content)
        explanation = content["explanation"]
        product = self.product
        return {
            "sequence": self.sequence,
            **{name: content[name] for name in ("id", "kind", "rule", "audience", "item", "created_at", "sightings")},
            "product": product
            and {
                "name": product.name,
                "brand": product.brand,
                "country": product.country,
                "category": product.category,
            },
            "contradictions": self.row.contradictions,
            "headline": render("alert.clone", {}, language),
            "explanation": {
                **explanation,
                "sentence": render(explanation["code"], explanation["params"], language),
            },
            "commitment": {
                "state": self.row.state,
                "hash": "0x" + self.row.commitment.hex(),
                "transaction": self.row.tx_hash,
                "block": self.row.block,
                "reason": self.row.reason,
            },
        }

    def state_json(self) -> dict[str, Any]:
        """How far its commitment is."""
        row = self.row
        return {"sequence": row.sequence, "state": row.state, "transaction": row.tx_hash, "block": row.block}


class AlertService:
    """All methods may be called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def after(self, sequence: int, limit: int = 100) -> list[AlertView]:
        """Alerts behind `sequence`, oldest first."""
        with self._database.read() as session:
            rows = session.exec(
                select(AlertRow).where(col(AlertRow.sequence) > sequence).order_by(col(AlertRow.sequence)).limit(limit)
            ).all()
            return _views(session, rows)

    def latest(self, limit: int = 100, before: int | None = None) -> list[AlertView]:
        """The newest alerts, newest first."""
        query = select(AlertRow).order_by(col(AlertRow.sequence).desc()).limit(limit)
        if before is not None:
            query = query.where(col(AlertRow.sequence) < before)
        with self._database.read() as session:
            return _views(session, session.exec(query).all())

    def committed(self, sequences: Sequence[int]) -> list[AlertView]:
        """Those of `sequences` whose commitment is on the ledger."""
        if not sequences:
            return []
        with self._database.read() as session:
            rows = session.exec(
                select(AlertRow).where(col(AlertRow.sequence).in_(sequences), AlertRow.state == "committed")
            ).all()
            return [AlertView(row, None) for row in rows]

    def signals(self, limit: int, language: Language, brand: str | None = None) -> list[dict[str, Any]]:
        """Contradictions for brands, newest first, confirmed or not; of the products of one `brand`, or all."""
        row = ContradictionRow
        query = select(row).where(col(row.dismissed).is_(False)).order_by(col(row.id).desc()).limit(limit)
        if brand is not None:
            query = query.where(col(row.gtin).in_(select(SeriesRow.gtin).where(SeriesRow.brand == brand)))
        with self._database.read() as session:
            found = session.exec(query).all()
        return [_signal(one, language) for one in found]


def _signal(row: ContradictionRow, language: Language) -> dict[str, Any]:
    params = {"distance_km": f"{row.distance_km:.0f}", "minutes": f"{row.minutes:.0f}"}
    return {
        "id": row.id,
        "rule": row.rule,
        "sentence": render(f"rule.{row.rule}", params, language),
        "item": {"gtin": row.gtin, "serial": row.serial},
        "first": row.first,
        "second": row.second,
        "distance_km": row.distance_km,
        "minutes": row.minutes,
        "confirmed": row.confirmed,
        "created_at": rfc3339(row.created_at),
    }


def _views(session: Session, rows: Sequence[AlertRow]) -> list[AlertView]:
    return [AlertView(row, _product(session, ItemKey(row.gtin, row.serial))) for row in rows]


def _product(session: Session, item: ItemKey) -> ProductRecord | None:
    packed = session.get(PackedItemRow, (item.gtin, item.serial))
    held = packed and session.get(PackingListRow, (packed.series, packed.segment))
    segment = packed and session.get(SegmentRow, (packed.series, packed.segment))
    if not held or not segment:
        return None
    try:
        return read_anchored_passport(held.passport, segment.passport).passport.product
    except (InputRefused, TooLarge):
        return None
