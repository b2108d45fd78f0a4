"""Hostile links and strings: browsers must see the same host and path as we do, and nothing may break a parser."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from countermark.errors import CountermarkError, LabelRefused, TooLarge
from countermark.gs1 import read_label
from countermark.gs1.digital_link_uri import Tolerance, parse_digital_link, write_digital_link
from countermark.gs1.elements import parse_bracketed, parse_element_string, write_element_string
from countermark.gs1.epc import parse_epc
from countermark.gs1.epc_tag import read_tag
from countermark.gs1.forms import read_gs1
from countermark.gs1.symbol import identity_from_symbol

GTIN = "09521234543213"
BROWSER = """
const lines = require("readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  let answer = null;
  try {
    const url = new URL(JSON.parse(line));
    answer = [url.protocol, url.hostname, url.port, url.pathname, url.username + url.password];
  } catch (error) {}
  console.log(JSON.stringify(answer));
});
"""

Opener = Callable[[str], "list[str] | None"]


@pytest.fixture(scope="module")
def opened() -> Iterator[Opener]:
    """What `new URL(...)` makes of a link, asked of one process of Node for all examples."""
    node = shutil.which("node")
    if node is None:
        if os.environ.get("COUNTERMARK_REQUIRE_ALL"):
            pytest.fail("Node is not installed")
        pytest.skip("Node is not installed")
    with subprocess.Popen([node, "-e", BROWSER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None
        assert stdout is not None

        def ask(link: str) -> list[str] | None:
            stdin.write(json.dumps(link) + "\n")
            stdin.flush()
            answer: list[str] | None = json.loads(stdout.readline())
            return answer

        yield ask
        stdin.close()


HOSTS = (
    "id.brand.example",
    "ID.Brand.Example",
    "id.brand.example.",
    "id.brand.example..",
    "brand.example:443",
    "brand.example:80",
    "brand.example:08443",
    "brand.example:65536",
    "brand.example:",
    "user@brand.example",
    "user:password@brand.example",
    "brand.example\\@evil.example",
    "brand.example@evil.example",
    "brand.example%2eevil.example",
    "brand.example%40evil.example",
    "brand.example\t.evil.example",
    "brand.example#@evil.example",
    "brand.example;evil.example",
    "br\u0430nd.example",
    "brand\u3002example",
    "xn--fsq.xn--0zwm56d",
    "XN--FSQ.example",
    "xn--a.example",
    "xn--.example",
    "1.xn--4dbcagdahymbxekheh6e0a7fei0b",
    "192.0.2.1",
    "3232235777",
    "0300.0250.01.01",
    "0xC0.0xA8.0x01.0x01",
    "0x",
    "1.2.3",
    "1.2.3.256",
    "1.2.3.4.5",
    "09.1",
    "brand.1",
    "brand.0x1",
    "[2001:db8::1]",
    "[2001:DB8:0:0:0:0:0:1]",
    "[::ffff:192.0.2.1]",
    "[1:0:0:2:0:0:0:3]",
    "[fe80::1%25lo]",
    "[::1",
    "-brand.example",
    "brand_x.example",
    "",
)
STEMS = (
    "",
    "/shop",
    "/shop/en",
    "/.",
    "/..",
    "/%2e%2e",
    "/.%2E",
    "/a%2Fb",
    "//",
    "/a//b",
    "/\\x",
    "/a;b",
    "/[x]",
    "/01/x",
)
VALUES = (
    "A",
    "a%2Fb",
    "a%2fb",
    "a%252Fb",
    "%2e",
    "%2e%2e",
    "..",
    "A%20B",
    "A+B",
    "A%",
    "A%4",
    "A%zz",
    "A%00",
    "A%0a",
    "A\t",
    "A\n",
    "A|B",
    "A'B",
    'A"B',
    "A%22B",
    "A\\B",
    "A;B",
    "A{B}",
    "A^B",
    "\u00e9",
)
QUERIES = (
    "",
    "?",
    "?s=x",
    "?s=x&%73=y",
    "?17=271231",
    "?%31%37=271231",
    "?99=a'b",
    "?21=B",
    "#f",
    "?s=x#f",
    "#?21=B",
    "?\t",
)
SCHEMES = (
    "https://",
    "http://",
    "HTTPS://",
    "HTTP://",
    "Https://",
    "https:/",
    "https:",
    "https:\\\\",
    " https://",
    "//",
)

# Generation may take its time on a busy machine.
PATIENT = settings(suppress_health_check=[HealthCheck.too_slow])

links = st.tuples(
    st.sampled_from(SCHEMES[:4]) | st.sampled_from(SCHEMES),
    st.sampled_from(HOSTS) | st.from_regex(r"[a-zA-Z0-9.\-:\[\]x@%]{1,24}", fullmatch=True),
    st.sampled_from(STEMS) | st.from_regex(r"(/[ -~]{0,6}){0,2}", fullmatch=True),
    st.sampled_from((f"/01/{GTIN}/21/", f"/01/{GTIN}/10/L/21/", "/8004/9520614141234567", "/414/9520123456788/254/")),
    st.sampled_from(VALUES) | st.text(min_size=1, max_size=8),
    st.sampled_from(QUERIES),
).map("".join)
mutated = st.tuples(links, st.integers(0, 200), st.text(max_size=2)).map(
    lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] + 1 :]
)


@settings(PATIENT, max_examples=800)
@given(links | mutated)
@example(f"https://brand.example\\@evil.example/01/{GTIN}/21/A")
@example(f"https://brand.example/%2e%2e/01/{GTIN}/21/A")
@example(f"https://3232235777/01/{GTIN}/21/A")
@example(f"https://[::ffff:1.2.3.4]:443/01/{GTIN}/21/A")
@example(f"HTTP://XN--FSQ.xn--0zwm56d:80/shop/01/{GTIN}/21/a%2Fb")
def test_browser_opens_the_host_and_path_that_we_read(opened: Opener, link: str) -> None:
    try:
        read = parse_digital_link(link)
    except (LabelRefused, TooLarge):
        return
    url = opened(link)
    assert url is not None, "we accept what a browser refuses"
    protocol, hostname, port, pathname, login = url
    assert (protocol, login) == (f"{read.scheme}:", "")
    assert (hostname, port) == (read.host, str(read.port or ""))
    path = [part for pair in read.path for part in pair]
    segments = pathname[1:].split("/")
    assert "/".join(segments[: -len(path)]) == read.stem
    assert [unquote_to_bytes(segment).decode("ascii") for segment in segments[-len(path) :]] == path


@settings(PATIENT, max_examples=600)
@given(links | mutated)
@example(f"https://3232235777/01/{GTIN}/21/A")
@example(f"https://id.brand.example./01/{GTIN}/21/A")
def test_browser_opens_the_host_that_a_label_names(opened: Opener, link: str) -> None:
    try:
        label = read_label(link)
    except (LabelRefused, TooLarge):
        return
    if label.host is None:
        return
    url = opened(link.rstrip("\r\n\t"))
    assert url is not None
    default = {"http": "80", "https": "443"}[label.scheme or ""]
    name, _, port = label.host.partition(":")
    assert (url[1], url[2] or default) == (name, port or default)
    assert label.item == parse_digital_link(link.rstrip("\r\n\t")).data.item


@settings(PATIENT, max_examples=300)
@given(links | mutated)
@example(f"https://a/01/{GTIN}/235/XYZ?10=ABC&s=x&linkType=gs1:pip&flag")
def test_link_that_is_read_is_written_so_that_it_reads_the_same(link: str) -> None:
    with contextlib.suppress(LabelRefused, TooLarge):
        read = parse_digital_link(link)
        again = parse_digital_link(read.uri)
        assert replace(again, port=read.port) == replace(read, scheme="https")
        assert again.uri == read.uri


@pytest.mark.parametrize(
    "extension", [("21", "B"), ("s", "x&17=271231"), ("s", "x#y"), ("s=1&t", "x"), ("s", "%"), ("", "")]
)
def test_extension_cannot_smuggle_another_part_into_the_query(extension: tuple[str, str]) -> None:
    with pytest.raises(LabelRefused):
        write_digital_link(read_gs1(f"(01){GTIN}(21)A"), "id.brand.example", extensions=[extension])


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("value", ["A", "a%2Fb"])
def test_every_hostile_host_is_refused_or_means_the_same_in_a_browser(opened: Opener, host: str, value: str) -> None:
    link = f"https://{host}/01/{GTIN}/21/{value}"
    url = opened(link)
    with contextlib.suppress(LabelRefused):
        read = parse_digital_link(link)
        assert url is not None
        assert [read.host, str(read.port or "")] == url[1:3]


PARSERS: tuple[Callable[[Any], object], ...] = (
    parse_digital_link,
    lambda raw: parse_digital_link(raw, tolerance=Tolerance(short_gtins=True, key_names=True, unknown_attributes=True)),
    parse_element_string,
    parse_bracketed,
    parse_epc,
    read_tag,
    read_gs1,
    read_label,
    lambda raw: identity_from_symbol("]d2", raw),
    lambda raw: identity_from_symbol("UPC-E", raw),
    lambda raw: identity_from_symbol("Data Matrix", raw),
)
digits = st.text("0123456789\x1d^", max_size=60)
looks = st.tuples(
    st.sampled_from(
        (
            "",
            "]d2",
            "]Q3",
            "(",
            "(01)",
            "01",
            f"01{GTIN}21",
            "urn:epc:id:sgtin:",
            "urn:epc:tag:",
            "30",
            "36",
            "https://a/",
        )
    ),
    digits | st.text(max_size=40) | st.text("().:%/0123456789ABCDEFabcdef*", max_size=60),
).map("".join)


@settings(PATIENT, max_examples=400)
@given(looks | links | mutated | st.text(max_size=80) | st.binary(max_size=80) | looks.map(str.encode))
def test_no_parser_raises_anything_outside_the_error_tree(raw: str | bytes) -> None:
    for parse in PARSERS:
        with contextlib.suppress(CountermarkError):
            parse(raw)


@settings(PATIENT, max_examples=400)
@given(st.lists(digits, max_size=6).map("\x1d".join) | st.sampled_from((f"01{GTIN}21A\x1d17271231\x1d10B",)))
def test_what_is_read_is_written_back_to_the_same_data(raw: str) -> None:
    with contextlib.suppress(LabelRefused):
        data = parse_element_string(raw, complete=False)
        assert parse_element_string(write_element_string(data), complete=False) == data
        with contextlib.suppress(LabelRefused):
            link = write_digital_link(data, "id.brand.example")
            assert sorted(parse_digital_link(link, complete=False).data.elements) == sorted(data.elements)


@pytest.mark.parametrize(
    "raw",
    [
        "https://a/" + "01/" * 5_000,
        "(01)" * 5_000,
        "\x1d" * 5_000,
        f"01{GTIN}" * 1_000,
        f"https://a/01/{GTIN}?" + "&" * 5_000,
        f"https://{'a.' * 2_000}a/01/{GTIN}",
        "urn:epc:id:sgtin:" + "0" * 5_000,
        "30" * 5_000,
    ],
)
def test_endless_input_is_refused_before_it_is_read(raw: str) -> None:
    with pytest.raises(TooLarge):
        read_gs1(raw)


def test_more_elements_than_the_limit_are_refused() -> None:
    with pytest.raises(LabelRefused):
        parse_element_string("\x1d".join(["99A"] * 65))
    with pytest.raises(LabelRefused):
        parse_digital_link(f"https://a/01/{GTIN}?" + "&".join(["x=1"] * 65))
