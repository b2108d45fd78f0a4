"""trademark requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from countermark_node.database.types import Int64

revision = "0002_trademark_requests"
down_revision = "0001_schema_3"


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "trademark_request",
        sa.Column("sequence", Int64(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("received_at", Int64(), nullable=False),
        sa.Column("answered_at", Int64(), nullable=True),
        sa.Column("kept_until", Int64(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("id"),
    )
    with op.batch_alter_table("trademark_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trademark_request_kept_until"), ["kept_until"], unique=False)
        batch_op.create_index("trademark_request_of_holder", ["holder", "state"], unique=False)
        batch_op.create_index("trademark_request_of_office", ["office", "state"], unique=False)
