"""The one error tree. Every message says what was got, what was expected and what to do next.

CountermarkError
├── InputRefused            what was given cannot be read or is not allowed (400)
│   ├── LabelRefused        a link, element string, serial or signature field breaks its format
│   ├── PictureRefused      not a picture we read, no code in it, or several different ones
│   ├── TableRefused        a CSV with wrong lines; carries one finding per line
│   ├── CredentialRefused   a token that the strict gate does not let in
│   ├── BundleRefused       a trust bundle, or an update to one, that must not be trusted
│   ├── LabelFileRefused    a digital label file whose parts do not fit each other or the trust bundle
│   └── WrongMedia          a body of another kind than is read here (415)
├── TooLarge                beyond a limit of size, depth, count or time (413)
├── NotPermitted            the caller's key, role or password does not allow this (403)
│   └── NotSignedIn         nobody said who is asking (401)
├── NotFound                nothing is known under this name (404)
├── ContractRefused         a contract reverted; carries its error's name and arguments (409)
├── RateLimited             too many requests from one place (429)
├── WrongChain              the ledger is not the one this installation belongs to (500)
└── Unavailable             a part we depend on does not answer (503)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

_SHOWN = 200


def shown(value: object) -> str:
    """`value` as it may stand in a message: printable and at most 200 characters."""
    text = value if isinstance(value, str) else repr(value)
    safe = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[: _SHOWN + 1])
    return safe if len(safe) <= _SHOWN else safe[:_SHOWN] + "…"


class CountermarkError(Exception):
    """Root of everything that this project raises on purpose.

    `code` is the stable machine name (a problem type, a JSON field); `status` the HTTP status it becomes.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "The request could not be carried out"
    status: ClassVar[int] = 500

    def __init__(
        self, *, got: object, expected: str, next_step: str, reason: str = "", extra: Mapping[str, Any] | None = None
    ) -> None:
        self.got = shown(got)
        self.expected = expected
        self.next_step = next_step
        self.reason = reason or self.code
        self.extra = dict(extra or {})
        super().__init__(self.line())

    def line(self) -> str:
        """The one line that a terminal shows."""
        return f"{self.title}: got {self.got}, expected {self.expected}. Next: {self.next_step}"

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 problem document."""
        return {
            "type": f"urn:countermark:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.line(),
            "reason": self.reason,
            "got": self.got,
            "expected": self.expected,
            "next_step": self.next_step,
            **self.extra,
        }


class InputRefused(CountermarkError):
    """What was given cannot be read or is not allowed."""

    code = "input-refused"
    title = "The input was refused"
    status = 400


class LabelRefused(InputRefused):
    """A link, element string, serial number or signature field breaks its format."""

    code = "label-refused"
    title = "This is not a readable product label"


class PictureRefused(InputRefused):
    """Not a picture we read, no code in it, or several different ones."""

    code = "picture-refused"
    title = "The picture could not be used"


class TableRefused(InputRefused):
    """A table with wrong lines. `findings` holds one sentence for each, the first hundred at most."""

    code = "table-refused"
    title = "The table was refused"

    def __init__(self, *, findings: Sequence[str], expected: str, next_step: str, reason: str = "") -> None:
        self.findings = tuple(findings[:100])
        more = f" (and {len(findings) - 1} more findings)" if len(findings) > 1 else ""
        super().__init__(
            got=f"{findings[0]}{more}",
            expected=expected,
            next_step=next_step,
            reason=reason,
            extra={"findings": list(self.findings)},
        )


class CredentialRefused(InputRefused):
    """A token or credential that the strict gate does not let in."""

    code = "credential-refused"
    title = "The credential was refused"


class BundleRefused(InputRefused):
    """A trust bundle, or an update to one, that must not be trusted."""

    code = "bundle-refused"
    title = "The trust bundle was refused"


class LabelFileRefused(InputRefused):
    """A digital label file whose parts do not fit each other or the trust bundle."""

    code = "label-file-refused"
    title = "The digital label file was refused"


class WrongMedia(InputRefused):
    """A body of another kind than is read here."""

    code = "wrong-media"
    title = "This kind of body is not read here"
    status = 415


class TooLarge(CountermarkError):
    """Beyond a limit of size, depth, count or time."""

    code = "too-large"
    title = "The input is larger than allowed"
    status = 413


class NotPermitted(CountermarkError):
    """The caller's key, role or password does not allow this."""

    code = "not-permitted"
    title = "This is not permitted"
    status = 403


class NotSignedIn(NotPermitted):
    """Nobody said who is asking."""

    code = "not-signed-in"
    title = "Sign in first"
    status = 401


class NotFound(CountermarkError):
    """Nothing is known under this name."""

    code = "not-found"
    title = "Nothing was found"
    status = 404


class Conflict(CountermarkError):
    """It does not go together with what was taken in before."""

    code = "conflict"
    title = "This contradicts an earlier request"
    status = 409


class KeyReused(CountermarkError):
    """An idempotency key that stands for another request."""

    code = "key-reused"
    title = "The idempotency key belongs to another request"
    status = 422


class ContractRefused(CountermarkError):
    """A contract reverted. `name` is its Solidity error, `arguments` what it carried."""

    code = "contract-refused"
    title = "The ledger refused this"
    status = 409

    def __init__(self, name: str, arguments: Mapping[str, Any], *, expected: str, next_step: str) -> None:
        self.name = name
        self.arguments = dict(arguments)
        inner = ", ".join(f"{key}={value}" for key, value in self.arguments.items())
        super().__init__(
            got=f"{name}({inner})",
            expected=expected,
            next_step=next_step,
            reason=name,
            extra={"error": name, "arguments": {key: shown(str(value)) for key, value in self.arguments.items()}},
        )


class RateLimited(CountermarkError):
    """Too many requests from one place."""

    code = "rate-limited"
    title = "Too many requests"
    status = 429


class WrongChain(CountermarkError):
    """The ledger is not the one this installation belongs to, or it has lost blocks."""

    code = "wrong-chain"
    title = "The ledger is not the expected one"
    status = 500


class Unavailable(CountermarkError):
    """A part that we depend on does not answer."""

    code = "unavailable"
    title = "A needed part does not answer"
    status = 503
