"""Cases of claims, measures and anchors for the gas table: name, gas, bound."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from eth_utils.crypto import keccak
from gas_chain import CHAIN_ID, DAY, GTIN, MILLION, NOW, Deployed, Party, item

from countermark.custody.claim import Claim, ClaimTransfer
from countermark.gs1.identity import ItemKey
from countermark.labels.leaf import leaf_hash

SALT, BLANK = b"\x05" * 16, bytes(32)
Case = tuple[str, int, int]


def claim_rows(world: Deployed) -> Iterator[Case]:
    """Claims out of a million items and a thousand, and what follows the first. Needs a world without series."""
    yield "claim one of 1,000,000 (a path of 20), fresh words", claim(world, 1, MILLION, 20), 340_000
    first = item(1, MILLION // 2)
    owner, buyer = Party("owner 1"), Party("buyer")
    yield "resale of a claimed item", resale(world, first, owner, buyer), 140_000
    world.call(world.retailer, "Claims", "openToReturn", first, NOW + DAY)
    yield "return of a claimed item", world.call(buyer, "Claims", "unclaim", first, world.retailer.address), 130_000
    code = Party("new code")
    yield "new code for it", world.call(world.brand, "Claims", "reissue", first, code.address), 70_000
    world.call(world.retailer, "Handovers", "releaseToSale", [(first, first)])
    again = Claim(first, Party("owner 3").address, 3, NOW + DAY)
    typed = again.typed(CHAIN_ID, str(world.contracts["Claims"].address))
    signatures = code.sign(typed), Party("owner 3").sign(typed)
    values = (again.item, again.owner, again.nonce, again.deadline)
    yield "claim with the new code", world.call(world.relay, "Claims", "claimReissued", values, *signatures), 160_000
    yield "claim one of 1,000 (a path of 10), fresh words", claim(world, 2, 1_000, 10), 330_000


def measure_rows(world: Deployed) -> Iterator[Case]:
    """The worst that customs can send. Needs a world without series."""
    for number in range(32):
        world.open_series()
        world.commission(number + 1, 200_000)
    yield "record a measure, an authority's first", record(world, 1), 150_000
    for number in range(32):
        line = (item(number + 1, 70_000), item(number + 1, 140_000))
        world.call(world.customs, "CustomsRegister", "confirmIdentity", 1, *line)
    for number in range(8):
        unit = nested(world, 10 * number)
        world.call(world.customs, "CustomsRegister", "confirmUnit", 1, unit)
    lifted = world.call(world.customs, "CustomsRegister", "lift", 1)
    yield "worst lift: 32 lines in 32 series, 8 units four deep", lifted, 4_000_000
    for place in range(65_500, 65_532, 2):
        world.hand_over(world.brand, world.carrier, [(item(1, place), item(1, place))])
    yield "seize 32 runs of two holders", seize(world, 2, 1), 3_000_000
    for number in range(32):
        unit = nested(world, 100 + 10 * number, sealed=item(2, 65_500 + number))
    yield "worst seizure: out of 32 units, each sealed four times", seize(world, 3, 2), 8_000_000


def anchor_rows(world: Deployed) -> Iterator[Case]:
    """Anchors with a slot and without."""
    brand = world.brand
    yield "anchor a root (slot and event)", world.call(brand, "Anchors", "anchor", keccak(text="root"), 0), 80_000
    roots = [keccak(text=f"root {number}") for number in range(100)]
    yield "anchor 100 roots (events)", world.call(brand, "Anchors", "anchorMany", roots, 0), 400_000


def claim(world: Deployed, series: int, count: int, depth: int) -> int:
    """Gas of claiming the item in the middle of a new series, for an owner of its own."""
    index, key, owner = count // 2, Party(f"code {series}"), Party(f"owner {series}")
    serial = f"{index:016d}"
    leaf = leaf_hash(ItemKey(f"{GTIN:014d}", serial), SALT, bytes.fromhex(key.address[2:]))
    path = [keccak(text=f"sibling {level}") for level in range(depth)]
    world.open_series()
    values = (root_of(leaf, index, path), b"LOT-2026-11".ljust(32, b"\0"), NOW + DAY, BLANK, world.brand.address)
    world.call(world.brand, "ProductToken", "commission", series, count, *values)
    world.call(world.brand, "Handovers", "releaseToSale", [(item(series, 0), item(series, count - 1))])
    wanted = Claim(item(series, index), owner.address, 0, NOW + DAY)
    typed = wanted.typed(CHAIN_ID, str(world.contracts["Claims"].address))
    terms = (wanted.item, wanted.owner, wanted.nonce, wanted.deadline)
    proof = (serial.encode(), key.address, BLANK, SALT, path)
    return world.call(world.relay, "Claims", "claim", terms, proof, key.sign(typed), owner.sign(typed))


def resale(world: Deployed, claimed: int, giver: Party, taker: Party) -> int:
    """Gas of the first resale of an item."""
    transfer = ClaimTransfer(claimed, giver.address, taker.address, 1, NOW + DAY)
    typed = transfer.typed(CHAIN_ID, str(world.contracts["Claims"].address))
    terms = (transfer.item, transfer.giver, transfer.receiver, transfer.nonce, transfer.deadline)
    return world.call(world.relay, "Claims", "transferClaimed", terms, giver.sign(typed), taker.sign(typed))


def root_of(leaf: bytes, index: int, path: list[bytes]) -> bytes:
    """The root that a path with these siblings leads to."""
    node = leaf
    for level, sibling in enumerate(path):
        pair = sibling + node if index >> level & 1 else node + sibling
        node = hashlib.sha256(b"\x01" + pair).digest()
    return node


def record(world: Deployed, number: int) -> int:
    """Gas of recording a measure."""
    commitment = keccak(text=f"measure {number}")
    return world.call(world.customs, "CustomsRegister", "recordMeasure", commitment, 3)


def seize(world: Deployed, measure: int, series: int) -> int:
    """Gas of seizing 32 runs around a block's end."""
    record(world, measure)
    line = (item(series, 65_500), item(series, 70_000))
    world.call(world.customs, "CustomsRegister", "confirmIdentity", measure, *line)
    return world.call(world.customs, "CustomsRegister", "seize", measure, 0, 32)


def nested(world: Deployed, number: int, sealed: int | None = None) -> int:
    """The innermost of four units inside each other; with the item `sealed` inside it and every unit sealed."""
    units: list[int] = []
    for level in range(4):
        key = sscc(number + level)
        world.call(world.brand, "LogisticUnits", "open", 1, key, 1)
        unit = int(world.read("LogisticUnits", "unitId", 1, key, 1))
        runs = [(sealed, sealed)] if sealed is not None and not units else []
        if runs or units:
            world.call(world.brand, "LogisticUnits", "pack", unit, (runs, units[-1:], []))
        if sealed is not None:
            world.call(world.brand, "LogisticUnits", "seal", unit, b"\x01" * 32, b"\x02" * 32)
        units.append(unit)
    return units[0]


def sscc(number: int) -> bytes:
    """An SSCC with its check digit (GS1 General Specifications, section 7.9)."""
    body = f"{number:017d}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}".encode()
