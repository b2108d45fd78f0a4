"""The newest statement of each brand. A rebuild of the projection leaves it alone."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class CoverageRow(SQLModel, table=True):
    """A brand's signed statement of which goods carry a label."""

    __tablename__: ClassVar[str] = "coverage"
    brand: str = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)
    token: str
    received_at: int = Field(sa_type=BigInteger)
