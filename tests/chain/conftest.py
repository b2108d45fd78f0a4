"""A clock, keys and ledgers for the chain tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from countermark.chain.connection import ChainConnection
from countermark.chain.embedded import EmbeddedChain
from countermark.signing import TypedMessage


@dataclass
class SetClock:
    """A clock that stands still until it is moved."""

    now: datetime = field(default=datetime(2026, 11, 22, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> None:
        self.now += timedelta(**parts)

    @property
    def second(self) -> int:
        return int(self.now.timestamp())


class MemorySigner:
    """An AccountSigner whose key lives in memory; `number` picks one of many fixed test keys."""

    def __init__(self, number: int) -> None:
        self.account: LocalAccount = Account.from_key((0xC0FFEE + number).to_bytes(32, "big"))

    @property
    def address(self) -> str:
        return str(self.account.address)

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        return bytes(self.account.sign_transaction(dict(transaction)).raw_transaction)

    def sign_typed(self, message: TypedMessage) -> bytes:
        return bytes(self.account.sign_typed_data(full_message=message.full()).signature)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def chain(tmp_path: Path, clock: SetClock) -> Iterator[EmbeddedChain]:
    with EmbeddedChain.open(tmp_path / "ledger", clock=clock) as opened:
        yield opened


@pytest.fixture
def connection(chain: EmbeddedChain) -> ChainConnection:
    return ChainConnection.embedded(chain)


@pytest.fixture
def signer() -> MemorySigner:
    return MemorySigner(1)


@pytest.fixture
def make_signer() -> type[MemorySigner]:
    return MemorySigner
