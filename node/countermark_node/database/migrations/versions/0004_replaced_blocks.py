"""The newest blocks, and how rows were before each of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from countermark_node.database.types import Int64

revision = "0004_replaced_blocks"
down_revision = "0003_outbox"


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "recent_block",
        sa.Column("number", Int64(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("time", Int64(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "undo",
        sa.Column("block", Int64(), nullable=False),
        sa.Column("changed_table", sa.String(), nullable=False),
        sa.Column("row_key", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("block", "changed_table", "row_key"),
    )
