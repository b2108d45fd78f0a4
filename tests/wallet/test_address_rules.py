"""Which addresses are public: IANA's registries of special purposes, row by row and at each row's edges."""

from __future__ import annotations

import ipaddress

import pytest

from countermark_wallet.outbound.address_rules import Network, is_public

REGISTERED = {
    "0.0.0.0/8": False,
    "0.0.0.0/32": False,
    "10.0.0.0/8": False,
    "100.64.0.0/10": False,
    "127.0.0.0/8": False,
    "169.254.0.0/16": False,
    "172.16.0.0/12": False,
    "192.0.0.0/24": False,
    "192.0.0.0/29": False,
    "192.0.0.8/32": False,
    "192.0.0.9/32": True,
    "192.0.0.10/32": True,
    "192.0.0.170/32": False,
    "192.0.0.171/32": False,
    "192.0.2.0/24": False,
    "192.31.196.0/24": True,
    "192.52.193.0/24": True,
    "192.88.99.0/24": False,
    "192.88.99.2/32": False,
    "192.168.0.0/16": False,
    "192.175.48.0/24": True,
    "198.18.0.0/15": False,
    "198.51.100.0/24": False,
    "203.0.113.0/24": False,
    "240.0.0.0/4": False,
    "255.255.255.255/32": False,
    "::1/128": False,
    "::/128": False,
    "::ffff:0:0/96": False,
    "64:ff9b:1::/48": False,
    "100::/64": False,
    "100:0:0:1::/64": False,
    "2001::/23": False,
    "2001::/32": False,
    "2001:1::1/128": True,
    "2001:1::2/128": True,
    "2001:1::3/128": True,
    "2001:2::/48": False,
    "2001:3::/32": True,
    "2001:4:112::/48": True,
    "2001:10::/28": False,
    "2001:20::/28": True,
    "2001:30::/28": True,
    "2001:db8::/32": False,
    "2002::/16": False,
    "2620:4f:8000::/48": True,
    "3fff::/20": False,
    "5f00::/16": False,
    "fc00::/7": False,
    "fe80::/10": False,
}
"""Block: globally reachable, as IANA has it; "N/A" (6to4, Teredo, its relays, the first ORCHID) counts as not."""
TRANSLATED = "64:ff9b::/96"
"""Globally reachable for IANA. Not for us: an address of any network may be behind it."""
OTHERS = {"224.0.0.0/4": False, "2000::/3": True, "::/0": False, "0.0.0.0/0": True, TRANSLATED: False}
"""What holds where no row of the registries says anything: multicast, and IPv6 outside of what is allocated."""
BLOCKS = {ipaddress.ip_network(block): public for block, public in (OTHERS | REGISTERED).items()}


def expected(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """As the narrowest block says."""
    holding = [block for block in BLOCKS if block.version == address.version and address in block]
    return BLOCKS[max(holding, key=lambda block: block.prefixlen)]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_address_in_and_beside_each_special_block_is_public_as_iana_has_it(block: Network) -> None:
    first, last = int(block.network_address), int(block.broadcast_address)
    kind, end = type(block.network_address), 1 << block.max_prefixlen
    for number in (first - 1, first, (first + last) // 2, last, last + 1):
        if 0 <= number < end:
            address = kind(number)
            assert is_public(str(address)) is expected(address), str(address)
