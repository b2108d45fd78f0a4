"""idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from countermark_node.database.types import Int64

revision = "0005_idempotency_keys"
down_revision = "0004_replaced_blocks"


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "idempotency_key",
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("created_at", Int64(), nullable=False),
        sa.Column("lease_until", Int64(), nullable=False),
        sa.Column("status", Int64(), nullable=True),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key"),
    )
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_key_created_at"), ["created_at"], unique=False)
