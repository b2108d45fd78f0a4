"""The blocks that may still be replaced, and how rows were before each of them. Dropped by a rebuild."""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64


class RecentBlockRow(SQLModel, table=True):
    """A block of the window, whether it held events or not."""

    __tablename__: ClassVar[str] = "recent_block"
    number: int = Field(primary_key=True, sa_type=Int64)
    hash: str
    time: int = Field(sa_type=Int64)


class UndoRow(SQLModel, table=True):
    """What a row was before the block that changed it; `before` is empty when it was not there.

    `row_key` and `before` are JSON: the primary key in its columns' order, and the values by column.
    """

    __tablename__: ClassVar[str] = "undo"
    block: int = Field(primary_key=True, sa_type=Int64)
    changed_table: str = Field(primary_key=True)
    row_key: str = Field(primary_key=True)
    before: str | None = None


FORK_TABLES: tuple[type[SQLModel], ...] = (RecentBlockRow, UndoRow)
"""Dropped and written again by a rebuild."""
