"""Every row of every table compared with one that is read from the ledger anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, Table, and_, or_, select
from sqlmodel import Session, SQLModel

from countermark.chain.connection import BlockHead
from countermark.chain.deployment import Deployment
from countermark_node.audit.findings import Findings
from countermark_node.chain_sync.forks.rewinding import REWOUND_TABLES
from countermark_node.chain_sync.projector import Projector
from countermark_node.chain_sync.source import BlockSource
from countermark_node.chain_sync.tables import BlockRow, MarkRow, RoleEntryRow
from countermark_node.database import Database

_AT_ONCE = 200
_TABLES: tuple[type[SQLModel], ...] = (*REWOUND_TABLES, BlockRow)
_COUNTED: dict[type[SQLModel], str] = {RoleEntryRow: "granted", MarkRow: "recorded"}
"""Tables whose key a database counts by itself, with the column that names a row on the ledger."""


@dataclass(frozen=True, slots=True)
class LedgerUpTo:
    """A ledger that ends with block `number`."""

    source: BlockSource
    number: int

    @property
    def chain_id(self) -> int:
        """The EIP-155 id."""
        return self.source.chain_id

    def block(self, number: int | Literal["latest"] = "latest") -> BlockHead:
        """The head of a block; `latest` is the last one."""
        return self.source.block(self.number if number == "latest" else number)

    def rpc(self, method: str, params: Sequence[Any] = ()) -> Any:
        """As the ledger answers."""
        return self.source.rpc(method, params)


def compare_with_replay(
    session: Session, source: BlockSource, deployment: Deployment, number: int, to: Findings
) -> None:
    """Read the ledger up to block `number` into a database of its own, and compare all rows. Raises as reading does."""
    with TemporaryDirectory(prefix="countermark-audit-") as folder:
        database = Database(Path(folder) / "replay.sqlite3")
        try:
            Projector(database, LedgerUpTo(source, number), deployment).catch_up()
            with database.read() as anew:
                for kind in _TABLES:
                    _compare_table(session.connection(), anew.connection(), kind, to)
        finally:
            database.close()


def _compare_table(here: Connection, ledger: Connection, kind: type[SQLModel], to: Findings) -> None:
    table: Table = kind.__table__  # type: ignore[attr-defined]
    counted = _COUNTED.get(kind)
    key = [counted] if counted else [column.name for column in table.primary_key.columns]
    for found in _chunks(here, table, key):
        known = _at(ledger, table, key, list(found))
        for at, row in found.items():
            to.compare(table.name, _name(key, at), row, known.get(at))
    for found in _chunks(ledger, table, key):
        for at in found.keys() - _at(here, table, key, list(found)).keys():
            to.compare(table.name, _name(key, at), None, found[at])


_Rows = dict[tuple[Any, ...], dict[str, Any]]


def _chunks(connection: Connection, table: Table, key: Sequence[str]) -> Iterator[_Rows]:
    result = connection.execution_options(yield_per=_AT_ONCE).execute(select(table))
    for chunk in result.mappings().partitions(_AT_ONCE):
        yield _by_key(chunk, key)


def _at(connection: Connection, table: Table, key: Sequence[str], wanted: Sequence[tuple[Any, ...]]) -> _Rows:
    places = [and_(*(table.c[name] == value for name, value in zip(key, at, strict=True))) for at in wanted]
    return _by_key(connection.execute(select(table).where(or_(*places))).mappings().all(), key)


def _by_key(found: Sequence[RowMapping], key: Sequence[str]) -> _Rows:
    rows = ({name: value for name, value in row.items() if name != "id"} for row in found)
    return {tuple(row[name] for name in key): row for row in rows}


def _name(key: Sequence[str], at: tuple[Any, ...]) -> str:
    values = (value.hex() if isinstance(value, bytes) else value for value in at)
    return " ".join(f"{name} {value}" for name, value in zip(key, values, strict=True))
