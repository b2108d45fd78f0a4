"""The three organisations' story on the real network: the ledger is nobody's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL
from tests.network.real_network import RealNetwork
from tests.organisations.market import open_market
from tests.organisations.story import tell

pytestmark = [pytest.mark.network, pytest.mark.slow]


def test_three_organisations_pass_goods_on_over_a_real_network(
    network: RealNetwork, tmp_path: Path, database_place: Callable[[Path], Path | URL]
) -> None:
    with open_market(tmp_path, chain_url=network.endpoints()[0], place=database_place) as market:
        tell(market)
