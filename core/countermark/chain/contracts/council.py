"""The council: several keys that decide together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.transactions import ContractCall
from countermark.errors import InputRefused


@dataclass(frozen=True, slots=True)
class CallInfo:
    """Approvals by present members, and until when the call can be made; zeros when it is unknown or made."""

    approvals: int
    until: int


class Council(BoundContract):
    """Typed access to Council. What it decides on is a call of any contract; `salt` tells equal ones apart."""

    NAME: ClassVar[str] = "Council"

    def propose(self, call: ContractCall, salt: bytes) -> ContractCall:
        """As member: propose a call and approve it."""
        return self._write("propose", _target(call), call.data, salt)

    def approve(self, call_id: bytes) -> ContractCall:
        """As member: agree to a call."""
        return self._write("approve", call_id)

    def withdraw_approval(self, call_id: bytes) -> ContractCall:
        """As member: take an approval back."""
        return self._write("withdrawApproval", call_id)

    def execute(self, call: ContractCall, salt: bytes) -> ContractCall:
        """As member: make a call that enough members approve."""
        return self._write("execute", _target(call), call.data, salt)

    def set_members(self, members: Sequence[str], threshold: int) -> ContractCall:
        """The call by which a council changes itself: to be proposed, not sent."""
        return self._write("setMembers", list(members), threshold)

    def call_id(self, call: ContractCall, salt: bytes) -> bytes:
        """The id of a call."""
        return bytes(self._read("callId", _target(call), call.data, salt))

    def call_info(self, call_id: bytes) -> CallInfo:
        """How far a call is."""
        return CallInfo(*self._read("callInfo", call_id))

    def member_list(self) -> tuple[tuple[str, ...], int]:
        """The present members, and how many of them must agree."""
        members, threshold = self._read("memberList")
        return tuple(members), int(threshold)


def _target(call: ContractCall) -> str:
    if call.address is None:
        raise InputRefused(got="a creation", expected="a call of a contract", next_step="deploy it with another key")
    return call.address
