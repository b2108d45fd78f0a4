"""The key for /metrics: a file beside the desks' keys. It opens nothing else, and works while the database does not."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from countermark_wallet.files.safe import read_bounded, write_whole

FILE_NAME = "metrics.key"
_BYTES = 32
_FILE_BYTES = 1_024


@dataclass(frozen=True)
class MetricsKey:
    """Only a hash is kept in memory, so that comparing tells nothing about the key's length."""

    digest: bytes = field(repr=False)

    @classmethod
    def of(cls, folder: Path) -> Self:
        """The key in `folder`, made when there is none."""
        path = folder / FILE_NAME
        if not path.exists():
            write_whole(path, secrets.token_urlsafe(_BYTES).encode("ascii"))
        return cls(_digest(read_bounded(path, _FILE_BYTES, what="key for metrics").strip()))

    def fits(self, text: str) -> bool:
        """Whether `text` is the key."""
        return hmac.compare_digest(self.digest, _digest(text.encode("utf-8", "surrogatepass")))


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
