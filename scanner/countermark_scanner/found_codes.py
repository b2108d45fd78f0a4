"""Each code of a picture with what it names in GS1's terms, whether it is a label or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from countermark.errors import LabelRefused, TooLarge, shown
from countermark.gs1.symbol import identity_from_symbol
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark_scanner.decode import Corner, DecodedCode


@dataclass(frozen=True, slots=True)
class FoundCode:
    """One code. What it does not name is None; `reason` says why a code names nothing, None for one that does."""

    format: str
    text: str
    corners: tuple[Corner, ...]
    gtin: str | None = None
    serial: str | None = None
    lot: str | None = None
    sscc: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, code: DecodedCode, limits: Limits = DEFAULT_LIMITS) -> FoundCode:
        """What a decoded code names."""
        try:
            data = identity_from_symbol(code.symbology_identifier, code.text, limits=limits)
        except (LabelRefused, TooLarge) as error:
            return cls(code.format, code.text, code.corners, reason=error.reason)
        return cls(code.format, code.text, code.corners, data.gtin, data.serial, data.lot, data.sscc)

    def to_json(self) -> dict[str, Any]:
        """For a problem document or a terminal: nothing in it is longer than a line or unprintable."""
        named = {"gtin": self.gtin, "serial": self.serial, "lot": self.lot, "sscc": self.sscc, "reason": self.reason}
        return {
            "format": self.format,
            "text": shown(self.text),
            "corners": [list(corner) for corner in self.corners],
            **{name: value for name, value in named.items() if value is not None},
        }
