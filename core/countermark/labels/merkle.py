"""Merkle trees with positions: a path proves that a leaf stands at an index, not only that it is somewhere inside.

node = SHA-256(01 left right), left and right by the bits of the index, depth exactly ceil(log2 count), missing leaves
are SHA-256(02 "countermark/pad/1"). Leaf, node and padding have prefixes of their own (RFC 6962, section 2.1, against
second preimages).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

PAD = hashlib.sha256(b"\x02countermark/pad/1").digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def depth_of(count: int) -> int:
    """Levels above the leaves in a tree of `count` >= 1 leaves."""
    return (count - 1).bit_length()


class MerkleTree:
    """All levels of a tree over at least one 32-byte leaf."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        if not leaves:
            raise AssertionError("a tree needs a leaf")
        self.count = len(leaves)
        self._levels: list[list[bytes]] = [list(leaves)]
        self._pads = [PAD]
        for _ in range(depth_of(self.count)):
            level, pad = self._levels[-1], self._pads[-1]
            full = level if len(level) % 2 == 0 else [*level, pad]
            self._levels.append([_node(full[i], full[i + 1]) for i in range(0, len(full), 2)])
            self._pads.append(_node(pad, pad))

    @property
    def root(self) -> bytes:
        """The 32-byte root."""
        return self._levels[-1][0]

    def path(self, index: int) -> list[bytes]:
        """The siblings from leaf `index` up to the root, `depth_of(count)` of them."""
        if not 0 <= index < self.count:
            raise AssertionError(f"index {index} is outside a tree of {self.count}")
        siblings = []
        for level, pad in zip(self._levels[:-1], self._pads, strict=False):
            sibling = index ^ 1
            siblings.append(level[sibling] if sibling < len(level) else pad)
            index >>= 1
        return siblings


def verify_path(leaf: bytes, index: int, count: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `leaf` stands at `index` in the tree of exactly `count` leaves with `root`."""
    if not 0 <= index < count or len(path) != depth_of(count) or any(len(sibling) != 32 for sibling in path):
        return False
    node = leaf
    for sibling in path:
        node = _node(sibling, node) if index & 1 else _node(node, sibling)
        index >>= 1
    return node == root
