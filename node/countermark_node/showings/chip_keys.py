"""Taking in the chip secret of a series, as the brand's wallet wrote it into a file for its own nodes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from sqlmodel import Session, select

from countermark.credentials.strict_json import read_object
from countermark.errors import CredentialRefused, InputRefused, NotFound
from countermark_node.chain_sync.tables import SeriesRow
from countermark_node.showings.chips import ChipVault
from countermark_node.showings.tables import ChipKeysRow

FORMAT = "countermark/chip-keys/1"


@dataclass(frozen=True, slots=True)
class ChipKeysFile:
    """Which series, and its 32 secret bytes."""

    gtin: str
    number: int
    secret: bytes = field(repr=False)

    @classmethod
    def read(cls, data: bytes) -> ChipKeysFile:
        """Parse a key file. Raises InputRefused (bad-chip-keys), which repeats nothing of it."""
        try:
            members = read_object(data, what="chip key file", depth=2)
            secret = bytes.fromhex(members["secret"])
            gtin, number = members["gtin"], members["series"]
        except (CredentialRefused, KeyError, TypeError, ValueError):
            raise _bad() from None
        known = members.keys() == {"format", "gtin", "series", "secret"} and members["format"] == FORMAT
        if not (known and isinstance(gtin, str) and type(number) is int and len(secret) == 32):
            raise _bad()
        return cls(gtin, number, secret)


def keep_chip_keys(session: Session, vault: ChipVault, *, gtin: str, number: int, secret: bytes, now: int) -> int:
    """Seal and store the secret of series `number` of a product; returns the series' id. Raises NotFound."""
    series = session.exec(select(SeriesRow.series).where(SeriesRow.gtin == gtin, SeriesRow.number == number)).first()
    if series is None:
        raise NotFound(
            got=f"series {number} of {gtin}",
            expected="a series that was opened on the ledger and read by this node",
            next_step="start the node once, so that it reads the ledger, and try again",
            reason="no-such-series",
        )
    sealed = vault.seal(series, secret, secrets.token_bytes(12))
    session.merge(ChipKeysRow(series=series, sealed=sealed, received_at=now))
    return series


def _bad() -> InputRefused:
    return InputRefused(
        got="a file that holds no chip keys",
        expected=f"the file of format {FORMAT} that `countermark chips keys` wrote",
        next_step="write it again with the brand's wallet",
        reason="bad-chip-keys",
    )
