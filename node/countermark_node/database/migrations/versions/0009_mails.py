"""Who is told by mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from countermark_node.database.types import Int64

revision = "0009_mails"
down_revision = "0008_webhooks"


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "mail_subscription",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("kinds", sa.String(), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("gtin", sa.String(), nullable=False),
        sa.Column("lot", sa.String(), nullable=False),
        sa.Column("every_minutes", Int64(), nullable=False),
        sa.Column("seen", Int64(), nullable=False),
        sa.Column("due_at", Int64(), nullable=False),
        sa.Column("failures", Int64(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_at", Int64(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
