"""What every check has at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import Session

from countermark.chain.contracts import Contracts
from countermark.errors import ContractRefused
from countermark_node.audit.findings import Findings, Values


@dataclass(frozen=True, slots=True)
class Look:
    """One state of the rows, and the contracts as of the block that it was read up to, at `time` (seconds UTC).

    `sample` is how many rows of a table are looked at, drawn by lot; None for all.
    """

    session: Session
    contracts: Contracts
    findings: Findings
    time: int
    sample: int | None

    def rows(self, statement: Any) -> Sequence[Any]:
        """What a statement finds, or a sample of it."""
        if self.sample is not None:
            statement = statement.order_by(None).order_by(func.random()).limit(self.sample)
        return self.session.exec(statement).all()  # type: ignore[no-any-return]

    @contextmanager
    def known(self, table: str, row: object, here: Values) -> Iterator[None]:
        """Around what asks for a row: a contract that refuses to speak of it knows nothing of it."""
        try:
            yield
        except ContractRefused:
            self.findings.compare(table, row, here, None)


Check = Callable[[Look], None]
