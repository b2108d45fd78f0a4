"""Where the contracts of one network are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from eth_utils.address import is_checksum_address, to_checksum_address

from countermark.chain.artifacts import CONTRACTS
from countermark.errors import InputRefused

_FORMAT = "countermark/deployment/1"
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}\Z")


@dataclass(frozen=True, slots=True)
class Deployment:
    """Addresses (EIP-55) by contract name on one chain; `block` is the first that holds one of them."""

    chain_id: int
    addresses: Mapping[str, str]
    block: int

    def address(self, contract: str) -> str:
        """The address of one of CONTRACTS."""
        return self.addresses[contract]

    def contract_at(self, address: str) -> str | None:
        """The contract at `address`, None if it is not ours."""
        return next((name for name, known in self.addresses.items() if known == address), None)

    def to_json(self) -> dict[str, Any]:
        """The deployment file."""
        return {
            "format": _FORMAT,
            "chainId": self.chain_id,
            "block": self.block,
            "contracts": {name: self.addresses[name] for name in CONTRACTS},
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read a parsed deployment file. Raises InputRefused unless it has exactly the expected shape."""
        if not isinstance(data, Mapping) or set(data) != {"format", "chainId", "block", "contracts"}:
            raise _refused("an object without exactly format, chainId, block and contracts")
        if data["format"] != _FORMAT:
            raise _refused(f"format {data['format']!r}")
        contracts = data["contracts"]
        if not isinstance(contracts, Mapping) or set(contracts) != set(CONTRACTS):
            raise _refused("a list of contracts that is not this release's")
        return cls(
            chain_id=_count(data["chainId"], "chainId", 1),
            addresses={name: _address(contracts[name]) for name in CONTRACTS},
            block=_count(data["block"], "block", 0),
        )


def _count(value: object, what: str, lowest: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value < 1 << 63:
        raise _refused(f"{what} {value!r}")
    return value


def _address(value: object) -> str:
    if not isinstance(value, str) or not _ADDRESS.match(value):
        raise _refused(f"address {value!r}")
    if not is_checksum_address(value) and value[2:] != value[2:].lower():
        raise _refused(f"address {value!r} with a wrong EIP-55 checksum")
    return to_checksum_address(value)


def _refused(got: str) -> InputRefused:
    return InputRefused(
        got=got,
        expected=f"a {_FORMAT} file",
        next_step="use the file that the deployment wrote, unchanged",
    )
