"""Requests as they were signed, the transactions that carry them, and the senders' nonces. A rebuild leaves them."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from countermark_node.database.types import Int64


class RequestState(StrEnum):
    """How far a request is; the last three are final."""

    ACCEPTED = "accepted"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"


UNDER_WAY = (RequestState.ACCEPTED.value, RequestState.SENT.value)
_ONE_EACH = text("state IN ('accepted', 'sent', 'confirmed')")


class OutboxRequestRow(SQLModel, table=True):
    """A signed request; `id` is its EIP-712 digest. `problem` is the problem document of a refusal.

    `charged` is whose bound it counts in until it ends.

    One request at most with a signer's nonce is under way or confirmed.
    """

    __tablename__: ClassVar[str] = "outbox_request"
    __table_args__ = (
        Index(
            "outbox_request_nonce",
            "signer",
            "nonce",
            unique=True,
            sqlite_where=_ONE_EACH,
            postgresql_where=_ONE_EACH,
        ),
        Index("outbox_request_state", "state", "position"),
        Index("outbox_request_charged", "charged", "state"),
    )
    position: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    id: str = Field(unique=True)
    signer: str
    nonce: int = Field(sa_type=Int64)
    target: str
    gas: int = Field(sa_type=Int64)
    deadline: int = Field(sa_type=Int64)
    data: bytes = Field(sa_type=LargeBinary)
    signature: bytes = Field(sa_type=LargeBinary)
    charged: str
    state: str
    accepted_at: int = Field(sa_type=Int64)
    accepted_block: int = Field(sa_type=Int64)
    changed_at: int = Field(index=True, sa_type=Int64)
    tries: int = Field(default=0, sa_type=Int64)
    tx_hash: str | None = None
    block: int | None = Field(default=None, sa_type=Int64)
    problem: str | None = None


class TransactionState(StrEnum):
    """Where a sender's transaction is."""

    OPEN = "open"
    MINED = "mined"
    REPLACED = "replaced"


class OutboxTransactionRow(SQLModel, table=True):
    """A signed transaction, stored before it is sent; without a `request` it only fills a nonce.

    `refused` is what the ledger said when it did not take it.
    """

    __tablename__: ClassVar[str] = "outbox_transaction"
    __table_args__ = (
        Index("outbox_transaction_nonce", "sender", "nonce"),
        Index("outbox_transaction_state", "state", "block"),
    )
    hash: str = Field(primary_key=True)
    sender: str
    nonce: int = Field(sa_type=Int64)
    request: str | None = Field(default=None, index=True)
    raw: bytes = Field(sa_type=LargeBinary)
    state: str
    written_at: int = Field(sa_type=Int64)
    sent_at: int | None = Field(default=None, sa_type=Int64)
    block: int | None = Field(default=None, sa_type=Int64)
    block_hash: str | None = None
    refused: str | None = None


class OutboxSenderRow(SQLModel, table=True):
    """The nonce that a sender's next transaction takes."""

    __tablename__: ClassVar[str] = "outbox_sender"
    address: str = Field(primary_key=True)
    next_nonce: int = Field(sa_type=Int64)
