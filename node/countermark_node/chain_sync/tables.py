"""What the chain says, as rows. Everything here can be dropped and replayed.

A *position* orders events: block number << 20 | index of the log in its block. Times are whole seconds UTC.
"""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64


class HeadRow(SQLModel, table=True):
    """The one row that says which chain was read, and how far."""

    __tablename__: ClassVar[str] = "chain_head"
    id: int = Field(default=1, primary_key=True, sa_type=Int64)
    chain_id: int = Field(sa_type=BigInteger)
    genesis_hash: str
    trust_registry: str
    number: int = Field(sa_type=Int64)
    hash: str
    time: int = Field(sa_type=Int64)


class BlockRow(SQLModel, table=True):
    """Blocks that held our events."""

    __tablename__: ClassVar[str] = "block"
    number: int = Field(primary_key=True, sa_type=Int64)
    hash: str
    time: int = Field(sa_type=Int64)


class AccountRow(SQLModel, table=True):
    """A participant."""

    __tablename__: ClassVar[str] = "account"
    account: str = Field(primary_key=True)
    position: int = Field(sa_type=BigInteger)


class AccountKeyRow(SQLModel, table=True):
    """A key of an account; a key belongs to one account for ever."""

    __tablename__: ClassVar[str] = "account_key"
    key: str = Field(primary_key=True)
    account: str = Field(index=True)
    scopes: int = Field(sa_type=Int64)
    not_before: int = Field(sa_type=BigInteger)
    not_after: int = Field(sa_type=BigInteger)
    revoked_at: int | None = Field(default=None, sa_type=Int64)


