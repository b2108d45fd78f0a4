"""What a scanner delivered, read into one shape whatever form it came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from countermark.gs1.identity import ItemKey


@dataclass(frozen=True, slots=True)
class ScannedLabel:
    """A strictly parsed label. `host`, `scheme` and `stem` are set for Digital Links only.

    `s` is the signature field as printed, unread; `stem` the path before the GTIN, without slashes at its ends.
    """

    item: ItemKey
    lot: str | None
    form: Literal["digital-link", "element-string", "label-file"]
    raw: str
    host: str | None = None
    scheme: str | None = None
    stem: str = ""
    s: str | None = None
