"""Whose database it is."""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64


class OwnerRow(SQLModel, table=True):
    """The one row that says which installation's database it is."""

    __tablename__: ClassVar[str] = "database_owner"
    id: int = Field(default=1, primary_key=True, sa_type=Int64)
    mark: bytes
