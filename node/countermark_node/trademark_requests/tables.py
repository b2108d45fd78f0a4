"""Requests and their answers. A rebuild of the projection leaves them alone."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64


class TrademarkRequestRow(SQLModel, table=True):
    """`document` and `answer` are JSON as they were signed; `kept_until` and the other times whole seconds UTC."""

    __tablename__: ClassVar[str] = "trademark_request"
    __table_args__ = (
        Index("trademark_request_of_office", "office", "state"),
        Index("trademark_request_of_holder", "holder", "state"),
    )
    sequence: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    id: str = Field(unique=True)
    office: str
    holder: str
    state: str
    document: str
    answer: str | None = None
    received_at: int = Field(sa_type=Int64)
    answered_at: int | None = Field(default=None, sa_type=Int64)
    kept_until: int = Field(sa_type=Int64, index=True)
