"""What brands, authorities and holders say about items, and what still moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.flags import Flag, Retirement, flags_in
from countermark.chain.transactions import ContractCall
from countermark.custody.handover import Purpose


@dataclass(frozen=True, slots=True)
class HoldRun:
    """Items first..last that one authority holds, or has seized."""

    first: int
    last: int
    flag: Flag


class ItemStatus(BoundContract):
    """Typed access to ItemStatus. Ranges lie within one series; `ref` is a 32-byte hash of the reason."""

    NAME: ClassVar[str] = "ItemStatus"

    def recall(self, first: int, last: int, ref: bytes) -> ContractCall:
        """As the series' brand, market surveillance, or a mark's holder while the brand is not accredited."""
        return self._write("recall", first, last, ref)

    def lift_recall(self, first: int, last: int, ref: bytes) -> ContractCall:
        """Take back the sender's own recall."""
        return self._write("liftRecall", first, last, ref)

    def report_stolen(self, first: int, last: int, ref: bytes) -> ContractCall:
        """As holder of all of the items, or as the series' brand."""
        return self._write("reportStolen", first, last, ref)

    def lift_stolen(self, first: int, last: int, ref: bytes) -> ContractCall:
        """Take back the sender's own report."""
        return self._write("liftStolen", first, last, ref)

    def retire(self, first: int, last: int, reason: Retirement, ref: bytes) -> ContractCall:
        """As holder of all of the items: end them for ever."""
        return self._write("retire", first, last, int(reason), ref)

    def poke(self, token_id: int) -> ContractCall:
        """Make the unit around an item follow the item's flags. Anyone may."""
        return self._write("poke", token_id)

    def flags_at(self, token_id: int) -> frozenset[Flag]:
        """All flags of an item."""
        return flags_in(int(self._read("flagsAt", token_id)))

    def require_movable(self, first: int, last: int, purpose: Purpose) -> None:
        """Raises ContractRefused (ItemLocked) when an item in the range must not move for this purpose."""
        self._read("requireMovable", first, last, int(purpose))

    def require_movable_to(self, first: int, last: int, purpose: Purpose, to: str) -> None:
        """As `require_movable`, for a move to this account; NoReturnOfStolen if stolen goods must not go there."""
        self._read("requireMovableTo", first, last, int(purpose), to)

    def lock_of(self, first: int, last: int, purpose: Purpose) -> Flag:
        """A flag in the range that stands in the way of `purpose`; Flag.NONE when all of it may move."""
        return Flag(self._read("lockOf", first, last, int(purpose)))

    def is_released(self, token_id: int) -> bool:
        """Whether an item was released to sale."""
        return bool(self._read("isReleased", token_id))

    def releaser_of(self, token_id: int) -> str | None:
        """Who released an item to sale last."""
        releaser = str(self._read("releaserOf", token_id))
        return releaser if int(releaser, 16) else None

    def retirement_of(self, token_id: int) -> Retirement:
        """Why an item was retired; Retirement.NONE when it was not."""
        return Retirement(self._read("retirementOf", token_id))

    def reporter_of(self, token_id: int) -> str | None:
        """Who reported an item as stolen."""
        reporter = str(self._read("reporterOf", token_id))
        return reporter if int(reporter, 16) else None

    def predecessor(self) -> str | None:
        """The item status whose flags count here as well."""
        found = str(self._read("predecessor"))
        return found if int(found, 16) else None

    def latest(self, series: int) -> str:
        """The item status that counts all flags of a series: its own, or that of the token that goes on with it."""
        return str(self._read("latest", series))

    def hold_run_at(self, authority: str, token_id: int) -> HoldRun | None:
        """The items around one that `authority` holds or has seized alike."""
        first, last, flag = self._read("holdRunAt", authority, token_id)
        return HoldRun(first, last, Flag(flag)) if flag else None
