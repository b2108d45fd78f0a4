"""By which names wallets know this node. Never taken from a request: a passed-on log-in would bring its own."""

from __future__ import annotations

import ipaddress

from countermark_node.settings import NodeSettings

_PORTS = {80, 443}


def own_hosts(settings: NodeSettings, listening: tuple[str, int | None] | None) -> frozenset[str]:
    """Hosts with ports, in small letters; `listening` is the socket's own address, which counts when nothing is set."""
    named = settings.log_in_hosts or settings.public_host
    if named:
        return frozenset(host for part in named.split(",") if (host := part.strip().lower()))
    if listening is None or listening[1] is None:
        return frozenset()
    host, port = listening
    names = {f"[{host}]" if ":" in host else host}
    names |= {"localhost"} if _is_loopback(host) else set()
    return frozenset({f"{name}:{port}" for name in names} | (names if port in _PORTS else set()))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
