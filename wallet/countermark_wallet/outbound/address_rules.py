"""Which IP addresses belong to everybody, and which networks an operator opened besides."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from countermark.errors import InputRefused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(name) for name in text.split())


_NOT_PUBLIC = _networks(
    """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    2001::/23 2001:db8::/32 2002::/16 3fff::/20
    """
)
"""IANA's registries of special purposes, what is globally reachable left out; with multicast and relays to 6to4. Each
version of Python knows another part of them."""
_PUBLIC_AFTER_ALL = _networks(
    """
    192.0.0.9/32 192.0.0.10/32
    2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:3::/32 2001:4:112::/48 2001:20::/28 2001:30::/28
    """
)
"""What the registries have as globally reachable within blocks that are not."""
_UNICAST = ipaddress.ip_network("2000::/3")
"""All that is in use of IPv6; outside are loopback, local, mapped and translated addresses."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet; an IPv6 one in which an IPv4 one hides does not.

    IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190).
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if found.version == _UNICAST.version and found not in _UNICAST:
        return False
    return is_in(address, _PUBLIC_AFTER_ALL) or not is_in(address, _NOT_PUBLIC)


def is_in(address: str, networks: Iterable[Network]) -> bool:
    """Whether an IP address lies in one of these networks; an IPv4 address hidden in an IPv6 one lies in none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found.version == network.version and found in network for network in networks)


def read_networks(text: str) -> tuple[Network, ...]:
    """Networks in CIDR form, separated by commas. Raises InputRefused (bad-network)."""
    names = [part.strip() for part in text.split(",") if part.strip()]
    try:
        return tuple(ipaddress.ip_network(name) for name in names)
    except ValueError:
        raise InputRefused(
            got=text,
            expected="networks such as 10.20.0.0/16, separated by commas, without bits beside the mask",
            next_step="correct COUNTERMARK_OUTBOUND_NETWORKS",
            reason="bad-network",
        ) from None
