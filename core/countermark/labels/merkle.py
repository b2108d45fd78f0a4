"""Merkle trees with positions: a path proves that a leaf stands at an index, not only that it is somewhere inside.

node = SHA-256(01 left right), left and right by the bits of the index, depth exactly ceil(log2 count), missing leaves
are SHA-256(02 "countermark/pad/1"). Leaf, node and padding have prefixes of their own (RFC 6962, section 2.1, against
second preimages).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

PAD = hashlib.sha256(b"\x02countermark/pad/1").digest()
_HASH = 32


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def depth_of(count: int) -> int:
    """Levels above the leaves in a tree of `count` >= 1 leaves."""
    return (count - 1).bit_length()


class MerkleTree:
    """All levels of a tree over at least one 32-byte leaf, 64 bytes an item."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._levels = [b"".join(leaves)]
        self.count = len(self._levels[0]) // _HASH
        if not self.count or len(self._levels[0]) % _HASH:
            raise AssertionError("a tree needs leaves of 32 bytes")
        self._pads = [PAD]
        for _ in range(depth_of(self.count)):
            pad = self._pads[-1]
            self._levels.append(_level_above(self._levels[-1], pad))
            self._pads.append(_node(pad, pad))

    @property
    def root(self) -> bytes:
        """The 32-byte root."""
        return self._levels[-1]

    def path(self, index: int) -> list[bytes]:
        """The siblings from leaf `index` up to the root, `depth_of(count)` of them."""
        if not 0 <= index < self.count:
            raise AssertionError(f"index {index} is outside a tree of {self.count}")
        siblings = []
        for level, pad in zip(self._levels[:-1], self._pads, strict=False):
            at = (index ^ 1) * _HASH
            siblings.append(level[at : at + _HASH] or pad)
            index >>= 1
        return siblings


class RootBuilder:
    """The root of leaves that come one by one, in memory for one node a level (24 at most)."""

    def __init__(self) -> None:
        self.count = 0
        self._open: list[bytes | None] = []
        """At each level the left node that waits for its right one."""

    def add(self, leaf: bytes) -> None:
        """Append a leaf of 32 bytes."""
        self.count += 1
        node = leaf
        for level, left in enumerate(self._open):
            if left is None:
                self._open[level] = node
                return
            node = _node(left, node)
            self._open[level] = None
        self._open.append(node)

    def root(self) -> bytes:
        """The root over the leaves so far, at least one; more may follow."""
        if not self.count:
            raise AssertionError("a tree needs a leaf")
        depth = depth_of(self.count)
        if (whole := self._open[depth:]) and whole[0] is not None:
            return whole[0]
        node = pad = PAD
        for left in self._open[:depth]:
            node = _node(node, pad) if left is None else _node(left, node)
            pad = _node(pad, pad)
        return node


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over a stream of at least one leaf, in flat memory."""
    builder = RootBuilder()
    for leaf in leaves:
        builder.add(leaf)
    return builder.root()


def verify_path(leaf: bytes, index: int, count: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `leaf` stands at `index` in the tree of exactly `count` leaves with `root`."""
    if not 0 <= index < count or len(path) != depth_of(count) or any(len(sibling) != _HASH for sibling in path):
        return False
    node = leaf
    for sibling in path:
        node = _node(sibling, node) if index & 1 else _node(node, sibling)
        index >>= 1
    return node == root


def _level_above(level: bytes, pad: bytes) -> bytes:
    full = level if len(level) % (2 * _HASH) == 0 else level + pad
    sha, step = hashlib.sha256, 2 * _HASH
    return b"".join([sha(b"\x01" + full[at : at + step]).digest() for at in range(0, len(full), step)])
