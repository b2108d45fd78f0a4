"""An account on one chain, as CAIP-10 and as did:pkh.

Sources: CAIP-2 and CAIP-10 (namespace eip155), "did:pkh Method Specification" (W3C CCG).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from countermark.errors import CredentialRefused, InputRefused
from countermark.identifiers import check_account

_DID = re.compile(r"did:pkh:eip155:([1-9][0-9]{0,31}):(0x[0-9a-fA-F]{40})")


@dataclass(frozen=True, slots=True)
class AccountId:
    """Chain id and EIP-55 address. Raises InputRefused for an address with a wrong checksum."""

    chain_id: int
    address: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", check_account(self.address))

    @property
    def caip10(self) -> str:
        """`eip155:{chain id}:{address}`."""
        return f"eip155:{self.chain_id}:{self.address}"

    @property
    def did(self) -> str:
        """`did:pkh:` and the CAIP-10 account."""
        return f"did:pkh:{self.caip10}"

    @classmethod
    def from_did(cls, did: str) -> AccountId:
        """The account in a did:pkh in EIP-55 spelling. Raises CredentialRefused (bad-account)."""
        match = _DID.fullmatch(did)
        try:
            account = cls(int(match[1]), match[2]) if match else None
        except InputRefused:
            account = None
        if account is None or account.did != did:
            raise CredentialRefused(
                got=did,
                expected="did:pkh:eip155:{chain id}:{address with EIP-55 checksum}",
                next_step="ask the issuer for a credential that names the holder's account",
                reason="bad-account",
            )
        return account
