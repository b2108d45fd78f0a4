"""The cases that the gas table names: what Countermark's own contracts cost. Bounds are what a test holds them to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gas_chain import FOR_EVER, MILLION, Deployed, Party, held, item
from gas_hostile import SPLITS, scatter
from gas_migration import migration_rows

from countermark.custody.handover import Purpose, UnitLine

SSCC = b"095060001343529997"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `most` is the bound that a test holds it to; `target` what the design asked for, 0 where
    it asked for nothing."""

    case: str
    gas: int
    most: int
    target: int = 0

    def judged(self) -> str:
        """The target and whether it is reached, in words."""
        if not self.target:
            return ""
        return f"{self.target:,}" + ("" if self.gas <= self.target else f" missed by {self.gas / self.target - 1:.0%}")


def measure() -> list[Row]:
    """Every row of the table, in order."""
    world = Deployed()
    rows = [Row(f"deploy {name}", gas, 10_000_000) for name, gas in world.deployment_gas.items()]
    rows += list(series_rows(world))
    rows += list(handover_rows(world))
    rows += list(direct_rows(Deployed()))
    rows += list(unit_rows(Deployed()))
    rows += list(status_rows(Deployed()))
    rows += [Row(*case) for case in migration_rows(Deployed())]
    return rows


def series_rows(world: Deployed) -> Iterator[Row]:
    """Opening and commissioning; leaves series 1 with two millions, series 2 and 3 with one each."""
    world.open_series()
    opened = world.open_series()
    world.commission(1, MILLION - 1)
    commissioned = world.commission(2, MILLION)
    yield Row("open a series, one mark (not the product's first)", opened, 260_000)
    yield Row("commission 1,000,000 items, first segment", commissioned, 300_000, 300_000)
    yield Row("open and commission 1,000,000", opened + commissioned, 560_000, 560_000)
    yield Row("commission one more item, second segment", world.commission(1, 1), 300_000)


def handover_rows(world: Deployed) -> Iterator[Row]:
    """Handovers out of series 1 and 2, then the worst ones."""
    brand, carrier, retailer = world.brand, world.carrier, world.retailer
    whole = [(item(2, 0), item(2, MILLION - 1))]
    fresh = world.hand_over(brand, carrier, whole)
    yield Row("hand over a whole run of 1,000,000, to one that holds nothing yet", fresh, 150_000)
    world.hand_over(brand, retailer, [(item(1, 0), item(1, 0))])
    yield Row("hand over a whole run of 1,000,000", world.hand_over(carrier, retailer, whole), 125_000, 130_000)
    world.hand_over(retailer, brand, whole)
    world.hand_over(brand, carrier, [(item(1, 5), item(1, 5))])
    middle = [(item(2, 300_000), item(2, 309_999))]
    yield Row("10,000 out of the middle, fresh words", world.hand_over(brand, carrier, middle), 260_000, 260_000)
    one = [(item(2, 700_000), item(2, 700_000))]
    yield Row("one item out of the middle, fresh words", world.hand_over(brand, carrier, one), 230_000)
    yield Row("its next move", world.hand_over(carrier, retailer, one), 150_000)
    short = [(item(2, 300_000), item(2, 304_999))]
    yield Row("half of 10,000 taken, discrepancy recorded", world.hand_over(carrier, retailer, middle, short), 260_000)
    yield Row("split after 640 hostile splits around it", after_hostile_splits(world), 260_000, 260_000)
    yield Row("worst single line: all words, balance and nonce word fresh", worst_line(world), 330_000)
    yield Row("worst 32 lines: a split in each of 32 series", worst_lines(world), 8_000_000, 8_000_000)


def after_hostile_splits(world: Deployed) -> int:
    """Every second item of a stretch and many edges of words belong to somebody else; then one split."""
    for start in range(500_000, 500_640, 64):
        runs = [(item(2, index), item(2, index)) for index in range(start, start + 64, 2)]
        world.hand_over(world.brand, world.carrier, runs)
    for start in (65_536, 131_071, 196_608, 262_144, 393_216, 589_824, 655_359):
        world.hand_over(world.brand, world.carrier, [(item(2, start), item(2, start))])
    return world.hand_over(world.brand, world.retailer, [(item(2, 560_000), item(2, 570_000))])


def worst_line(world: Deployed) -> int:
    """A split whose ends lie in two blocks never used, to one that holds nothing, with a nonce in a fresh word."""
    world.open_series()
    world.commission(3, MILLION)
    newcomer = Party("newcomer")
    world.call(newcomer, "TrustRegistry", "registerAccount")
    role = b"carrier".ljust(32, b"\0")
    world.call(world.brand, "TrustRegistry", "grant", newcomer.address, role, 2, 0, FOR_EVER)
    return world.hand_over(world.brand, newcomer, [(item(3, 200_000), item(3, 700_000))], nonce=1 << 200)


def worst_lines(world: Deployed) -> int:
    """One line from each of 32 series, each splitting a run in words never used before."""
    first = 4
    for series in range(first, first + 32):
        world.open_series()
        world.commission(series, MILLION)
    runs = [(item(series, 200_000), item(series, 700_000)) for series in range(first, first + 32)]
    return world.hand_over(world.brand, world.carrier, runs)


