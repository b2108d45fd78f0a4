"""Keys and one good credential for the credential tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from countermark.credentials.account_id import AccountId
from countermark.credentials.trademark import Trademark, issue_trademark_credential
from countermark.p256 import PrivateKey

VECTORS = Path(__file__).parent.parent / "vectors"


@pytest.fixture(scope="session")
def jose_vectors() -> dict[str, Any]:
    vectors: dict[str, Any] = json.loads((VECTORS / "jose_es256.json").read_text("utf-8"))
    return vectors


@pytest.fixture(scope="session")
def did_vectors() -> dict[str, Any]:
    vectors: dict[str, Any] = json.loads((VECTORS / "did_key.json").read_text("utf-8"))
    return vectors


@pytest.fixture(scope="session")
def sd_jwt_vectors() -> dict[str, Any]:
    vectors: dict[str, Any] = json.loads((VECTORS / "sd_jwt.json").read_text("utf-8"))
    return vectors


@pytest.fixture(scope="session")
def status_list_vectors() -> dict[str, Any]:
    vectors: dict[str, Any] = json.loads((VECTORS / "status_list.json").read_text("utf-8"))
    return vectors


@pytest.fixture(scope="session")
def thumbprint_vector(jose_vectors: dict[str, Any]) -> dict[str, Any]:
    vector: dict[str, Any] = jose_vectors["thumbprint"]
    return vector


@pytest.fixture(scope="session")
def set_member() -> Callable[[str, Any], Callable[[dict[str, Any]], None]]:
    """Makes a change of claims: the member at a dotted path gets a value, or goes when it is None."""

    def changing(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
        def change(claims: dict[str, Any]) -> None:
            *parents, name = path.split(".")
            target = claims
            for parent in parents:
                target = target[parent]
            target[name] = value
            if value is None:
                del target[name]

        return change

    return changing


@pytest.fixture(scope="session")
def office_key() -> PrivateKey:
    return PrivateKey.from_secret(bytes(range(48)))


@pytest.fixture(scope="session")
def now() -> datetime:
    return datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def holder() -> AccountId:
    return AccountId(9_876_543_210, "0x" + "ab" * 20)


@pytest.fixture(scope="session")
def trademark() -> Trademark:
    return Trademark("EM500000012345678", "NORDLICHT", (14, 25), date(2019, 3, 4))


@pytest.fixture(scope="session")
def issued(trademark: Trademark, office_key: PrivateKey, holder: AccountId) -> Callable[..., str]:
    """Issues the one trademark's credential, with more of what an issuer may say."""

    def issue(**more: Any) -> str:
        said: dict[str, Any] = {"credential_id": "urn:uuid:7f6c3f0a-6a39-4c3e-8d53-0d0a3a1f6a10", **more}
        return issue_trademark_credential(
            trademark,
            office_name="Example Office",
            key=office_key,
            holder=holder,
            holder_name="Nordlicht Example",
            valid_from=datetime(2026, 1, 1, tzinfo=UTC),
            valid_until=datetime(2027, 1, 1, tzinfo=UTC),
            **said,
        )

    return issue


@pytest.fixture(scope="session")
def token(issued: Callable[..., str]) -> str:
    return issued()
