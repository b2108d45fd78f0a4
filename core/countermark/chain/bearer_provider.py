"""web3's door to an HTTP endpoint that may ask who is there: a bearer token, renewed when the endpoint wants one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import requests
from web3 import HTTPProvider
from web3.types import RPCEndpoint, RPCResponse

from countermark.chain.rpc_refused import LOG_IN_FIRST

_UNAUTHORIZED = 401


class BearerProvider(HTTPProvider):
    """One endpoint. What was refused for want of a token was not carried out, so it is sent again with one, once.

    `log_in` returns a new token, or None for who cannot log in. Threads may share it.
    """

    def __init__(
        self, url: str, *, timeout: float, token: str | None = None, log_in: Callable[[], str | None] | None = None
    ) -> None:
        # Retries would blur whether a transaction was sent; redirects would lead to addresses nobody configured.
        super().__init__(
            url, request_kwargs={"timeout": timeout, "allow_redirects": False}, exception_retry_configuration=None
        )
        self._token = token
        self._log_in = log_in
        self._guard = threading.Lock()

    def get_request_kwargs(self) -> dict[str, Any]:
        """What `requests` is given beside the body."""
        found: dict[str, Any] = dict(super().get_request_kwargs())
        if self._token is not None:
            found["headers"] = {**found["headers"], "Authorization": f"Bearer {self._token}"}
        return found

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """One JSON-RPC exchange, two when the endpoint asked who is there."""
        before = self._token
        try:
            response: RPCResponse = super().make_request(method, params)
        except requests.HTTPError as error:
            if error.response is None or error.response.status_code != _UNAUTHORIZED or not self._renew(before):
                raise
            return super().make_request(method, params)
        return super().make_request(method, params) if _asks(response) and self._renew(before) else response

    def _renew(self, before: str | None) -> bool:
        if self._log_in is None:
            return False
        with self._guard:
            if self._token is before:
                self._token = self._log_in()
            return self._token is not None


def _asks(response: object) -> bool:
    error = response.get("error") if isinstance(response, dict) else None
    return isinstance(error, dict) and error.get("code") == LOG_IN_FIRST
