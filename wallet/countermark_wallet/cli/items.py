"""How commands take items, units and hashes, and how they write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from countermark.errors import InputRefused

if TYPE_CHECKING:
    from countermark.custody.handover import Basis, Purpose, RunLine
    from countermark.custody.unit import UnitKey

_RUN = re.compile(r"([0-9]{1,77})(?:-([0-9]{1,77}))?")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_UNIT = re.compile(r"(?:([a-z0-9-]{4,13}):)?([!-~]{1,35}?)(?:#([0-9]{1,10}))?")
_SCHEMES = {"sscc": "SSCC", "sgtin": "SGTIN", "grai": "GRAI", "container": "ISO6346", "plate": "CARRIER_PLATE"}

Runs = Annotated[list[str] | None, typer.Option("--items", help="Tokens FIRST-LAST, or one token; once for each run.")]
SomeRuns = Annotated[
    list[str] | None, typer.Option("--items", help="Tokens FIRST-LAST that were really taken. Default: all.")
]
Units = Annotated[
    list[str] | None,
    typer.Option("--unit", help="A unit by its number: an SSCC, or sgtin:, grai:, container:, plate: and the number."),
]
OneRange = Annotated[str, typer.Argument(metavar="ITEMS", help="Tokens FIRST-LAST of one series, or one token.")]
OneUnit = Annotated[
    str, typer.Argument(metavar="UNIT", help="An SSCC; or sgtin:, grai:, container:, plate: and number.")
]


def read_runs(texts: list[str] | None) -> list[RunLine]:
    """Runs from FIRST-LAST, ascending. Raises InputRefused."""
    return sorted((read_range(text) for text in texts or ()), key=lambda run: run.first)


def read_range(text: str) -> RunLine:
    """One run from FIRST-LAST or one token. Raises InputRefused."""
    from countermark.custody.handover import RunLine

    match = _RUN.fullmatch(text)
    if not match:
        raise refused(
            f"items {text!r}", "two token numbers FIRST-LAST, or one", "copy them from `countermark holdings`"
        )
    return RunLine(int(match[1]), int(match[2] or match[1]))


def read_unit(text: str) -> UnitKey:
    """A unit's number: an SSCC, else scheme:number; #2 behind it for its second use. Raises InputRefused."""
    from countermark.custody.unit import UnitKey, UnitScheme

    match = _UNIT.fullmatch(text)
    if not match or (match[1] or "sscc") not in _SCHEMES:
        raise refused(f"unit {text!r}", f"a number, or one of {', '.join(_SCHEMES)} and : before it", "read it again")
    return UnitKey.parse(UnitScheme[_SCHEMES[match[1] or "sscc"]], match[2], int(match[3] or 1))


def read_units(texts: list[str] | None) -> list[int]:
    """Ids of units. Raises InputRefused."""
    return [read_unit(text).unit for text in texts or ()]


def read_hash(text: str, what: str) -> bytes:
    """32 bytes. Raises InputRefused."""
    if not _HASH.fullmatch(text):
        raise refused(f"{what} {text!r}", "0x and 64 hexadecimal digits", "copy it from `countermark offers`")
    return bytes.fromhex(text[2:])


def purpose_and_basis(purpose: str, basis: str) -> tuple[Purpose, Basis]:
    """From their names in lower case."""
    from countermark.custody.handover import Basis, Purpose

    return Purpose[choice(Purpose, purpose, "--purpose")], Basis[choice(Basis, basis, "--basis")]


def choice(kind: type, text: str, option: str) -> str:
    """The name of a member of the enumeration `kind`. Raises typer's BadParameter."""
    names = [member.name for member in kind]  # type: ignore[attr-defined]
    name = text.upper().replace("-", "_")
    if name not in names:
        known = ", ".join(each.lower().replace("_", "-") for each in names)
        raise typer.BadParameter(f"must be one of {known}", param_hint=option)
    return name


def refused(got: str, expected: str, next_step: str) -> InputRefused:
    """Input that no command takes."""
    return InputRefused(got=got, expected=expected, next_step=next_step, reason="wrong-handover-input")
