"""Endpoints of other systems, and messages that wait for them or were given up."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64

UNVERIFIED, ACTIVE, STOPPED = "unverified", "active", "stopped"
WAITING, DEAD = "waiting", "dead"


class WebhookRow(SQLModel, table=True):
    """An endpoint of `account`, told what the account may see within the `permissions` of who made it.

    `kinds` are separated by spaces, empty for all; `brand`, `gtin` and `lot` narrow it down, empty for any. `seen` is
    the number of the last notification that was looked at. `rests_until`: it failed, and is left alone until then.
    """

    __tablename__: ClassVar[str] = "webhook"
    id: str = Field(primary_key=True)
    account: str = Field(index=True)
    permissions: str
    url: str
    kinds: str
    brand: str
    gtin: str
    lot: str
    sealed: bytes
    former_sealed: bytes | None = None
    former_until: int = Field(default=0, sa_type=Int64)
    state: str
    reason: str | None = None
    seen: int = Field(sa_type=Int64)
    rests_until: int = Field(default=0, sa_type=Int64)
    created_at: int = Field(sa_type=Int64)


class DeliveryRow(SQLModel, table=True):
    """A message that was not taken yet, byte for byte as it is sent; gone once it was taken."""

    __tablename__: ClassVar[str] = "webhook_delivery"
    __table_args__ = (Index("webhook_delivery_due", "state", "next_at"),)
    webhook: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True, sa_type=Int64)
    message: str
    content: str
    state: str = WAITING
    attempts: int = Field(default=0, sa_type=Int64)
    next_at: int = Field(sa_type=Int64)
    last_error: str | None = None
    created_at: int = Field(sa_type=Int64)
