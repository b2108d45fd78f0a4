"""A hostile history of thousands of splits, written into the state at once.

Thousands of real transactions would take minutes. The runs that they would leave are written as the contract keeps them
(`libraries/RunMap.sol`, `RunBoundaries.sol`), and read back through it before anything is measured.
"""

from __future__ import annotations

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from gas_chain import MILLION, Deployed, Party, item

SPLITS = 10_000
STRIDE = 97
"""Every 97th item: a cut in every word of the lowest level, and in no two alike."""
SERIES_SLOT, ACCOUNTS_SLOT = 1, 3
"""Where ProductToken keeps series and accounts."""
TOP, MID, LOW, HOLDERS = 4, 5, 6, 7
"""Where a series keeps the levels of its boundaries, and its holders."""
BALANCE_BITS = 160


def scatter(world: Deployed, series: int) -> None:
    """Gives `SPLITS` single items of a series of a million, all of it the brand's, to the carrier."""
    taken = range(STRIDE, STRIDE * (SPLITS + 1), STRIDE)
    starts = {start for index in taken for start in (index, index + 1)}
    base = slot(series, SERIES_SLOT)
    for level, shift in ((TOP, 16), (MID, 8), (LOW, 0)):
        for number, bits in words({start >> shift for start in starts}).items():
            store(world, base + level if level == TOP else slot(number, base + level), bits)
    for index in taken:
        store(world, slot(index, base + HOLDERS), int(world.carrier.address, 16))
        store(world, slot(index + 1, base + HOLDERS), int(world.brand.address, 16))
    for party, change in ((world.brand, -SPLITS), (world.carrier, SPLITS)):
        place = slot(int(party.address, 16), ACCOUNTS_SLOT)
        store(world, place, load(world, place) + change)
    check(world, series)


def words(members: set[int]) -> dict[int, int]:
    """A set of positions as words of 256 bits, by number."""
    found: dict[int, int] = {}
    for member in members:
        found[member >> 8] = found.get(member >> 8, 0) | 1 << (member & 255)
    return found


def check(world: Deployed, series: int) -> None:
    """What the contract says of a part of it, and of the sums."""
    for index in range(STRIDE, STRIDE * (SPLITS + 1), STRIDE * 100):
        for place, holder in ((index - 1, world.brand), (index, world.carrier), (index + 1, world.brand)):
            assert owner(world, item(series, place)) == holder
        assert world.read("ProductToken", "runAt", item(series, index)) == item(series, index)
    held = int(world.read("ProductToken", "balanceOf", world.carrier.address))
    assert held >= SPLITS
    assert held + int(world.read("ProductToken", "balanceOf", world.brand.address)) == MILLION


def owner(world: Deployed, token: int) -> Party:
    """Who holds an item: the brand or the carrier."""
    found = str(world.read("ProductToken", "ownerOf", token))
    return next(party for party in (world.brand, world.carrier) if party.address.lower() == found.lower())


def slot(key: int, base: int) -> int:
    """Where a mapping at `base` keeps the value of `key` (Solidity's layout of state variables)."""
    return int.from_bytes(keccak(encode(["uint256", "uint256"], [key, base])), "big")


def load(world: Deployed, place: int) -> int:
    """A word of ProductToken's."""
    return int(world.chain.vm.state.get_storage(token_address(world), place))


def store(world: Deployed, place: int, value: int) -> None:
    """Writes a word of ProductToken's."""
    world.chain.vm.state.set_storage(token_address(world), place, value)


def token_address(world: Deployed) -> bytes:
    """Where ProductToken is."""
    return bytes.fromhex(str(world.contracts["ProductToken"].address)[2:])
