"""Where a password comes from: a file descriptor, the environment or a hidden prompt. Never an argument."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from getpass import getpass

from countermark.errors import NotPermitted

VARIABLE = "COUNTERMARK_WALLET_PASSWORD"
_LONGEST = 1_024


@dataclass(frozen=True)
class PasswordSource:
    """Asked in this order: `descriptor`, then the environment variable, then the terminal (when there is one)."""

    descriptor: int | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    prompt: Callable[[str], str] = field(default=getpass, repr=False)
    interactive: Callable[[], bool] = field(default=lambda: os.isatty(0), repr=False)

    def ask(self, wallet: str, *, twice: bool = False) -> str:
        """The password of `wallet`; `twice` when it is a new one. Raises NotPermitted."""
        if self.descriptor is not None:
            return self._from_descriptor(self.descriptor)
        if password := self.environment.get(VARIABLE):
            return password
        if not self.interactive():
            raise _refused("no password and no terminal to ask on", "no-password")
        password = self._prompted(f"Password of wallet {wallet}: ")
        if twice and self._prompted("The same password again: ") != password:
            raise _refused("two different passwords", "passwords-differ")
        return password

    def _prompted(self, text: str) -> str:
        try:
            return self.prompt(text)
        except EOFError:
            raise _refused("no password", "no-password") from None

    def _from_descriptor(self, descriptor: int) -> str:
        try:
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                line = stream.readline(_LONGEST + 1)
            password = line.rstrip(b"\r\n").decode("utf-8")
        except (OSError, ValueError):
            raise _refused(f"file descriptor {descriptor}, which gives no text", "no-password") from None
        if not password or len(line) > _LONGEST:
            raise _refused(f"file descriptor {descriptor} without a password line", "no-password")
        return password


def ask_words(descriptor: int | None, *, prompt: Callable[[str], str], interactive: Callable[[], bool]) -> str:
    """A wallet's 24 words from `descriptor` or the terminal, unseen. Raises NotPermitted (no-words)."""
    if descriptor is not None:
        try:
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                return stream.read(_LONGEST).decode("utf-8")
        except (OSError, ValueError):
            raise _no_words(f"file descriptor {descriptor}, which gives no text") from None
    if not interactive():
        raise _no_words("no words and no terminal to ask on")
    try:
        return prompt("The wallet's 24 words, in their order: ")
    except EOFError:
        raise _no_words("no words") from None


def ask_code(descriptor: int | None, *, prompt: Callable[[str], str], interactive: Callable[[], bool]) -> str:
    """The code under an item's scratch field, from `descriptor` or the terminal. Raises NotPermitted (no-code)."""
    try:
        if descriptor is not None:
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                return stream.readline(_LONGEST).decode("utf-8").strip()
        if interactive():
            return prompt("The code under the scratch field: ")
    except (OSError, ValueError, EOFError):
        pass
    raise NotPermitted(
        got="no code",
        expected="the item's hidden code, from a terminal or from --code-fd",
        next_step="run the command in a terminal",
        reason="no-code",
    )


def _no_words(got: str) -> NotPermitted:
    return NotPermitted(
        got=got,
        expected="24 words from a terminal or from --words-fd",
        next_step="run the command in a terminal",
        reason="no-words",
    )


def _refused(got: str, reason: str) -> NotPermitted:
    return NotPermitted(
        got=got,
        expected=f"a password from a terminal, from --password-fd or from {VARIABLE}",
        next_step=f"run the command in a terminal, or set {VARIABLE}",
        reason=reason,
    )
