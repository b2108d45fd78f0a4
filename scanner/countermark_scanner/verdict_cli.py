"""`countermark verdict check`: a signed verdict, held against the ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countermark.errors import InputRefused, TooLarge, shown
from countermark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from countermark.chain.contracts import Contracts
    from countermark.command_context import CommandContext
    from countermark.p256 import PublicKey
    from countermark_scanner.signed_verdict import NodeTrust, SignedVerdict

app = typer.Typer(help="Signed verdicts: answers of nodes that were kept as evidence.", no_args_is_help=True)
_LAST_SECOND = 253_402_300_799


@app.callback()
def verdict() -> None:
    """Keep the name of the group in front of its one command."""


@app.command()
def check(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Evidence that `countermark scan --evidence` wrote.")],
    as_json: Annotated[bool, typer.Option("--json", help="Show the result as one JSON document.")] = False,
) -> None:
    """Check each verdict in a file: its signature, its ten checks, and on the ledger the node that signed.

    Exit code 0 when every verdict stands, whatever it says of its label; 1 with a FAIL: line otherwise.
    """
    context: CommandContext = ctx.obj
    contracts, chain_id = context.contracts()
    found = [_checked(token, contracts, chain_id) for token in _tokens(file)]
    if as_json or context.json_output:
        typer.echo(json.dumps({"verdicts": [each.to_claims() for each in found]}, ensure_ascii=False))
        return
    for each in found:
        typer.echo(
            f"OK: {each.verdict} for {shown(each.raw)}, said {each.issued_at:%Y-%m-%d %H:%M:%S} UTC by node "
            f"{each.node.address} (scan {shown(each.scan_id)}, class {each.evidence_class})"
        )


def _tokens(file: Path) -> list[str]:
    most = DEFAULT_LIMITS.json_body_bytes
    try:
        with file.open("rb") as stream:
            data = stream.read(most + 1)
    except OSError:
        raise InputRefused(
            got=f"file {file.name!r}",
            expected="a file that can be read",
            next_step="check its name and place",
            reason="no-such-file",
        ) from None
    if len(data) > most:
        raise TooLarge(got=f"more than {most} bytes", expected=f"at most {most}", next_step="split the file by lines")
    tokens = data.decode("ascii", "replace").split()
    if not tokens:
        raise InputRefused(
            got="an empty file",
            expected="one signed verdict a line",
            next_step="write one with: countermark scan PICTURE --evidence FILE",
            reason="no-verdict",
        )
    return tokens


def _checked(token: str, contracts: Contracts, chain_id: int) -> SignedVerdict:
    from countermark_scanner.signed_verdict import check_verdict, named_key, read_verdict

    # The key is the one that the token names; only the ledger makes it the node's.
    key = named_key(token)
    found = read_verdict(token, key)
    trust = _trust(contracts, found.node.address, key)
    check_verdict(found, key, trust, chain_id=chain_id, registry=contracts.trust.address)
    return found


def _trust(contracts: Contracts, account: str, key: PublicKey) -> NodeTrust:
    from countermark.credentials.facts import OfficeKey
    from countermark.roles import Level, Role
    from countermark_scanner.signed_verdict import NodeTrust

    listed = contracts.trust.credential_key(account, key.x, key.y)
    entry = contracts.trust.entry(account, Role.NODE_OPERATOR)
    is_operator = entry.level >= Level.INTRODUCED
    ends = min(entry.valid_until, entry.revoked_at or entry.valid_until)
    revoked = _moment(listed.revoked_since) if listed.revoked_since else None
    keys = [OfficeKey(key, account, _moment(listed.valid_from), _moment(listed.valid_until), revoked)]
    return NodeTrust(
        keys=keys if listed.valid_until else [],
        operator_from=_moment(entry.valid_from) if is_operator else None,
        operator_until=_moment(ends) if is_operator else None,
    )


def _moment(seconds: int) -> datetime:
    """Unix seconds; what lies beyond the year 9999 is as good as its last second."""
    return datetime.fromtimestamp(min(seconds, _LAST_SECOND), UTC)
