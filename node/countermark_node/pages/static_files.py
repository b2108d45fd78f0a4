"""Style sheet, scripts and pictures of the pages: a fixed list read once, addressed by name and content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources

_MEDIA_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file: its bytes, media type and the hash that tells browsers whether theirs is still the same."""

    name: str
    content: bytes
    media_type: str
    version: str


@cache
def static_files() -> dict[str, StaticFile]:
    """Every file by name. Only these names are ever served, so no path of a request reaches the file system."""
    found = {}
    for entry in resources.files("countermark_node.pages").joinpath("static").iterdir():
        media_type = _MEDIA_TYPES.get(entry.name.rpartition(".")[2])
        if media_type is not None:
            content = entry.read_bytes()
            version = hashlib.sha256(content).hexdigest()[:16]
            found[entry.name] = StaticFile(entry.name, content, media_type, version)
    return found
