"""Hashes that accounts have fixed, with a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.kinds import AnchorKind
from countermark.chain.transactions import ContractCall


class Anchors(BoundContract):
    """Typed access to Anchors. Roots are 32-byte hashes of salted contents."""

    NAME: ClassVar[str] = "Anchors"

    def anchor(self, root: bytes, kind: AnchorKind) -> ContractCall:
        """Fix a root once for the sender's account, with a time that contracts can read."""
        return self._write("anchor", root, int(kind))

    def anchor_many(self, roots: Sequence[bytes], kind: AnchorKind) -> ContractCall:
        """Fix 1 to 100 roots by events alone."""
        return self._write("anchorMany", list(roots), int(kind))

    def anchored_at(self, by: str, root: bytes) -> int | None:
        """When the account anchored the root with `anchor` (seconds UTC), None for never."""
        return int(self._read("anchoredAt", by, root)) or None
