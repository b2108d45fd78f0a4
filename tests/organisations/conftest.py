"""The market that the organisations' tests share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL
from tests.organisations.market import Market, open_market


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory, database_place: Callable[[Path], Path | URL]) -> Iterator[Market]:
    """On the ledger that COUNTERMARK_TEST_CHAIN_URL names, else on an embedded one in a process of its own."""
    chain_url = os.environ.get("COUNTERMARK_TEST_CHAIN_URL") or None
    folder = tmp_path_factory.mktemp("organisations")
    with open_market(folder, chain_url=chain_url, place=database_place) as opened:
        yield opened
