"""Keys and counters of chips, and challenges that were used. A rebuild of the projection leaves them alone."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64

_KNOWN = text("tapper <> ''")


class ChipKeysRow(SQLModel, table=True):
    """The chip secret of a series, sealed with the installation's own key."""

    __tablename__: ClassVar[str] = "chip_keys"
    series: int = Field(primary_key=True, sa_type=BigInteger)
    sealed: bytes
    received_at: int = Field(sa_type=BigInteger)


class ChipTapRow(SQLModel, table=True):
    """The last accepted answer of an item's chip, and the one before: counter, when, and by which phone or network.

    Who tapped is forgotten within a day.
    """

    __tablename__: ClassVar[str] = "chip_tap"
    __table_args__ = (Index("chip_tap_age", "tapped_at", sqlite_where=_KNOWN, postgresql_where=_KNOWN),)
    gtin: str = Field(primary_key=True)
    serial: str = Field(primary_key=True)
    counter: int = Field(sa_type=Int64)
    tapped_at: int = Field(sa_type=BigInteger)
    tapper: str
    before_at: int | None = Field(default=None, sa_type=BigInteger)
    before_tapper: str | None = None


class UsedChallengeRow(SQLModel, table=True):
    """A challenge that somebody answered; kept until it would have run out."""

    __tablename__: ClassVar[str] = "used_challenge"
    challenge: bytes = Field(primary_key=True)
    expires_at: int = Field(index=True, sa_type=BigInteger)
