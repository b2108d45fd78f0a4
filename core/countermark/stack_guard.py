"""Keeps the recursion limit where a deeply nested document raises RecursionError instead of ending the process."""

from __future__ import annotations

import sys

RECURSION_LIMIT = 1_000
"""CPython's own default."""


def guard_stack() -> None:
    """Undo what Ethereum libraries do to the whole process when they are imported.

    py-evm raises the limit to 12,288 and py_ecc (behind eth-account and web3) to 100,000. At such depths CPython's
    C parsers overflow the thread's stack: a JSON body of nested brackets would end a server with a segmentation
    fault. Call it after importing such a library.
    """
    if sys.getrecursionlimit() > RECURSION_LIMIT:
        sys.setrecursionlimit(RECURSION_LIMIT)
