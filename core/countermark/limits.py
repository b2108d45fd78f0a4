"""Every bound on size, depth, count and time in one documented place; protection is data, not scattered numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Defaults of every limit. Sizes are bytes, times seconds."""

    label_characters: int = 2_048
    """Longest raw string that is parsed as a label (a signed link has about 150)."""
    gs1_elements: int = 64
    """Most elements of an element string or Digital Link, and most parts of a link's query."""
    picture_bytes: int = 12 * 1024 * 1024
    """Largest picture file read or uploaded."""
    picture_pixels: int = 25_000_000
    """Most pixels of a picture, read from its header before anything is decoded."""
    codes_in_picture: int = 16
    """Most codes looked for in one picture."""
    picture_seconds: float = 3.0
    """Time after which no further attempt at finding a code is begun."""
    picture_processor_seconds: float = 8.0
    """Most processor time that a worker process spends on one picture."""
    picture_worker_seconds: float = 15.0
    """Time after which a worker process that still decodes a picture is ended."""
    picture_memory_bytes: int = 1024 * 1024 * 1024
    """Most address space of a worker process that decodes pictures."""
    json_body_bytes: int = 2 * 1024 * 1024
    """Largest JSON request body."""
    body_seconds: float = 300.0
    """Time within which a request body must have arrived."""
    packing_list_bytes: int = 192 * 1024 * 1024
    """Largest packing list (a million items with claim keys and chips, four million without)."""
    table_bytes: int = 64 * 1024 * 1024
    """Largest CSV file read."""
    epcis_bytes: int = 32 * 1024 * 1024
    """Largest EPCIS document read."""
    epcis_events: int = 100_000
    """Most events in one EPCIS document."""
    print_line_bytes: int = 8 * 1024 * 1024 * 1024
    """Largest print line read (a series of 16 million labels has about 4 GiB); it is read line by line."""
    table_line_characters: int = 4_096
    """Longest line of a CSV file."""
    serial_list_bytes: int = 1024 * 1024 * 1024
    """Longest list of adopted serials (16 million of 20 characters, each quoted)."""
    series_labels: int = (1 << 24) - 1
    """Most labels in one series: token ids keep 24 bits for the index."""
    scans_per_request: int = 1_000
    """Most scans in one batch request."""
    token_bytes: int = 64 * 1024
    """Longest signed token (credential) that is parsed."""
    label_file_bytes: int = 1024 * 1024
    """Largest digital label file."""
    passport_corrections: int = 100
    """Most corrections of one passport."""
    bundle_bytes: int = 512 * 1024 * 1024
    """Largest trust bundle in one file."""
    bundle_part_bytes: int = 32 * 1024 * 1024
    """Largest shard or snapshot of a trust bundle."""
    bundle_root_bytes: int = 64 * 1024
    """Largest root or timestamp of a trust bundle."""
    bundle_roots: int = 256
    """Most roots followed in one update."""
    bundle_timestamp_days: int = 7
    """Longest life of a trust bundle's timestamp, so that its key alone cannot freeze a bundle for long."""
    bundle_future_seconds: int = 300
    """How far ahead of our clock a bundle's timestamp or block may lie."""
    bundle_signers: int = 32
    """Most keys of one role of a trust bundle."""
    coverage_entries: int = 400
    """Most entries of a brand's coverage."""
    coverage_future_seconds: int = 300
    """How far ahead of our clock a brand's coverage may be numbered."""
    json_depth: int = 32
    """Deepest nesting of a signed JSON document."""
    disclosures: int = 64
    """Most disclosures of one SD-JWT."""
    key_binding_seconds: int = 300
    """How far a key binding's time may lie from our clock."""
    status_list_bytes: int = 128 * 1024
    """Largest unpacked status list (1,048,576 entries)."""
    status_list_token_bytes: int = 256 * 1024
    """Longest signed status list that is parsed."""
    status_entries: int = 4
    """Most status entries of one credential."""
    sign_in_characters: int = 4_096
    """Longest text of Sign-In with Ethereum that is parsed."""
    trademark_request_bytes: int = 192 * 1024
    """Largest file of a request for a trademark credential, or of its answer."""
    trademark_request_days: int = 90
    """Furthest deadline of a request for a trademark credential, in days; answers are kept as long."""
    trademark_requests_of_holder: int = 50
    """Most requests of one account, open or answered, that a node keeps."""
    trademark_requests_of_office: int = 10_000
    """Most requests to one IP office, open or answered, that a node keeps."""
    did_document_bytes: int = 64 * 1024
    """Largest DID document read."""
    did_document_keys: int = 32
    """Most verification methods of a DID document."""
    outbound_seconds: float = 10.0
    """Longest a fetch of a foreign document takes in all."""
    notifications_kept: int = 200_000
    """Most notifications that a node keeps."""
    notification_readers: int = 1_000
    """Most accounts that are told of one event."""
    mails: int = 100
    """Most addresses that a node tells by mail."""
    webhooks: int = 500
    """Most webhooks of a node."""
    webhooks_per_account: int = 10
    """Most webhooks of one account."""
    webhook_turns: int = 16
    """Most webhooks that a node sends to at once."""
    webhook_turns_per_account: int = 4
    """Most of them that are of one account, so that its slow endpoints hold up nobody else's."""
    webhook_turn_seconds: float = 2.0
    """How long a webhook is sent one message after the other before those of others have their turn."""
    webhook_waiting: int = 1_000
    """Most messages that wait for one webhook; further ones wait in the log."""
    webhook_dead: int = 1_000
    """Most messages of one webhook that were given up and are kept."""
    webhook_dead_days: int = 30
    """How long messages that were given up are kept, in days."""
    handover_runs: int = 32
    """Most runs in one handover (contract limit as well)."""
    handover_days: int = 30
    """Furthest deadline of a handover, in days."""
    handover_file_lines: int = 1_024
    """Most lines of a handover or receipt file that are looked at."""
    transaction_gas: int = 10_000_000
    """Most gas of a transaction or a simulated call; must stay below half of a block's 60 M, so that gas stays free."""
    transaction_bytes: int = 128 * 1024
    """Longest signed transaction that the embedded ledger decodes."""
    rpc_call_bytes: int = 256 * 1024
    """Most call data of a simulated call."""
    rpc_batch: int = 100
    """Most requests in one JSON-RPC batch."""
    rpc_batch_seconds: float = 5.0
    """Time after which no further request of a JSON-RPC batch is begun."""
    rpc_relayed: int = 16
    """Most requests in one call of the forwarder by somebody without a role."""
    rpc_log_blocks: int = 1_000
    """Most blocks that one eth_getLogs covers."""
    rpc_logs: int = 10_000
    """Most logs that one eth_getLogs of a node's gateway returns."""
    rpc_answer_bytes: int = 8 * 1024 * 1024
    """Largest answer that a node's gateway passes on from its ledger."""
    rpc_filter_entries: int = 64
    """Most addresses, or topics at one place, in a log filter; most percentiles of eth_feeHistory."""
    ledger_cache_entries: int = 10_000
    """State entries that the embedded ledger keeps in memory."""
    ledger_seconds: float = 10.0
    """Longest wait for one answer of a remote ledger."""
    receipt_seconds: float = 60.0
    """Longest wait until a sent transaction is in a block."""
    scan_future_seconds: int = 300
    """How far ahead of our clock a scan's time may lie."""
    scan_age_days: int = 30
    """Oldest scan accepted from an offline queue, in days."""


DEFAULT_LIMITS = Limits()
