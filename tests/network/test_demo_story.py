"""The main job, from a trademark to a customs alert, on the real network: the same story and the same promises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console
from tests.network.real_network import RealNetwork

from countermark_node.demo.evening import load_products, play

pytestmark = [pytest.mark.network, pytest.mark.slow]
_PRODUCTS = Path(__file__).parents[2] / "examples" / "products.csv"


def test_whole_demo_keeps_its_promises_on_a_real_network(network: RealNetwork, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    folder = tmp_path / "demo"
    folder.mkdir()
    with (tmp_path / "told").open("w") as told:
        outcome = play(
            folder,
            load_products(_PRODUCTS),
            Console(file=told),
            port=0,
            stay=False,
            json_file=report,
            chain_url=network.endpoints()[0],
        )
    broken = [step for step in json.loads(report.read_text())["steps"] if not step["fulfilled"]]
    assert not broken
    assert outcome.fulfilled
