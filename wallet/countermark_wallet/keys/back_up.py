"""A wallet's 24 words go to a terminal or a file descriptor, once; never to standard output, a log or a file."""

from __future__ import annotations

import os
from pathlib import Path

from countermark.errors import NotPermitted
from countermark_wallet.files.safe import write_whole

_SHOWN = "words-shown"
_TERMINAL = "/dev/tty"
_PER_LINE = 6


def require_unshown(folder: Path) -> None:
    """Raises NotPermitted (words-shown) when the words of the wallet in `folder` were shown before."""
    if (folder / _SHOWN).exists():
        raise NotPermitted(
            got="words that were shown before",
            expected="a wallet whose words nobody has seen",
            next_step="look for the paper; if it is lost, repeat with --again",
            reason="words-shown",
        )


def show_words(words: str, descriptor: int | None, folder: Path) -> None:
    """Writes the words and remembers that they were shown. Raises NotPermitted (no-terminal)."""
    listed = words.split()
    numbered = [f"{place:2} {word}" for place, word in enumerate(listed, 1)]
    rows = [numbered[at : at + _PER_LINE] for at in range(0, len(numbered), _PER_LINE)]
    text = words + "\n" if descriptor is not None else "".join("   ".join(row) + "\n" for row in rows)
    try:
        with os.fdopen(_open(descriptor), "w", encoding="ascii", closefd=descriptor is None) as stream:
            stream.write(text)
    except OSError:
        raise NotPermitted(
            got="no terminal to show the words on",
            expected="a terminal, or --words-fd",
            next_step="run the command in a terminal",
            reason="no-terminal",
        ) from None
    write_whole(folder / _SHOWN, b"")


def _open(descriptor: int | None) -> int:
    return os.open(_TERMINAL, os.O_WRONLY) if descriptor is None else descriptor
