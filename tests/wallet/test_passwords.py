"""Where passwords come from, and that none is taken from anywhere else."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from countermark.errors import NotPermitted
from countermark_wallet.keys.passwords import VARIABLE, PasswordSource


def answers(*texts: str) -> Callable[[str], str]:
    remaining = iter(texts)
    return lambda _question: next(remaining)


def terminal(*texts: str) -> PasswordSource:
    return PasswordSource(environment={}, prompt=answers(*texts), interactive=lambda: True)


def from_pipe(data: bytes) -> PasswordSource:
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    return PasswordSource(reader, environment={VARIABLE: "from environment"})


def test_terminal_is_asked_once_to_open_and_twice_to_create() -> None:
    assert terminal("one secret").ask("brand") == "one secret"
    assert terminal("one secret", "one secret").ask("brand", twice=True) == "one secret"


def test_mistyped_new_password_is_refused() -> None:
    with pytest.raises(NotPermitted) as caught:
        terminal("one secret", "one sekret").ask("brand", twice=True)
    assert caught.value.reason == "passwords-differ"
    assert "secret" not in caught.value.line()


def test_environment_is_used_without_asking() -> None:
    source = PasswordSource(environment={VARIABLE: "one secret"}, prompt=answers(), interactive=lambda: True)
    assert source.ask("brand", twice=True) == "one secret"


def test_descriptor_goes_first_and_only_its_line_end_is_cut() -> None:
    for data in (b" one secret \n", b" one secret \r\n", b" one secret ", b" one secret \nsecond line\n"):
        source = from_pipe(data)
        assert source.ask("brand") == " one secret "
        os.close(source.descriptor or 0)


@pytest.mark.parametrize("data", [b"", b"\n", b"\xff\xfe\n", b"x" * 2000])
def test_descriptor_without_a_password_is_refused(data: bytes) -> None:
    source = from_pipe(data)
    with pytest.raises(NotPermitted) as caught:
        source.ask("brand")
    assert caught.value.reason == "no-password"
    os.close(source.descriptor or 0)


def test_closed_descriptor_is_refused() -> None:
    with pytest.raises(NotPermitted):
        PasswordSource(987, environment={}).ask("brand")


def test_no_terminal_and_no_password_is_refused_instead_of_waiting() -> None:
    with pytest.raises(NotPermitted) as caught:
        PasswordSource(environment={}, prompt=answers(), interactive=lambda: False).ask("brand")
    assert caught.value.reason == "no-password"


def test_end_of_input_at_the_prompt_is_refused() -> None:
    def ended(_question: str) -> str:
        raise EOFError

    with pytest.raises(NotPermitted):
        PasswordSource(environment={}, prompt=ended, interactive=lambda: True).ask("brand")


def test_representation_shows_no_environment() -> None:
    assert "one secret" not in repr(PasswordSource(environment={VARIABLE: "one secret"}))
