"""Trademarks: who holds which mark, until when, and whether it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.marks import MarkStatus
from countermark.chain.transactions import ContractCall
from countermark.chain.words import to_word


@dataclass(frozen=True, slots=True)
class MarkInfo:
    """A recorded mark; status NONE when no office recorded it."""

    office: str
    status: MarkStatus
    valid_from: int
    holder: str
    valid_until: int
    credential_hash: bytes


@dataclass(frozen=True, slots=True)
class Licence:
    """What a mark's holder lets another do; all zero when there is none. `tenure` counts holdings of the mark."""

    until: int
    ceiling: int
    used: int
    tenure: int


class TrademarkRegistry(BoundContract):
    """Typed access to TrademarkRegistry. A mark is its ST.13 identifier of 17 characters."""

    NAME: ClassVar[str] = "TrademarkRegistry"

    def assign_office(self, code: str, office: str) -> ContractCall:
        """As governor: the account is the office behind the two-letter ST.13 code; the zero address withdraws it."""
        return self._write("assignOffice", to_word(code, 2), office)

    def record(self, mark: str, holder: str, credential_hash: bytes, valid_from: int, valid_until: int) -> ContractCall:
        """As office: record or renew a mark."""
        return self._write("record", to_word(mark), holder, credential_hash, valid_from, valid_until)

    def suspend(self, mark: str) -> ContractCall:
        """As office: the mark may not be used until it is reinstated."""
        return self._write("suspend", to_word(mark))

    def reinstate(self, mark: str) -> ContractCall:
        """As office: end a suspension."""
        return self._write("reinstate", to_word(mark))

    def revoke(self, mark: str) -> ContractCall:
        """As office: end the mark for good."""
        return self._write("revoke", to_word(mark))

    def transfer_mark(self, mark: str, to: str, credential_hash: bytes) -> ContractCall:
        """As office: write a new holder; every licence of the old one ends."""
        return self._write("transferMark", to_word(mark), to, credential_hash)

    def grant_licence(self, mark: str, licensee: str, until: int, ceiling: int) -> ContractCall:
        """As holder: let another account use the mark until a time, for `ceiling` items over all its series."""
        return self._write("grantLicence", to_word(mark), licensee, until, ceiling)

    def end_licence(self, mark: str, licensee: str) -> ContractCall:
        """As holder or licensee: end a licence."""
        return self._write("endLicence", to_word(mark), licensee)

    def licence(self, mark: str, licensee: str) -> Licence:
        """The licence of an account under the present holder."""
        return Licence(**self._read("licence", to_word(mark), licensee))

    def office_of(self, code: str) -> str:
        """The office behind an ST.13 code, or the zero address."""
        return str(self._read("officeOf", to_word(code, 2)))

    def mark_info(self, mark: str) -> MarkInfo:
        """What is recorded of a mark."""
        found = self._read("markInfo", to_word(mark))
        return MarkInfo(**{**found, "status": MarkStatus(found["status"])})

    def is_usable(self, mark: str, account: str) -> bool:
        """Whether the account may use the mark now, as its holder or under a licence."""
        return bool(self._read("isUsable", to_word(mark), account))
