"""The requests that a scanner makes of a node. Every answer is untrusted until its shape was checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from countermark.credentials.strict_json import load_shallow
from countermark.errors import InputRefused, Unavailable
from countermark.problem_documents import error_from
from countermark.scans.possession import GivenChallenge

_ANSWER_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a signed scan is bound to."""

    chain_id: int
    trust_registry: str


class NodeLink:
    """`url` is the node's base address; `transport` stands in for the network in tests. Redirects are not followed."""

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None, timeout_seconds: float = 10) -> None:
        if not url.startswith(("http://", "https://")):
            raise InputRefused(
                got=f"node address {url}",
                expected="an address that begins with http:// or https://",
                next_step="set COUNTERMARK_NODE_URL or give --node",
                reason="bad-node-url",
            )
        self._url = url.rstrip("/")
        self._client = httpx.Client(transport=transport, timeout=timeout_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ledger(self) -> Ledger:
        """The chain and registry behind the node (GET /v1/network). Raises Unavailable or the node's error."""
        answer = self._ask("GET", "/v1/network")
        contracts = answer.get("contracts")
        registry = contracts.get("TrustRegistry") if isinstance(contracts, dict) else None
        chain_id = answer.get("chain_id")
        if not isinstance(chain_id, int) or not isinstance(registry, str):
            raise self._strange("no ledger in its answer")
        return Ledger(chain_id, registry)

    def scan(self, body: Mapping[str, Any], language: str, *, evidence: bool = False) -> dict[str, Any]:
        """Send one scan (POST /v1/scans) and return the answer. Raises Unavailable or the node's error.

        With `evidence` the node signs its verdict.
        """
        wanted = {"evidence": "true"} if evidence else {}
        # Members that say nothing are left out: an older node knows fewer of them.
        told = {name: value for name, value in body.items() if value is not None or name != "possession"}
        return self._ask("POST", "/v1/scans", json=told, params=wanted, headers={"Accept-Language": language})

    def challenge(self, raw: str) -> GivenChallenge:
        """Something fresh to sign for the item on a label (POST /v1/challenges). Raises as `scan` does."""
        answer = self._ask("POST", "/v1/challenges", json={"raw": raw})
        given = GivenChallenge.read(answer)
        if given is None:
            raise self._strange("no challenge in its answer")
        return given

    def _ask(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            with self._client.stream(method, self._url + path, **options) as response:
                answer = self._read(response)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                got=f"{type(error).__name__} from {self._url}",
                expected="a node that answers",
                next_step="start one with `countermark node`, or give its address with --node",
                reason="node-unreachable",
            ) from None
        if response.status_code >= 400:
            raise error_from(answer) or self._strange(f"status {response.status_code} without a problem document")
        return answer

    def _read(self, response: httpx.Response) -> dict[str, Any]:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > _ANSWER_BYTES:
                raise self._strange(f"more than {_ANSWER_BYTES} bytes")
        try:
            answer = load_shallow(bytes(body))
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise self._strange(f"status {response.status_code} without a JSON object")
        return answer

    def _strange(self, got: str) -> Unavailable:
        return Unavailable(
            got=f"{self._url}: {got}",
            expected="the answer of a Countermark node",
            next_step="check the address given with --node",
            reason="not-a-node",
        )
