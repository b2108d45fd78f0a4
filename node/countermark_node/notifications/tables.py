"""The log of notifications, and who is told by which way."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64


class NotificationLogRow(SQLModel, table=True):
    """The one row that numbers notifications, and says up to which one and which time they were forgotten.

    Who notes something holds this row until its transaction ends, so numbers become visible in their order.
    """

    __tablename__: ClassVar[str] = "notification_log"
    id: int = Field(default=1, primary_key=True, sa_type=Int64)
    newest: int = Field(default=0, sa_type=Int64)
    forgotten: int = Field(default=0, sa_type=Int64)
    forgotten_time: int = Field(default=0, sa_type=Int64)


class NotificationRow(SQLModel, table=True):
    """One notification. `key` is the same for the same news; `content` is JSON: params and goods."""

    __tablename__: ClassVar[str] = "notification"
    sequence: int = Field(primary_key=True, sa_type=Int64)
    key: str = Field(unique=True)
    kind: str
    at: int = Field(sa_type=Int64)
    noted_at: int = Field(sa_type=Int64, index=True)
    content: str


class NotificationReaderRow(SQLModel, table=True):
    """Who may see a notification, as far as their rights of the moment go."""

    __tablename__: ClassVar[str] = "notification_reader"
    __table_args__ = (Index("notification_reader_of", "sequence"),)
    reader: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True, sa_type=Int64)
