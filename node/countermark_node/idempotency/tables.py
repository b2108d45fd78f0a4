"""Keys that were used, each with the answer that it stands for. A rebuild leaves them."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64


class IdempotencyKeyRow(SQLModel, table=True):
    """A key of a principal. While `status` is null its request is answered, until `lease_until` at the latest.

    `fingerprint` is of route and body; `body` is compressed.
    """

    __tablename__: ClassVar[str] = "idempotency_key"
    principal: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    created_at: int = Field(index=True, sa_type=Int64)
    lease_until: int = Field(sa_type=Int64)
    status: int | None = Field(default=None, sa_type=Int64)
    media_type: str = ""
    location: str = ""
    body: bytes = Field(default=b"", sa_type=LargeBinary)
