"""Scans: ids of uploads, what was shown, no addresses for long, counts, nonces of pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from countermark_node.database.types import Int64

revision = "0006_scans_kept_short"
down_revision = "0005_idempotency_keys"


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "scan_count",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("since", Int64(), nullable=False),
        sa.Column("count", Int64(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "since"),
    )
    op.create_index("ix_scan_count_since", "scan_count", ["since"])
    op.create_table(
        "used_page_nonce",
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Int64(), nullable=False),
        sa.PrimaryKeyConstraint("nonce"),
    )
    op.create_index("ix_used_page_nonce_expires_at", "used_page_nonce", ["expires_at"])
    tapped, from_network = sa.text("tapper <> ''"), sa.text("network IS NOT NULL")
    op.create_index("chip_tap_age", "chip_tap", ["tapped_at"], sqlite_where=tapped, postgresql_where=tapped)
    op.create_index("contradiction_age", "contradiction", ["confirmed", "created_at"])
    with op.batch_alter_table("scan") as batch:
        batch.add_column(sa.Column("upload", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("content", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("showing", sa.String(), nullable=True))
        batch.add_column(sa.Column("from_page", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch.alter_column("network", existing_type=sa.String(), nullable=True)
    op.create_index("scan_upload", "scan", ["upload"], unique=True)
    op.create_index("scan_age", "scan", ["evidence", "received_at"])
    op.create_index(
        "scan_network_age", "scan", ["received_at"], sqlite_where=from_network, postgresql_where=from_network
    )
