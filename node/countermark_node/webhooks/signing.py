"""Signatures of webhooks as Standard Webhooks 1.0.0 has them: HMAC-SHA256 over id, time and content."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32


def shown_secret(secret: bytes) -> str:
    """As receivers keep it."""
    return PREFIX + base64.b64encode(secret).decode("ascii")


def signed_headers(secrets: Iterable[bytes], message: str, content: bytes, now: int) -> dict[str, str]:
    """The headers of one attempt; one signature for each secret that is valid, the newest first."""
    signed = f"{message}.{now}.".encode("ascii") + content
    signatures = (base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode("ascii") for secret in secrets)
    return {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(now),
        "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
    }
