"""The documents say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from countermark_node.app import create_app
from countermark_node.settings import NodeSettings

DOCS = Path(__file__).parents[2] / "docs"


def test_settings_table_is_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = re.findall(r"^\| `(COUNTERMARK_\w+)` \| (.+?) \| (.+?) \|$", (DOCS / "node.md").read_text("utf-8"), re.M)
    expected = []
    for name, setting in NodeSettings.model_fields.items():
        shown = "(empty)" if setting.default in (None, "") else f"`{setting.default}`"
        assert setting.description
        assert setting.description.endswith("."), name
        expected.append((f"COUNTERMARK_{name.upper()}", shown, setting.description))
    assert rows == expected


def test_settings_come_from_the_environment_and_cannot_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMARK_PUBLIC_SCANS_PER_MINUTE", "7")
    settings = NodeSettings()
    assert settings.public_scans_per_minute == 7
    with pytest.raises(ValidationError):
        settings.port = 1


def test_setting_that_is_empty_in_the_environment_is_as_if_it_were_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NodeSettings.model_fields:
        monkeypatch.setenv(f"COUNTERMARK_{name.upper()}", "")
    assert NodeSettings() == NodeSettings.model_construct()
    assert NodeSettings().chain_url is None


def test_password_shows_in_no_representation_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMARK_NODE_PASSWORD", "a very secret password")
    assert "very secret" not in repr(NodeSettings())


def test_every_route_of_the_api_is_documented() -> None:
    text = (DOCS / "api.md").read_text("utf-8")
    source = "".join(
        path.read_text("utf-8") for path in Path(create_app.__code__.co_filename).parent.glob("*/routes.py")
    )
    paths = set(re.findall(r'@router\.(?:get|post|delete)\("(/[^"]+)"', source))
    assert {path for path in paths if path.startswith(("/v1", "/rpc", "/health", "/ready"))} >= {"/v1/scans", "/rpc"}
    for path in paths:
        if path.startswith(("/v1", "/rpc", "/health", "/ready")):
            assert path in text, path
