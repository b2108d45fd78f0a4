"""A small client of a node's API; the node's problem documents become our errors again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from countermark.chain.deployment import Deployment
from countermark.credentials.strict_json import load_shallow
from countermark.errors import CountermarkError, InputRefused, Unavailable
from countermark.problem_documents import error_from
from countermark.scans.possession import GivenChallenge
from countermark_wallet.files.safe import open_bytes

if TYPE_CHECKING:
    import httpx

    from countermark.chain.contracts import RelayRequest

_ANSWER_BYTES = 8 * 1024 * 1024
_MOST_PAGES = 300


@dataclass(frozen=True, slots=True)
class Network:
    """What a node says of its ledger. `rpc` is the path of the JSON-RPC route at the node, None when it has none."""

    deployment: Deployment
    rpc: str | None


@dataclass(frozen=True, slots=True)
class NodeToken:
    """An access token, for whom it is and how many seconds it lives."""

    account: str
    expires_in: int
    token: str = field(repr=False)


class NodeClient:
    """`url` is the node's base URL; `transport` stands in for the network in tests. Times in seconds.

    With `token`, an access token or API key of this node, requests say who they are from.

    Every method raises Unavailable when the node does not answer in time or not as a node does, and the error that the
    node's problem document names otherwise.
    """

    def __init__(
        self, url: str, *, transport: httpx.BaseTransport | None = None, timeout: float = 10.0, token: str | None = None
    ) -> None:
        import httpx

        self.url = url.rstrip("/")
        if not self.url.startswith(("http://", "https://")):
            raise InputRefused(
                got=url,
                expected="a node address that begins with http:// or https://",
                next_step="set COUNTERMARK_NODE_URL or give --node",
                reason="bad-node-url",
            )
        # Redirects are not followed, so the token goes nowhere else.
        self._client = httpx.Client(
            base_url=self.url,
            transport=transport,
            timeout=timeout,
            follow_redirects=False,
            headers={} if token is None else {"Authorization": f"Bearer {token}"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def network(self) -> Network:
        """The ledger that the node works with (GET /v1/network)."""
        answer = self._request("GET", "/v1/network")
        members = {
            "format": "countermark/deployment/1",
            "chainId": answer.get("chain_id"),
            "block": answer.get("block", 0),
            "contracts": answer.get("contracts"),
        }
        rpc = answer.get("rpc")
        try:
            deployment = Deployment.from_json(members)
        except InputRefused as error:
            raise self._strange(error.got) from None
        if rpc is not None and (not isinstance(rpc, str) or not rpc.startswith("/") or rpc.startswith("//")):
            raise self._strange(f"rpc {rpc!r}")
        return Network(deployment, rpc)

    def log_in_nonce(self) -> str:
        """Something fresh to sign (GET /v1/log-in/nonce)."""
        nonce = self._request("GET", "/v1/log-in/nonce").get("nonce")
        if not isinstance(nonce, str):
            raise self._strange("no nonce")
        return nonce

    def log_in(self, message: str, signature: bytes) -> NodeToken:
        """Exchanges a signed EIP-4361 message for an access token (POST /v1/log-in)."""
        answer = self._request("POST", "/v1/log-in", json={"message": message, "signature": f"0x{signature.hex()}"})
        match answer:
            case {"access_token": str(token), "account": str(account), "expires_in": int(seconds)} if seconds > 0:
                return NodeToken(account, seconds, token)
        raise self._strange("a log-in without a token")

    def log_out(self) -> None:
        """Gives the token back (DELETE /v1/log-in)."""
        self._request("DELETE", "/v1/log-in")

    def access(self) -> dict[str, Any]:
        """Who the node takes us for, and what that allows (GET /v1/access)."""
        return self._request("GET", "/v1/access")

    def send_request(self, request: RelayRequest, signature: bytes, *, key: str) -> dict[str, Any]:
        """Has the node carry a signed call (POST /v1/requests); `key` is its Idempotency-Key."""
        body = {
            "request": {
                "from": request.signer,
                "to": request.to,
                "gas": request.gas,
                "nonce": request.nonce,
                "deadline": request.deadline,
                "data": "0x" + request.data.hex(),
            },
            "signature": "0x" + signature.hex(),
        }
        return self._request("POST", "/v1/requests", json=body, headers={"Idempotency-Key": f'"{key}"'})

    def request_state(self, request_id: str) -> dict[str, Any]:
        """Where a request is (GET /v1/requests/{request_id})."""
        return self._request("GET", f"/v1/requests/{quote(request_id, safe='')}")

    def send_scan(self, scan: Mapping[str, Any]) -> dict[str, Any]:
        """Records one scan and returns its verdict report (POST /v1/scans)."""
        return self._request("POST", "/v1/scans", json=dict(scan))

    def challenge(self, raw: str) -> GivenChallenge:
        """Something fresh to sign for the item on a label (POST /v1/challenges)."""
        given = GivenChallenge.read(self._request("POST", "/v1/challenges", json={"raw": raw}))
        if given is None:
            raise self._strange("no challenge")
        return given

    def history(self, raw: str, possession: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What has become of the item on a label, as far as we may know (POST /v1/history)."""
        shown = {} if possession is None else {"possession": dict(possession)}
        return self._request("POST", "/v1/history", json={"raw": raw, **shown})

    def send_packing_list(self, first_token: int, packing_list: Path, passport: Path) -> dict[str, Any]:
        """Uploads a commissioned segment's list and passport; both prove themselves by their hashes on chain."""
        path = f"/v1/segments/{first_token}/packing-list"
        with (
            open_bytes(packing_list, what="packing list") as items,
            open_bytes(passport, what="passport") as token,
        ):
            files = {
                "packing_list": ("packing-list.csv", items, "text/csv"),
                "passport": ("passport.vc.jwt", token, "application/vc+jwt"),
            }
            return self._request("POST", path, files=files)

    def send_correction(self, passport: str, token: str) -> dict[str, Any]:
        """Publishes a correction of a signed `passport` (POST /v1/passports/{digest}/corrections)."""
        digest = hashlib.sha256(passport.encode("ascii")).hexdigest()
        return self._request("POST", f"/v1/passports/{digest}/corrections", json={"correction": token})

    def send_status_list(self, account: str, purpose: str, token: str) -> dict[str, Any]:
        """Publishes a signed status list (POST /v1/status-lists/{account}/{purpose})."""
        return self._request("POST", f"/v1/status-lists/{account}/{purpose}", content=token.encode("ascii"))

    def send_trademark_request(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Hands a signed request in at an office's node (POST /v1/trademark-requests)."""
        return self._request("POST", "/v1/trademark-requests", json=dict(members))

    def trademark_requests(self, *, state: str | None = None) -> list[dict[str, Any]]:
        """All requests by or to the account that is logged in (GET /v1/trademark-requests)."""
        found: list[dict[str, Any]] = []
        after = 0
        for _ in range(_MOST_PAGES):
            wanted = {"after": after} | ({} if state is None else {"state": state})
            answer = self._request("GET", "/v1/trademark-requests", params=wanted)
            page, last = answer.get("requests"), answer.get("last")
            if not isinstance(page, list) or not isinstance(last, int):
                raise self._strange("no list of requests")
            if not page or last <= after:
                return found
            found, after = found + page, last
        raise self._strange("a list of requests without an end")

    def trademark_request(self, request_id: str) -> dict[str, Any]:
        """One request with its answer (GET /v1/trademark-requests/{id})."""
        return self._request("GET", f"/v1/trademark-requests/{request_id}")

    def send_trademark_answer(self, request_id: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """As the office that was asked: the answer (PUT /v1/trademark-requests/{id}/answer)."""
        return self._request("PUT", f"/v1/trademark-requests/{request_id}/answer", json=dict(members))

    def send_coverage(self, token: str) -> dict[str, Any]:
        """Publishes a brand's signed statement of which goods carry a label (PUT /v1/coverage)."""
        return self._request("PUT", "/v1/coverage", json={"coverage": token})

    def _request(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        import httpx

        try:
            with self._client.stream(method, path, **content) as response:
                body = self._read(response)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                got=f"{self.url}: {type(error).__name__}",
                expected="a node that answers",
                next_step="start it with: countermark node serve, or give its address with --node",
                reason="node-unreachable",
            ) from None
        answer = self._parse(body)
        if response.status_code >= 400:
            raise self._problem(response.status_code, answer)
        if response.status_code == 204 and not body:
            return {}
        if not isinstance(answer, dict) or response.status_code >= 300:
            raise self._strange(f"status {response.status_code}")
        return answer

    def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > _ANSWER_BYTES:
                raise self._strange(f"an answer of more than {_ANSWER_BYTES} bytes")
        return bytes(body)

    @staticmethod
    def _parse(body: bytes) -> object:
        try:
            return load_shallow(body)
        except ValueError:
            return None

    def _problem(self, status: int, answer: object) -> CountermarkError:
        return error_from(answer) or self._strange(f"status {status} without a problem document")

    def _strange(self, got: str) -> Unavailable:
        return Unavailable(
            got=f"{self.url}: {got}",
            expected="the answer of a Countermark node",
            next_step="check the node's address and version",
            reason="not-a-node",
        )
