"""How many blocks are asked for at once: as many as the ledger answers for in good time."""

from __future__ import annotations

from countermark.limits import DEFAULT_LIMITS


class PageSize:
    """Doubles after quick answers, halves after slow ones and refusals; 1 to `most` blocks."""

    def __init__(self, *, first: int = 500, most: int = DEFAULT_LIMITS.rpc_log_blocks, seconds: float = 2.0) -> None:
        self._most = most
        self._seconds = seconds
        self.blocks = min(first, most)

    def answered(self, blocks: int, seconds: float) -> None:
        """A page of so many blocks took so long to read."""
        if seconds > 2 * self._seconds:
            self.blocks = max(1, blocks // 2)
        elif blocks == self.blocks and seconds < self._seconds / 2:
            self.blocks = min(self._most, 2 * blocks)

    def shrink(self, blocks: int) -> bool:
        """A page of so many blocks was refused, or nothing came in time; whether there is a smaller one to try."""
        self.blocks = max(1, blocks // 2)
        return blocks > 1
