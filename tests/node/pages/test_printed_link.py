"""What the server verifies is what was printed, whatever a browser, proxy or framework does on the way."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.gs1 import ItemKey, build_link, read_label
from countermark.gs1.identity import CHARACTERS_82
from countermark_node.pages.printed_link import is_loopback, printed_link, printed_query

_SERIALS = st.text(st.sampled_from(sorted(CHARACTERS_82)), min_size=1, max_size=20).filter(lambda text: text.strip("."))
_GTIN = "09506000134352"


def _opened(printed: str, *, host: str | None = None, public_host: str = "", extra: str = "") -> str:
    """What comes out when a browser opens `printed`."""
    parts = urlsplit(printed)
    query = parts.query + extra if parts.query else extra.lstrip("&")
    return printed_link(
        host=parts.netloc if host is None else host,
        raw_path=parts.path.encode("ascii"),
        query=query.encode("ascii"),
        public_host=public_host,
    )


@given(serial=_SERIALS, lot=st.none() | _SERIALS, s=st.none() | st.text("AZaz09-_", min_size=1, max_size=91))
def test_opened_link_comes_back_byte_for_byte(serial: str, lot: str | None, s: str | None) -> None:
    printed = build_link("id.brand.example", ItemKey(_GTIN, serial), lot=lot, s=s)
    assert _opened(printed) == printed
    assert _opened(printed, extra="&lang=zh") == printed


@pytest.mark.parametrize("host", ["127.0.0.1:8750", "localhost:8750", "[::1]:8750", "127.0.0.1"])
def test_page_opened_on_this_machine_stands_for_the_configured_host(host: str) -> None:
    printed = build_link("id.brand.example", ItemKey(_GTIN, "A1"))
    assert _opened(printed, host=host, public_host="id.brand.example") == printed
    assert read_label(_opened(printed, host="127.0.0.1:8750")).host == "127.0.0.1:8750"


@pytest.mark.parametrize(
    "host",
    ["phish.example", "localhost.phish.example", "127.0.0.1.phish.example", "x127.0.0.1", "127.0.0.1@phish.example"],
)
def test_page_served_under_a_foreign_name_keeps_that_name(host: str) -> None:
    assert not is_loopback(host)
    printed = build_link("id.brand.example", ItemKey(_GTIN, "A1"))
    assert _opened(printed, host=host, public_host="id.brand.example").startswith(f"https://{host}/01/")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("s=AA&lang=zh", "s=AA"),
        ("lang=en", ""),
        ("s=AA", "s=AA"),
        ("lang=zh&s=AA", "lang=zh&s=AA"),
        ("s=AA&lang=fr", "s=AA&lang=fr"),
        ("slang=en", "slang=en"),
        ("", ""),
    ],
)
def test_only_the_language_that_our_own_links_append_is_taken_off(query: str, expected: str) -> None:
    assert printed_query(query) == expected


def test_bytes_beyond_ascii_survive_until_the_strict_parser_refuses_them() -> None:
    link = printed_link(host="id.brand.example", raw_path=b"/01/x\xff/21/\xe4", query=b"", public_host="")
    assert link == "https://id.brand.example/01/x\xff/21/\xe4"
