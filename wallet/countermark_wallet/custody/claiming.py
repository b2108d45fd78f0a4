"""Items in consumers' hands: claim with the code under the scratch field, sell on, give back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from countermark.chain.transactions import TransactionReceipt
from countermark.credentials.strict_json import read_object
from countermark.custody import fields
from countermark.custody.claim import Claim, ClaimTransfer, LeafProof
from countermark.errors import CredentialRefused, NotPermitted, TooLarge, WrongChain
from countermark.identifiers import check_account
from countermark.label_file.label_file import LabelFile
from countermark.labels.claim_code import claim_secret
from countermark.roles import KeyScope
from countermark.signing import TypedMessage
from countermark.signing_check import recover
from countermark_wallet.custody.handing_over import time_words
from countermark_wallet.keys.signer import WalletSigner
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.periods import utc_now

RESALE_BYTES = 4_096
CLAIM_HOURS = 1
RESALE_DAYS = 7
_FORMAT = "countermark/resale/1"


@dataclass(frozen=True, slots=True)
class Resale:
    """What a seller has signed, for one Claims contract on one chain."""

    chain_id: int
    contract: str
    transfer: ClaimTransfer
    signature: bytes

    def typed(self) -> TypedMessage:
        """What seller and buyer sign."""
        return self.transfer.typed(self.chain_id, self.contract)

    def to_json(self) -> str:
        """The file that goes to the buyer."""
        members = {
            "format": _FORMAT,
            "chain_id": self.chain_id,
            "contract": self.contract,
            "transfer": self.transfer.to_json(),
            "seller_signature": "0x" + self.signature.hex(),
        }
        return json.dumps(members, indent=1)

    @classmethod
    def from_json(cls, raw: bytes) -> Self:
        """Reads a resale file. Raises InputRefused."""
        names = {"chain_id", "contract", "transfer", "seller_signature"}
        try:
            given: Any = fields.record(read_object(raw[:RESALE_BYTES], what="resale", depth=4), _FORMAT, names)
        except (CredentialRefused, TooLarge):
            raise fields.refused("a file that is not a JSON object", _FORMAT) from None
        text = given["seller_signature"] if isinstance(given["seller_signature"], str) else ""
        try:
            signature = bytes.fromhex(text.removeprefix("0x"))
        except ValueError:
            signature = b""
        return cls(
            fields.number(given, "chain_id", 53),
            fields.address(given, "contract"),
            ClaimTransfer.from_json(given["transfer"]),
            signature,
        )


def describe_resale(resale: Resale) -> tuple[str, ...]:
    """What seller and buyer sign, in plain words, from the signed data alone."""
    transfer = resale.transfer
    return (
        f"Item {transfer.item}, its turn {transfer.nonce}",
        f"From {transfer.giver}",
        f"To {transfer.receiver}",
        f"Valid until {time_words(transfer.deadline)}, on chain {resale.chain_id}",
    )


@dataclass(frozen=True)
class Claiming:
    """Claims of the ledger's key: a consumer's own address, or an account's."""

    ledger: Ledger
    clock: Callable[[], datetime] = utc_now

    def claim(self, file: LabelFile, code: str) -> TransactionReceipt:
        """Takes an item that is on sale with the `code` that was hidden on it.

        Raises LabelRefused (bad-claim-code), NotPermitted (wrong-code), WrongChain, ContractRefused.
        """
        self._check_place(file.ledger.chain_id, file.ledger.address, "ProductToken")
        key = WalletSigner(claim_secret(file.item, code))
        stands = self.ledger.claims.claim_info(file.token)
        expected = stands.claim_key or check_account("0x" + file.leaf.claim_address.hex())
        if key.address != expected:
            raise NotPermitted(
                got="a code that belongs to another item, or was replaced",
                expected="the code that came with this very item",
                next_step="compare item and code; for a used item ask the seller to resell it to you",
                reason="wrong-code",
            )
        claim = Claim(file.token, self._owner, stands.turn, self._until(timedelta(hours=CLAIM_HOURS)))
        claim.check(self.clock())
        typed = claim.typed(self.ledger.chain_id, self.ledger.claims.address)
        signatures = key.sign_typed(typed), self.ledger.signer.sign_typed(typed)
        if stands.claim_key:
            return self.ledger.send(self.ledger.claims.claim_reissued(claim, *signatures))
        proof = LeafProof(file.item.serial, expected, file.leaf.salt, file.leaf.path, file.leaf.chip)
        return self.ledger.send(self.ledger.claims.claim(claim, proof, *signatures))

    def resell(self, item: int, buyer: str, *, days: int = RESALE_DAYS) -> Resale:
        """Signs an own claimed item over to `buyer`; sends nothing. Raises InputRefused."""
        turn = self.ledger.claims.claim_info(item).turn
        until = self._until(timedelta(days=max(-1, min(days, 10_000))))
        transfer = ClaimTransfer(item, self._owner, check_account(buyer), turn, until)
        transfer.check(self.clock())
        contract = self.ledger.claims.address
        signature = self.ledger.signer.sign_typed(transfer.typed(self.ledger.chain_id, contract))
        return Resale(self.ledger.chain_id, contract, transfer, signature)

    def take_over(self, resale: Resale) -> TransactionReceipt:
        """As buyer: signs too, and sends both signatures. Raises NotPermitted, WrongChain, ContractRefused."""
        self._check_place(resale.chain_id, resale.contract, "Claims")
        transfer = resale.transfer
        transfer.check(self.clock())
        if transfer.receiver != self._owner:
            raise NotPermitted(
                got=f"a resale to {transfer.receiver}",
                expected=f"one to {self._owner}",
                next_step="choose the account that the seller was given, with --account",
                reason="not-the-receiver",
            )
        seller = recover(resale.typed(), resale.signature)
        known = self.ledger.trust.is_key_for(transfer.giver, seller, KeyScope.CUSTODY)
        if seller != transfer.giver and not known:
            raise NotPermitted(
                got=f"a signature by {seller}",
                expected=f"one by {transfer.giver}",
                next_step="ask the seller for the file again",
                reason="wrong-signature",
            )
        return self.ledger.send(
            self.ledger.claims.transfer_claimed(
                transfer, resale.signature, self.ledger.signer.sign_typed(resale.typed())
            )
        )

    def give_back(self, item: int, to: str) -> TransactionReceipt:
        """Returns a claimed item to an account that has opened itself to it. Raises ContractRefused."""
        return self.ledger.send(self.ledger.claims.unclaim(item, check_account(to)))

    def open_to_return(self, item: int, *, days: int) -> TransactionReceipt:
        """As a shop: takes an item back for `days` days, 0 for not any more. Raises ContractRefused."""
        until = self._until(timedelta(days=min(days, 10_000))) if days else 0
        return self.ledger.send(self.ledger.claims.open_to_return(item, until))

    @property
    def _owner(self) -> str:
        return self.ledger.account

    def _until(self, span: timedelta) -> int:
        return int((self.clock() + span).timestamp())

    def _check_place(self, chain_id: int, contract: str, name: str) -> None:
        here = self.ledger.deployment.address(name)
        if (chain_id, contract.lower()) != (self.ledger.chain_id, here.lower()):
            raise WrongChain(
                got=f"a file for contract {contract} on chain {chain_id}",
                expected=f"contract {here} on chain {self.ledger.chain_id}",
                next_step="give the address of a node of that chain with --node",
            )
