"""From the request back to the link that was printed, byte for byte.

A browser opens the printed link, so the node sees host, path and query in three pieces, and frameworks decode them on
the way. What is verified must be what stands on the label, so only the raw pieces are used. Pure.
"""

from __future__ import annotations

import re

_LOOPBACK = re.compile(r"(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_LANGUAGE = re.compile(r"(?:^|&)lang=(?:en|zh)$")


def is_loopback(host: str) -> bool:
    """Whether a Host header names this very machine, which no printed label does."""
    return _LOOPBACK.fullmatch(host) is not None


def printed_host(host: str, public_host: str) -> str:
    """The host that the label names.

    It is the Host header: a page that somebody serves under a name of his own must show that the name is foreign.
    Only on the loopback address, where nobody but the person at the machine arrives, `public_host` stands in for it.
    """
    return public_host if public_host and is_loopback(host) else host


def printed_query(query: str) -> str:
    """The query without the `lang` that this page's own language links append."""
    return _LANGUAGE.sub("", query)


def printed_link(*, host: str, raw_path: bytes, query: bytes, public_host: str) -> str:
    """The printed link of a request. Bytes beyond ASCII survive as characters that the strict parser refuses."""
    path = raw_path.partition(b"?")[0].decode("latin-1")
    rest = printed_query(query.decode("latin-1"))
    return f"https://{printed_host(host, public_host)}{path}" + (f"?{rest}" if rest else "")
