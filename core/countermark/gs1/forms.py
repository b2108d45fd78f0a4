"""The one entry for GS1 data in whatever form: link, element string, form for people, URN or tag."""

from __future__ import annotations

import re

from countermark.gs1.digital_link_uri import parse_digital_link
from countermark.gs1.elements import ElementData, parse_bracketed, parse_element_string
from countermark.gs1.epc import parse_epc
from countermark.gs1.epc_tag import TAG, read_tag
from countermark.gs1.refusal import bounded_text
from countermark.limits import DEFAULT_LIMITS, Limits

_LINK = re.compile(r"(?:\](?:Q[0-24-6]|d[01456]|J0))?((?:https?|HTTPS?)://.*)", re.DOTALL)


def read_gs1(raw: str | bytes, limits: Limits = DEFAULT_LIMITS) -> ElementData:
    """The element data in `raw`; `.item` is the same for one item whatever the form.

    Hexadecimal digits of the length and header of a tag are a tag: an element string that looks so needs its symbology
    identifier or FNC1 in front. Raises LabelRefused or TooLarge.
    """
    text = bounded_text(raw, limits)
    link = _LINK.fullmatch(text)
    if link is not None:
        return parse_digital_link(link[1], limits=limits).data
    if text.startswith("urn:"):
        return parse_epc(text, limits).data
    if text.startswith("("):
        return parse_bracketed(text, limits=limits)
    if TAG.fullmatch(text):
        return read_tag(text).data
    return parse_element_string(text, limits=limits)
