"""Whether a giver has what a paper names, looked up before anybody signs: a signature for nothing helps nobody."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from countermark.custody.handover import RunLine, UnitLine
from countermark.errors import ContractRefused, NotPermitted
from countermark_wallet.custody.history_words import unit_name
from countermark_wallet.ledger.connection import Ledger, OfflineLedger
from countermark_wallet.node_access.gateway_log_in import CLOSED

_MOST_READS = 256
"""What one account holds side by side is one run, unless parts of it were not adopted from a token before this one."""


class Lookup(StrEnum):
    """What is known of the giver's goods when somebody signs."""

    HELD = "held"
    OFFLINE = "offline"
    NOT_TOLD = "not-told"

    @property
    def line(self) -> str:
        """For people."""
        return _LINES[self]


_UNKNOWN = "NOT CHECKED whether the giver holds these goods"
_LINES = {
    Lookup.HELD: "The ledger shows that the giver holds these goods now",
    Lookup.OFFLINE: f"{_UNKNOWN}: that needs the ledger; what is not there is refused when this is submitted",
    Lookup.NOT_TOLD: f"{_UNKNOWN}: the node tells it to accounts with a role alone",
}


def look_up(ledger: Ledger, giver: str, runs: Sequence[RunLine], units: Sequence[UnitLine]) -> Lookup:
    """Whether `giver` holds all of it on the ledger now. Raises NotPermitted (not-held), Unavailable."""
    if isinstance(ledger, OfflineLedger):
        return Lookup.OFFLINE
    try:
        for run in runs:
            _check_run(ledger, giver, run)
        for unit in units:
            _check_unit(ledger, giver, unit)
    except NotPermitted as refused:
        if refused.reason in CLOSED:
            return Lookup.NOT_TOLD
        raise
    return Lookup.HELD


def _check_run(ledger: Ledger, giver: str, line: RunLine) -> None:
    token = line.first
    for _ in range(_MOST_READS):
        try:
            run = ledger.token.run_at(token)
        except ContractRefused:
            raise _not_held(f"item {token}, which does not exist", giver) from None
        if run.holder != giver:
            raise _not_held(f"item {token}, which {giver} does not hold", giver)
        if run.last >= line.last:
            return
        token = run.last + 1
    raise _not_held(f"items {line.first}-{line.last} in more than {_MOST_READS} pieces", giver)


def _check_unit(ledger: Ledger, giver: str, line: UnitLine) -> None:
    name = unit_name(line.unit)
    try:
        info = ledger.units.unit_info(line.unit)
    except ContractRefused:
        raise _not_held(f"{name}, which does not exist", giver) from None
    if info.closed or info.holder != giver:
        raise _not_held(f"{name}, which {giver} does not hold", giver)
    if (info.version, info.contents) != (line.version, line.contents):
        raise _not_held(f"{name} with other contents than were signed for", giver)


def _not_held(got: str, giver: str) -> NotPermitted:
    return NotPermitted(
        got=got,
        expected=f"goods that {giver} holds on the ledger now",
        next_step="compare with `countermark holdings`; a handover that brought them there must be submitted first "
        "(countermark handover submit), or sign unchecked with --offline",
        reason="not-held",
    )
