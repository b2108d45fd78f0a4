"""Large sets of serials in 8 bytes each, and the duplicates in a list of any length.

A serial stands in them as the first 64 bits of its SHA-256. Among 16 million serials two agree by chance in one of
100,000 lists; where that matters (`duplicates`), the serials themselves are compared.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CHUNK = 100_000
_MOST_NAMED = 100


def _fingerprint(serial: str) -> bytes:
    return hashlib.sha256(serial.encode("ascii", "replace")).digest()[:8]


def _number(serial: str) -> int:
    return int.from_bytes(_fingerprint(serial), "little")


def _fingerprints(serials: Iterable[str]) -> NDArray[np.uint64]:
    """All of them, sorted where they stand: 8 bytes a serial and no copy."""
    import numpy as np

    packed, rest = bytearray(), iter(serials)
    while chunk := b"".join(map(_fingerprint, islice(rest, _CHUNK))):
        packed += chunk
    found: NDArray[np.uint64] = np.frombuffer(packed, dtype="<u8")
    found.sort()
    return found


class SerialSet:
    """Which serials were used before. A serial that never was is taken for one of n once in 2^64 / n."""

    def __init__(self, serials: Iterable[str] = ()) -> None:
        self._sorted = _fingerprints(serials)

    def __len__(self) -> int:
        return len(self._sorted)

    def __contains__(self, serial: object) -> bool:
        if not isinstance(serial, str) or not len(self._sorted):
            return False
        value = _number(serial)
        at = bisect_left(self._sorted, value)
        return at < len(self._sorted) and int(self._sorted[at]) == value


@dataclass(frozen=True, slots=True)
class EitherSet:
    """The serials of two sets."""

    first: SerialSet
    second: SerialSet

    def __contains__(self, serial: object) -> bool:
        return serial in self.first or serial in self.second


def duplicates(serials: Callable[[], Iterator[str]], most: int = _MOST_NAMED) -> list[tuple[str, int, int]]:
    """(serial, first line, later line) of serials that stand twice, at most `most`; `serials` opens the list.

    The list is read once, and once more when anything in it looks alike; memory is some 9 bytes a serial.
    """
    import numpy as np

    found = _fingerprints(serials())
    # More than are named need not be looked at: a list of nothing but pairs must not cost memory for each.
    alike = frozenset(np.unique(found[1:][found[1:] == found[:-1]])[:most].tolist())
    del found
    return list(islice(_compare(serials(), alike), most)) if alike else []


def _compare(serials: Iterator[str], alike: frozenset[int]) -> Iterator[tuple[str, int, int]]:
    first: dict[str, int] = {}
    for line, serial in enumerate(serials, start=1):
        if _number(serial) not in alike:
            continue
        if serial in first:
            yield serial, first[serial], line
        else:
            first[serial] = line
