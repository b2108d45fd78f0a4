"""Hosted status lists as rows; a rebuild of the projection leaves them alone."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class StatusListRow(SQLModel, table=True):
    """The newest list of an account for a purpose. `token` is as its issuer signed it; times are whole seconds UTC."""

    __tablename__: ClassVar[str] = "status_list"
    account: str = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    token: str
    valid_from: int = Field(sa_type=BigInteger)
    valid_until: int = Field(sa_type=BigInteger)
    ttl_ms: int | None = Field(default=None, sa_type=BigInteger)
