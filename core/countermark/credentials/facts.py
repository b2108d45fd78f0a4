"""What a caller read from the chain before it judges a credential, and what judging finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from countermark.p256 import PublicKey


@dataclass(frozen=True, slots=True)
class OfficeKey:
    """A credential key that an account (an office, or for licences a mark's holder) listed on chain.

    Source: TrustRegistry.listCredentialKey.
    """

    key: PublicKey
    account: str
    valid_from: datetime
    valid_until: datetime
    revoked_since: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether the key may have signed at `moment`."""
        revoked = self.revoked_since is not None and moment >= self.revoked_since
        return self.valid_from <= moment < self.valid_until and not revoked


@dataclass(frozen=True, slots=True)
class AnchoredMark:
    """What TrademarkRegistry holds of a mark. `status` is none, active, suspended or revoked."""

    mark: str
    office: str
    holder: str
    credential_hash: bytes
    status: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class AnchoredLicence:
    """What TrademarkRegistry holds of a licence under the mark's present holder."""

    until: datetime
    ceiling: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that judging found: a stable code and what a sentence about it needs."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
