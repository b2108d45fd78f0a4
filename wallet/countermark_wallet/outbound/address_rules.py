"""Which IP addresses belong to everybody, and which networks an operator opened besides."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from countermark.errors import InputRefused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NOT_PUBLIC = tuple(
    map(ipaddress.ip_network, ("192.88.99.0/24", "64:ff9b:1::/48", "3fff::/20", "5f00::/16", "fec0::/10"))
)
"""What Python's own table leaves out: relays to 6to4, local NAT64, documentation, segment routing, site-local."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, also when an IPv4 address hides in an IPv6 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        hidden = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if hidden is not None or found in _NAT64:
            return False
    if is_in(address, _NOT_PUBLIC):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


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
