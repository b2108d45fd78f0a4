"""The dashboard shows what nodes tell: each metric that it asks for is one that docs/node.md has."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "examples" / "grafana-dashboard.json").read_text("utf-8"))


def documented() -> set[str]:
    table = (
        (ROOT / "docs" / "node.md").read_text("utf-8").partition("| metric (`countermark_…`)")[2].partition("\n\n")[0]
    )
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`(\w+)", cell)}


def test_every_metric_that_the_dashboard_asks_for_is_told_by_nodes() -> None:
    known = documented()
    assert len(known) > 15
    asked = {
        name.removesuffix("_bucket")
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
        for name in re.findall(r"countermark_(\w+)", target["expr"])
    }
    assert len(asked) > 12
    assert asked <= known


def test_panels_lie_side_by_side() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        area = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & area, panel["title"]
        assert place["x"] + place["w"] <= 24
        cells |= area
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
