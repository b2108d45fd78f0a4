"""Webhooks and the messages that wait for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from countermark_node.database.types import Int64

revision = "0008_webhooks"
down_revision = "0007_notifications"


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("permissions", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("kinds", sa.String(), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("gtin", sa.String(), nullable=False),
        sa.Column("lot", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("former_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("former_until", Int64(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("seen", Int64(), nullable=False),
        sa.Column("rests_until", Int64(), nullable=False),
        sa.Column("created_at", Int64(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("webhook", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_account"), ["account"], unique=False)

    op.create_table(
        "webhook_delivery",
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column("sequence", Int64(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", Int64(), nullable=False),
        sa.Column("next_at", Int64(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", Int64(), nullable=False),
        sa.PrimaryKeyConstraint("webhook", "sequence"),
    )
    with op.batch_alter_table("webhook_delivery", schema=None) as batch_op:
        batch_op.create_index("webhook_delivery_due", ["state", "next_at"], unique=False)
