"""The gas of contracts as rows of the common table: ours beside each peer, and the design's targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gas_chain import MILLION
from gas_peers import STOCK, Work
from rows import Limit, Row, at_most

BASE = 21_000
"""What a transaction costs that does nothing (Yellow Paper, appendix G)."""
FRESH_SLOT, USED_SLOT = 22_100, 5_000
"""A cold storage slot, written for the first time and again (EIP-2929)."""
CREATED, CREATED_ALL = f"create {STOCK:,} items", f"create {MILLION:,} items"
PICKED = "last item of a run of 10,000 (new owner)", "its next move"
ONWARD, ONWARD_ITEMS = "the same cartons onward", 960
BESIDE = ("1,000 single picks, 40 orders of 25", "20 % of them returned, 8 returns of 25",
          "20 cartons of 48 in packing order", ONWARD)  # fmt: skip
OURS, DIRECT = "Countermark", "Countermark, direct"


def comparison_rows(works: Sequence[Work]) -> Iterator[Row]:
    """A stock of 10,000 created and moved, ours beside every peer."""
    found = {work.case: work for work in works}
    for peer in _peers(found[CREATED]):
        whole = found[CREATED_ALL] if peer in found[CREATED_ALL].gas else found[CREATED]
        ours = found[CREATED_ALL].gas[OURS] / MILLION
        target = at_most(ours, 0.56, "0.56 at most")
        beside = f"{peer}, {whole.items:,} created"
        theirs = whole.gas[peer] / whole.items
        limit = Limit("two empty transactions", 2 * BASE / MILLION)
        yield Row(f"open and create {MILLION:,} items", "gas an item", ours, beside, theirs, limit, target, less=True)
    for case in PICKED:
        yield from _beside(found[case], DIRECT)
    for case in BESIDE:
        yield from _beside(found[case], OURS)


def target_rows(gas: Mapping[str, int], works: Sequence[Work]) -> Iterator[Row]:
    """The design's targets, beside what the cheapest peer takes for the same."""
    found = {work.case: work.gas for work in works}
    batches, batch = "OZ ERC1155, in batches", found[ONWARD]["OZ ERC1155"]
    single = batch / ONWARD_ITEMS
    consecutive, picked = found[CREATED_ALL]["OZ ERC721Consecutive"], found[PICKED[0]]["ERC721A"]
    half = MILLION // 2
    for case, most, peer, theirs in (
        ("commission 1,000,000 items, first segment", 300_000, "OZ ERC721Consecutive", consecutive),
        ("hand over a whole run of 1,000,000", 130_000, batches, MILLION * single),
        ("10,000 out of the middle, fresh words", 260_000, batches, STOCK * single),
        ("handover of a part of a run after 10,000 hostile splits", 260_000, batches, 91 * single),
        ("worst 32 lines: a split in each of 32 series", 8_000_000, batches, 32 * (half + 1) * single),
        ("direct transfer of one item out of the middle, fresh words", 180_000, "ERC721A", picked),
        ("direct transfer, its next move", 80_000, "ERC721A", found[PICKED[1]]["ERC721A"]),
        ("recall 500,000 items", 190_000, "a slot an item (EIP-2929)", half * FRESH_SLOT),
        ("recall after 10,000 hostile splits", 190_000, "a slot a run (EIP-2929)", STOCK * USED_SLOT),
        ("customs hold after 10,000 hostile splits", 190_000, "a slot a run (EIP-2929)", STOCK * USED_SLOT),
        ("hand over a unit of 960 items, signed", 120_000, batches, batch),
    ):  # fmt: skip
        limit, target = Limit("an empty transaction", BASE), at_most(gas[case], most, f"{most:,} at most")
        yield Row(case, "gas", gas[case], peer, theirs, limit, target, less=True)


def _beside(work: Work, ours: str) -> Iterator[Row]:
    limit = Limit("an empty transaction", BASE) if work.items == 1 else None
    for peer in _peers(work):
        own, theirs = work.gas[ours] / work.items, work.gas[peer] / work.items
        yield Row(work.case, "gas an item", own, peer, theirs, limit, less=True)


def _peers(work: Work) -> list[str]:
    return [name for name in work.gas if name not in (OURS, DIRECT)]
