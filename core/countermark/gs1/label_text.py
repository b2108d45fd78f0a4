"""The one entry for whatever a camera, hand scanner or person delivers."""

from __future__ import annotations

import re

from countermark.errors import LabelRefused, TooLarge
from countermark.gs1.digital_link import looks_like_link, parse_link
from countermark.gs1.element_string import looks_like_elements, parse_elements
from countermark.gs1.label import ScannedLabel
from countermark.limits import DEFAULT_LIMITS, Limits

_LINK_SYMBOLOGY = re.compile(r"\](?:Q[0-6]|d[0-6])(?=https?://|HTTPS?://)")


def read_label(raw: str | bytes, limits: Limits = DEFAULT_LIMITS) -> ScannedLabel:
    """The label in `raw`; line ends that hand scanners add are dropped, nothing else is.

    Raises LabelRefused (its `reason` is stable) or TooLarge.
    """
    if len(raw) > limits.label_characters:
        raise TooLarge(
            got=f"{len(raw)} characters",
            expected=f"at most {limits.label_characters}",
            next_step="scan one label at a time",
            reason="label-too-long",
        )
    text = raw.decode("latin-1") if isinstance(raw, bytes) else raw
    text = _LINK_SYMBOLOGY.sub("", text.rstrip("\r\n\t"), count=1)
    if not text:
        raise LabelRefused(got="nothing", expected="a label", next_step="scan again", reason="empty")
    if not text.isascii():
        raise LabelRefused(
            got=text,
            expected="ASCII characters",
            next_step="scan again, closer and with even light",
            reason="not-ascii",
        )
    if looks_like_link(text):
        return parse_link(text)
    if looks_like_elements(text):
        return parse_elements(text)
    raise LabelRefused(
        got=text,
        expected="a GS1 Digital Link or an element string with GTIN and serial number",
        next_step="look for the product's own code; this one belongs to something else",
        reason="not-a-label",
    )
