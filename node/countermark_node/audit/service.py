"""An audit at one block: what the contracts say, and what reading the ledger again gives."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from countermark.chain.chain_at import ChainAt
from countermark.chain.connection import ChainConnection
from countermark.chain.contracts import Contracts
from countermark.chain.deployment import Deployment
from countermark.errors import NotFound
from countermark_node.audit.findings import Findings
from countermark_node.audit.goods import GOODS
from countermark_node.audit.looking import Look
from countermark_node.audit.parties import PARTIES
from countermark_node.audit.replay import compare_with_replay
from countermark_node.chain_sync.tables import HeadRow
from countermark_node.database import Database


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was compared as of block `number`."""

    number: int
    hash: str
    findings: Findings

    @property
    def clean(self) -> bool:
        """Whether everything that was compared is the same."""
        return self.findings.different == 0

    def to_json(self) -> dict[str, Any]:
        """For programs; at most a thousand differences are listed."""
        return {
            "block": self.number,
            "hash": self.hash,
            "compared": self.findings.compared,
            "different": self.findings.different,
            "differences": [asdict(each) for each in self.findings.differences],
        }


def audit(
    database: Database, connection: ChainConnection, deployment: Deployment, *, sample: int | None = None
) -> AuditReport:
    """Compare the rows with the ledger as of the block that they were read up to; nothing is changed.

    With `sample`, so many rows of each table are compared with the contracts, and the ledger is not read again.
    Raises NotFound (nothing-read), RpcRefused when the ledger does not keep state that old, Unavailable, WrongChain.
    """
    findings = Findings()
    with database.read() as session:
        head = session.get(HeadRow, 1)
        if head is None:
            raise NotFound(
                got="a database that holds nothing of the ledger",
                expected="a node that has read its ledger",
                next_step="start the node once, or run: countermark node rebuild",
                reason="nothing-read",
            )
        found = connection.block(head.number)
        here, ledger = {"hash": head.hash, "time": head.time}, {"hash": found.hash, "time": found.timestamp}
        findings.compare("chain_head", head.number, here, ledger)
        pinned = ChainAt(connection.web3, connection.chain_id, head.number)
        look = Look(session, Contracts.of(pinned, deployment), findings, head.time, sample)
        for check in (*PARTIES, *GOODS):
            check(look)
        if sample is None:
            compare_with_replay(session, connection, deployment, head.number, findings)
        return AuditReport(head.number, head.hash, findings)
