"""The one entry for whatever a camera, hand scanner or person delivers."""

from __future__ import annotations

import re

from countermark.gs1.digital_link import looks_like_link, parse_link
from countermark.gs1.element_string import looks_like_elements, parse_elements
from countermark.gs1.label import ScannedLabel
from countermark.gs1.refusal import bounded_text, refuse
from countermark.limits import DEFAULT_LIMITS, Limits

_LINK_SYMBOLOGY = re.compile(r"\](?:Q[0-6]|d[0-6])(?=https?://|HTTPS?://)")


def read_label(raw: str | bytes, limits: Limits = DEFAULT_LIMITS) -> ScannedLabel:
    """The label in `raw`; line ends that hand scanners add are dropped, nothing else is.

    Raises LabelRefused (its `reason` is stable) or TooLarge.
    """
    text = _LINK_SYMBOLOGY.sub("", bounded_text(raw, limits).rstrip("\r\n\t"), count=1)
    if not text:
        raise refuse("nothing", "a label", "empty", "scan again")
    if looks_like_link(text):
        return parse_link(text)
    if looks_like_elements(text):
        return parse_elements(text)
    raise refuse(
        text,
        "a GS1 Digital Link or an element string with GTIN and serial number",
        "not-a-label",
        "look for the product's own code; this one belongs to something else",
    )
