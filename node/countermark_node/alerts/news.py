"""What alerts tell: customs and those who watch markets, and the brand of the item. Who scanned where is told apart."""

from __future__ import annotations

from sqlmodel import Session, select

from countermark.identifiers import token_id
from countermark_node.access.permissions import Permission
from countermark_node.alerts.tables import AlertRow
from countermark_node.chain_sync.tables import SeriesRow
from countermark_node.notifications import readers
from countermark_node.notifications.about import goods_in
from countermark_node.notifications.kinds import Goods, Kind, News
from countermark_node.segments.tables import PackedItemRow

_BRANDS = 8


def alert_raised(session: Session, row: AlertRow) -> News:
    """An alert was made."""
    return _news(session, row, Kind.ALERT_RAISED, row.created_at)


def alert_committed(session: Session, row: AlertRow, now: int) -> News:
    """Its commitment is on the ledger."""
    return _news(session, row, Kind.ALERT_COMMITTED, now)


def _news(session: Session, row: AlertRow, kind: Kind, at: int) -> News:
    brands = session.exec(select(SeriesRow.brand).where(SeriesRow.gtin == row.gtin).distinct().limit(_BRANDS)).all()
    who = [readers.right(Permission.ALERTS), readers.BRAND_DESK, *(readers.brand(one) for one in brands)]
    params = {"alert": row.id, "rule": row.rule, "gtin": row.gtin, "serial": row.serial}
    return News(kind, row.id, at, who, params, _goods(session, row))


def _goods(session: Session, row: AlertRow) -> list[Goods]:
    packed = session.get(PackedItemRow, (row.gtin, row.serial))
    if packed is None:
        return []
    token = token_id(packed.series, packed.item_index)
    return goods_in(session, [(token, token)])
