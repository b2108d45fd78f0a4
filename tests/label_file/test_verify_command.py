"""`countermark verify`: no connection is opened, and what people see."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from countermark.gs1.digital_link import build_link
from countermark.labels.signature import sign_label
from countermark.passports.corrections import sign_correction
from countermark.passports.passport import sign_passport
from countermark_scanner import verify_cli
from countermark_wallet.cli.main import main

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


class StandingClock(datetime):
    """The time of the tests."""

    @classmethod
    def now(cls, _tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return NOW


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way to a network ends the test."""

    def forbidden(*_args: Any, **_more: Any) -> None:
        raise AssertionError("a connection was opened")

    for name in ("socket", "create_connection", "getaddrinfo", "socketpair"):
        monkeypatch.setattr(socket, name, forbidden)
    monkeypatch.setattr(verify_cli, "datetime", StandingClock)


def run(*arguments: str | Path) -> int:
    plugins = [each for each in entry_points(group="countermark.commands") if each.name == "verify"]
    return main([str(each) for each in arguments], plugins)


@pytest.fixture
def bundle(workshop: Any, tmp_path: Path) -> Path:
    path = tmp_path / "trust" / "bundle.json"
    path.parent.mkdir()
    path.write_bytes(workshop.packed())
    return path


def test_good_file_is_verified_without_a_network(
    workshop: Any, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "item.json"
    file.write_bytes(workshop.file().encode())
    assert run("verify", file, "--trust", bundle) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("OK: item.json: label-genuine")
    assert "2 of 2 nodes" in shown
    assert "Olive oil 500 ml" in shown


def test_corrected_details_are_told_to_people_with_the_reason(
    workshop: Any, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now = replace(workshop.passport(0), product=replace(workshop.passport(0).product, country="ES"))
    told = sign_correction(
        workshop.passport_token(0),
        (),
        sign_passport(now, workshop.credential_key),
        reason="Bottled in Spain",
        issued=NOW,
        key=workshop.credential_key,
    )
    file = tmp_path / "item.json"
    file.write_bytes(workshop.file(corrections=(told,)).encode())
    assert run("verify", file, "--trust", bundle) == 0
    shown = capsys.readouterr().out
    assert "corrected 2026-06-01T12:00:00Z by the brand: " in shown
    assert ", ES, " in shown
    assert "(Bottled in Spain)" in shown


def test_json_tells_verdict_age_and_whom_it_rests_on(
    workshop: Any, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "item.json"
    file.write_bytes(workshop.file().encode())
    assert run("verify", file, "--trust", bundle.parent, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["report"]["verdict"] == "label-genuine"
    assert (answer["trust"]["block"], answer["trust"]["good_until"]) == (50, "2026-06-02T12:00:00Z")
    assert answer["trust"]["root_sha256"] == workshop.bundle().root.fingerprint


def test_label_text_alone_is_unverifiable_with_exit_code_1(
    workshop: Any, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item = workshop.item()
    link = build_link("id.brand.example", item, s=sign_label(item, workshop.label_key))
    assert run("verify", "--raw", link, "--trust", bundle) == 1
    assert "unverifiable" in capsys.readouterr().out


def test_forged_file_fails_in_one_line(
    workshop: Any, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "item.json"
    file.write_bytes(workshop.file(passport=workshop.passport_token(1)).encode())
    assert run("verify", file, "--trust", bundle) == 1
    told = capsys.readouterr()
    assert told.err.startswith("FAIL: The digital label file was refused: got another passport")
    assert told.err.count("\n") == 1


@pytest.mark.parametrize("missing", ["file", "bundle"])
def test_file_that_is_not_there_fails_in_one_line(
    workshop: Any, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    file = tmp_path / "item.json"
    file.write_bytes(workshop.file().encode())
    (file if missing == "file" else bundle).unlink()
    assert run("verify", file, "--trust", bundle) == 1
    assert capsys.readouterr().err.startswith("FAIL: ")


def test_nothing_to_verify_says_so(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", "--trust", bundle) == 1
    assert "label file, or --raw" in capsys.readouterr().err
