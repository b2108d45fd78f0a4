"""Sessions, links, keys and what was used up; of secrets only hashes are kept. A rebuild leaves them alone."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64


class SessionRow(SQLModel, table=True):
    """A browser that signed in at a desk."""

    __tablename__: ClassVar[str] = "session"
    id_hash: str = Field(primary_key=True)
    desk: str
    created_at: int = Field(sa_type=Int64)
    expires_at: int = Field(index=True, sa_type=Int64)


class DeskLinkRow(SQLModel, table=True):
    """A link that opens a desk once; deleted when it does."""

    __tablename__: ClassVar[str] = "desk_link"
    code_hash: str = Field(primary_key=True)
    desk: str
    expires_at: int = Field(index=True, sa_type=BigInteger)


class UsedLogInRow(SQLModel, table=True):
    """A nonce that somebody logged in with, or the id of a token that was given back; kept until it would run out."""

    __tablename__: ClassVar[str] = "used_log_in"
    id: str = Field(primary_key=True)
    expires_at: int = Field(index=True, sa_type=BigInteger)


class ApiKeyRow(SQLModel, table=True):
    """A key of an ERP system: acts for `account` within `permissions`, separated by blanks."""

    __tablename__: ClassVar[str] = "api_key"
    id: str = Field(primary_key=True)
    secret_hash: str
    label: str
    account: str
    permissions: str
    created_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
    revoked_at: int | None = Field(default=None, sa_type=BigInteger)
