"""Corrections of passports at a node: an append-only list that proves itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from countermark.p256 import PrivateKey
from countermark.passports.corrections import sign_correction
from countermark.passports.passport import read_passport, sign_passport

if TYPE_CHECKING:
    from tests.node.conftest import Goods, World


@dataclass
class Correcting:
    """A segment's passport and who corrects it."""

    world: World
    goods: Goods

    @property
    def original(self) -> str:
        return self.goods.segment.passport.read_text("ascii")

    @property
    def path(self) -> str:
        return f"/v1/passports/{hashlib.sha256(self.original.encode()).hexdigest()}"

    @property
    def key(self) -> PrivateKey:
        return self.world.wallets["brand"].credential_key()

    def sign(self, *earlier: str, country: str = "FR", key: PrivateKey | None = None, **about: Any) -> str:
        told = read_passport(self.original, self.key.public).passport
        told = replace(told, **{"product": replace(told.product, country=country), **about})
        now = about.get("valid_from") or datetime.now(UTC)
        return sign_correction(
            self.original,
            earlier,
            sign_passport(told, key or self.key),
            reason=f"Made in {country}",
            issued=now,
            key=key or self.key,
        )

    def send(self, token: str) -> httpx.Response:
        return self.world.client.post(f"{self.path}/corrections", json={"correction": token})

    def listed(self) -> list[str]:
        found: list[str] = self.world.client.get(self.path).json()["corrections"]
        return found


@pytest.fixture
def correcting(world: World) -> Correcting:
    return Correcting(world, world.commission(packed=2))


def test_correction_is_appended_and_the_original_stays(correcting: Correcting) -> None:
    first = correcting.sign()
    second = correcting.sign(first, country="IT")
    assert [correcting.send(token).json() for token in (first, second, first)] == [
        {"number": 1},
        {"number": 2},
        {"number": 1},
    ]
    answer = correcting.world.client.get(correcting.path).json()
    assert answer == {"passport": correcting.original, "corrections": [first, second]}


def test_entry_that_does_not_follow_the_last_one_is_refused(correcting: Correcting) -> None:
    first = correcting.sign()
    assert correcting.send(correcting.sign(first)).json()["reason"] == "wrong-chain-of-corrections"
    assert correcting.send(first).status_code == 200
    rival = correcting.sign(country="ES")
    assert correcting.send(rival).json()["reason"] == "wrong-chain-of-corrections"
    assert correcting.listed() == [first]


def test_strangers_correction_is_refused(correcting: Correcting) -> None:
    stranger = correcting.world.wallets["stranger"].credential_key()
    assert correcting.send(correcting.sign(key=stranger)).json()["reason"] == "unknown-key"
    assert correcting.listed() == []


def test_correction_to_another_lot_is_refused(correcting: Correcting) -> None:
    assert correcting.send(correcting.sign(lot="L2")).json()["reason"] == "wrong-subject"


def test_correction_from_the_future_is_refused(correcting: Correcting) -> None:
    ahead = datetime.now(UTC) + timedelta(days=1)
    assert correcting.send(correcting.sign(valid_from=ahead)).json()["reason"] == "not-yet-valid"


def test_correction_under_a_revoked_key_is_refused(own_world: Callable[..., Any]) -> None:
    with own_world() as world:
        correcting = Correcting(world, world.commission(packed=2))
        token, public = correcting.sign(), correcting.key.public
        ledger = world.ledger("brand")
        ledger.send(ledger.trust.revoke_credential_key(public.x, public.y))
        assert correcting.send(token).json()["reason"] == "unknown-key"


def test_what_a_thief_of_the_brands_key_appended_is_gone_once_the_key_is_revoked(own_world: Callable[..., Any]) -> None:
    with own_world() as world:
        correcting = Correcting(world, world.commission(packed=2))
        honest, stolen = correcting.sign(), world.wallets["brand"].credential_key(2)
        assert correcting.send(honest).status_code == 200
        world.accreditation("brand").list_credential_key(stolen.public)
        forged = correcting.sign(honest, country="CH", key=stolen)
        later = correcting.sign(honest, forged, country="ES")
        assert [correcting.send(token).json() for token in (forged, later)] == [{"number": 2}, {"number": 3}]
        ledger = world.ledger("brand")
        ledger.send(ledger.trust.revoke_credential_key(stolen.public.x, stolen.public.y))
        assert correcting.send(forged).json()["reason"] == "unknown-key"
        assert correcting.listed() == [honest]
        again = correcting.sign(honest, country="IT")
        assert correcting.send(again).json() == {"number": 2}
        assert correcting.listed() == [honest, again]


def test_rival_corrections_at_once_leave_one(correcting: Correcting) -> None:
    tokens = [correcting.sign(country=country) for country in ("FR", "ES", "IT", "PT")]
    with ThreadPoolExecutor(4) as pool:
        codes = sorted(answer.status_code for answer in pool.map(correcting.send, tokens))
    assert codes == [200, 400, 400, 400]
    assert len(correcting.listed()) == 1


@pytest.mark.parametrize("digest", ["00" * 32, "0" * 63, "x" * 64, "AB" * 32])
def test_passport_that_nobody_knows_is_not_found_and_no_list_is_given(world: World, digest: str) -> None:
    answer = world.client.get(f"/v1/passports/{digest}")
    assert answer.status_code in (400, 404)
    assert world.client.get("/v1/passports/").status_code == 404


@pytest.mark.parametrize("body", [[], {}, {"correction": 1}, {"correction": "a", "more": 1}, {"correction": "a.b.c"}])
def test_body_of_another_shape_is_refused(correcting: Correcting, body: Any) -> None:
    assert correcting.world.client.post(f"{correcting.path}/corrections", json=body).status_code == 400
