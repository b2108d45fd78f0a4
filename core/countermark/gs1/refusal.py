"""The one way in which GS1 data is refused."""

from __future__ import annotations

from countermark.errors import LabelRefused, TooLarge
from countermark.limits import Limits

SCAN_AGAIN = "scan again, closer and with even light"


def refuse(got: object, expected: str, reason: str, next_step: str = SCAN_AGAIN) -> LabelRefused:
    """The refusal of a label; `reason` is the stable name of what is wrong."""
    return LabelRefused(got=got, expected=expected, next_step=next_step, reason=reason)


def bounded_text(raw: str | bytes, limits: Limits) -> str:
    """`raw` as ASCII text of bounded length.

    Raises TooLarge (`label-too-long`) or LabelRefused (`empty`, `not-ascii`).
    """
    if len(raw) > limits.label_characters:
        raise TooLarge(
            got=f"{len(raw)} characters",
            expected=f"at most {limits.label_characters}",
            next_step="scan one label at a time",
            reason="label-too-long",
        )
    text = raw.decode("latin-1") if isinstance(raw, bytes) else raw
    if not text:
        raise refuse("nothing", "a label", "empty", "scan again")
    if not text.isascii():
        raise refuse(text, "ASCII characters", "not-ascii")
    return text
