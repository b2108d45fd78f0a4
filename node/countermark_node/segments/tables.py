"""Packing lists as rows; a rebuild of the projection leaves them alone."""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64


class PackingListRow(SQLModel, table=True):
    """A segment whose list is here. `passport` is the signed passport whose SHA-256 the segment carries."""

    __tablename__: ClassVar[str] = "packing_list"
    series: int = Field(primary_key=True, sa_type=Int64)
    first_index: int = Field(primary_key=True, sa_type=Int64)
    items: int = Field(sa_type=Int64)
    root: bytes
    passport: bytes
    received_at: int = Field(sa_type=Int64)


class PackedItemRow(SQLModel, table=True):
    """The item at `item_index` of a series; `segment` is the first index of its segment.

    `claim` is the address of its claim key (20 bytes), `chip` the value of the chip bound to it (32 bytes), if any.
    """

    __tablename__: ClassVar[str] = "packed_item"
    __table_args__: ClassVar[dict[str, bool]] = {"sqlite_with_rowid": False}
    gtin: str = Field(primary_key=True)
    serial: str = Field(primary_key=True)
    series: int = Field(sa_type=Int64)
    segment: int = Field(sa_type=Int64)
    item_index: int = Field(sa_type=Int64)
    salt: bytes
    claim: bytes | None = None
    chip: bytes | None = None
