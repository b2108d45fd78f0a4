"""In whose name a key counts."""

from __future__ import annotations

import hashlib
import hmac

from starlette.requests import HTTPConnection

from countermark_node.access.principal import How
from countermark_node.access.service import AccessService
from countermark_node.request_source import RequestSource

NETWORK = "network:"
"""Begins the name of a principal for whom nobody answers."""


class Principals:
    """Who asks, as a text for the database: networks as salted hashes, never as they are."""

    def __init__(self, access: AccessService, salt: bytes) -> None:
        self._access = access
        self._salt = salt

    def of(self, request: HTTPConnection) -> str:
        """Who a request is from. Raises NotSignedIn, RateLimited."""
        found = self._access.principal(request)
        return self.network(request) if found.how is How.NOBODY else found.id

    def network(self, request: HTTPConnection) -> str:
        """The network that a request comes from."""
        network = RequestSource.of(request).network
        return NETWORK + hmac.digest(self._salt, f"principal {network}".encode(), hashlib.sha256).hex()[:32]
