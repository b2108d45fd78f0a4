"""Mail addresses as we take them: plain ones that no header can hide behind."""

from __future__ import annotations

import re

from countermark.errors import InputRefused

_LONGEST = 254
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(
    rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+)*@{_LABEL}(?:\.{_LABEL})*"
)


def check_address(text: str) -> str:
    """`text` if it is an address (RFC 5321's dot-string at a host name, ASCII). Raises InputRefused (bad-address)."""
    if len(text) > _LONGEST or len(text.partition("@")[0]) > 64 or not _ADDRESS.fullmatch(text):
        raise InputRefused(
            got=text,
            expected="one mail address such as goods@brand.example",
            next_step="correct it; names and comments around the address are not taken",
            reason="bad-address",
        )
    return text
