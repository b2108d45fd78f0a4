"""Which contract is current under which name."""

from __future__ import annotations

from typing import ClassVar

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.transactions import ContractCall
from countermark.chain.words import from_word, to_word


class Directory(BoundContract):
    """Typed access to Directory."""

    NAME: ClassVar[str] = "Directory"

    def announce(self, name: str, target: str) -> ContractCall:
        """As governor: the target becomes current after the directory's delay."""
        return self._write("announce", to_word(name), target)

    def current(self, name: str) -> str:
        """The address that is current now. Raises ContractRefused (UnknownName)."""
        return str(self._read("current", to_word(name)))

    def history(self, name: str, number: int) -> tuple[str, int]:
        """One entry and the time (seconds UTC) from which it is current."""
        target, active_from = self._read("history", to_word(name), number)
        return str(target), int(active_from)

    def count(self, name: str) -> int:
        """How many entries a name has."""
        return int(self._read("count", to_word(name)))

    def delay(self) -> int:
        """Seconds between announcement and effect."""
        return int(self._read("delay"))

    def names(self) -> tuple[str, ...]:
        """Every name, in the order of first announcement."""
        return tuple(from_word(self._read("nameAt", number)) for number in range(int(self._read("nameCount"))))