def direct_rows(world: Deployed) -> Iterator[Row]:
    """ERC-721 transfers of single items between parties that opened to one another."""
    brand, carrier, retailer = world.brand, world.carrier, world.retailer
    world.open_series()
    world.commission(1, MILLION)
    for taker, giver in ((carrier, brand), (retailer, carrier)):
        world.call(taker, "TrustRegistry", "openTo", giver.address, FOR_EVER)
    world.hand_over(brand, carrier, [(item(1, 0), item(1, 9))])
    world.hand_over(carrier, retailer, [(item(1, 0), item(1, 0))])
    one = item(1, 500_000)
    direct = world.call(brand, "ProductToken", "transferFrom", brand.address, carrier.address, one)
    onward = world.call(carrier, "ProductToken", "transferFrom", carrier.address, retailer.address, one)
    yield Row("direct transfer of one item out of the middle, fresh words", direct, 180_000, 180_000)
    yield Row("direct transfer, its next move", onward, 80_000, 80_000)


def unit_rows(world: Deployed) -> Iterator[Row]:
    """A pallet: opened, packed, sealed, handed over, unpacked."""
    brand, carrier = world.brand, world.carrier
    world.open_series()
    world.commission(1, MILLION)
    world.hand_over(brand, carrier, [(item(1, MILLION - 1), item(1, MILLION - 1))])
    yield Row("open a unit", world.call(brand, "LogisticUnits", "open", 1, SSCC, 1), 120_000)
    unit = int(world.read("LogisticUnits", "unitId", 1, SSCC, 1))
    runs = [(item(1, start), item(1, start + 47)) for start in range(48, 48 * 41, 96)]
    yield Row("pack 1 run", world.call(brand, "LogisticUnits", "pack", unit, (runs[:1], [], [])), 260_000)
    yield Row("pack 19 more runs", world.call(brand, "LogisticUnits", "pack", unit, (runs[1:], [], [])), 1_600_000)
    seal = (unit, b"\x07" * 32, b"\x08" * 32)
    yield Row("seal a unit", world.call(brand, "LogisticUnits", "seal", *seal), 110_000)
    moved = world.hand_over(brand, carrier, [], units=[unit_line(world, unit)])
    yield Row("hand over a unit of 960 items, signed", moved, 120_000, 120_000)
    moved = world.hand_over(carrier, brand, [], units=[unit_line(world, unit)], purpose=Purpose.RETURN)
    yield Row("hand over a unit, its next move", moved, 120_000, 120_000)
    yield Row("break a seal", world.call(brand, "LogisticUnits", "breakSeal", unit, bytes(32)), 80_000)
    yield Row("unpack 1 run", world.call(brand, "LogisticUnits", "unpack", unit, (runs[:1], [], [])), 130_000)
    yield Row("unpack 19 runs", world.call(brand, "LogisticUnits", "unpack", unit, (runs[1:], [], [])), 600_000)


def unit_line(world: Deployed, unit: int) -> UnitLine:
    """The unit as it is now, as a handover names it."""
    info = world.read("LogisticUnits", "unitInfo", unit)
    return UnitLine(unit, int(info["version"]), bytes(info["contents"]))


def status_rows(world: Deployed) -> Iterator[Row]:
    """Flags over ranges, before and after a hostile history, and the worst lines while many flags are in use."""
    world.open_series()
    world.commission(1, MILLION)
    half = (item(1, 250_000), item(1, 749_999), b"\x09" * 32)
    yield Row("recall 500,000 items", world.call(world.brand, "ItemStatus", "recall", *half), 190_000, 190_000)
    yield Row("lift it", world.call(world.brand, "ItemStatus", "liftRecall", *half), 190_000)
    scatter(world, 1)
    after = f"after {SPLITS:,} hostile splits"
    yield Row(f"recall {after}", world.call(world.brand, "ItemStatus", "recall", *half), 190_000, 190_000)
    yield Row(f"customs hold {after}", held(world, 1, half), 190_000, 190_000)
    split = [(item(1, 800_060), item(1, 800_150))]
    part = world.hand_over(world.brand, world.carrier, split)
    yield Row(f"handover of a part of a run {after}", part, 260_000, 260_000)
    yield Row(
        "retire one item",
        world.call(world.brand, "ItemStatus", "retire", item(1, 9), item(1, 9), 1, bytes(32)),
        230_000,
    )
    yield Row(
        "release 48 items to sale", world.call(world.brand, "Handovers", "releaseToSale", [carton(1, 500)]), 230_000
    )
    yield Row("32 worst lines, five flag maps in use in each series", flagged_lines(world), 8_000_000, 8_000_000)
    world.open_series()
    world.commission(34, MILLION)
    first = (item(34, 250_000), item(34, 749_999), bytes(32))
    yield Row("customs hold, the first flag of its series", held(world, 34, first), 220_000, 190_000)


def carton(series: int, number: int) -> tuple[int, int]:
    """The items of a carton of 48, in packing order."""
    return item(series, 48 * number), item(series, 48 * number + 47)


def flagged_lines(world: Deployed) -> int:
    """A split in fresh words in each of 32 series in which brand, surveillance, customs, a thief's victim and a
    retirement have left flags beside the range."""
    for series in range(2, 34):
        world.open_series()
        world.commission(series, MILLION)
        beside = (item(series, 0), item(series, 99), bytes(32))
        world.call(world.brand, "ItemStatus", "recall", *beside)
        world.call(world.surveillance, "ItemStatus", "recall", *beside)
        world.call(world.brand, "ItemStatus", "reportStolen", *beside)
        world.call(world.brand, "ItemStatus", "retire", item(series, 200), item(series, 201), 1, bytes(32))
        held(world, series, beside)
    runs = [(item(series, 200_000), item(series, 700_000)) for series in range(2, 34)]
    return world.hand_over(world.brand, world.carrier, runs)
