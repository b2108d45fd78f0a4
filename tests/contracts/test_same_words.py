"""What Python and Solidity both say, they say alike: roles, levels, scopes, limits, signed structures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countermark.chain.words import to_word
from countermark.custody.handover import Basis, Handover, Purpose, Receipt, RunLine, UnitLine
from countermark.limits import DEFAULT_LIMITS
from countermark.roles import KeyScope, Level, Role

if TYPE_CHECKING:
    from tests.contracts.conftest import World

FOR_EVER = 2**64 - 1
WORDS = st.binary(min_size=32, max_size=32)
ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
UINT64 = st.integers(0, 2**64 - 1)
UINT256 = st.integers(0, 2**256 - 1)
RUNS = st.lists(st.builds(RunLine, UINT256, UINT256), max_size=3).map(tuple)
UNITS = st.lists(st.builds(UnitLine, UINT256, UINT64, WORDS), max_size=2).map(tuple)
HANDOVERS = st.builds(
    Handover, ADDRESSES, ADDRESSES, RUNS, UNITS, st.sampled_from(Purpose), st.sampled_from(Basis), UINT64, WORDS, WORDS,
    WORDS, UINT256, UINT64,
)  # fmt: skip
RECEIPTS = st.builds(Receipt, WORDS, RUNS, UNITS, WORDS, UINT64, UINT64)


def plain(value: Any) -> Any:
    """A dataclass, and those inside it, as tuples in field order."""
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    names = getattr(type(value), "__dataclass_fields__", None)
    return value if names is None else tuple(plain(getattr(value, name)) for name in names)


def test_every_role_of_the_python_side_is_known_to_the_contracts(world: World) -> None:
    for role in Role:
        refusal = world.trust.refusal("grant", world.stranger.address, to_word(role), 1, 0, FOR_EVER, by=world.governor)
        assert refusal is None or refusal[0] == "NotAccredited", role


def test_levels_and_scopes_have_the_same_numbers(world: World) -> None:
    entry = world.trust.struct("entry", world.governor.address, to_word(Role.GOVERNOR))
    assert entry["level"] == Level.ACCREDITED
    assert world.trust.struct("keyInfo", world.governor.address)["scopes"] == KeyScope.ALL
    narrow = world.party("narrow")
    world.add_key(world.brand, narrow, KeyScope.ALL & ~KeyScope.CUSTODY)
    assert world.handovers.refusal("cancelNonce", 1, by=narrow) == ("KeyNotValid", narrow.address, KeyScope.CUSTODY)


def test_limits_of_the_contracts_are_those_in_the_settings(world: World) -> None:
    most = DEFAULT_LIMITS.series_labels
    arguments = (world.GTIN, world.PREFIX_LENGTH, [world.MARK])
    assert world.token.refusal("openSeries", *arguments, most + 1, by=world.brand) == (
        "CeilingOutOfRange",
        most + 1,
        most,
    )
    assert (DEFAULT_LIMITS.handover_runs, DEFAULT_LIMITS.handover_days) == (32, 30)


@given(handover=HANDOVERS, receipt=RECEIPTS)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_wallets_and_contracts_hash_every_handover_and_receipt_alike(
    world: World, handover: Handover, receipt: Receipt
) -> None:
    assert world.handovers.read("handoverHash", plain(handover)) == handover.struct_hash()
    assert world.handovers.read("receiptHash", plain(receipt)) == receipt.struct_hash()
