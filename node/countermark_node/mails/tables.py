"""Who is told by mail."""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64


class MailSubscriptionRow(SQLModel, table=True):
    """An address that is told what `account` may see: what came since `seen`, once it is `due_at`, then every so often.

    `kinds` are separated by spaces, empty for all; `brand`, `gtin` and `lot` narrow it down, empty for any. `reason` is
    why the last mail failed; with `stopped` no more are sent.
    """

    __tablename__: ClassVar[str] = "mail_subscription"
    id: str = Field(primary_key=True)
    account: str
    address: str
    language: str
    kinds: str
    brand: str
    gtin: str
    lot: str
    every_minutes: int = Field(sa_type=Int64)
    seen: int = Field(sa_type=Int64)
    due_at: int = Field(default=0, sa_type=Int64)
    failures: int = Field(default=0, sa_type=Int64)
    stopped: bool = False
    reason: str | None = None
    created_at: int = Field(sa_type=Int64)
