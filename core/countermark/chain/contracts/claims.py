"""Items in the hands of those who bought them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.transactions import ContractCall
from countermark.custody.claim import Claim, ClaimTransfer, LeafProof

_NOBODY = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class ClaimInfo:
    """Whether an item is claimed, its turn (the next nonce), and the claim key issued anew, None for none."""

    claimed: bool
    turn: int
    claim_key: str | None


class Claims(BoundContract):
    """Typed access to Claims. Anyone may submit claims and resales: the signatures carry the consent."""

    NAME: ClassVar[str] = "Claims"

    def claim(self, claim: Claim, proof: LeafProof, key_signature: bytes, owner_signature: bytes) -> ContractCall:
        """Claim with the code that the item was made with."""
        return self._write("claim", _claim(claim), _proof(proof), key_signature, owner_signature)

    def claim_reissued(self, claim: Claim, key_signature: bytes, owner_signature: bytes) -> ContractCall:
        """Claim with a code that the brand issued anew."""
        return self._write("claimReissued", _claim(claim), key_signature, owner_signature)

    def transfer_claimed(self, transfer: ClaimTransfer, from_signature: bytes, to_signature: bytes) -> ContractCall:
        """A claimed item goes from one to the other, as both signed."""
        return self._write("transferClaimed", _transfer(transfer), from_signature, to_signature)

    def skip_turn(self, item: int) -> ContractCall:
        """As its holder: void what was signed for a claimed item and has not acted."""
        return self._write("skipTurn", item)

    def open_to_return(self, item: int, until: int) -> ContractCall:
        """The sender's account will take the item back until then (seconds UTC); 0 ends that."""
        return self._write("openToReturn", item, until)

    def unclaim(self, item: int, to: str) -> ContractCall:
        """As its holder: give a claimed item back to an account that opened itself to it. Its code is spent."""
        return self._write("unclaim", item, to)

    def reissue(self, item: int, claim_key: str) -> ContractCall:
        """As the series' brand: a new claim key for an item whose code is spent."""
        return self._write("reissue", item, claim_key)

    def claim_info(self, item: int) -> ClaimInfo:
        """Where an item stands."""
        claimed, turn, claim_key = self._read("claimInfo", item)
        return ClaimInfo(bool(claimed), int(turn), None if claim_key == _NOBODY else str(claim_key))

    def return_open_until(self, account: str, item: int) -> int:
        """Until when an account will take an item back (seconds UTC), 0 for not at all."""
        return int(self._read("returnOpenUntil", account, item))

    def claim_hash(self, claim: Claim) -> bytes:
        """The contract's own struct hash: equal to Claim.struct_hash()."""
        return bytes(self._read("claimHash", _claim(claim)))

    def claim_transfer_hash(self, transfer: ClaimTransfer) -> bytes:
        """The contract's own struct hash: equal to ClaimTransfer.struct_hash()."""
        return bytes(self._read("claimTransferHash", _transfer(transfer)))


def _claim(claim: Claim) -> tuple[Any, ...]:
    return (claim.item, claim.owner, claim.nonce, claim.deadline)


def _transfer(transfer: ClaimTransfer) -> tuple[Any, ...]:
    return (transfer.item, transfer.giver, transfer.receiver, transfer.nonce, transfer.deadline)


def _proof(proof: LeafProof) -> tuple[Any, ...]:
    return (proof.serial.encode("ascii"), proof.claim_key, proof.chip, proof.salt, list(proof.path))
