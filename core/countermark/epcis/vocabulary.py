"""The words of GS1's Core Business Vocabulary 2.0 that events use, and the three ways in which they are written.

Source: CBV 2.0, sections 7.1 (business steps), 7.2 (dispositions), 7.3 (business transaction types).
"""

from __future__ import annotations

import re

from countermark.errors import InputRefused


def _words(text: str) -> list[str]:
    return text.split()


BIZ_STEPS = frozenset(
    _words(
        "accepting arriving assembling collecting commissioning consigning creating_class_instance "
        "cycle_counting decommissioning departing destroying disassembling dispensing encoding "
        "entering_exiting holding inspecting installing killing loading other packing picking receiving "
        "removing repackaging repairing replacing reserving retail_selling sampling sensor_reporting shipping "
        "staging_outbound stock_taking stocking storing transporting unloading unpacking void_shipping"
    )
)
DISPOSITIONS = frozenset(
    _words(
        "active available completeness_inferred completeness_verified conformant container_closed "
        "container_open damaged destroyed dispensed disposed encoded expired in_progress in_transit inactive "
        "mismatch_class mismatch_instance mismatch_quantity needs_replacement no_pedigree_match "
        "non_conformant non_sellable_other partially_dispensed recalled reserved retail_sold returned "
        "sellable_accessible sellable_not_accessible stolen unavailable unknown"
    )
)
TRANSACTION_TYPES = frozenset(_words("bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"))

_WEB = "https://ref.gs1.org/cbv/"
_NAMES = {"BizStep": BIZ_STEPS, "Disp": DISPOSITIONS, "BTT": TRANSACTION_TYPES}
_URN = {"BizStep": "bizstep", "Disp": "disp", "BTT": "btt"}
_OWN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}:[!-~]{1,400}")


def read_word(text: str, kind: str) -> str:
    """The bare word behind `text`: `packing`, the web form or the URN. Own words stay as the URI that they must be.

    `kind` is BizStep, Disp or BTT. Raises InputRefused (bad-epcis).
    """
    for prefix in (f"{_WEB}{kind}-", f"urn:epcglobal:cbv:{_URN[kind]}:"):
        if text.startswith(prefix):
            text = text[len(prefix) :]
            break
    if text in _NAMES[kind] or (_OWN.fullmatch(text) and not text.startswith((_WEB, "urn:epcglobal:cbv:"))):
        return text
    raise InputRefused(
        got=f"{kind} {text!r}",
        expected="a word of the Core Business Vocabulary 2.0, or an own word as a URI",
        next_step="correct the event where it was made",
        reason="bad-epcis",
    )


def web_form(word: str, kind: str) -> str:
    """The word as the URI that event hashes are made with."""
    return f"{_WEB}{kind}-{word}" if word in _NAMES[kind] else word
