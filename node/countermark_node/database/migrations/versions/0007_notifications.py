"""The log of notifications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from countermark_node.database.types import Int64

revision = "0007_notifications"
down_revision = "0006_scans_kept_short"


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "notification",
        sa.Column("sequence", Int64(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", Int64(), nullable=False),
        sa.Column("noted_at", Int64(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notification_noted_at"), ["noted_at"], unique=False)

    op.create_table(
        "notification_log",
        sa.Column("id", Int64(), nullable=False),
        sa.Column("newest", Int64(), nullable=False),
        sa.Column("forgotten", Int64(), nullable=False),
        sa.Column("forgotten_time", Int64(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "notification_reader",
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("sequence", Int64(), nullable=False),
        sa.PrimaryKeyConstraint("reader", "sequence"),
    )
    with op.batch_alter_table("notification_reader", schema=None) as batch_op:
        batch_op.create_index("notification_reader_of", ["sequence"], unique=False)
