"""A node's answer for a terminal. Nothing in it is trusted to be printable, short or of the right shape."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from countermark.errors import Unavailable, shown
from countermark_scanner.scanning import GOOD_VERDICTS

_SIGNS = {"pass": ("✓", "green"), "fail": ("✗", "red"), "unknown": ("?", "yellow")}
_CHECKS = 20


def verdict_of(answer: dict[str, Any]) -> str:
    """The verdict word. Raises Unavailable when the answer has none."""
    report = answer.get("report")
    verdict = report.get("verdict") if isinstance(report, dict) else None
    if not isinstance(verdict, str):
        raise Unavailable(
            got="an answer without a verdict",
            expected="the answer of a Countermark node",
            next_step="check the address given with --node",
            reason="not-a-node",
        )
    return verdict


def show_answer(name: str, answer: dict[str, Any], console: Console | None = None) -> None:
    """Print verdict, checks and notices; the first line begins with OK: or FAIL:."""
    out = console or Console()
    report, verdict = answer["report"], verdict_of(answer)
    good = verdict in GOOD_VERDICTS
    head = f"{'OK' if good else 'FAIL'}: {name}: {shown(verdict)} - {_text(report, 'headline')}"
    out.print(Text(head, style="bold green" if good else "bold red"), soft_wrap=True)
    out.print(Text(f"    {_text(report, 'advice')}"), soft_wrap=True)
    out.print(Text(f"    {_subject(report)}", style="dim"), soft_wrap=True)
    for correction in _members(answer, "corrections"):
        out.print(Text(f"    {_corrected(correction)}"), soft_wrap=True)
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 1))
    for check in _members(report, "checks"):
        sign, style = _SIGNS.get(_text(check, "outcome"), ("?", "yellow"))
        number = Text(f"({_text(check, 'number')})", style="dim")
        table.add_row(number, Text(sign, style=style), Text(_text(check, "name")), Text(_text(check, "sentence")))
    out.print(table)
    for notice in _members(report, "notices"):
        out.print(Text(f"    ! {_text(notice, 'sentence')}", style="yellow"), soft_wrap=True)


def _subject(report: dict[str, Any]) -> str:
    item, product = report.get("item"), report.get("product")
    parts = [f"{key} {_text(item, key)}" for key in ("gtin", "serial", "lot") if _text(item, key)]
    parts += [_text(product, key) for key in ("name", "brand", "country") if _text(product, key)]
    return ", ".join(parts)


def _corrected(correction: object) -> str:
    members = correction if isinstance(correction, dict) else {}
    product = members.get("product")
    now = ", ".join(_text(product, key) for key in ("name", "brand", "country", "category") if _text(product, key))
    return f"corrected {_text(members, 'issued')} by the brand: {now} ({_text(members, 'reason')})"


def _text(members: object, name: str) -> str:
    value = members.get(name) if isinstance(members, dict) else None
    return "" if value is None else shown(str(value))


def _members(report: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = report.get(name)
    return [each for each in found[:_CHECKS] if isinstance(each, dict)] if isinstance(found, list) else []
