"""Claim and resale: what claim key, owners and buyers sign (EIP-712), and the files in which they travel.

The struct types are frozen: `contracts/src/types/Claim.sol` has the same words in the same order. Both signers sign the
same message. `nonce` is the item's turn on the ledger, so each signature acts once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from countermark.custody import fields
from countermark.errors import InputRefused
from countermark.gs1.identity import ItemKey
from countermark.labels.leaf import NO_CHIP, leaf_hash
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.signing import TypedMessage
from countermark.signing_check import domain, hash_struct

_DAY = 86_400
_CLAIM = [
    {"name": "item", "type": "uint256"},
    {"name": "owner", "type": "address"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint64"},
]
_TRANSFER = [
    {"name": "item", "type": "uint256"},
    {"name": "from", "type": "address"},
    {"name": "to", "type": "address"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint64"},
]
_CLAIM_FORMAT = "countermark/claim/1"
_TRANSFER_FORMAT = "countermark/claim-transfer/1"


@dataclass(frozen=True, slots=True)
class LeafProof:
    """What an item's leaf was made of and the path from it to its segment's root. `claim_key` is an EIP-55 address."""

    serial: str
    claim_key: str
    salt: bytes = field(repr=False)
    path: Sequence[bytes] = field(repr=False)
    chip: bytes = NO_CHIP

    def leaf(self, gtin: str) -> bytes:
        """The leaf that the path starts from; `gtin` has 14 digits."""
        return leaf_hash(ItemKey(gtin, self.serial), self.salt, bytes.fromhex(self.claim_key[2:]), self.chip)


@dataclass(frozen=True, slots=True)
class Claim:
    """What claim key and new owner both sign. `owner` is a fresh address; `deadline` is in seconds UTC."""

    item: int
    owner: str
    nonce: int
    deadline: int

    def typed(self, chain_id: int, claims_address: str) -> TypedMessage:
        """The EIP-712 message for one chain and one Claims contract."""
        message = {"item": self.item, "owner": self.owner, "nonce": self.nonce, "deadline": self.deadline}
        return TypedMessage(domain(chain_id, claims_address), {"Claim": _CLAIM}, "Claim", message)

    def struct_hash(self) -> bytes:
        """EIP-712 hashStruct, the same on every chain."""
        return hash_struct(self.typed(1, "0x" + "00" * 20))

    def check(self, now: datetime, limits: Limits = DEFAULT_LIMITS) -> None:
        """Raises InputRefused for what the contract would refuse without looking at its state."""
        if not int(self.owner, 16):
            raise _refused("a claim for nobody", "the address of the new owner's fresh key")
        _check_deadline(self.deadline, now, limits)

    def to_json(self) -> dict[str, Any]:
        """The claim file: numbers beyond 2^53 as decimal strings."""
        return {
            "format": _CLAIM_FORMAT,
            "item": str(self.item),
            "owner": self.owner,
            "nonce": str(self.nonce),
            "deadline": self.deadline,
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read a parsed claim file. Raises InputRefused for unknown keys, wrong types and values out of range."""
        given = fields.record(data, _CLAIM_FORMAT, {each["name"] for each in _CLAIM})
        return cls(
            item=fields.decimal(given, "item"),
            owner=fields.address(given, "owner"),
            nonce=fields.decimal(given, "nonce"),
            deadline=fields.number(given, "deadline", 64),
        )


@dataclass(frozen=True, slots=True)
class ClaimTransfer:
    """What both sides of a resale sign. An account signs with a custody key, anybody else with the address's own."""

    item: int
    giver: str
    receiver: str
    nonce: int
    deadline: int

    def typed(self, chain_id: int, claims_address: str) -> TypedMessage:
        """The EIP-712 message for one chain and one Claims contract."""
        types = {"ClaimTransfer": _TRANSFER}
        return TypedMessage(domain(chain_id, claims_address), types, "ClaimTransfer", self._message())

    def struct_hash(self) -> bytes:
        """EIP-712 hashStruct, the same on every chain."""
        return hash_struct(self.typed(1, "0x" + "00" * 20))

    def _message(self) -> Mapping[str, Any]:
        return {
            "item": self.item,
            "from": self.giver,
            "to": self.receiver,
            "nonce": self.nonce,
            "deadline": self.deadline,
        }

    def check(self, now: datetime, limits: Limits = DEFAULT_LIMITS) -> None:
        """Raises InputRefused for what the contract would refuse without looking at its state."""
        if self.giver == self.receiver or not int(self.giver, 16) or not int(self.receiver, 16):
            raise _refused("a resale to oneself or to nobody", "two different addresses")
        _check_deadline(self.deadline, now, limits)

    def to_json(self) -> dict[str, Any]:
        """The resale file: numbers beyond 2^53 as decimal strings."""
        return {
            "format": _TRANSFER_FORMAT,
            "item": str(self.item),
            "from": self.giver,
            "to": self.receiver,
            "nonce": str(self.nonce),
            "deadline": self.deadline,
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read a parsed resale file. Raises InputRefused for unknown keys, wrong types and values out of range."""
        given = fields.record(data, _TRANSFER_FORMAT, {each["name"] for each in _TRANSFER})
        return cls(
            item=fields.decimal(given, "item"),
            giver=fields.address(given, "from"),
            receiver=fields.address(given, "to"),
            nonce=fields.decimal(given, "nonce"),
            deadline=fields.number(given, "deadline", 64),
        )


def _check_deadline(deadline: int, now: datetime, limits: Limits) -> None:
    second = int(now.timestamp())
    if not second <= deadline <= second + limits.handover_days * _DAY:
        raise _refused(f"deadline {deadline}", f"a time from now on, at most {limits.handover_days} days ahead")


def _refused(got: str, expected: str) -> InputRefused:
    return InputRefused(got=got, expected=expected, next_step="correct the claim or resale and sign it again")
