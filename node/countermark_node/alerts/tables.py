"""Alerts and what they are made of."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64

PENDING = "pending"
COMMITTED = "committed"


class AlertRow(SQLModel, table=True):
    """One alert. `content` is the JSON text whose SHA-256 is committed to, salted, on the ledger.

    `pair` names the two places coarsely: one alert for an item and a pair of places, however often it repeats.
    """

    __tablename__: ClassVar[str] = "alert"
    __table_args__ = (UniqueConstraint("kind", "gtin", "serial", "pair"), {"sqlite_autoincrement": True})
    sequence: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    id: str = Field(unique=True)
    kind: str
    rule: str
    gtin: str
    serial: str
    pair: str
    created_at: int = Field(sa_type=Int64)
    contradictions: int = Field(default=1, sa_type=Int64)
    content: str
    content_hash: bytes
    salt: bytes
    commitment: bytes = Field(unique=True)
    state: str = Field(default=PENDING, index=True)
    reason: str | None = None
    tx_hash: str | None = None
    block: int | None = Field(default=None, sa_type=Int64)


class AlertContradictionRow(SQLModel, table=True):
    """A contradiction that belongs to an alert."""

    __tablename__: ClassVar[str] = "alert_contradiction"
    sequence: int = Field(primary_key=True, foreign_key="alert.sequence", sa_type=Int64)
    contradiction: str = Field(primary_key=True)
