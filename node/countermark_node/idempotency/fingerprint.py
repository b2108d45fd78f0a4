"""What a request asks for, as a hash: route, query, kind and body."""

from __future__ import annotations

import hashlib
from email.message import Message


class Fingerprint:
    """Fed with a body chunk by chunk. The boundary of a multipart body does not count: clients draw it anew."""

    def __init__(self, path: str, query: str, content_type: str) -> None:
        said = Message()
        said["content-type"] = content_type or "none"
        boundary = said.get_param("boundary", "") if said.get_content_maintype() == "multipart" else ""
        self._boundary = str(boundary).encode("utf-8", "replace")
        self._hash = hashlib.sha256()
        self._tail = b""
        for part in (path, query, said.get_content_type()):
            self._hash.update(len(part).to_bytes(4, "big") + part.encode("utf-8", "replace"))

    def feed(self, chunk: bytes) -> None:
        """The body's next bytes."""
        if not self._boundary:
            self._hash.update(chunk)
            return
        *whole, last = (self._tail + chunk).split(self._boundary)
        for part in whole:
            self._hash.update(part + b"\0")
        kept = len(self._boundary) - 1
        cut = max(0, len(last) - kept)
        self._hash.update(last[:cut])
        self._tail = last[cut:]

    def digest(self) -> str:
        """The hash, in hexadecimal."""
        self._hash.update(self._tail)
        self._tail = b""
        return self._hash.hexdigest()
