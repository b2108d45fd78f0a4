"""Scans and what they contradict. Devices and networks are kept as salted hashes, never as they are."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class ScanRow(SQLModel, table=True):
    """One reading of one label, with the verdict that it was answered with."""

    __tablename__: ClassVar[str] = "scan"
    __table_args__ = (
        Index("scan_placed", "gtin", "serial", "evidence", "occurred_at", sqlite_where=text("latitude IS NOT NULL")),
        Index(
            "scan_signed",
            "gtin",
            "serial",
            "account",
            "occurred_at",
            sqlite_where=text("evidence = 'A' AND latitude IS NOT NULL"),
        ),
        UniqueConstraint("account", "nonce"),
    )
    id: str = Field(primary_key=True)
    gtin: str
    serial: str
    raw: str
    occurred_at: int
    received_at: int
    latitude: float | None = None
    longitude: float | None = None
    accuracy_metres: float | None = None
    source: str | None = None
    evidence: str
    account: str | None = None
    key: str | None = None
    nonce: bytes | None = None
    statement: bytes | None = None
    device: str | None = None
    network: str
    verdict: str = ""


class ContradictionRow(SQLModel, table=True):
    """Two scans that one item cannot have had; `dismissed` when a person found an explanation."""

    __tablename__: ClassVar[str] = "contradiction"
    __table_args__ = (Index("contradiction_of", "gtin", "serial", "confirmed"),)
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    gtin: str
    serial: str
    rule: str
    first: str
    second: str
    distance_km: float
    minutes: float
    confirmed: bool
    dismissed: bool = False
    created_at: int


class SignalOverflowRow(SQLModel, table=True):
    """How many unconfirmed contradictions of an item were counted and not kept."""

    __tablename__: ClassVar[str] = "signal_overflow"
    gtin: str = Field(primary_key=True)
    serial: str = Field(primary_key=True)
    count: int
