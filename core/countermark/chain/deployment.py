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
_MEMBERS = {"format", "chainId", "block", "contracts"}
_MOST_PREDECESSORS = 8
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}\Z")


@dataclass(frozen=True, slots=True)
class Deployment:
    """Addresses (EIP-55) by contract name on one chain; `block` is the first that holds one of them.

    `predecessor` is the set whose series this one goes on with, at the same item ids; None for the first.
    """

    chain_id: int
    addresses: Mapping[str, str]
    block: int
    predecessor: Deployment | None = None

    def address(self, contract: str) -> str:
        """The address of one of CONTRACTS."""
        return self.addresses[contract]

    def contract_at(self, address: str) -> str | None:
        """The contract at `address`, here or in predecessors; None if it is not ours."""
        found = next((name for name, known in self.addresses.items() if known == address), None)
        return self.predecessor.contract_at(address) if found is None and self.predecessor is not None else found

    def to_json(self) -> dict[str, Any]:
        """The deployment file."""
        written = {
            "format": _FORMAT,
            "chainId": self.chain_id,
            "block": self.block,
            "contracts": {name: self.addresses[name] for name in CONTRACTS},
        }
        return written if self.predecessor is None else {**written, "predecessor": self.predecessor.to_json()}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read a parsed deployment file. Raises InputRefused unless it has exactly the expected shape."""
        return cls._read(data, _MOST_PREDECESSORS)

    @classmethod
    def _read(cls, data: object, most: int) -> Self:
        if not isinstance(data, Mapping) or set(data) - {"predecessor"} != _MEMBERS:
            raise _refused("an object without exactly format, chainId, block and contracts")
        if data["format"] != _FORMAT:
            raise _refused(f"format {data['format']!r}")
        contracts = data["contracts"]
        if not isinstance(contracts, Mapping) or set(contracts) != set(CONTRACTS):
            raise _refused("a list of contracts that is not this release's")
        before = None
        if "predecessor" in data:
            if most == 0:
                raise _refused(f"more than {_MOST_PREDECESSORS} predecessors")
            before = cls._read(data["predecessor"], most - 1)
        read = cls(
            chain_id=_count(data["chainId"], "chainId", 1),
            addresses={name: _address(contracts[name]) for name in CONTRACTS},
            block=_count(data["block"], "block", 0),
            predecessor=before,
        )
        if before is not None and before.chain_id != read.chain_id:
            raise _refused(f"a predecessor on chain {before.chain_id}")
        return read


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
