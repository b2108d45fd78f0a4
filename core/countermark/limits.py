"""Every bound on size, depth, count and time in one documented place; protection is data, not scattered numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Defaults of every limit. Sizes are bytes, times seconds."""

    label_characters: int = 2_048
    """Longest raw string that is parsed as a label (a signed link has about 150)."""
    picture_bytes: int = 12 * 1024 * 1024
    """Largest picture file read or uploaded."""
    picture_pixels: int = 25_000_000
    """Most pixels of a picture, read from its header before anything is decoded."""
    codes_in_picture: int = 16
    """Most codes looked for in one picture."""
    picture_seconds: float = 3.0
    """Time after which no further attempt at finding a code is begun."""
    json_body_bytes: int = 2 * 1024 * 1024
    """Largest JSON request body."""
    packing_list_bytes: int = 64 * 1024 * 1024
    """Largest packing list (about a million items)."""
    table_bytes: int = 64 * 1024 * 1024
    """Largest CSV file read."""
    table_line_characters: int = 4_096
    """Longest line of a CSV file."""
    series_labels: int = (1 << 24) - 1
    """Most labels in one series: token ids keep 24 bits for the index."""
    scans_per_request: int = 1_000
    """Most scans in one batch request."""
    token_bytes: int = 64 * 1024
    """Longest signed token (credential) that is parsed."""
    json_depth: int = 32
    """Deepest nesting of a signed JSON document."""
    handover_runs: int = 32
    """Most runs in one handover (contract limit as well)."""
    handover_days: int = 30
    """Furthest deadline of a handover, in days."""
    scan_future_seconds: int = 300
    """How far ahead of our clock a scan's time may lie."""
    scan_age_days: int = 30
    """Oldest scan accepted from an offline queue, in days."""


DEFAULT_LIMITS = Limits()
