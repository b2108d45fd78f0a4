"""What the owner of an item, or who holds its claim code, signs to show it: a fresh challenge of the node (EIP-712)."""

from __future__ import annotations

from dataclasses import dataclass, field

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


def show_possession(
    signer: AccountSigner, *, item: int, challenge: bytes, chain_id: int, claims_address: str
) -> dict[str, str]:
    """The `possession` member of POST /v1/scans, by the owner's key or the claim key."""
    signature = signer.sign_typed(Possession(item, challenge).typed(chain_id, claims_address))
    return {"challenge": f"0x{challenge.hex()}", "signature": f"0x{signature.hex()}"}
