"""Requests are taken in when the ledger knows who signed, and answered by the office that they name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, or_
from sqlmodel import Session, col, select

from countermark.credentials.trademark import credential_hash
from countermark.credentials.trademark_request import (
    SignedTrademarkRequest,
    TrademarkAnswer,
    TrademarkApproval,
    TrademarkRefusal,
    read_answer,
)
from countermark.errors import CountermarkError, InputRefused, NotFound, NotPermitted, RateLimited
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.roles import KeyScope, Level, Role
from countermark_node.access.rights import account_of
from countermark_node.chain_sync.tables import MarkRow
from countermark_node.database import Database
from countermark_node.times import Clock, rfc3339, seconds
from countermark_node.trademark_requests.tables import TrademarkRequestRow
from countermark_node.verification.roles import When, active_roles
from countermark_node.verification.service import VerificationService

_DAY = 86_400
OPEN, APPROVED, REFUSED = "open", "approved", "refused"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where requests are for: the chain and its TrademarkRegistry."""

    chain_id: int
    contract: str


class TrademarkRequestService:
    """All methods may be called from any thread."""

    def __init__(
        self,
        database: Database,
        verification: VerificationService,
        desk: Desk,
        *,
        clock: Clock,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._database = database
        self._verification = verification
        self._desk = desk
        self._clock = clock
        self._limits = limits

    def take(self, data: object) -> dict[str, Any]:
        """Keep a request; the same one again changes nothing. Returns it as `find` does.

        Raises InputRefused (bad-trademark-request, wrong-ledger), CredentialRefused (bad-did), NotPermitted
        (wrong-signature, not-an-office), RateLimited (requests-waiting).
        """
        signed, now = SignedTrademarkRequest.from_json(data), self._clock()
        if Desk(signed.chain_id, signed.contract) != self._desk:
            raise _refused(
                InputRefused,
                "wrong-ledger",
                f"a request for {signed.contract} on chain {signed.chain_id}",
                f"one for {self._desk.contract} on chain {self._desk.chain_id}",
                "ask an office whose node belongs to the wallet's network",
            )
        signed.request.check(now, self._limits)
        self._verification.freshen()
        at = seconds(now)
        with self._database.write() as session:
            session.exec(delete(TrademarkRequestRow).where(col(TrademarkRequestRow.kept_until) < at))
            row = _row(session, signed.id)
            if row is None:
                self._check_sender(session, signed, at)
                self._check_room(session, signed)
                row = TrademarkRequestRow(
                    id=signed.id,
                    office=signed.request.office,
                    holder=signed.request.holder,
                    state=OPEN,
                    document=json.dumps(signed.to_json()),
                    received_at=at,
                    kept_until=signed.request.deadline,
                )
                session.add(row)
                session.flush()
            return _members(row)

    def list_for(self, account: str, *, state: str | None, after: int, limit: int) -> list[dict[str, Any]]:
        """What an account asked, or was asked as an office, in the order of arrival."""
        row = TrademarkRequestRow
        query = select(row).where(self._kept(), or_(col(row.office) == account, col(row.holder) == account))
        if state is not None:
            query = query.where(row.state == state)
        query = query.where(col(row.sequence) > after).order_by(col(row.sequence)).limit(limit)
        with self._database.read() as session:
            return [_members(found) for found in session.exec(query)]

    def find(self, account: str, request_id: str) -> dict[str, Any]:
        """One request of the account's, or to it. Raises NotFound (no-such-request) for all others."""
        with self._database.read() as session:
            return _members(self._own(session, account, request_id))

    def answer(self, account: str, request_id: str, data: object) -> dict[str, Any]:
        """As the office: the answer for good; the same one again changes nothing.

        Raises NotFound, NotPermitted (not-the-office, wrong-signature), InputRefused (wrong-answer, answered,
        not-anchored, bad-trademark-request).
        """
        found = read_answer(data)
        self._verification.freshen()
        now = seconds(self._clock())
        with self._database.write() as session:
            row = self._own(session, account, request_id)
            if row.office != account:
                raise _refused(
                    NotPermitted, "not-the-office", account, f"the office that was asked, {row.office}", "wait for it"
                )
            if found.request != row.id:
                raise _refused(
                    InputRefused, "wrong-answer", f"an answer to {found.request}", row.id, "send it to its own request"
                )
            text = json.dumps(found.to_json())
            if row.state == OPEN:
                self._check_answer(session, row, found, now)
                row.answer, row.answered_at = text, now
                row.state = APPROVED if isinstance(found, TrademarkApproval) else REFUSED
                row.kept_until = now + self._limits.trademark_request_days * _DAY
                session.add(row)
            elif row.answer != text:
                raise _refused(
                    InputRefused,
                    "answered",
                    f"a request that is {row.state}",
                    "an open one",
                    "ask the holder to ask again",
                )
            return _members(row)

    def _own(self, session: Session, account: str, request_id: str) -> TrademarkRequestRow:
        row = _row(session, request_id)
        gone = row is None or row.kept_until < seconds(self._clock())
        if row is None or gone or account not in (row.office, row.holder):
            raise _refused(
                NotFound, "no-such-request", f"request {request_id[:80]!r}", "a request of this account", "list them"
            )
        return row

    def _kept(self) -> Any:
        return col(TrademarkRequestRow.kept_until) >= seconds(self._clock())

    def _check_sender(self, session: Session, signed: SignedTrademarkRequest, now: int) -> None:
        _check_key(session, signed.signer, signed.request.holder, now)
        if Role.IP_OFFICE not in active_roles(session, signed.request.office, When(now), Level.ACCREDITED):
            raise _refused(
                NotPermitted,
                "not-an-office",
                f"a request to {signed.request.office}",
                "one to an accredited IP office",
                "ask the office for its account",
            )

    def _check_room(self, session: Session, signed: SignedTrademarkRequest) -> None:
        request, limits = signed.request, self._limits
        for mine, most in (
            (TrademarkRequestRow.holder == request.holder, limits.trademark_requests_of_holder),
            (TrademarkRequestRow.office == request.office, limits.trademark_requests_of_office),
        ):
            count = select(func.count()).select_from(TrademarkRequestRow).where(mine)
            if session.exec(count).one() >= most:
                raise _refused(
                    RateLimited,
                    "requests-waiting",
                    f"more than {most} requests that are kept",
                    "fewer requests at a time",
                    "wait until the office has answered, or send it the file",
                )

    def _check_answer(self, session: Session, row: TrademarkRequestRow, found: TrademarkAnswer, now: int) -> None:
        if isinstance(found, TrademarkRefusal):
            if Desk(found.chain_id, found.contract) != self._desk or found.office != row.office:
                raise _refused(
                    InputRefused, "wrong-answer", "a refusal for elsewhere", "one by this office", "sign it again"
                )
            _check_key(session, found.signer, row.office, now)
            return
        request = SignedTrademarkRequest.from_json(json.loads(row.document)).request
        mark = session.exec(
            select(MarkRow).where(MarkRow.mark == request.trademark.mark, col(MarkRow.replaced).is_(None))
        ).first()
        said = None if mark is None else (mark.office, mark.holder, mark.credential_hash)
        if said != (row.office, row.holder, credential_hash(found.credential)):
            raise _refused(
                InputRefused,
                "not-anchored",
                "a credential that is not the one on the ledger",
                f"the one whose hash the office anchored for {request.trademark.mark}",
                "when this node has read that block: countermark trademark send FILE --at URL",
            )


def _row(session: Session, request_id: str) -> TrademarkRequestRow | None:
    return session.exec(select(TrademarkRequestRow).where(TrademarkRequestRow.id == request_id)).first()


def _check_key(session: Session, key: str, account: str, now: int) -> None:
    found = account_of(session, key, now)
    if found is None or found[0] != account or KeyScope.OPERATE not in found[1]:
        raise _refused(
            NotPermitted,
            "wrong-signature",
            f"a signature by {key}",
            f"one by a key that may operate for {account}",
            "register the account (countermark account register), or sign with its own key",
        )


def _members(row: TrademarkRequestRow) -> dict[str, Any]:
    return {
        "sequence": row.sequence,
        "id": row.id,
        "state": row.state,
        "received_at": rfc3339(row.received_at),
        "answered_at": None if row.answered_at is None else rfc3339(row.answered_at),
        "request": json.loads(row.document),
        "answer": None if row.answer is None else json.loads(row.answer),
    }


def _refused(kind: type[CountermarkError], reason: str, got: str, expected: str, next_step: str) -> CountermarkError:
    return kind(got=got, expected=expected, next_step=next_step, reason=reason)
