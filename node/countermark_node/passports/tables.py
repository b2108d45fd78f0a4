"""Corrections as rows; a rebuild of the projection leaves them alone."""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import Field, SQLModel


class PassportCorrectionRow(SQLModel, table=True):
    """Entry `number` (from 1) of the list beside the passport with the SHA-256 `passport`."""

    __tablename__: ClassVar[str] = "passport_correction"
    passport: bytes = Field(primary_key=True)
    number: int = Field(primary_key=True)
    token: str
    received_at: int
