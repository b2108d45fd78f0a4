"""`countermark scan`: pictures or raw scanner text in, verdicts out."""

from __future__ import annotations

import json
import os
import secrets
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from getpass import GetPassWarning
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countermark.command_context import CommandContext
from countermark.errors import CountermarkError, InputRefused, NotPermitted, Unavailable, shown
from countermark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from countermark.gs1.identity import ItemKey
    from countermark.scans.place import Place
    from countermark.signing import AccountSigner
    from countermark_scanner.scanning import Prover, ScanningSession

_STANDARD_INPUT = "-"
_CODE_BYTES = 1_024
Answer = dict[str, Any]
Task = tuple[str, Callable[[], Answer]]


class Speech(StrEnum):
    """Languages of the sentences."""

    EN = "en"
    ZH = "zh"


def register(app: typer.Typer) -> None:
    """Add `scan`, `codes` and `verdict` to the `countermark` command."""
    from countermark_scanner.codes_cli import codes
    from countermark_scanner.verdict_cli import app as verdict

    app.command()(scan)
    app.command()(codes)
    app.add_typer(verdict, name="verdict")


def scan(
    ctx: typer.Context,
    pictures: Annotated[
        list[Path] | None, typer.Argument(metavar="[PICTURE]...", help="JPEG, PNG or WebP files, one label each.")
    ] = None,
    raw: Annotated[
        str | None, typer.Option(help="What a hand scanner read; - takes one label a line from standard input.")
    ] = None,
    lat: Annotated[float | None, typer.Option(help="Latitude of this place in degrees north.")] = None,
    lon: Annotated[float | None, typer.Option(help="Longitude of this place in degrees east.")] = None,
    accuracy: Annotated[int, typer.Option(help="How exact the place is, in metres.", min=0)] = 1_000,
    sign: Annotated[bool, typer.Option("--sign", help="Sign the scan with the chosen wallet.")] = False,
    own: Annotated[
        bool, typer.Option("--own", help="Show with the chosen wallet that the item is yours; one label at a time.")
    ] = False,
    claim_code: Annotated[
        bool, typer.Option("--claim-code", help="Ask for the item's hidden code and show that it is unused.")
    ] = False,
    code_fd: Annotated[
        int | None, typer.Option("--code-fd", help="File descriptor with the hidden code; else a prompt.", min=0)
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option(help="File to which the node's signed verdicts are added, one a line.")
    ] = None,
    language: Annotated[Speech, typer.Option(help="Language of the sentences.")] = Speech.EN,
    as_json: Annotated[bool, typer.Option("--json", help="Show each answer as one JSON document.")] = False,
) -> None:
    """Check labels: read them, ask the node, show the verdict, the ten checks and the notices.

    Exit code 0 when every label is genuine, 1 otherwise.
    """
    # Imported here: decoders and HTTP take longer to load than showing help.
    from countermark_scanner.decode_workers import DecodeWorkers
    from countermark_scanner.node_link import NodeLink
    from countermark_scanner.scanning import ScanningSession

    context: CommandContext = ctx.obj
    place = _place(lat, lon, accuracy)
    with NodeLink(context.node_url) as link, DecodeWorkers() as workers:
        session = ScanningSession(
            link=link,
            clock=lambda: datetime.now(UTC),
            random=secrets.token_bytes,
            place=place,
            signer=context.signer() if sign else None,
            language=language.value,
            decode=workers.decode,
            prover=_prover(context, own=own, claim_code=claim_code, code_fd=code_fd),
            evidence=evidence is not None,
        )
        results = [
            _show(task, as_json or context.json_output, evidence) for task in _tasks(session, pictures or [], raw)
        ]
    if not all(results):
        raise typer.Exit(1)


def _prover(context: CommandContext, *, own: bool, claim_code: bool, code_fd: int | None) -> Prover | None:
    if own and claim_code:
        raise InputRefused(
            got="--own and --claim-code",
            expected="one of them",
            next_step="use --own for an item that is claimed, --claim-code for one that is not",
            reason="two-proofs",
        )
    if own:
        return lambda _item: context.signer()
    return partial(_claim_signer, context, code_fd) if claim_code else None


