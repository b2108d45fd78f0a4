"""Customs takes what a measure holds into custody: run by run, since a line may lie with many holders."""

from __future__ import annotations

from countermark.chain.transactions import ContractCall
from countermark_wallet.ledger.connection import Ledger

RUNS_AT_ONCE = 32
"""As many as the contract moves in one call."""


def seizures_of(ledger: Ledger, measure: int) -> list[ContractCall]:
    """The next call for each unit and line that is not in the authority's custody. Raises ContractRefused."""
    customs, info = ledger.customs, ledger.customs.measure_info(measure)
    waiting = [unit for unit in customs.units_of(measure) if ledger.units.owner_of(unit) != info.by]
    calls = [customs.seize_unit(measure, unit) for unit in waiting]
    for number in range(info.lines):
        line = customs.line_at(measure, number)
        if line.seized < line.last - line.first + 1:
            calls.append(customs.seize(measure, number, RUNS_AT_ONCE))
    return calls


def seize_all(ledger: Ledger, measure: int) -> list[str]:
    """Hashes of the transactions that took all of it: each moves at least one unit or run. Raises ContractRefused."""
    sent: list[str] = []
    while calls := seizures_of(ledger, measure):
        sent += [ledger.send(call).tx_hash for call in calls]
    return sent
