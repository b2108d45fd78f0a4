"""A verifier's look at a trademark credential: the token against the office key and the record on the ledger."""

from __future__ import annotations

from datetime import UTC, datetime

from countermark.chain.event_types import CredentialKeyListed
from countermark.chain.events import read_events
from countermark.credentials.trust import AnchoredMark, OfficeKey, check_credential
from countermark.p256 import PublicKey
from countermark_node.demo.stage import Stage


def check_as_verifier(stage: Stage, token: str, mark: str) -> tuple[str, ...]:
    """Codes of everything that speaks against the credential, read from the ledger by somebody who trusts nobody."""
    ledger = stage.cast.customs.ledger
    head = ledger.connection.block_number()
    events = read_events(ledger.connection, ledger.deployment, ledger.deployment.block, head)
    keys = [
        OfficeKey(PublicKey(event.x, event.y), event.account, _moment(event.valid_from), _moment(event.valid_until))
        for event in events
        if isinstance(event, CredentialKeyListed)
    ]
    info = ledger.marks.mark_info(mark)
    anchor = AnchoredMark(
        mark=mark,
        office=info.office,
        holder=info.holder,
        credential_hash=info.credential_hash,
        status=info.status.name.lower(),
        valid_from=_moment(info.valid_from),
        valid_until=_moment(info.valid_until),
    )
    check = check_credential(token, keys=keys, anchor=anchor, chain_id=ledger.connection.chain_id, now=stage.clock())
    return tuple(finding.code for finding in check.findings)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
