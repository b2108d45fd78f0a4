"""outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from countermark_node.database.types import Int64

revision = "0003_outbox"
down_revision = "0002_trademark_requests"


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "outbox_request",
        sa.Column("position", Int64(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("nonce", Int64(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("gas", Int64(), nullable=False),
        sa.Column("deadline", Int64(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("charged", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("accepted_at", Int64(), nullable=False),
        sa.Column("accepted_block", Int64(), nullable=False),
        sa.Column("changed_at", Int64(), nullable=False),
        sa.Column("tries", Int64(), nullable=False),
        sa.Column("tx_hash", sa.String(), nullable=True),
        sa.Column("block", Int64(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("id"),
    )
    with op.batch_alter_table("outbox_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_request_changed_at"), ["changed_at"], unique=False)
        batch_op.create_index("outbox_request_charged", ["charged", "state"], unique=False)
        batch_op.create_index(
            "outbox_request_nonce",
            ["signer", "nonce"],
            unique=True,
            sqlite_where=sa.text("state IN ('accepted', 'sent', 'confirmed')"),
            postgresql_where=sa.text("state IN ('accepted', 'sent', 'confirmed')"),
        )
        batch_op.create_index("outbox_request_state", ["state", "position"], unique=False)

    op.create_table(
        "outbox_sender",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("next_nonce", Int64(), nullable=False),
        sa.PrimaryKeyConstraint("address"),
    )
    op.create_table(
        "outbox_transaction",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("nonce", Int64(), nullable=False),
        sa.Column("request", sa.String(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("written_at", Int64(), nullable=False),
        sa.Column("sent_at", Int64(), nullable=True),
        sa.Column("block", Int64(), nullable=True),
        sa.Column("block_hash", sa.String(), nullable=True),
        sa.Column("refused", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("hash"),
    )
    with op.batch_alter_table("outbox_transaction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_transaction_request"), ["request"], unique=False)
        batch_op.create_index("outbox_transaction_nonce", ["sender", "nonce"], unique=False)
        batch_op.create_index("outbox_transaction_state", ["state", "block"], unique=False)
