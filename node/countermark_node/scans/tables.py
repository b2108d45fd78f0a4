"""Scans and what they contradict. Devices and networks are kept as salted hashes, never as they are."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import Index, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64


def _partly(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class ScanRow(SQLModel, table=True):
    """One reading of one label, with the verdict that it was answered with.

    `upload` is the salted hash of the id that the scanner gave it, `content` the hash of what came under that id.
    `network` is dropped within a day. `showing` is what was shown beside the label, `from_page` whether a page of this
    node sent it.
    """

    __tablename__: ClassVar[str] = "scan"
    __table_args__ = (
        _partly("scan_placed", "gtin", "serial", "evidence", "occurred_at", where="latitude IS NOT NULL"),
        _partly(
            "scan_signed",
            "gtin",
            "serial",
            "account",
            "occurred_at",
            where="evidence = 'A' AND latitude IS NOT NULL",
        ),
        UniqueConstraint("account", "nonce"),
        Index("scan_upload", "upload", unique=True),
        Index("scan_age", "evidence", "received_at"),
        _partly("scan_network_age", "received_at", where="network IS NOT NULL"),
    )
    id: str = Field(primary_key=True)
    gtin: str
    serial: str
    raw: str
    occurred_at: int = Field(sa_type=Int64)
    received_at: int = Field(sa_type=Int64)
    latitude: float | None = None
    longitude: float | None = None
    accuracy_metres: float | None = None
    source: str | None = None
    evidence: str
    account: str | None = None
    key: str | None = None
    nonce: bytes | None = None
    statement: bytes | None = None
    upload: bytes | None = None
    content: bytes | None = None
    device: str | None = None
    network: str | None = None
    showing: str | None = None
    from_page: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    verdict: str = ""


class ContradictionRow(SQLModel, table=True):
    """Two scans that one item cannot have had; `dismissed` when a person found an explanation."""

    __tablename__: ClassVar[str] = "contradiction"
    __table_args__ = (
        Index("contradiction_of", "gtin", "serial", "confirmed"),
        Index("contradiction_age", "confirmed", "created_at"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
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
    created_at: int = Field(sa_type=Int64)


class SignalOverflowRow(SQLModel, table=True):
    """How many unconfirmed contradictions of an item were counted and not kept."""

    __tablename__: ClassVar[str] = "signal_overflow"
    gtin: str = Field(primary_key=True)
    serial: str = Field(primary_key=True)
    count: int = Field(sa_type=Int64)


class ScanCountRow(SQLModel, table=True):
    """How often a label, device or network was scanned from the second `since` on; names are salted hashes."""

    __tablename__: ClassVar[str] = "scan_count"
    subject: str = Field(primary_key=True)
    since: int = Field(primary_key=True, sa_type=Int64, index=True)
    count: int = Field(sa_type=Int64)


class UsedPageNonceRow(SQLModel, table=True):
    """A nonce of a page that came back with a scan; kept until it would have run out."""

    __tablename__: ClassVar[str] = "used_page_nonce"
    nonce: bytes = Field(primary_key=True)
    expires_at: int = Field(index=True, sa_type=Int64)