class RoleEntryRow(SQLModel, table=True):
    """A role as it was granted; `ended` is the position of its revocation or replacement."""

    __tablename__: ClassVar[str] = "role_entry"
    __table_args__ = (Index("role_entry_of", "account", "role"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    account: str
    role: str
    level: int = Field(sa_type=Int64)
    accreditor: str
    valid_from: int = Field(sa_type=BigInteger)
    valid_until: int = Field(sa_type=BigInteger)
    granted: int = Field(sa_type=BigInteger)
    ended: int | None = Field(default=None, sa_type=BigInteger)


class RoleSuspensionRow(SQLModel, table=True):
    """A guardian's suspension of a role; `lifted` is the position of its early end. Those of one role never overlap."""

    __tablename__: ClassVar[str] = "role_suspension"
    __table_args__ = (Index("role_suspension_of", "account", "role", "position"),)
    position: int = Field(primary_key=True, sa_type=BigInteger)
    account: str
    role: str
    until: int = Field(sa_type=BigInteger)
    lifted: int | None = Field(default=None, sa_type=BigInteger)


class CredentialKeyRow(SQLModel, table=True):
    """A P-256 key with which an account signs credentials."""

    __tablename__: ClassVar[str] = "credential_key"
    account: str = Field(primary_key=True)
    x: bytes = Field(primary_key=True, sa_type=LargeBinary)
    y: bytes = Field(primary_key=True, sa_type=LargeBinary)
    valid_from: int = Field(sa_type=BigInteger)
    valid_until: int = Field(sa_type=BigInteger)
    revoked_since: int | None = Field(default=None, sa_type=Int64)


class PrefixRow(SQLModel, table=True):
    """A GS1 company prefix and its brand; withdrawn ones are deleted."""

    __tablename__: ClassVar[str] = "prefix"
    digits: str = Field(primary_key=True)
    brand: str
    position: int = Field(sa_type=BigInteger)


class LabelKeyRow(SQLModel, table=True):
    """A P-256 key with which a brand signs labels."""

    __tablename__: ClassVar[str] = "label_key"
    brand: str = Field(primary_key=True)
    x: bytes = Field(primary_key=True, sa_type=LargeBinary)
    y: bytes = Field(primary_key=True, sa_type=LargeBinary)
    valid_from: int = Field(sa_type=BigInteger)
    valid_until: int = Field(sa_type=BigInteger)
    revoked_since: int | None = Field(default=None, sa_type=Int64)


class HostRow(SQLModel, table=True):
    """A host that a brand prints on labels; delisted ones are deleted."""

    __tablename__: ClassVar[str] = "host"
    brand: str = Field(primary_key=True)
    host: str = Field(primary_key=True)


class MarkRow(SQLModel, table=True):
    """A trademark as recorded; `replaced` is the position of the next record of the same mark.

    `held_since` is the position of the first record in a row with this holder: licences from before are void.
    """

    __tablename__: ClassVar[str] = "mark"
    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    mark: str = Field(index=True)
    office: str
    holder: str
    credential_hash: bytes
    valid_from: int = Field(sa_type=BigInteger)
    valid_until: int = Field(sa_type=BigInteger)
    recorded: int = Field(sa_type=BigInteger)
    held_since: int = Field(sa_type=BigInteger)
    replaced: int | None = Field(default=None, sa_type=BigInteger)


class LicenceRow(SQLModel, table=True):
    """A licence to use a mark as it was granted; `ended` is the position of its early end. The last one counts."""

    __tablename__: ClassVar[str] = "licence"
    __table_args__ = (Index("licence_of", "mark", "licensee", "position"),)
    position: int = Field(primary_key=True, sa_type=BigInteger)
    mark: str
    licensee: str
    until: int = Field(sa_type=BigInteger)
    ended: int | None = Field(default=None, sa_type=BigInteger)


class MarkStatusRow(SQLModel, table=True):
    """A change of a trademark's status; the last one counts."""

    __tablename__: ClassVar[str] = "mark_status"
    __table_args__ = (Index("mark_status_of", "mark", "position"),)
    position: int = Field(primary_key=True, sa_type=BigInteger)
    mark: str
    status: str
    time: int = Field(sa_type=Int64)


class SeriesRow(SQLModel, table=True):
    """One order of labels of one product."""

    __tablename__: ClassVar[str] = "series"
    __table_args__ = (UniqueConstraint("gtin", "number"),)
    series: int = Field(primary_key=True, sa_type=Int64)
    gtin: str
    number: int = Field(sa_type=Int64)
    brand: str
    ceiling: int = Field(sa_type=Int64)
    closed: bool = False
    position: int = Field(sa_type=BigInteger)


class SeriesMarkRow(SQLModel, table=True):
    """A trademark under which a series was opened."""

    __tablename__: ClassVar[str] = "series_mark"
    series: int = Field(primary_key=True, sa_type=Int64)
    place: int = Field(primary_key=True, sa_type=Int64)
    mark: str


class SegmentRow(SQLModel, table=True):
    """What one commissioning added to a series."""

    __tablename__: ClassVar[str] = "segment"
    series: int = Field(primary_key=True, sa_type=Int64)
    first_index: int = Field(primary_key=True, sa_type=Int64)
    last_index: int = Field(sa_type=Int64)
    root: bytes
    lot: str
    expiry: int = Field(sa_type=BigInteger)
    passport: bytes = Field(index=True)
    holder: str
    commissioned_at: int = Field(sa_type=Int64)
    position: int = Field(sa_type=BigInteger)


class RunRow(SQLModel, table=True):
    """Neighbouring items with one holder; touching runs never have the same."""

    __tablename__: ClassVar[str] = "run"
    series: int = Field(primary_key=True, sa_type=Int64)
    first_index: int = Field(primary_key=True, sa_type=Int64)
    last_index: int = Field(sa_type=Int64)
    holder: str = Field(index=True)


class UnitRow(SQLModel, table=True):
    """A logistic unit: `account` holds what is inside; `holder` is an account, or that of the unit around it.

    `unit` is its id in hexadecimal, `since` the position at which it came to its holder.
    """

    __tablename__: ClassVar[str] = "unit"
    account: str = Field(primary_key=True)
    unit: str = Field(unique=True)
    holder: str
    since: int = Field(sa_type=BigInteger)


class UnitHoldRow(SQLModel, table=True):
    """A measure of an authority that locks the unit with this `account`; deleted when it is lifted."""

    __tablename__: ClassVar[str] = "unit_hold"
    account: str = Field(primary_key=True)
    measure: int = Field(primary_key=True, index=True, sa_type=Int64)


class FlagRunRow(SQLModel, table=True):
    """Neighbouring items with a flag. `authority` is whose flag it is; empty where it does not matter who set it."""

    __tablename__: ClassVar[str] = "flag_run"
    series: int = Field(primary_key=True, sa_type=Int64)
    flag: int = Field(primary_key=True, sa_type=Int64)
    authority: str = Field(primary_key=True)
    first_index: int = Field(primary_key=True, sa_type=Int64)
    last_index: int = Field(sa_type=Int64)


class ClaimRow(SQLModel, table=True):
    """An item that was claimed at least once. `turn` grows with each step; `claim_key` is of a code issued anew."""

    __tablename__: ClassVar[str] = "claim"
    series: int = Field(primary_key=True, sa_type=Int64)
    item_index: int = Field(primary_key=True, sa_type=Int64)
    claimed: bool
    turn: int = Field(sa_type=BigInteger)
    claim_key: str | None = None


class MovedRow(SQLModel, table=True):
    """Custody of a run went from `giver` to `receiver`."""

    __tablename__: ClassVar[str] = "moved"
    __table_args__ = (Index("moved_to", "series", "receiver", "first_index"),)
    position: int = Field(primary_key=True, sa_type=BigInteger)
    series: int = Field(sa_type=Int64)
    first_index: int = Field(sa_type=Int64)
    last_index: int = Field(sa_type=Int64)
    giver: str
    receiver: str
    module: str
    ref: bytes
    time: int = Field(sa_type=Int64)


class HandedOverRow(SQLModel, table=True):
    """A handover that was carried out."""

    __tablename__: ClassVar[str] = "handed_over"
    position: int = Field(primary_key=True, sa_type=BigInteger)
    handover: bytes = Field(index=True)
    giver: str
    receiver: str
    items_handed: int = Field(sa_type=BigInteger)
    items_taken: int = Field(sa_type=BigInteger)
    purpose: int = Field(sa_type=Int64)
    event_time: int = Field(sa_type=BigInteger)
    document: bytes
    time: int = Field(sa_type=Int64)


class DiscrepancyRow(SQLModel, table=True):
    """Items of a handover that the receiver did not take."""

    __tablename__: ClassVar[str] = "discrepancy"
    position: int = Field(primary_key=True, sa_type=BigInteger)
    handover: bytes = Field(index=True)
    giver: str
    receiver: str
    missing: int = Field(sa_type=BigInteger)
    exceptions: bytes
    time: int = Field(sa_type=Int64)


class ChainAlertRow(SQLModel, table=True):
    """An alert on the chain: a commitment by a participant, or a public one by a contract."""

    __tablename__: ClassVar[str] = "chain_alert"
    alert_id: int = Field(primary_key=True, sa_type=Int64)
    raised_by: str | None = None
    commitment: bytes | None = Field(default=None, index=True)
    content_hash: bytes | None = None
    kind: str | None = None
    subject: bytes | None = None
    tx_hash: str
    block: int = Field(sa_type=Int64)
    time: int = Field(sa_type=Int64)


CHAIN_TABLES: tuple[type[SQLModel], ...] = (
    HeadRow,
    BlockRow,
    AccountRow,
    AccountKeyRow,
    RoleEntryRow,
    RoleSuspensionRow,
    CredentialKeyRow,
    PrefixRow,
    LabelKeyRow,
    HostRow,
    MarkRow,
    LicenceRow,
    MarkStatusRow,
    SeriesRow,
    SeriesMarkRow,
    SegmentRow,
    RunRow,
    UnitRow,
    UnitHoldRow,
    FlagRunRow,
    ClaimRow,
    MovedRow,
    HandedOverRow,
    DiscrepancyRow,
    ChainAlertRow,
)
"""Dropped and replayed by a rebuild."""
