"""What is built and what is looked for are one version."""

from __future__ import annotations

from pathlib import Path

from tests.network.real_network import GETH


def test_makefile_builds_the_geth_that_the_tests_look_for() -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text("utf-8")
    assert f"\nGETH_VERSION := {GETH}\n" in makefile
