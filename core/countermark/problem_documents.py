"""Problem documents of a node (RFC 9457), read back into the error tree that wrote them."""

from __future__ import annotations

from collections.abc import Iterator

from countermark.errors import ContractRefused, CountermarkError, TableRefused, shown

_PREFIX = "urn:countermark:problem:"
_TEXT = 500
_FINDINGS = 100


def error_from(document: object) -> CountermarkError | None:
    """The error behind a parsed problem document, None when it is none of ours; an unknown kind becomes the root.

    The document's texts are untrusted: they are bounded and made printable here.
    """
    if not isinstance(document, dict) or not str(document.get("type", "")).startswith(_PREFIX):
        return None
    code = _text(document, "type", "").removeprefix(_PREFIX)
    got = _text(document, "got", "an answer without details")
    expected = _text(document, "expected", "a request that the node accepts")
    next_step = _text(document, "next_step", "ask the node's operator")
    reason = _text(document, "reason", "")
    if code == ContractRefused.code:
        return ContractRefused(reason, _arguments(document), expected=expected, next_step=next_step)
    if code == TableRefused.code:
        findings = _findings(document) or [got]
        return TableRefused(findings=findings, expected=expected, next_step=next_step, reason=reason)
    kind = next((kind for kind in _kinds(CountermarkError) if kind.code == code), CountermarkError)
    return kind(got=got, expected=expected, next_step=next_step, reason=reason)


def _kinds(kind: type[CountermarkError]) -> Iterator[type[CountermarkError]]:
    """`kind` and all below it that are built from got, expected and next step alone."""
    if kind not in (ContractRefused, TableRefused):
        yield kind
        for below in kind.__subclasses__():
            yield from _kinds(below)


def _text(document: dict[str, object], name: str, default: str) -> str:
    value = document.get(name)
    return shown(value) if isinstance(value, str) and value else default


def _findings(document: dict[str, object]) -> list[str]:
    findings = document.get("findings")
    return [str(finding)[:_TEXT] for finding in findings[:_FINDINGS]] if isinstance(findings, list) else []


def _arguments(document: dict[str, object]) -> dict[str, str]:
    arguments = document.get("arguments")
    pairs = list(arguments.items())[:_FINDINGS] if isinstance(arguments, dict) else []
    return {str(key)[:_TEXT]: str(value)[:_TEXT] for key, value in pairs}
