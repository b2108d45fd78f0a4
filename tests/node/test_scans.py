"""Scans over HTTP: verdicts, evidence, batches, what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.node.conftest import World

ROTTERDAM, SINGAPORE = (51.95, 4.14), (1.26, 103.84)


def verdict(answer: dict) -> str:
    return answer["report"]["verdict"]


def test_commissioned_label_is_genuine_for_an_anonymous_consumer(world: World) -> None:
    response = world.scan(world.label().link)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert verdict(answer) == "label-genuine", answer["report"]["checks"]
    assert answer["evidence_class"] == "D"
    assert answer["report"]["product"]["name"] == "Watch"
    assert [check["number"] for check in answer["report"]["checks"]] == list(range(1, 11))
