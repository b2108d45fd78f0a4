"""Nothing is signed or sent on somebody's paper before its contents were shown and agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

Yes = Annotated[bool, typer.Option("--yes", help="Go on without asking.")]


def confirm(question: str, lines: Sequence[str], *, yes: bool) -> None:
    """Shows what will be signed and asks, unless `yes`."""
    if not yes:
        typer.echo("\n".join(lines), err=True)
        typer.confirm(question, abort=True, err=True)
