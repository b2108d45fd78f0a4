"""Cases of migration for the gas table: a second set of contracts that goes on with series of the first."""

from __future__ import annotations

import json
from collections.abc import Iterator

from gas_chain import ARTIFACTS, FOR_EVER, MILLION, Deployed, held, item, predicted
from web3 import Web3

from countermark.chain.artifacts import CONTRACTS, SUCCEEDED
from countermark.chain.wiring import constructor_arguments

Case = tuple[str, int, int, int]
"""Name, gas, bound, target (0 for none)."""
BLANK = bytes(32)
LINES, MOST_ADOPTED = 32, 4


def migration_rows(world: Deployed) -> Iterator[Case]:
    """A series of a million, then 32 of the worst. Needs a world without series."""
    brand, carrier = world.brand, world.carrier
    world.open_series()
    world.commission(1, MILLION)
    flagged_series(world, range(2, 2 + LINES))
    old = dict(world.contracts)
    deploy_after(world)
    new = dict(world.contracts)
    world.contracts = old
    approved = world.call(world.governor, "ProductToken", "approveSuccessor", new["ProductToken"].address)
    yield "approve a successor token", approved, 100_000, 0
    yield "migrate a series, one mark", world.call(brand, "ProductToken", "migrateSeries", 1), 250_000, 0
    for series in range(2, 2 + LINES):
        world.call(brand, "ProductToken", "migrateSeries", series)
    world.contracts = new
    world.call(carrier, "TrustRegistry", "openTo", brand.address, FOR_EVER)
    for party in (brand, carrier):
        world.call(party, "Handovers", "cancelNonce", 0)
    for series in range(2, 2 + LINES):
        flags(world, series, 1_000)
    adopted = world.call(brand, "ProductToken", "adopt", item(1, 900_000), item(1, MILLION - 1))
    yield "adopt 100,000 items", adopted, 320_000, 0
    one = item(1, 500_000)
    moved = world.call(brand, "ProductToken", "transferFrom", brand.address, carrier.address, one)
    yield "direct transfer that adopts, one item out of the middle", moved, 320_000, 0
    middle = [(item(1, 300_000), item(1, 309_999))]
    yield "handover that adopts, 10,000 out of the middle", world.hand_over(brand, carrier, middle), 420_000, 0
    for series in range(2 + MOST_ADOPTED, 2 + LINES):
        world.call(brand, "ProductToken", "adopt", item(series, 0), item(series, MILLION - 1))
    runs = [(item(series, 200_000), item(series, 700_000)) for series in range(2, 2 + LINES)]
    worst = world.hand_over(brand, carrier, runs)
    yield "32 worst lines, flags in use in both sets, 4 of them adopted on the way", worst, 10_000_000, 10_000_000


def flagged_series(world: Deployed, numbers: range) -> None:
    """Series of a million items with flags beside the middle."""
    for series in numbers:
        world.open_series()
        world.commission(series, MILLION)
        flags(world, series, 0)


def flags(world: Deployed, series: int, start: int) -> None:
    """Flags of brand and surveillance, a theft, a retirement and a customs hold, beside the range that will move."""
    beside = (item(series, start), item(series, start + 99), BLANK)
    world.call(world.brand, "ItemStatus", "recall", *beside)
    world.call(world.surveillance, "ItemStatus", "recall", *beside)
    world.call(world.brand, "ItemStatus", "reportStolen", *beside)
    world.call(world.brand, "ItemStatus", "retire", item(series, start + 200), item(series, start + 201), 1, BLANK)
    held(world, series, beside)


def deploy_after(world: Deployed) -> None:
    """Puts a successor set in the place of the world's contracts."""
    before = {name: str(contract.address) for name, contract in world.contracts.items()}
    made = {name: predicted(world.deployer, len(CONTRACTS) + place) for place, name in enumerate(SUCCEEDED)}
    at = {**before, **made}
    for name in SUCCEEDED:
        document = json.loads((ARTIFACTS / f"{name}.json").read_text(encoding="utf-8"))
        factory = Web3().eth.contract(abi=document["abi"], bytecode=document["bytecode"])
        arguments = constructor_arguments(name, at, {"before": before, "quota": 500})
        data = factory.constructor(*arguments).data_in_transaction
        world.chain.send(world.deployer, b"", bytes.fromhex(data[2:]))
        world.contracts[name] = Web3().eth.contract(Web3.to_checksum_address(at[name]), abi=document["abi"])
