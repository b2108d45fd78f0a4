"""RFC 9457 problem documents of a node, read back into the error tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from countermark.errors import (
    ContractRefused,
    CountermarkError,
    CredentialRefused,
    InputRefused,
    LabelRefused,
    NotFound,
    NotPermitted,
    PictureRefused,
    RateLimited,
    TableRefused,
    TooLarge,
    Unavailable,
    WrongChain,
)

_PREFIX = "urn:countermark:problem:"
_PLAIN = (
    InputRefused,
    LabelRefused,
    PictureRefused,
    CredentialRefused,
    TooLarge,
    NotPermitted,
    NotFound,
    RateLimited,
    WrongChain,
    Unavailable,
)


@dataclass(frozen=True, slots=True)
class NodeProblem:
    """The members that rebuild an error; texts are untrusted and shown only through `errors.shown`."""

    code: str
    got: str
    expected: str
    next_step: str
    reason: str
    findings: tuple[str, ...]
    arguments: Mapping[str, str]

    @classmethod
    def read(cls, document: object) -> Self | None:
        """The problem in a parsed JSON document, None when it is none of ours."""
        if not isinstance(document, dict) or not str(document.get("type", "")).startswith(_PREFIX):
            return None

        def text(name: str, default: str) -> str:
            value = document.get(name)
            return value[:500] if isinstance(value, str) and value.isprintable() else default

        findings, arguments = document.get("findings"), document.get("arguments")
        return cls(
            text("type", "").removeprefix(_PREFIX),
            text("got", "an answer without details"),
            text("expected", "a request that the node accepts"),
            text("next_step", "ask the node's operator"),
            text("reason", ""),
            tuple(str(finding)[:500] for finding in findings[:100]) if isinstance(findings, list) else (),
            {str(key): str(value) for key, value in arguments.items()} if isinstance(arguments, dict) else {},
        )


def problem_error(problem: NodeProblem) -> CountermarkError:
    """The error that the node raised; an unknown kind becomes the root of the tree."""
    if problem.code == ContractRefused.code:
        return ContractRefused(
            problem.reason, problem.arguments, expected=problem.expected, next_step=problem.next_step
        )
    if problem.code == TableRefused.code:
        return TableRefused(
            findings=problem.findings or (problem.got,),
            expected=problem.expected,
            next_step=problem.next_step,
            reason=problem.reason,
        )
    kinds: dict[str, type[CountermarkError]] = {kind.code: kind for kind in _PLAIN}
    return kinds.get(problem.code, CountermarkError)(
        got=problem.got, expected=problem.expected, next_step=problem.next_step, reason=problem.reason
    )
