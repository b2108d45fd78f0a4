"""Brand, carrier and retailer as they are in the world: apart, each with a node, a database and a wallet."""

from __future__ import annotations

import pytest
from tests.organisations.market import ORGANISATIONS, Market
from tests.organisations.story import tell

pytestmark = pytest.mark.slow


def test_three_organisations_pass_goods_on_and_know_the_same_in_the_end(market: Market) -> None:
    tell(market)
    assert len({market.node(name).account for name in ORGANISATIONS}) == 3
