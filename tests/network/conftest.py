"""The network that tests share as long as they do it no harm."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.network.real_network import GETH, RealNetwork, find_geth, running_network


@pytest.fixture(scope="session")
def geth() -> Path:
    found = find_geth()
    if found is None:
        say = pytest.fail if os.environ.get("COUNTERMARK_REQUIRE_ALL") else pytest.skip
        say(f"no geth {GETH}: run `make geth`, or name one with COUNTERMARK_GETH")
    return found


@pytest.fixture(scope="session")
def network(geth: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealNetwork]:
    """Three validators. Tests that stop or cut off validators start their own with `running_network`."""
    with running_network(geth, tmp_path_factory.mktemp("network")) as started:
        yield started
