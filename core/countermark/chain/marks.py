"""Status of a trademark on the ledger, in the same values as `contracts/src/types/Trademark.sol`."""

from __future__ import annotations

from enum import IntEnum


class MarkStatus(IntEnum):
    """What the office says about a mark. REVOKED is final."""

    NONE = 0
    ACTIVE = 1
    SUSPENDED = 2
    REVOKED = 3
