"""The host of a link, read as browsers read it, or refused.

Source: WHATWG URL Standard, section 3.5 (host parsing); RFC 5891 (internationalised labels). Whatever is accepted has
one meaning: `read_host` gives the spelling that `new URL(...)` gives in a browser.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata

import idna

from countermark.errors import LabelRefused
from countermark.gs1.refusal import refuse

_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([1-9][0-9]{0,4}))?")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\.?\Z)(?:{_LABEL}\.)*{_LABEL}\.?")
# Most hosts: plain labels, the last of which begins with a letter and so cannot be a number.
_COMMON = re.compile(rf"(?=.{{1,253}}\Z)(?:(?!xn--){_LABEL}\.)*(?!xn--)[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_RIGHT_TO_LEFT = frozenset(("R", "AL", "AN"))
_DEFAULT_PORTS = {"http": 80, "https": 443}


def read_host(authority: str, scheme: str) -> tuple[str, int | None]:
    """Host and port of `authority`; the port is None where it is the one of `scheme` (`http` or `https`).

    Raises LabelRefused, reason `bad-host`: user names, escapes, empty labels, underscores and bad numbers among others.
    """
    if _COMMON.fullmatch(authority):
        return authority, None
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise _refused(authority)
    port = int(found[2]) if found[2] else None
    if port is not None and port > 65_535:
        raise _refused(authority)
    return _read_name(found[1].lower()), None if port == _DEFAULT_PORTS[scheme] else port


def _refused(host: str) -> LabelRefused:
    return refuse(f"host {host!r}", "a plain host name, with a port at most", "bad-host")


def _read_name(host: str) -> str:
    if host.startswith("["):
        return f"[{_read_ipv6(host[1:-1])}]"
    if not _DOMAIN.fullmatch(host):
        raise _refused(host)
    labels = host.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _read_ipv4(host, labels)
    if "xn--" in host:
        _check_international(host, labels)
    return host


def _read_ipv4(host: str, parts: list[str]) -> str:
    """Four dotted numbers for whatever browsers take as an IPv4 address: octal, hexadecimal, fewer parts."""
    numbers = [_read_number(host, part) for part in parts]
    if len(numbers) > 4 or any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 256 ** (5 - len(numbers)):
        raise _refused(host)
    address = numbers[-1] + sum(number << 8 * (3 - place) for place, number in enumerate(numbers[:-1]))
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))


def _read_number(host: str, part: str) -> int:
    if not _NUMBER.fullmatch(part):
        raise _refused(host)
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    if part.startswith("0") and len(part) > 1:
        if part.strip("01234567"):
            raise _refused(host)
        return int(part, 8)
    return int(part)


def _read_ipv6(text: str) -> str:
    """The eight groups in short form, the first longest run of zeros as `::`."""
    try:
        packed = ipaddress.IPv6Address(text).packed
    except ipaddress.AddressValueError:
        raise _refused(text) from None
    groups = [f"{packed[place] << 8 | packed[place + 1]:x}" for place in range(0, 16, 2)]
    runs = re.finditer(r"(?:(?<=,)0,){2,}", "," + "".join(f"{group}," for group in groups))
    longest = max(runs, key=lambda run: len(run[0]), default=None)
    if longest is None:
        return ":".join(groups)
    before = longest.string[: longest.start()].strip(",").replace(",", ":")
    after = longest.string[longest.end() :].strip(",").replace(",", ":")
    return f"{before}::{after}"


def _check_international(host: str, labels: list[str]) -> None:
    """Refuse labels that are no right IDNA spelling: browsers would not open them."""
    try:
        decoded = [idna.ulabel(label) if label.startswith("xn--") else label for label in labels]
        right_to_left = any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in "".join(decoded))
        for label in decoded:
            idna.check_bidi(label, check_ltr=right_to_left)
    except (idna.IDNAError, UnicodeError):
        raise _refused(host) from None
