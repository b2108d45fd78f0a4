"""Whose database it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from countermark_node.database.types import Int64

revision = "0010_database_owner"
down_revision = "0009_mails"


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "database_owner",
        sa.Column("id", Int64(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
