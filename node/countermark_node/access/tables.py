"""Browser sessions; only hashes of their ids are kept."""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import Field, SQLModel


class SessionRow(SQLModel, table=True):
    """A browser that signed in at a desk."""

    __tablename__: ClassVar[str] = "session"
    id_hash: str = Field(primary_key=True)
    desk: str
    created_at: int
    expires_at: int = Field(index=True)
