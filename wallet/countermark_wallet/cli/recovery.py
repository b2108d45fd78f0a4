"""countermark recovery: agent, propose, object, execute, show, successor, object-successor."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from countermark_wallet.cli.confirming import Yes, confirm
from countermark_wallet.cli.key import ConsentFile
from countermark_wallet.cli.options import Account, JsonFlag
from countermark_wallet.cli.session import Session, session_of

if TYPE_CHECKING:
    from countermark.chain.transactions import ContractCall

app = typer.Typer()
_NOBODY = "0x" + "00" * 20


@app.command()
def agent(
    ctx: typer.Context,
    account: Annotated[
        str | None, typer.Argument(metavar="[ACCOUNT]", help="Default: nobody but the governor.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Name who may propose a new key when this wallet's own are lost."""
    from countermark.identifiers import check_account

    session = session_of(ctx, as_json)
    named = check_account(account) if account else _NOBODY
    who = named if account else "the governor alone"
    _send(session, session.ledger().trust.set_recovery(named), f"new keys are proposed by {who}", agent=named)


@app.command()
def propose(ctx: typer.Context, file: ConsentFile, yes: Yes = False, as_json: JsonFlag = False) -> None:
    """As recovery agent: propose the new key of FILE for the account that lost its own. Seven days to object."""
    from countermark.chain.event_types import RecoveryProposed
    from countermark_wallet.accounts.keys import CONSENT_BYTES, AccountKeys, SignedConsent, describe_consent
    from countermark_wallet.files.safe import read_bounded

    session = session_of(ctx, as_json)
    signed = SignedConsent.from_json(read_bounded(file, CONSENT_BYTES, what="consent"))
    confirm("Propose this key as the account's only one?", describe_consent(signed), yes=yes)
    ledger = session.ledger()
    receipt = AccountKeys(ledger).propose_recovery(signed)
    proposed = ledger.event(receipt, RecoveryProposed)
    when = _moment(proposed.executable_from)
    session.show(
        {"account": proposed.account, "new_key": proposed.new_key, "executable_from": when},
        [f"key {proposed.new_key} proposed for {proposed.account}", f"run `recovery execute` from {when} on"],
    )


@app.command("object")
def object_to(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """Refuse the new key that was proposed for this wallet's account."""
    session = session_of(ctx, as_json)
    _send(session, session.ledger().trust.object_recovery(), "the proposed key is refused")


@app.command()
def execute(ctx: typer.Context, account: Account, as_json: JsonFlag = False) -> None:
    """Make the proposed key the only one of an account, once the time to object is over. Anybody may."""
    from countermark.identifiers import check_account

    session = session_of(ctx, as_json)
    whose = check_account(account)
    _send(session, session.ledger().trust.execute_recovery(whose), f"account {whose} has its new key", account=whose)


@app.command()
def show(ctx: typer.Context, account: Account, as_json: JsonFlag = False) -> None:
    """Show an account's recovery agent, what is proposed for it, and its successor."""
    from countermark.identifiers import check_account

    session = session_of(ctx, as_json)
    whose = check_account(account)
    trust = session.contracts()[0].trust
    agent, proposal, successor = trust.recovery_agent(whose), trust.recovery_of(whose), trust.successor_of(whose)
    waits = bool(int(proposal.new_key, 16))
    session.show(
        {
            "account": whose,
            "agent": _some(agent),
            "new_key": _some(proposal.new_key),
            "executable_from": _moment(proposal.executable_from) if waits else None,
            "successor": _some(successor),
        },
        [
            f"account {whose}",
            f"recovery agent {_some(agent) or 'the governor'}",
            f"proposed key   {proposal.new_key}, from {_moment(proposal.executable_from)} on" if waits else
            "proposed key   none",
            f"successor      {_some(successor) or 'none'}",
        ],
    )  # fmt: skip


@app.command()
def successor(
    ctx: typer.Context,
    heir: Annotated[str, typer.Argument(metavar="SUCCESSOR", help="Account that may give away what the other holds.")],
    account: Annotated[
        str | None, typer.Option("--of", help="As governor: the account that is gone. Default: the wallet's own.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Name who may give away what an account holds: its own at once, as governor after 14 days."""
    from countermark.identifiers import check_account

    session = session_of(ctx, as_json)
    ledger = session.ledger()
    whose, named = check_account(account) if account else ledger.account, check_account(heir)
    call = ledger.trust.name_successor(whose, named)
    _send(session, call, f"{named} may give away what {whose} holds", account=whose, successor=named)


@app.command("object-successor")
def object_successor(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """Refuse the successor whom the governor appointed for this wallet's account."""
    session = session_of(ctx, as_json)
    _send(session, session.ledger().trust.object_successor(), "the appointed successor is refused")


def _send(session: Session, call: ContractCall, line: str, **result: str) -> None:
    receipt = session.ledger().send(call)
    session.show({**result, "transaction": receipt.tx_hash}, [line, f"transaction {receipt.tx_hash}"])


def _some(address: str) -> str | None:
    return address if int(address, 16) else None


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
