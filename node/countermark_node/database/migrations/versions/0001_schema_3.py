"""Every table of schema 3, the last one that was only a number."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from countermark_node.database.types import Int64

revision = "0001_schema_3"
down_revision = None

_TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "text": sa.String,
    "bytes": sa.LargeBinary,
    "whole": Int64,
    "long": sa.BigInteger,
    "real": sa.Float,
    "flag": sa.Boolean,
}


def upgrade() -> None:
    """Take this step."""
    _accounts()
    _marks_and_series()
    _custody()
    _blocks()
    _access()
    _scans()
    _chips_and_documents()


def _table(name: str, key: str, columns: str, *others: sa.schema.SchemaItem, **options: Any) -> None:
    """`columns` are pairs of name and type, with a ? where a value may be missing; `key` is the primary key."""
    pairs = [pair.split() for pair in columns.split(", ")]
    made = [sa.Column(column, _TYPES[kind.rstrip("?")](), nullable=kind.endswith("?")) for column, kind in pairs]
    op.create_table(name, *made, sa.PrimaryKeyConstraint(*key.split()), *others, if_not_exists=True, **options)


def _index(name: str, table: str, columns: str, where: str | None = None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(
        name, table, columns.split(), if_not_exists=True, sqlite_where=condition, postgresql_where=condition
    )


def _accounts() -> None:
    _table("account", "account", "account text, position long")
    _table(
        "account_key", "key", "key text, account text, scopes whole, not_before long, not_after long, revoked_at whole?"
    )
    _index("ix_account_key_account", "account_key", "account")
    _table(
        "role_entry",
        "id",
        "id whole, account text, role text, level whole, accreditor text, valid_from long, valid_until long, "
        "granted long, ended long?",
    )
    _index("role_entry_of", "role_entry", "account role")
    _table("role_suspension", "position", "position long, account text, role text, until long, lifted long?")
    _index("role_suspension_of", "role_suspension", "account role position")
    _table(
        "credential_key",
        "account x y",
        "account text, x bytes, y bytes, valid_from long, valid_until long, revoked_since whole?",
    )
    _table("prefix", "digits", "digits text, brand text, position long")
    _table(
        "label_key",
        "brand x y",
        "brand text, x bytes, y bytes, valid_from long, valid_until long, revoked_since whole?",
    )
    _table("host", "brand host", "brand text, host text")


def _marks_and_series() -> None:
    _table(
        "mark",
        "id",
        "id whole, mark text, office text, holder text, credential_hash bytes, valid_from long, valid_until "
        "long, recorded long, held_since long, replaced long?",
    )
    _index("ix_mark_mark", "mark", "mark")
    _table("licence", "position", "position long, mark text, licensee text, until long, ended long?")
    _index("licence_of", "licence", "mark licensee position")
    _table("mark_status", "position", "position long, mark text, status text, time whole")
    _index("mark_status_of", "mark_status", "mark position")
    _table(
        "series",
        "series",
        "series whole, gtin text, number whole, brand text, ceiling whole, closed flag, position long",
        sa.UniqueConstraint("gtin", "number"),
    )
    _table("series_mark", "series place", "series whole, place whole, mark text")
    _table(
        "segment",
        "series first_index",
        "series whole, first_index whole, last_index whole, root bytes, lot text, expiry long, passport "
        "bytes, holder text, commissioned_at whole, position long",
    )
    _index("ix_segment_passport", "segment", "passport")


def _custody() -> None:
    _table("run", "series first_index", "series whole, first_index whole, last_index whole, holder text")
    _index("ix_run_holder", "run", "holder")
    _table("unit", "account", "account text, unit text, holder text, since long", sa.UniqueConstraint("unit"))
    _table("unit_hold", "account measure", "account text, measure whole")
    _index("ix_unit_hold_measure", "unit_hold", "measure")
    _table(
        "flag_run",
        "series flag authority first_index",
        "series whole, flag whole, authority text, first_index whole, last_index whole",
    )
    _table("claim", "series item_index", "series whole, item_index whole, claimed flag, turn long, claim_key text?")
    _table(
        "moved",
        "position",
        "position long, series whole, first_index whole, last_index whole, giver text, receiver text, module "
        "text, ref bytes, time whole",
    )
    _index("moved_to", "moved", "series receiver first_index")
    _table(
        "handed_over",
        "position",
        "position long, handover bytes, giver text, receiver text, items_handed long, items_taken long, "
        "purpose whole, event_time long, document bytes, time whole",
    )
    _index("ix_handed_over_handover", "handed_over", "handover")
    _table(
        "discrepancy",
        "position",
        "position long, handover bytes, giver text, receiver text, missing long, exceptions bytes, time whole",
    )
    _index("ix_discrepancy_handover", "discrepancy", "handover")


def _blocks() -> None:
    _table(
        "chain_head",
        "id",
        "id whole, chain_id long, genesis_hash text, trust_registry text, number whole, hash text, time whole",
    )
    _table("block", "number", "number whole, hash text, time whole")
    _table(
        "chain_alert",
        "alert_id",
        "alert_id whole, raised_by text?, commitment bytes?, content_hash bytes?, kind text?, subject bytes?, "
        "tx_hash text, block whole, time whole",
    )
    _index("ix_chain_alert_commitment", "chain_alert", "commitment")


def _access() -> None:
    _table("session", "id_hash", "id_hash text, desk text, created_at whole, expires_at whole")
    _index("ix_session_expires_at", "session", "expires_at")
    _table("desk_link", "code_hash", "code_hash text, desk text, expires_at long")
    _index("ix_desk_link_expires_at", "desk_link", "expires_at")
    _table("used_log_in", "id", "id text, expires_at long")
    _index("ix_used_log_in_expires_at", "used_log_in", "expires_at")
    _table(
        "api_key",
        "id",
        "id text, secret_hash text, label text, account text, permissions text, created_at long, expires_at "
        "long, revoked_at long?",
    )


def _scans() -> None:
    _table(
        "scan",
        "id",
        "id text, gtin text, serial text, raw text, occurred_at whole, received_at whole, latitude real?, "
        "longitude real?, accuracy_metres real?, source text?, evidence text, account text?, key text?, nonce "
        "bytes?, statement bytes?, device text?, network text, verdict text",
        sa.UniqueConstraint("account", "nonce"),
    )
    _index("scan_placed", "scan", "gtin serial evidence occurred_at", "latitude IS NOT NULL")
    _index("scan_signed", "scan", "gtin serial account occurred_at", "evidence = 'A' AND latitude IS NOT NULL")
    _table(
        "contradiction",
        "id",
        "id whole, key text, gtin text, serial text, rule text, first text, second text, distance_km real, "
        "minutes real, confirmed flag, dismissed flag, created_at whole",
        sa.UniqueConstraint("key"),
    )
    _index("contradiction_of", "contradiction", "gtin serial confirmed")
    _table("signal_overflow", "gtin serial", "gtin text, serial text, count whole")
    _table(
        "alert",
        "sequence",
        "sequence whole, id text, kind text, rule text, gtin text, serial text, pair text, created_at whole, "
        "contradictions whole, content text, content_hash bytes, salt bytes, commitment bytes, state text, "
        "reason text?, tx_hash text?, block whole?",
        sa.UniqueConstraint("commitment"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("kind", "gtin", "serial", "pair"),
        sqlite_autoincrement=True,
    )
    _index("ix_alert_state", "alert", "state")
    _table(
        "alert_contradiction",
        "sequence contradiction",
        "sequence whole, contradiction text",
        sa.ForeignKeyConstraint(["sequence"], ["alert.sequence"]),
    )


def _chips_and_documents() -> None:
    _table("chip_keys", "series", "series long, sealed bytes, received_at long")
    _table(
        "chip_tap",
        "gtin serial",
        "gtin text, serial text, counter whole, tapped_at long, tapper text, before_at long?, before_tapper text?",
    )
    _table("used_challenge", "challenge", "challenge bytes, expires_at long")
    _index("ix_used_challenge_expires_at", "used_challenge", "expires_at")
    _table(
        "packing_list",
        "series first_index",
        "series whole, first_index whole, items whole, root bytes, passport bytes, received_at whole",
    )
    _table(
        "packed_item",
        "gtin serial",
        "gtin text, serial text, series whole, segment whole, item_index whole, salt bytes, claim bytes?, chip bytes?",
        sqlite_with_rowid=False,
    )
    _table("passport_correction", "passport number", "passport bytes, number whole, token text, received_at whole")
    _table("coverage", "brand", "brand text, number long, token text, received_at long")
    _table(
        "status_list",
        "account purpose",
        "account text, purpose text, token text, valid_from long, valid_until long, ttl_ms long?",
    )
