"""What an account has in hand, what waits for it, and where an item has been: read from the ledger alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from countermark.chain.chain_event import ChainEvent
from countermark.chain.contracts import OfferState, Run, UnitInfo
from countermark.chain.event_types import (
    AttemptReported,
    Claimed,
    ClaimMoved,
    FlagCleared,
    FlagSet,
    HandedOver,
    Moved,
    Offered,
    ReleasedOffNetwork,
    ReleasedToSale,
    Unclaimed,
    UnitMoved,
)
from countermark.custody.handover import Basis, Handover, Purpose, RunLine, UnitLine
from countermark.errors import NotFound
from countermark.identifiers import series_of
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.ledger.events import UnitTransfer, events_about, in_order, unit_transfers

Progress = Callable[[int], None]
Placed = ChainEvent | UnitTransfer


def _silent(_done: int) -> None:
    """Counts in silence."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """Loose items in runs and the outermost units, with how many numbered items are directly inside each."""

    account: str
    runs: tuple[Run, ...]
    units: Mapping[int, tuple[UnitInfo, int]]

    @property
    def items(self) -> int:
        """How many loose items."""
        return sum(run.last - run.first + 1 for run in self.runs)


@dataclass(frozen=True, slots=True)
class WaitingOffer:
    """An offer on the ledger: its hash, its terms, and in which transaction it was made."""

    handover: bytes
    terms: Handover
    tx_hash: str


def holdings(ledger: Ledger, account: str, progress: Progress = _silent) -> Holdings:
    """Everything that `account` holds; `progress` takes how many series have been looked at. Raises Unavailable."""
    wanted, runs = ledger.token.balance_of(account), list[Run]()
    found = 0
    # The newest series first: most of what somebody holds was made lately, and the balance says when all is found.
    for looked_at, series in enumerate(range(ledger.token.series_count(), 0, -1), 1):
        if found >= wanted:
            break
        mine = [run for run in ledger.token.runs(series) if run.holder == account]
        found += sum(run.last - run.first + 1 for run in mine)
        runs += mine
        progress(looked_at)
    return Holdings(account, tuple(sorted(runs, key=lambda run: run.first)), _units_of(ledger, account))


def _units_of(ledger: Ledger, account: str) -> dict[int, tuple[UnitInfo, int]]:
    came = unit_transfers(ledger.connection, ledger.deployment, to_account=account)
    states = {unit: ledger.units.unit_info(unit) for unit in sorted({each.unit for each in came})}
    return {
        unit: (info, ledger.units.items_in(unit))
        for unit, info in states.items()
        if info.holder == account and not info.closed
    }


def waiting_offers(ledger: Ledger, account: str, now: datetime, progress: Progress = _silent) -> list[WaitingOffer]:
    """Offers to `account` that it can still accept, oldest first."""
    found = _offers(ledger, [None, None, account], progress)
    return [offer for offer in found if offer.terms.deadline >= now.timestamp() and is_open(ledger, offer)]


def find_offer(ledger: Ledger, handover: bytes) -> WaitingOffer:
    """The offer with this hash, open or not. Raises NotFound (no-such-offer)."""
    for offer in _offers(ledger, [handover], _silent):
        return offer
    raise NotFound(
        got=f"offer 0x{handover.hex()}",
        expected="an offer on this ledger",
        next_step="run: countermark offers",
        reason="no-such-offer",
    )


def is_open(ledger: Ledger, offer: WaitingOffer) -> bool:
    """Whether nobody has accepted or withdrawn it."""
    return ledger.handovers.offer_info(offer.handover)[1] is OfferState.OPEN


def _offers(ledger: Ledger, topics: list[str | bytes | None], progress: Progress) -> Iterator[WaitingOffer]:
    events = events_about(ledger.connection, ledger.deployment, "Handovers", [(Offered, topics)], progress=progress)
    for event in events:
        if isinstance(event, Offered):
            yield WaitingOffer(event.handover, _handover(event), event.tx_hash)


def _handover(event: Offered) -> Handover:
    terms = event.terms
    return Handover(
        giver=event.from_account,
        receiver=event.to_account,
        runs=tuple(RunLine(line["first"], line["last"]) for line in terms["runs"]),
        units=tuple(UnitLine(line["unit"], line["version"], line["contents"]) for line in terms["units"]),
        purpose=Purpose(terms["purpose"]),
        basis=Basis(terms["basis"]),
        event_time=terms["event_time"],
        place=terms["place"],
        seals=terms["seals"],
        document=terms["document"],
        nonce=terms["nonce"],
        deadline=terms["deadline"],
    )


def history(ledger: Ledger, token: int, progress: Progress = _silent) -> list[ChainEvent]:
    """All that the ledger says of one item, oldest first, the journeys of the units around it included.

    Raises ContractRefused for an item that does not exist, Unavailable.
    """
    ledger.token.run_at(token)
    start = _first_block(ledger, token)
    own = _about(ledger, token, start, progress)
    moves = [event for event in own if isinstance(event, Moved)]
    around: list[ChainEvent] = []
    for place, move in enumerate(moves):
        if unit := ledger.units.unit_of(move.to_account):
            until = moves[place + 1] if place + 1 < len(moves) else None
            around += _journey(ledger, unit, move, until, depth=0)
    return in_order([*own, *around])


def _first_block(ledger: Ledger, token: int) -> int:
    from countermark.chain.event_types import SeriesOpened

    opened = events_about(ledger.connection, ledger.deployment, "ProductToken", [(SeriesOpened, [series_of(token)])])
    return opened[0].block_number if opened else ledger.deployment.block


def _about(ledger: Ledger, token: int, start: int, progress: Progress) -> list[ChainEvent]:
    wanted: dict[str, list[tuple[type[ChainEvent], list[str | int | bytes | None]]]] = {
        "ProductToken": [(Moved, [])],
        "ItemStatus": [(FlagSet, []), (FlagCleared, [])],
        "Claims": [(Claimed, [token]), (ClaimMoved, [token]), (Unclaimed, [token])],
        "Handovers": [(HandedOver, []), (ReleasedToSale, []), (ReleasedOffNetwork, []), (AttemptReported, [])],
    }  # fmt: skip
    found = [
        event
        for contract, kinds in wanted.items()
        for event in events_about(
            ledger.connection, ledger.deployment, contract, kinds, from_block=start, progress=progress
        )
        if _concerns(event, token)
    ]
    moved = {event.tx_hash for event in found if isinstance(event, Moved)}
    return in_order([event for event in found if not isinstance(event, HandedOver) or event.tx_hash in moved])


def _concerns(event: ChainEvent, token: int) -> bool:
    match event:
        case Moved() | FlagSet() | FlagCleared() | ReleasedToSale() | ReleasedOffNetwork() | AttemptReported():
            return event.first <= token <= event.last
    return True


def _journey(ledger: Ledger, unit: int, since: Placed, until: Placed | None, depth: int) -> list[ChainEvent]:
    """The moves of `unit` between two events, and of the units that it was packed into meanwhile."""
    start, end, block = _place(since), _place(until), since.block_number
    events = events_about(
        ledger.connection, ledger.deployment, "LogisticUnits", [(UnitMoved, [unit])], from_block=block
    )
    found = [event for event in events if start < _place(event) < end]
    # Being packed is a transfer without a move: the unit around is then the one that moves.
    changes = unit_transfers(ledger.connection, ledger.deployment, unit=unit)
    inside = [each for each in changes if _place(each) < end]
    for place, change in enumerate(inside):
        left = inside[place + 1] if place + 1 < len(inside) else until
        outer = ledger.units.unit_of(change.to_account)
        if outer and depth < _DEEPEST and _place(left) > start:
            found += _journey(ledger, outer, max(since, change, key=_place), left, depth + 1)
    return found


_DEEPEST = 8
"""Units inside each other; the contract allows fewer."""


def _place(event: Placed | None) -> tuple[int, int]:
    return (1 << 62, 0) if event is None else (event.block_number, event.log_index)
