"""What a Clique network is born with: its genesis block and the keystore files of its signers (EIP-225)."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_keys.datatypes import PrivateKey

EPOCH = 30_000
GAS_LIMIT = 60_000_000
_VANITY, _SEAL = 32, 65


@dataclass(frozen=True)
class ValidatorKeys:
    """The key a validator seals with, and the one its peers know it by."""

    sealing: bytes
    peering: bytes

    @classmethod
    def fresh(cls) -> ValidatorKeys:
        return cls(secrets.token_bytes(32), secrets.token_bytes(32))

    @property
    def address(self) -> str:
        return str(Account.from_key(self.sealing).address)

    def enode(self, port: int) -> str:
        public = PrivateKey(self.peering).public_key
        return f"enode://{public.to_bytes().hex()}@127.0.0.1:{port}?discport=0"

    def keystore(self, password: str) -> str:
        """A version 3 keystore file; the light work factor is for a network that lives for minutes."""
        return json.dumps(Account.encrypt(self.sealing, password, kdf="scrypt", iterations=2))


def genesis(chain_id: int, signers: list[str], period: int) -> dict[str, Any]:
    """A Clique genesis up to Berlin: without London's base fee a gas price of zero stays possible for ever."""
    forks = ("homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg", "istanbul")
    listed = b"".join(sorted(bytes.fromhex(signer[2:]) for signer in signers))
    return {
        "config": {
            "chainId": chain_id,
            **{f"{fork}Block": 0 for fork in (*forks, "berlin")},
            "clique": {"period": period, "epoch": EPOCH},
        },
        "difficulty": "0x1",
        "gasLimit": hex(GAS_LIMIT),
        "extraData": "0x" + (bytes(_VANITY) + listed + bytes(_SEAL)).hex(),
        "alloc": {},
    }
