"""Every route for everybody: the table is the rule, and a route without a row fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest
from starlette.routing import BaseRoute

from countermark.chain.contracts import RelayRequest
from countermark.roles import KeyScope, Level, Role
from countermark_node.access.api_keys import NewApiKey, make_api_key, revoke_api_key
from countermark_node.access.permissions import Permission
from countermark_node.access.service import COOKIE
from countermark_node.access.tokens import AccessToken, AccessTokens
from countermark_node.rate_limit import RateLimiter
from countermark_node.request_source import RequestSource
from countermark_wallet.accounts.accreditation import Accreditation
from countermark_wallet.keys.signer import WalletSigner
from countermark_wallet.ledger.connection import Ledger

if TYPE_CHECKING:
    from tests.node.conftest import World

A_TOKEN = "0x" + "11" * 20


class Who(Enum):
    """Whom a route answers, beside those with a permission."""

    ANYBODY = "also with a token that does not count"
    HONEST = "everybody but those whose token does not count"
    TOKEN = "who holds an access token"
    SCRAPER = "who holds the node's key for metrics, as nobody here does"


@dataclass(frozen=True)
class Row:
    """Who may, and a request that shows it: answered with anything but 401 and 403."""

    who: Who | Permission
    path: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)


JSON: dict[str, Any] = {"json": {}}
TABLE: dict[tuple[str, str], Row] = {
    ("GET", "/"): Row(Who.ANYBODY),
    ("GET", "/scan"): Row(Who.ANYBODY),
    ("GET", "/customs"): Row(Who.ANYBODY),
    ("GET", "/desk"): Row(Who.ANYBODY),
    ("GET", "/01/{rest:path}"): Row(Who.ANYBODY, "/01/09521234000013/21/UNKNOWN1"),
    ("OPTIONS", "/01/{rest:path}"): Row(Who.ANYBODY, "/01/09521234000013/21/UNKNOWN1"),
    ("GET", "/.well-known/gs1resolver"): Row(Who.ANYBODY),
    ("GET", "/v1/dpps/{dpp_id}"): Row(Who.ANYBODY, "/v1/dpps/" + "0" * 64),
    ("GET", "/v1/dpps/{dpp_id}/elements/{path}"): Row(Who.ANYBODY, "/v1/dpps/" + "0" * 64 + "/elements/gtin"),
    ("GET", "/v1/dppsByProductId/{product_id:path}"): Row(Who.ANYBODY, "/v1/dppsByProductId/09521234000013"),
    ("GET", "/v1/dppsByIdAndDate/{dpp_id}"): Row(
        Who.ANYBODY, "/v1/dppsByIdAndDate/" + "0" * 64 + "?date=2026-03-01T12:00:00Z"
    ),
    ("GET", "/static/{name}"): Row(Who.ANYBODY, "/static/page.css"),
    ("GET", "/health"): Row(Who.ANYBODY),
    ("GET", "/ready"): Row(Who.ANYBODY),
    ("GET", "/metrics"): Row(Who.SCRAPER),
    ("GET", "/v1/network"): Row(Who.ANYBODY),
    ("GET", "/v1/openapi.json"): Row(Who.ANYBODY),
    ("POST", "/rpc"): Row(Who.HONEST, content={"json": {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}}),
    ("POST", "/v1/scans"): Row(Who.ANYBODY, content=JSON),
    ("POST", "/v1/scans/batch"): Row(Permission.SCANS, content=JSON),
    ("POST", "/v1/scans/image"): Row(Who.ANYBODY, content={"files": {"other": b""}}),
    ("POST", "/v1/challenges"): Row(Who.ANYBODY, content=JSON),
    ("POST", "/v1/segments/{first_token}/packing-list"): Row(
        Who.ANYBODY, "/v1/segments/1/packing-list", {"files": {"other": b""}}
    ),
    ("PUT", "/v1/coverage"): Row(Who.ANYBODY, content=JSON),
    ("GET", "/v1/coverage/{brand}"): Row(Who.ANYBODY, f"/v1/coverage/{A_TOKEN}"),
    ("GET", "/v1/expected-label"): Row(Who.ANYBODY),
    ("GET", "/v1/passports/{digest}"): Row(Who.ANYBODY, "/v1/passports/" + "0" * 64),
    ("POST", "/v1/passports/{digest}/corrections"): Row(
        Who.ANYBODY, "/v1/passports/" + "0" * 64 + "/corrections", {"content": b"x"}
    ),
    ("GET", "/v1/trust-bundle"): Row(Who.ANYBODY),
    ("POST", "/v1/status-lists/{account}/{purpose}"): Row(
        Who.ANYBODY, f"/v1/status-lists/{A_TOKEN}/nothing", {"content": b"x"}
    ),
    ("GET", "/v1/status-lists/{account}/{purpose}"): Row(Who.ANYBODY, f"/v1/status-lists/{A_TOKEN}/revocation"),
    ("GET", "/v1/accounts/{account}/did.json"): Row(Who.ANYBODY, f"/v1/accounts/{A_TOKEN}/did.json"),
    ("POST", "/v1/requests"): Row(Who.HONEST, content=JSON),
    ("GET", "/v1/requests/{request_id}"): Row(Who.ANYBODY, "/v1/requests/0x" + "0" * 64),
    ("POST", "/v1/history"): Row(Who.HONEST, content=JSON),
    ("GET", "/v1/alerts"): Row(Permission.ALERTS),
    ("GET", "/v1/alerts/stream"): Row(Permission.ALERTS),
    ("GET", "/v1/signals"): Row(Permission.SIGNALS),
    ("POST", "/v1/webhooks"): Row(Permission.WEBHOOKS, content=JSON),
    ("GET", "/v1/webhooks"): Row(Permission.WEBHOOKS),
    ("DELETE", "/v1/webhooks/{webhook}"): Row(Permission.WEBHOOKS, "/v1/webhooks/whk_0"),
    ("POST", "/v1/webhooks/{webhook}/ping"): Row(Permission.WEBHOOKS, "/v1/webhooks/whk_0/ping"),
    ("PUT", "/v1/webhooks/{webhook}/secret"): Row(Permission.WEBHOOKS, "/v1/webhooks/whk_0/secret"),
    ("GET", "/v1/webhooks/{webhook}/dead-letters"): Row(Permission.WEBHOOKS, "/v1/webhooks/whk_0/dead-letters"),
    ("POST", "/v1/webhooks/{webhook}/replay"): Row(Permission.WEBHOOKS, "/v1/webhooks/whk_0/replay", JSON),
    ("GET", "/v1/notifications"): Row(Permission.NOTIFICATIONS),
    ("GET", "/v1/notifications/stream"): Row(Permission.NOTIFICATIONS),
    ("POST", "/v1/trademark-requests"): Row(Who.ANYBODY, content=JSON),
    ("GET", "/v1/trademark-requests"): Row(Permission.TRADEMARK_REQUESTS),
    ("GET", "/v1/trademark-requests/{request_id}"): Row(
        Permission.TRADEMARK_REQUESTS, "/v1/trademark-requests/0x" + "0" * 64
    ),
    ("PUT", "/v1/trademark-requests/{request_id}/answer"): Row(
        Permission.TRADEMARK_REQUESTS, "/v1/trademark-requests/0x" + "0" * 64 + "/answer", JSON
    ),
    ("GET", "/v1/log-in/nonce"): Row(Who.ANYBODY),
    ("POST", "/v1/log-in"): Row(Who.ANYBODY, content=JSON),
    ("DELETE", "/v1/log-in"): Row(Who.TOKEN),
    ("GET", "/v1/access"): Row(Who.HONEST),
    ("POST", "/v1/sessions"): Row(Who.ANYBODY, content=JSON),
    ("GET", "/v1/sessions"): Row(Who.ANYBODY),
    ("DELETE", "/v1/sessions"): Row(Who.ANYBODY),
}

ALERTS, SIGNALS, HISTORY, NEWS = Permission.ALERTS, Permission.SIGNALS, Permission.HISTORY, Permission.NOTIFICATIONS
EVERYBODY = {HISTORY, Permission.TRADEMARK_REQUESTS, NEWS}
OF_ROLE: dict[Role, set[Permission]] = {role: set(EVERYBODY) for role in Role} | {
    Role.CUSTOMS: {ALERTS, *EVERYBODY},
    Role.MARKET_SURVEILLANCE: {ALERTS, *EVERYBODY},
    Role.BRAND: {SIGNALS, *EVERYBODY},
}
OF_DESK: dict[str, set[Permission]] = {"customs": {ALERTS, HISTORY, NEWS}, "brand": {SIGNALS, HISTORY, NEWS}}
OF_SCOPE: dict[KeyScope, set[Permission]] = {
    KeyScope.OPERATE: {ALERTS, *EVERYBODY},
    KeyScope.CUSTODY: {HISTORY, NEWS},
    KeyScope.SCAN: {HISTORY},
    KeyScope.ACCREDIT: set(),
    KeyScope.ADMIN: set(),
}

for with_role in (*OF_ROLE.values(), *OF_SCOPE.values()):
    with_role |= {Permission.LEDGER, Permission.REQUESTS}
for accredited in (*OF_ROLE.values(), OF_SCOPE[KeyScope.OPERATE]):
    accredited.add(Permission.WEBHOOKS)
for allowed_to in (*OF_ROLE.values(), OF_SCOPE[KeyScope.OPERATE], OF_SCOPE[KeyScope.SCAN]):
    allowed_to.add(Permission.SCANS)


@dataclass(frozen=True)
class Actor:
    """`headers` are made anew for each request, so that a token can be given back."""

    name: str
    headers: Callable[[], Mapping[str, str]]
    permissions: frozenset[Permission] = frozenset()
    has_token: bool = False
    counts: bool = True

    @property
    def known(self) -> bool:
        """Whether the node knows who it is, so that logging in would not help."""
        return self.counts and self.name not in ("nobody", "no bearer", "cookie that is none")


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


class Cast:
    """Somebody for each role, API keys for each scope, desks, and those who should be kept out."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._count = 0
        chain_id = world.installation.deployment.chain_id
        self._tokens = AccessTokens.of(f"eip155:{chain_id}:{world.installation.account}", world.installation.salt)
        self._accounts = {role: self._account_in(role) for role in Role}

    def actors(self) -> Iterator[Actor]:
        """Everybody who asks for everything."""
        customs = self._accounts[Role.CUSTOMS]
        yield Actor("nobody", dict)
        yield Actor("no bearer", lambda: {"Authorization": "Basic eDp5"})
        yield Actor("cookie that is none", lambda: {"Cookie": f"{COOKIE}=guess"})
        yield Actor("wrong token", lambda: bearer("a.b.c"), counts=False)
        yield Actor("expired token", lambda: self._token(customs, ago=3_600), counts=False)
        yield Actor("unknown API key", lambda: bearer(f"cmk_{'0' * 12}_{'0' * 64}"), counts=False)
        yield Actor("revoked API key", self._api_key(customs, {ALERTS}, revoked=True), counts=False)
        yield Actor("token without an account's key", lambda: self._token(A_TOKEN), has_token=True, counts=False)
        for role, account in self._accounts.items():
            yield self._wallet(f"wallet of {role}", account, OF_ROLE[role])
        yield self._wallet("wallet of no role", self._world.account("stranger"), EVERYBODY)
        for scope, allowed in OF_SCOPE.items():
            yield self._wallet(f"customs' key for {scope.name}", customs, allowed, scope)
        for permission in Permission:
            for role in (Role.CUSTOMS, Role.BRAND, Role.CARRIER):
                key = self._api_key(self._accounts[role], {permission})
                yield Actor(f"API key of {role} for {permission}", key, frozenset(OF_ROLE[role] & {permission}))
        for desk, permissions in OF_DESK.items():
            yield Actor(f"key of the {desk} desk", self._desk(desk), frozenset(permissions))
            yield Actor(f"session at the {desk} desk", self._session(desk), frozenset(permissions))

    def _wallet(self, name: str, account: str, allowed: set[Permission], scopes: KeyScope = KeyScope.ALL) -> Actor:
        return Actor(name, lambda: self._token(account, scopes=scopes), frozenset(allowed), has_token=True)

    def _desk(self, desk: Any) -> Callable[[], Mapping[str, str]]:
        return lambda: self._world.desk(desk)

    def _session(self, desk: Any) -> Callable[[], Mapping[str, str]]:
        key, source = self._world.installation.desk_key(desk), RequestSource("192.0.2.0/24")
        return lambda: {"Cookie": f"{COOKIE}={self._world.services.access.log_in(desk, key, source)}"}

    def _token(self, account: str, *, ago: int = 0, scopes: KeyScope = KeyScope.ALL) -> dict[str, str]:
        self._count += 1
        at = int(time.time()) - ago
        return bearer(self._tokens.write(AccessToken(account, account, scopes, at, at + 600, f"{self._count}")))

    def _api_key(
        self, account: str, permissions: set[Permission], *, revoked: bool = False
    ) -> Callable[[], Mapping[str, str]]:
        salt, now = next(self._world.counter), int(time.time())
        with self._world.services.database.write() as session:
            new = NewApiKey("test", account, frozenset(permissions), 1)
            name, key = make_api_key(session, new, now=now, random=lambda size: salt.to_bytes(size, "big"))
            if revoked:
                revoke_api_key(session, name, now=now)
        return lambda: bearer(key)

    def _account_in(self, role: Role) -> str:
        known = {Role.GOVERNOR: "governor", Role.BRAND: "brand", Role.CUSTOMS: "customs", Role.CARRIER: "carrier"}
        if role in known:
            return self._world.account(known[role])
        signer = WalletSigner(bytes([100 + len(role)]) + role.encode("ascii").ljust(31, b"\x01"))
        installation = self._world.installation
        Accreditation(Ledger(installation.connection, installation.deployment, signer)).register()
        self._world.accreditation("governor").grant(signer.address, role, Level.ACCREDITED)
        return signer.address


