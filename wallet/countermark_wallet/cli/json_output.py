"""`--json` on every command, whichever package adds it, and what wrong usage looks like with it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from countermark.errors import CountermarkError, InputRefused, NotPermitted
from countermark_wallet.cli.options import JsonFlag
from countermark_wallet.cli.session import Session, session_of

_OWN = "as_json"
"""The parameter of commands that take `--json` themselves."""
_CONTEXT = "ctx"
_NAME = "--json"


def take_json_everywhere(app: typer.Typer) -> None:
    """Gives `--json` to each command of `app` and its groups that has none of its own."""
    for command in app.registered_commands:
        if command.callback is not None and not _has_json(command.callback):
            command.callback = _with_json(command.callback)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            take_json_everywhere(group.typer_instance)


def _has_json(callback: Callable[..., Any]) -> bool:
    # By name first: most commands have it, and reading annotations takes longer.
    if _OWN in inspect.signature(callback).parameters:
        return True
    given = inspect.signature(callback, eval_str=True).parameters.values()
    options = [option for each in given for option in getattr(each.annotation, "__metadata__", ())]
    return any(_NAME in (getattr(option, "param_decls", None) or ()) or option.default == _NAME for option in options)


def _with_json(callback: Callable[..., Any]) -> Callable[..., Any]:
    given = inspect.signature(callback, eval_str=True)
    options = [each for each in given.parameters.values() if each.name != _CONTEXT]
    context = inspect.Parameter(_CONTEXT, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    flag = inspect.Parameter(_OWN, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JsonFlag)

    @wraps(callback)
    def command(ctx: typer.Context, **values: Any) -> Any:
        session_of(ctx, values.pop(_OWN))
        return callback(**values, **({_CONTEXT: ctx} if _CONTEXT in given.parameters else {}))

    parameters = [context, *options, flag]
    command.__signature__ = given.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def run_with_json(app: typer.Typer, arguments: list[str], session: Session) -> int:
    """Runs one command line and returns its exit code; wrong usage is a problem document as well, with code 2."""
    command = get_command(app)
    _answer_no_help(command)
    try:
        code: object = command(arguments, prog_name="countermark", obj=session, standalone_mode=False)
    except TyperException as error:
        session.fail(_wrong_usage(error))
        return error.exit_code
    except typer.Abort:
        session.fail(_no_yes())
        return 1
    return code if isinstance(code, int) else 0


def _answer_no_help(command: Any) -> None:
    """Groups without a command say that one is missing, where people get the help."""
    command.no_args_is_help = False
    for child in getattr(command, "commands", {}).values():
        _answer_no_help(child)


def _wrong_usage(error: TyperException) -> CountermarkError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "countermark"
    return InputRefused(
        got=error.format_message(),
        expected="a command, arguments and options as its help names them",
        next_step=f"run: {path} --help",
        reason="wrong-usage",
    )


def _no_yes() -> CountermarkError:
    return NotPermitted(
        got="no yes to what was shown",
        expected="a yes before anything is signed, sent or replaced",
        next_step="answer y, or give --yes where the command has it",
        reason="no-yes",
    )
