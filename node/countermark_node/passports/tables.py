"""Corrections as rows; a rebuild of the projection leaves them alone."""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64


class PassportCorrectionRow(SQLModel, table=True):
    """Entry `number` (from 1) of the list beside the passport with the SHA-256 `passport`."""

    __tablename__: ClassVar[str] = "passport_correction"
    passport: bytes = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=Int64)
    token: str
    received_at: int = Field(sa_type=Int64)