def routes_in(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_in(inner.routes)
            continue
        for method in sorted(getattr(route, "methods", None) or {"ANY"}):
            if method != "HEAD":
                yield method, str(getattr(route, "path", route))


def expected(row: Row, actor: Actor) -> int | None:
    """The status of a refusal; None when the route answers."""
    if isinstance(row.who, Permission):
        if row.who in actor.permissions:
            return None
        return 403 if actor.known else 401
    open_to = {Who.ANYBODY: True, Who.HONEST: actor.counts, Who.TOKEN: actor.has_token, Who.SCRAPER: False}
    return None if open_to[row.who] else 401


def test_every_route_has_a_row_and_every_row_a_route(world: World) -> None:
    app: Any = world.server._server.config.app
    found = set(routes_in(app.routes))
    assert len(found) > 30
    assert found == set(TABLE)


@pytest.fixture(scope="module")
def cast(world: World) -> list[Actor]:
    return list(Cast(world).actors())


@pytest.mark.parametrize("route", TABLE, ids=lambda route: " ".join(route))
def test_route_answers_those_whom_the_table_names_and_nobody_else(
    world: World, cast: list[Actor], route: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.services.access, "_limiter", RateLimiter("wrong keys", 1_000))
    row, (method, path) = TABLE[route], route
    wrong = {}
    for actor in cast:
        with world.client.stream(method, row.path or path, headers=actor.headers(), **row.content) as answer:
            status = answer.status_code
        refused = status if status in (401, 403) else None
        if refused != expected(row, actor) or status >= 500:
            wrong[actor.name] = status
    assert not wrong


def signed(world: World, signer: WalletSigner, nonce: int) -> dict[str, Any]:
    """A request that needs the right to have it carried, by any key."""
    deployment, forwarder = world.installation.deployment, world.installation.contracts.forwarder
    call = world.installation.contracts.handovers.cancel_nonce(nonce)
    deadline = int(time.time()) + 600
    ahead = forwarder.nonces(signer.address)
    request = RelayRequest(signer.address, deployment.address("Handovers"), 500_000, ahead, deadline, call.data)
    members = {"from": request.signer, "to": request.to, "gas": request.gas, "nonce": ahead, "deadline": deadline}
    body = {**members, "data": "0x" + request.data.hex()}
    return {"request": body, "signature": "0x" + forwarder.sign(request, signer).hex()}


def has_requests_carried(world: World, headers: Mapping[str, str]) -> bool:
    """Whether a request gets as far as whose key signed it, which here is nobody's."""
    body = signed(world, WalletSigner(bytes(31) + b"\x09"), 1)
    answer = world.client.post("/v1/requests", json=body, headers=headers)
    reason: str = answer.json()["reason"]
    assert answer.status_code == 401 or (answer.status_code == 403 and reason in ("no-right", "foreign-signer"))
    return reason == "foreign-signer"


def reads_the_ledger(world: World, headers: Mapping[str, str]) -> bool:
    """Whether the ledger's logs are given."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": [{}]}
    return "result" in world.client.post("/rpc", json=body, headers=headers).json()


def sees_its_part_of_a_history(world: World, headers: Mapping[str, str]) -> bool:
    """Whether an item's history is told as to its brand or an authority."""
    body = {"raw": world.goods.packed[0].link}
    return world.client.post("/v1/history", json=body, headers=headers).json().get("viewer", ["stranger"]) != [
        "stranger"
    ]


INSIDE: dict[Permission, Callable[[World, Mapping[str, str]], bool]] = {
    Permission.REQUESTS: has_requests_carried,
    Permission.LEDGER: reads_the_ledger,
    Permission.HISTORY: sees_its_part_of_a_history,
}
"""Rights that count within a route which answers others too."""


@pytest.mark.parametrize("permission", INSIDE)
def test_right_within_a_route_counts_for_those_who_have_it_and_nobody_else(
    world: World, cast: list[Actor], permission: Permission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.services.access, "_limiter", RateLimiter("wrong keys", 1_000))
    # An item's history is that of its brand and of authorities; everybody else is a stranger to it.
    concerned = [a for a in cast if permission is not HISTORY or "customs" in a.name or "brand" in a.name]
    found = {actor.name: INSIDE[permission](world, actor.headers()) for actor in concerned}
    assert found == {actor.name: permission in actor.permissions for actor in concerned}


@pytest.mark.parametrize("permission", Permission)
def test_every_right_lets_somebody_in_and_keeps_somebody_known_out(cast: list[Actor], permission: Permission) -> None:
    assert permission in INSIDE or any(row.who is permission for row in TABLE.values())
    for has in (True, False):
        known = [actor for actor in cast if actor.known and (permission in actor.permissions) is has]
        assert any("API key" in actor.name for actor in known), has
        assert any("API key" not in actor.name for actor in known), has


def test_api_key_with_the_right_has_requests_of_its_own_account_carried(world: World) -> None:
    body = signed(world, world.wallets["carrier"].signer(), 7_000_000 + next(world.counter))
    of_carrier, people = world.account("carrier"), Cast(world)
    wrong = people._api_key(of_carrier, set(Permission) - {Permission.REQUESTS})()
    right = people._api_key(of_carrier, {Permission.REQUESTS})()
    refused = world.client.post("/v1/requests", json=body, headers=wrong)
    assert (refused.status_code, refused.json()["reason"]) == (403, "no-right")
    answer = world.client.post("/v1/requests", json=body, headers=right)
    assert answer.status_code == 202, answer.text
    for _ in range(100):
        view = world.client.get(answer.headers["Location"]).json()
        if view["state"] not in ("accepted", "sent"):
            break
        world.services.outbox.sender.run()
    assert view["state"] == "confirmed"
