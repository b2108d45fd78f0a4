"""Whether nodes that never spoke with one another know the same, and know what the ledger says."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, MetaData, create_engine, select
from tests.organisations.market import ORGANISATIONS, Market

from countermark.identifiers import index_of, series_of
from countermark_node.chain_sync.tables import CHAIN_TABLES, BlockRow, HeadRow

_SECONDS = 60.0
_OWN = {HeadRow.__tablename__, BlockRow.__tablename__}
"""How far and in which steps a node read differs; what it read must not."""


def assert_agreement(market: Market, first: int, count: int) -> None:
    """Waits until all nodes have read the same head, then compares every row, and the holders with the ledger."""
    contracts = market.contracts()
    wanted = contracts.alerts.alert_count()
    end = time.monotonic() + _SECONDS
    while True:
        known = {name: projection(market.databases[name]) for name in ORGANISATIONS}
        if len({str(rows) for rows in known.values()}) == 1 and len(known["brand"]["chain_alert"]) == wanted:
            break
        assert time.monotonic() < end, _difference(known)
        time.sleep(0.1)
    rows = known["brand"]
    assert len(rows) > 20
    assert rows["moved"]
    assert [row["missing"] for row in rows["discrepancy"]] == [2]
    for token in range(first, first + count):
        assert _holder_in(rows["run"], token) == contracts.token.owner_of(token), token
    for unit in rows["unit"]:
        assert unit["holder"] == contracts.units.unit_info(int(unit["unit"], 16)).holder


def projection(place: Path | URL) -> dict[str, list[dict[str, Any]]]:
    """All rows that a node made of the ledger, by table; numbers that databases count by themselves left out."""
    engine = create_engine(place if isinstance(place, URL) else f"sqlite:///file:{place}?mode=ro&uri=true")
    names = {str(table.__tablename__) for table in CHAIN_TABLES} - {str(name) for name in _OWN}
    try:
        with engine.connect() as connection:
            metadata = MetaData()
            metadata.reflect(connection, only=sorted(names))
            return {
                name: sorted(
                    (
                        {key: value for key, value in row.items() if key != "id"}
                        for row in connection.execute(select(metadata.tables[name])).mappings()
                    ),
                    key=str,
                )
                for name in sorted(names)
            }
    finally:
        engine.dispose()


def _holder_in(runs: list[dict[str, Any]], token: int) -> str | None:
    for run in runs:
        if run["series"] == series_of(token) and run["first_index"] <= index_of(token) <= run["last_index"]:
            return str(run["holder"])
    return None


def _difference(known: dict[str, dict[str, list[dict[str, Any]]]]) -> str:
    return "\n".join(
        f"{name}.{table}: {len(rows)} rows, brand has {len(known['brand'][table])}"
        for name, tables in known.items()
        for table, rows in tables.items()
        if rows != known["brand"][table]
    )
