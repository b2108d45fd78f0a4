"""`countermark verify`: a label file, or the text of a label, against a trust bundle. No connection is opened."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countermark.command_context import CommandContext
from countermark.errors import InputRefused, TooLarge, shown
from countermark.limits import DEFAULT_LIMITS
from countermark_scanner.cli import Speech

if TYPE_CHECKING:
    from countermark.trust_bundle.bundle import TrustBundle

BUNDLE_FILE = "bundle.json"
"""What `countermark trust update` keeps in its folder."""


def register(app: typer.Typer) -> None:
    """Add `verify` to the `countermark` command."""
    app.command()(verify)


def verify(
    ctx: typer.Context,
    trust: Annotated[
        Path, typer.Option(metavar="BUNDLE", help="Trust bundle: a file, or the folder of `trust update`.")
    ],
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Digital label file of one item.")] = None,
    raw: Annotated[str | None, typer.Option(help="What a hand scanner read from the label itself.")] = None,
    language: Annotated[Speech, typer.Option(help="Language of the sentences.")] = Speech.EN,
    as_json: Annotated[bool, typer.Option("--json", help="Show the answer as one JSON document.")] = False,
) -> None:
    """Check an item without any network, by what a trust bundle says. With both, label and file must be one item's.

    Exit code 0 for a genuine label, 1 otherwise.
    """
    # Imported here: reading keys and credentials takes longer to load than showing help.
    from countermark.trust_bundle.bundle import TrustBundle, unpack_bundle
    from countermark_scanner.offline_check import OfflineCheck
    from countermark_scanner.terminal import show_answer

    if file is None and raw is None:
        raise InputRefused(
            got="nothing to verify",
            expected="a label file, or --raw with the text of a label",
            next_step="countermark verify FILE --trust BUNDLE",
            reason="nothing-to-verify",
        )
    context: CommandContext = ctx.obj
    bundle = TrustBundle(unpack_bundle(_read(_bundle_path(trust), DEFAULT_LIMITS.bundle_bytes, "trust bundle")))
    data = None if file is None else _read(file, DEFAULT_LIMITS.label_file_bytes, "label file")
    check = OfflineCheck(bundle, clock=lambda: datetime.now(UTC))
    answer = check.answer(data, raw, language=language.value)
    if as_json or context.json_output:
        typer.echo(json.dumps(answer, ensure_ascii=False))
    else:
        show_answer(shown(file.name if file is not None else raw), answer)
        typer.echo(_trust_line(bundle, answer["trust"]))
    if answer["report"]["verdict"] != "label-genuine":
        raise typer.Exit(1)


def _trust_line(bundle: TrustBundle, trust: dict[str, Any]) -> str:
    roles = bundle.root.root.roles["snapshot"]
    return (
        f"    by root {trust['root']} ({trust['root_sha256'][:16]}…), {roles.threshold} of {len(roles.keys)} nodes,"
        f" good until {trust['good_until']}"
    )


def _bundle_path(path: Path) -> Path:
    return path / BUNDLE_FILE if path.is_dir() else path


def _read(path: Path, limit: int, what: str) -> bytes:
    try:
        if not path.is_file():
            raise FileNotFoundError
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except (OSError, ValueError):
        raise InputRefused(
            got=f"file {path.name!r}",
            expected=f"a {what} that can be read",
            next_step="check its name and place",
            reason="no-such-file",
        ) from None
    if len(data) > limit:
        raise TooLarge(
            got=f"file {path.name!r} of more than {limit} bytes",
            expected=f"a smaller {what}",
            next_step="check that this is the right file",
            reason="file-too-large",
        )
    return data
