"""Every setting of a node: one frozen object, read from the environment, each with a default and a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class NodeSettings(BaseSettings):
    """Environment variables are the names in capitals after `COUNTERMARK_`. `docs/node.md` prints the same table."""

    model_config = SettingsConfigDict(env_prefix="COUNTERMARK_", frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Field(default=Path("~/.countermark"), description="Folder that holds the ledger, database and keys.")
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8750, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    database_url: str | None = Field(
        default=None, description="PostgreSQL that holds the database, without a password; empty: as `node init` said."
    )
    database_password: SecretStr | None = Field(
        default=None, description="Password for the PostgreSQL; empty: the file below, else PostgreSQL's own ways."
    )
    database_password_file: Path | None = Field(
        default=None, description="File that holds the password for the PostgreSQL, or /dev/fd/3 for a descriptor."
    )
    chain_url: str | None = Field(
        default=None, description="JSON-RPC address of the ledger; empty for the embedded one."
    )
    chain_seconds: float = Field(default=10, gt=0, le=60, description="Longest wait for one answer of the ledger.")
    chain_poll_seconds: float = Field(
        default=2, gt=0, description="How often the ledger is looked at when nobody asks."
    )
    replaced_blocks: int = Field(
        default=256, ge=1, le=10_000, description="How many of the newest blocks a ledger may replace by others."
    )
    node_password: SecretStr | None = Field(
        default=None, description="Password of the node's own account; empty to generate one and keep it in a file."
    )
    public_host: str = Field(
        default="", description="Host printed on labels whose verdict pages this node serves, with :port if it has one."
    )
    trusted_proxies: str = Field(
        default="", description="Addresses of reverse proxies whose X-Forwarded-For is believed, separated by commas."
    )
    trust_bundle: Path | None = Field(
        default=None, description="Trust bundle that this node publishes at /v1/trust-bundle; empty for none."
    )
    log_in_hosts: str = Field(
        default="",
        description="This node's hosts for log-in, separated by commas; empty: the public host, else where it listens.",
    )
    token_minutes: int = Field(default=10, ge=1, le=15, description="How long an access token lives.")
    desk_keys: bool = Field(
        default=True, description="Whether the desks' access keys open them; one-time links always do."
    )
    public_scans_per_minute: int = Field(
        default=600, ge=1, description="Scans without accredited evidence per network and minute."
    )
    gate_scans_per_minute: int = Field(
        default=60_000, ge=1, description="Scans in batches of gates per account and minute."
    )
    wrong_signatures_per_minute: int = Field(
        default=60, ge=1, description="Scans with a signature that does not fit, per network and minute."
    )
    pictures_per_minute: int = Field(default=300, ge=1, description="Pictures decoded per network and minute.")
    pictures_at_once: int = Field(
        default=2, ge=1, description="Pictures decoded at the same time; each may take a hundred megabytes."
    )
    pictures_waiting: int = Field(default=32, ge=0, description="Pictures that wait for their turn, in memory.")
    pictures_waiting_per_network: int = Field(
        default=8, ge=1, description="Pictures of one network that are decoded or wait."
    )
    rpc_per_minute: int = Field(default=6_000, ge=1, description="JSON-RPC calls per network and minute.")
    log_format: Literal["json", "text"] = Field(
        default="json", description="Log lines on standard error: json, one object a line, or text."
    )
    rpc_open_reads: bool = Field(
        default=False, description="Whether anybody may read the whole ledger through /rpc, or only who has a role."
    )
    rpc_strangers_per_minute: int = Field(
        default=60, ge=1, description="Transactions through /rpc by keys without a role, per network and minute."
    )
    rpc_waiting: int = Field(default=64, ge=0, description="JSON-RPC requests that wait for their turn.")
    rpc_waiting_per_network: int = Field(
        default=16, ge=1, description="JSON-RPC requests of one network that are answered or wait."
    )
    chip_tap_seconds: int = Field(
        default=120, ge=1, description="Seconds within which a chip's second answer makes both fresh."
    )
    packing_lists_per_minute: int = Field(
        default=60, ge=1, description="Packing lists taken in per network and minute."
    )
    failed_logins_per_minute: int = Field(default=10, ge=1, description="Wrong access keys per network and minute.")
    log_ins_per_minute: int = Field(default=60, ge=1, description="Log-ins that fail, per network and minute.")
    networks_remembered: int = Field(
        default=20_000, ge=100, description="Networks whose request rates are kept in memory."
    )
    session_hours: float = Field(default=8, gt=0, le=24, description="How long a browser stays signed in.")
    sessions_kept: int = Field(default=100, ge=1, description="Most sessions at once; the oldest ends first.")
    streams_at_once: int = Field(default=64, ge=1, description="Most open streams of alerts and notifications.")
    heartbeat_seconds: float = Field(default=15, gt=0, description="Silence after which a stream sends a comment.")
    stream_poll_seconds: float = Field(
        default=1, gt=0, description="How often an open stream looks into the database although nobody woke it."
    )
    commit_retry_seconds: float = Field(
        default=5, gt=0, description="Pause before an alert's commitment is tried again."
    )
    outbox_senders: int = Field(
        default=4, ge=1, le=64, description="Keys without a role that carry requests to the ledger, one each at a time."
    )
    outbox_poll_seconds: float = Field(
        default=1, gt=0, description="How often the outbox looks for blocks with what it sent."
    )
    outbox_requests_per_principal: int = Field(
        default=64, ge=1, description="Requests of one account, or of one network without log-in, that are under way."
    )
    outbox_waiting: int = Field(default=10_000, ge=1, description="Requests of all that are under way.")
    outbox_deadline_hours: int = Field(default=24, ge=1, le=720, description="Furthest deadline of a request.")
    outbox_resend_seconds: int = Field(
        default=15, ge=1, description="Pause before a transaction that is in no block is sent again, unchanged."
    )
    outbox_stuck_seconds: int = Field(
        default=120, ge=1, description="Age at which the nonce of a transaction that the ledger refuses is filled."
    )
    outbox_kept_days: int = Field(default=30, ge=1, description="How long the end of a request is remembered.")
    idempotency_hours: int = Field(
        default=24, ge=1, le=720, description="How long a request's answer stands for its Idempotency-Key."
    )
    idempotency_keys_per_principal: int = Field(
        default=2_000, ge=1, description="Idempotency keys kept for one account, desk, or network without log-in."
    )
    idempotency_bytes_per_principal: int = Field(
        default=32 * 1024 * 1024, ge=1, description="Size of the answers kept for one of them, compressed."
    )
    idempotency_keys: int = Field(default=100_000, ge=1, description="Idempotency keys kept in all.")
    relayed_per_minute: int = Field(
        default=30, ge=1, description="Claims, signed papers and registrations carried without log-in, per network."
    )
    network_scans_per_hour: int = Field(
        default=30_000, ge=1, description="Anonymous scans per network and hour, of all replicas together."
    )
    device_scans_per_hour: int = Field(default=2_000, ge=1, description="Anonymous scans per device and hour.")
    label_scans_per_network_hour: int = Field(
        default=600, ge=1, description="Anonymous scans of one label per network and hour."
    )
    label_scans_kept_per_network_hour: int = Field(
        default=50, ge=1, description="Of those, so many are kept; more are answered and take no room from others."
    )
    label_scans_kept_per_hour: int = Field(
        default=500, ge=1, description="Anonymous scans of one label kept per hour; more are answered and not kept."
    )
    unrecorded_scans_kept_per_hour: int = Field(
        default=5_000, ge=1, description="Anonymous scans of labels without a record here kept per hour."
    )
    place_grid_degrees: float = Field(
        default=0.1, ge=0, le=1, description="Grid for places of scans below class A; a tenth is 11 km, 0 keeps them."
    )
    keep_networks_hours: int = Field(
        default=24, ge=1, le=24, description="How long a scan keeps the salted hash of the network it came from."
    )
    keep_scans_a_days: int = Field(default=1825, ge=31, description="How long scans of class A (accredited) are kept.")
    keep_scans_b_days: int = Field(default=730, ge=31, description="How long scans of class B (chip) are kept.")
    keep_scans_c_days: int = Field(default=365, ge=31, description="How long scans of class C (known key) are kept.")
    keep_scans_d_days: int = Field(default=90, ge=31, description="How long anonymous scans and signals are kept.")
    keep_evidence_days: int = Field(
        default=3650, ge=31, description="How long scans behind alerts are kept, whatever their class."
    )
    retention_seconds: float = Field(
        default=900, gt=0, le=1800, description="How often what has had its time is removed."
    )
    notification_days: int = Field(default=30, ge=1, le=365, description="Days that notifications are kept.")
    outbound_networks: str = Field(
        default="", description="Private networks (CIDR, by commas) that webhooks may be in, also in plain http."
    )
    smtp_host: str = Field(default="", description="Mail server that takes notifications by mail; empty for none.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="starttls, tls, or none, over which no password is sent."
    )
    smtp_user: str = Field(default="", description="User at the mail server; empty for none.")
    smtp_password: SecretStr | None = Field(default=None, description="Password at the mail server.")
    smtp_password_file: Path | None = Field(default=None, description="File that holds that password instead.")
    mail_from: str = Field(default="", description="Address that mails come from.")
    webhook_poll_seconds: float = Field(
        default=2, gt=0, description="How often the node looks for messages to send to webhooks."
    )
    alerts_per_item: int = Field(
        default=20, ge=1, description="Alerts made per item; later contradictions are counted with the newest."
    )
    signals_per_item: int = Field(
        default=100, ge=1, description="Unconfirmed contradictions kept per item; later ones are only counted."
    )
