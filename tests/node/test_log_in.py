"""Log-in by Sign-In with Ethereum: what is signed counts once, here, now, and only as long as the ledger says so."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlmodel import select
from starlette.requests import HTTPConnection

from countermark import base64url
from countermark.custody.key_consent import KeyConsent
from countermark.errors import InputRefused, NotSignedIn
from countermark.roles import KeyScope, Level, Role
from countermark.sign_in import SignInMessage
from countermark_node.access.log_in import NONCE_SECONDS, Nonces
from countermark_node.access.own_hosts import own_hosts
from countermark_node.access.tables import UsedLogInRow
from countermark_node.access.tokens import AccessToken, AccessTokens
from countermark_node.services import NodeServices
from countermark_node.settings import NodeSettings
from countermark_wallet.keys.signer import WalletSigner
from countermark_wallet.node_access.client import NodeClient
from countermark_wallet.node_access.logging_in import log_in

if TYPE_CHECKING:
    from tests.node.conftest import Ahead, World

NOW = datetime.now(UTC).replace(microsecond=0)


def rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@dataclass
class Door:
    """Logs in at a node with messages that a test changes."""

    world: World

    def message(self, name: str = "customs", **changed: Any) -> SignInMessage:
        host = self.world.server.url.removeprefix("http://")
        message = SignInMessage(
            domain=host,
            address=self.world.account(name),
            uri=self.world.server.url,
            chain_id=self.world.installation.deployment.chain_id,
            nonce=self.world.client.get("/v1/log-in/nonce").json()["nonce"],
            issued_at=rfc3339(datetime.now(UTC).replace(microsecond=0)),
        )
        return replace(message, **changed)

    def send(self, message: SignInMessage, name: str = "customs", **sent: Any) -> httpx.Response:
        signature = self.world.wallets[name].signer().sign_text(message.text())
        body = {"message": message.text(), "signature": f"0x{signature.hex()}", **sent}
        return self.world.client.post("/v1/log-in", json=body)


@pytest.fixture
def door(world: World) -> Door:
    return Door(world)


def tokens_of(world: World) -> AccessTokens:
    chain_id = world.installation.deployment.chain_id
    return AccessTokens.of(f"eip155:{chain_id}:{world.installation.account}", world.installation.salt)


def test_wallet_logs_in_and_sees_what_its_role_allows(world: World) -> None:
    customs = world.logged_in("customs")
    access = world.client.get("/v1/access", headers=customs).json()
    assert (access["how"], access["account"], access["roles"]) == ("wallet", world.account("customs"), ["customs"])
    assert access["expires_at"]
    assert {"alerts:read", "history:read", "ledger:read"} <= set(access["permissions"])
    assert "signals:read" not in access["permissions"]
    assert world.client.get("/v1/alerts", headers=customs).status_code == 200
    assert world.client.get("/v1/signals", headers=customs).status_code == 403


def test_access_token_is_short_and_an_independent_library_reads_it(world: World) -> None:
    token = world.logged_in("brand")["Authorization"].removeprefix("Bearer ")
    read = jwt.decode(token, OctKey.import_key(tokens_of(world).secret), algorithms=["HS256"])
    assert read.header == {"alg": "HS256", "typ": "at+jwt"}
    claims = read.claims
    assert claims["iss"] == claims["aud"] == tokens_of(world).issuer
    assert claims["sub"] == world.account("brand")
    assert 0 < claims["exp"] - claims["iat"] <= 900
    assert len(claims["jti"]) == 32


def test_nonce_acts_once(door: Door) -> None:
    message = door.message()
    assert door.send(message).status_code == 200
    again = door.send(message)
    assert (again.status_code, again.json()["reason"]) == (400, "nonce-used")


def test_of_many_log_ins_with_one_nonce_at_once_one_succeeds(door: Door) -> None:
    message = door.message()
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(door.send(message).status_code)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 400, 400, 400, 400, 400]


def test_of_two_replicas_over_one_database_one_takes_a_nonce_and_both_take_its_token(world: World) -> None:
    other = NodeServices.build(world.installation, settings=world.services.settings)
    replicas = (world.services, other)
    nonce, _ = world.services.access.log_ins.nonce()
    message = SignInMessage(
        domain="node.example",
        address=world.account("customs"),
        uri="https://node.example",
        chain_id=world.installation.deployment.chain_id,
        nonce=nonce,
        issued_at=rfc3339(datetime.now(UTC).replace(microsecond=0)),
    ).text()
    signature = world.wallets["customs"].signer().sign_text(message)
    tokens, refusals = [], []

    def attempt(replica: NodeServices) -> None:
        try:
            tokens.append(replica.access.log_ins.log_in(message, signature, frozenset({"node.example"}))[0])
        except InputRefused as refused:
            refusals.append(refused.reason)

    threads = [threading.Thread(target=attempt, args=(replica,)) for replica in replicas * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(tokens), refusals) == (1, ["nonce-used"] * 7)
    headers = [(b"authorization", f"Bearer {tokens[0]}".encode("ascii"))]
    asked = HTTPConnection({"type": "http", "headers": headers})
    assert {replica.access.principal(asked).account for replica in replicas} == {world.account("customs")}
    other.close()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"domain": "evil.example"}, "wrong-host"),
        ({"domain": "127.0.0.1:1"}, "wrong-host"),
        ({"uri": "https://evil.example"}, "wrong-host"),
        ({"scheme": "ftp"}, "wrong-host"),
        ({"chain_id": 1}, "wrong-chain"),
        ({"nonce": "0" * 64}, "bad-nonce"),
        ({"nonce": "12345678"}, "bad-nonce"),
        ({"issued_at": rfc3339(NOW - timedelta(hours=1))}, "bad-time"),
        ({"issued_at": rfc3339(NOW + timedelta(hours=1))}, "bad-time"),
        ({"expiration_time": rfc3339(NOW - timedelta(seconds=1))}, "bad-time"),
        ({"not_before": rfc3339(NOW + timedelta(hours=1))}, "bad-time"),
    ],
)
def test_message_for_another_place_chain_or_time_is_refused(door: Door, changed: dict[str, Any], reason: str) -> None:
    answer = door.send(door.message(**changed))
    assert (answer.status_code, answer.json()["reason"]) == (400, reason)


def test_log_in_that_another_host_asked_for_is_refused_although_it_names_that_host_to_us(door: Door) -> None:
    message = door.message(domain="evil.example", uri="https://evil.example")
    signature = door.world.wallets["customs"].signer().sign_text(message.text())
    body = {"message": message.text(), "signature": f"0x{signature.hex()}"}
    answer = door.world.client.post("/v1/log-in", json=body, headers={"Host": "evil.example"})
    assert answer.json()["reason"] == "wrong-host"


def test_signature_of_another_key_or_message_is_refused(door: Door) -> None:
    answer = door.send(door.message(), name="carrier")
    assert (answer.status_code, answer.json()["reason"]) == (403, "bad-signature")
    for wrong in ("0x", "0x" + "00" * 65, "0x" + "zz" * 65, "00" * 65, 7):
        assert door.send(door.message(), signature=wrong).status_code == 400


def test_stranger_without_account_gets_no_token_and_leaves_nothing_behind(door: Door) -> None:
    with door.world.services.database.read() as session:
        before = len(session.exec(select(UsedLogInRow)).all())
    signer = WalletSigner(b"\x07" * 32)
    message = door.message(address=signer.address)
    body = {"message": message.text(), "signature": f"0x{signer.sign_text(message.text()).hex()}"}
    answer = door.world.client.post("/v1/log-in", json=body)
    assert (answer.status_code, answer.json()["reason"]) == (403, "unknown-key")
    with door.world.services.database.read() as session:
        assert len(session.exec(select(UsedLogInRow)).all()) == before


def changed_tokens(token: str, tokens: AccessTokens) -> dict[str, str]:
    head, claims, mac = token.split(".")
    none = base64url.encode(b'{"alg":"none","typ":"at+jwt"}')
    account = "0x" + "11" * 20
    other = AccessToken(account, account, KeyScope.ALL, 0, 1 << 40, "x")
    return {
        "alg none": f"{none}.{claims}.",
        "alg none with the old mac": f"{none}.{claims}.{mac}",
        "no mac": f"{head}.{claims}.",
        "cut mac": f"{head}.{claims}.{mac[:-2]}",
        "another spelling of the mac": f"{head}.{claims}.{mac}=",
        "other claims": f"{head}.{claims[:-4]}AAAA.{mac}",
        "another secret": replace(tokens, secret=b"0" * 32).write(other),
        "another node": replace(tokens, issuer="eip155:1:0x0").write(other),
        "too long": f"{head}.{claims * 50}.{mac}",
        "foreign characters": f"{head}.{claims}\u00e9.{mac}".encode("latin-1").decode("latin-1"),
    }


@pytest.mark.parametrize("how", list(changed_tokens("a.b.c", AccessTokens("x", b"0" * 32))))
def test_token_that_this_node_did_not_make_is_refused(world: World, how: str) -> None:
    token = world.logged_in("customs")["Authorization"].removeprefix("Bearer ")
    wrong = changed_tokens(token, tokens_of(world))[how]
    answer = world.client.get("/v1/alerts", headers={"Authorization": f"Bearer {wrong}".encode("latin-1")})
    assert (answer.status_code, answer.json()["reason"]) == (401, "bad-token")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_token_ends_with_its_time_and_when_it_is_given_back(own_world: Any, ahead: Ahead) -> None:
    with own_world(clock=ahead) as world:
        first, second = world.logged_in("customs"), world.logged_in("customs")
        assert world.client.delete("/v1/log-in", headers=first).status_code == 204
        assert world.client.get("/v1/alerts", headers=first).json()["reason"] == "token-ended"
        assert world.client.get("/v1/alerts", headers=second).status_code == 200
        ahead.by = timedelta(minutes=11)
        answer = world.client.get("/v1/alerts", headers=second)
        assert (answer.status_code, answer.json()["reason"]) == (401, "token-expired")
        assert world.client.delete("/v1/log-in", headers=second).status_code == 401


def test_revoked_role_ends_a_right_with_the_next_block_while_the_token_lives(own_world: Any) -> None:
    with own_world() as world:
        customs = world.logged_in("customs")
        assert world.client.get("/v1/alerts", headers=customs).status_code == 200
        world.accreditation("governor").revoke(world.account("customs"), Role.CUSTOMS)
        answer = world.client.get("/v1/alerts", headers=customs)
        assert (answer.status_code, answer.json()["reason"]) == (403, "no-right")
        world.accreditation("governor").grant(world.account("customs"), Role.CUSTOMS, Level.ACCREDITED)
        assert world.client.get("/v1/alerts", headers=customs).status_code == 200


def test_revoked_key_ends_its_token_with_the_next_block(own_world: Any) -> None:
    with own_world() as world:
        device, customs = WalletSigner(b"\x09" * 32), world.ledger("customs")
        until = int(NOW.timestamp()) + 86_400
        consent = KeyConsent(customs.account, device.address, KeyScope.OPERATE, 0, until)
        signature = device.sign_typed(consent.typed(customs.chain_id, customs.trust.address))
        customs.send(customs.trust.add_key(device.address, KeyScope.OPERATE, 0, until, signature))
        with NodeClient(world.server.url) as node:
            token = log_in(node, device, customs.chain_id).token
        headers = {"Authorization": f"Bearer {token}"}
        assert world.client.get("/v1/access", headers=headers).json()["account"] == customs.account
        assert world.client.get("/v1/alerts", headers=headers).status_code == 200
        customs.send(customs.trust.revoke_key(device.address))
        answer = world.client.get("/v1/alerts", headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (401, "token-ended")


def test_key_for_scanning_alone_sees_no_alerts(own_world: Any) -> None:
    with own_world() as world:
        device, customs = WalletSigner(b"\x09" * 32), world.ledger("customs")
        until = int(NOW.timestamp()) + 86_400
        consent = KeyConsent(customs.account, device.address, KeyScope.SCAN, 0, until)
        signature = device.sign_typed(consent.typed(customs.chain_id, customs.trust.address))
        customs.send(customs.trust.add_key(device.address, KeyScope.SCAN, 0, until, signature))
        with NodeClient(world.server.url) as node:
            headers = {"Authorization": f"Bearer {log_in(node, device, customs.chain_id).token}"}
        allowed = world.client.get("/v1/access", headers=headers).json()["permissions"]
        assert {"history:read", "ledger:read", "scans:write"} <= set(allowed)
        assert not {"alerts:read", "signals:read"} & set(allowed)
        assert world.client.get("/v1/alerts", headers=headers).status_code == 403


def test_open_alert_stream_ends_when_its_right_does(own_world: Any) -> None:
    with own_world() as world:
        customs = world.logged_in("customs")
        with world.client.stream("GET", "/v1/alerts/stream", headers=customs) as stream:
            assert stream.status_code == 200
            world.accreditation("governor").revoke(world.account("customs"), Role.CUSTOMS)
            world.confirmed_copy(world.label().link)
            list(stream.iter_lines())


@given(st.text(max_size=300))
def test_any_text_as_token_nonce_or_api_key_is_refused_in_our_own_words(text: str) -> None:
    tokens = AccessTokens("eip155:1:0x0", b"0" * 32)
    head = base64url.encode(b'{"alg":"HS256","typ":"at+jwt"}') + "."
    for wrong in (text, f"a.b.{text}", f"{head}{text}", f"{head}{text}.{text}"):
        with pytest.raises(NotSignedIn):
            tokens.read(wrong, 0)
    with pytest.raises(InputRefused):
        Nonces(b"0" * 32).expiry(text, 0)


@given(st.integers(0, 63), st.sampled_from("0123456789abcdef"))
def test_nonce_with_another_digit_is_none_of_ours(place: int, digit: str) -> None:
    nonces = Nonces(b"0" * 32)
    nonce = nonces.make(1_000, b"\x07" * 8)
    changed = nonce[:place] + digit + nonce[place + 1 :]
    if changed == nonce:
        assert nonces.expiry(changed, 1_000) == 1_000 + NONCE_SECONDS
        return
    with pytest.raises(InputRefused):
        nonces.expiry(changed, 1_000)


@pytest.mark.parametrize(
    ("hosts", "public", "listening", "expected"),
    [
        ("", "", ("127.0.0.1", 8750), {"127.0.0.1:8750", "localhost:8750"}),
        ("", "", ("::1", 8750), {"[::1]:8750", "localhost:8750"}),
        ("", "", ("192.0.2.1", 80), {"192.0.2.1:80", "192.0.2.1"}),
        ("", "id.brand.example", ("127.0.0.1", 8750), {"id.brand.example"}),
        ("Node.example, b.example:1", "id.brand.example", ("127.0.0.1", 8750), {"node.example", "b.example:1"}),
        ("", "", None, set()),
    ],
)
def test_own_hosts_come_from_settings_or_the_socket(
    hosts: str, public: str, listening: tuple[str, int | None] | None, expected: set[str]
) -> None:
    assert own_hosts(NodeSettings(log_in_hosts=hosts, public_host=public), listening) == expected
