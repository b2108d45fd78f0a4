"""The governor's account: what its council schedules happens after a delay."""

from __future__ import annotations

from typing import ClassVar

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.transactions import ContractCall
from countermark.errors import InputRefused

NO_PREDECESSOR = b"\0" * 32


class GovernorTimelock(BoundContract):
    """Typed access to GovernorTimelock (OpenZeppelin's TimelockController). Delays are in seconds."""

    NAME: ClassVar[str] = "GovernorTimelock"

    def schedule(
        self, call: ContractCall, salt: bytes, delay: int, *, predecessor: bytes = NO_PREDECESSOR
    ) -> ContractCall:
        """As council: have `call` made after `delay`."""
        return self._write("schedule", _target(call), 0, call.data, predecessor, salt, delay)

    def execute(self, call: ContractCall, salt: bytes, *, predecessor: bytes = NO_PREDECESSOR) -> ContractCall:
        """Make a call whose delay is over; anybody may."""
        return self._write("execute", _target(call), 0, call.data, predecessor, salt)

    def cancel(self, operation: bytes) -> ContractCall:
        """As council: call a scheduled call off."""
        return self._write("cancel", operation)

    def hash_operation(self, call: ContractCall, salt: bytes, *, predecessor: bytes = NO_PREDECESSOR) -> bytes:
        """The id of a scheduled call."""
        return bytes(self._read("hashOperation", _target(call), 0, call.data, predecessor, salt))

    def is_operation_ready(self, operation: bytes) -> bool:
        """Whether a scheduled call can be made now."""
        return bool(self._read("isOperationReady", operation))

    def min_delay(self) -> int:
        """The shortest delay."""
        return int(self._read("getMinDelay"))


def _target(call: ContractCall) -> str:
    if call.address is None:
        raise InputRefused(got="a creation", expected="a call of a contract", next_step="deploy it with another key")
    return call.address