def _claim_signer(context: CommandContext, code_fd: int | None, item: ItemKey) -> AccountSigner:
    """The claim key behind the code that is typed: it stays here, only its signature leaves."""
    from countermark.labels.claim_code import claim_secret

    return context.signer_of(claim_secret(item, _hidden_code(code_fd)))


def _hidden_code(descriptor: int | None) -> str:
    try:
        if descriptor is not None:
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                return stream.readline(_CODE_BYTES).decode("utf-8").strip()
        with warnings.catch_warnings():
            # Without a terminal the code would be typed in the open, or read from where labels come from.
            warnings.simplefilter("error", GetPassWarning)
            return str(typer.prompt("Hidden code of the item", hide_input=True, err=True))
    except (OSError, ValueError, GetPassWarning):
        raise NotPermitted(
            got="no code",
            expected="the item's hidden code, from a terminal or from --code-fd",
            next_step="run the command in a terminal",
            reason="no-code",
        ) from None


def _place(lat: float | None, lon: float | None, accuracy: int) -> Place | None:
    from countermark.scans.place import Place, PlaceSource

    if lat is None and lon is None:
        return None
    if lat is None or lon is None:
        raise InputRefused(
            got="half a place", expected="both --lat and --lon", next_step="give the other one too", reason="bad-place"
        )
    return Place(lat, lon, accuracy, PlaceSource.DECLARED)


def _tasks(session: ScanningSession, pictures: list[Path], raw: str | None) -> Iterator[Task]:
    if not pictures and raw is None:
        raise InputRefused(
            got="nothing to scan",
            expected="picture files, or --raw with the text of a label",
            next_step="countermark scan PICTURE",
            reason="nothing-to-scan",
        )
    for path in pictures:
        yield path.name, partial(session.scan_picture, path)
    for text in _lines() if raw == _STANDARD_INPUT else [raw] if raw is not None else []:
        yield text, partial(session.scan_text, text)


def _lines() -> Iterator[str]:
    """Labels as a hand scanner types them; an overlong line comes in pieces and each piece is refused."""
    while line := sys.stdin.readline(DEFAULT_LIMITS.label_characters + 2):
        if line.strip():
            yield line.rstrip("\r\n")


def _show(task: Task, as_json: bool, evidence: Path | None = None) -> bool:
    """Run and show one scan; a refusal is one line and does not stop the others. True for a genuine label."""
    from countermark_scanner.scanning import GOOD_VERDICTS
    from countermark_scanner.terminal import show_answer, verdict_of

    name, run = task
    try:
        answer = run()
        verdict = verdict_of(answer)
        if evidence is not None:
            _keep(evidence, answer)
        typer.echo(json.dumps(answer, ensure_ascii=False)) if as_json else show_answer(shown(name), answer)
    except CountermarkError as error:
        typer.echo(
            json.dumps(error.problem(), ensure_ascii=False) if as_json else f"FAIL: {shown(name)}: {error.line()}",
            err=True,
        )
        return False
    return verdict in GOOD_VERDICTS


def _keep(file: Path, answer: Answer) -> None:
    """Add the answer's signed verdict to a file. Raises InputRefused, Unavailable."""
    token = answer.get("evidence")
    if not isinstance(token, str) or not token.isascii() or len(token) > DEFAULT_LIMITS.token_bytes:
        raise Unavailable(
            got="an answer without a signed verdict",
            expected="a node that signs its verdicts",
            next_step="ask the node's operator, or leave --evidence out",
            reason="no-evidence",
        )
    try:
        with file.open("a", encoding="ascii") as stream:
            stream.write(f"{token}\n")
    except OSError as error:
        raise InputRefused(
            got=f"file {file.name!r}: {error.strerror}",
            expected="a file that can be written",
            next_step="choose another place for --evidence",
            reason="cannot-write",
        ) from None
