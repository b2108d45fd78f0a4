"""Where a request comes from, as coarsely as rates and scans need it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Self

from starlette.requests import HTTPConnection

_V4_BITS = 24
_V6_BITS = 48


@dataclass(frozen=True, slots=True)
class RequestSource:
    """`network` is a /24 (IPv4) or /48 (IPv6): one subscriber or site, never one address."""

    network: str

    @classmethod
    def of(cls, request: HTTPConnection) -> Self:
        """The source of a request; reverse proxies are resolved by the server before."""
        return cls(coarse(request.client.host if request.client else ""))


def coarse(address: str) -> str:
    """The network of an address; `unknown` for what is none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    plain = (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found
    bits = _V4_BITS if plain.version == 4 else _V6_BITS
    return str(ipaddress.ip_network(f"{plain}/{bits}", strict=False))
