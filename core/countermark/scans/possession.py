"""What the owner of an item, or who holds its claim code, signs to show it: a fresh challenge of the node (EIP-712)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from countermark.errors import InputRefused
from countermark.identifiers import check_account
from countermark.signing import AccountSigner, TypedMessage
from countermark.signing_check import domain

CHALLENGE_BYTES = 32
_POSSESSION = [
    {"name": "item", "type": "uint256"},
    {"name": "challenge", "type": "bytes32"},
]


@dataclass(frozen=True, slots=True)
class Possession:
    """I can sign for this item: its token id and the challenge, 32 bytes. Who signs says in which quality."""

    item: int
    challenge: bytes = field(repr=False)

    def typed(self, chain_id: int, claims_address: str) -> TypedMessage:
        """The EIP-712 message for one chain and one Claims contract, where owners and claim keys stand."""
        message = {"item": self.item, "challenge": self.challenge}
        return TypedMessage(domain(chain_id, claims_address), {"Possession": _POSSESSION}, "Possession", message)


@dataclass(frozen=True, slots=True)
class GivenChallenge:
    """What a node wants signed: 32 bytes for an item, on one chain and its Claims contract."""

    challenge: bytes
    item: int
    chain_id: int
    claims_address: str

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> Self | None:
        """The answer of POST /v1/challenges; None when it is none."""
        challenge, item, chain_id = answer.get("challenge"), str(answer.get("item")), answer.get("chain_id")
        try:
            given, claims = bytes.fromhex(str(challenge)[2:]), check_account(str(answer.get("claims_address")))
        except (ValueError, InputRefused):
            return None
        if len(given) != CHALLENGE_BYTES or type(chain_id) is not int or not item.isdecimal() or len(item) > 80:
            return None
        return cls(given, int(item), chain_id, claims)


def show_possession(
    signer: AccountSigner, *, item: int, challenge: bytes, chain_id: int, claims_address: str
) -> dict[str, str]:
    """The `possession` member of POST /v1/scans, by the owner's key or the claim key."""
    signature = signer.sign_typed(Possession(item, challenge).typed(chain_id, claims_address))
    return {"challenge": f"0x{challenge.hex()}", "signature": f"0x{signature.hex()}"}
