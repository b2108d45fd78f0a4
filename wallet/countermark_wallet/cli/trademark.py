"""countermark trademark: issue, suspend, reinstate, revoke, publish-status, present, show."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countermark_wallet.cli.options import Days, JsonFlag, Mark, OutputFile
from countermark_wallet.cli.session import Session, session_of

if TYPE_CHECKING:
    from countermark.chain.transactions import TransactionReceipt
    from countermark.credentials.key_binding import Challenge
    from countermark_wallet.credentials.issuing import TrademarkIssuing

app = typer.Typer()
OfficeName = Annotated[str, typer.Option("--office-name", help="The office's name as the credential shows it.")]
IssuerDid = Annotated[
    str | None, typer.Option("--issuer-did", help="The office's did:web. Default: the did:key of its credential key.")
]
CredentialFile = Annotated[
    str, typer.Argument(metavar="FILE", help="Credential file, in either form; or a mark whose credential is held.")
]
Audience = Annotated[str | None, typer.Option(help="Name of the verifier who asked, as it gave it.")]
Nonce = Annotated[str | None, typer.Option(help="The verifier's challenge, good for one answer.")]


@app.command()
def issue(
    ctx: typer.Context,
    mark: Mark,
    text: Annotated[str, typer.Option(help="Words of the mark.")],
    holder: Annotated[str, typer.Option(help="Account of the mark's holder.")],
    holder_name: Annotated[str, typer.Option(help="The holder's name in the register.")],
    nice: Annotated[list[int], typer.Option("--class", help="Nice class, once for each.", min=1, max=45)],
    registered_on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Day of registration.")],
    office_name: OfficeName,
    out: OutputFile,
    sd_jwt: Annotated[
        Path | None, typer.Option("--sd-jwt", help="File for the SD-JWT form, of which the holder can hide claims.")
    ] = None,
    holder_did: Annotated[
        str | None, typer.Option(help="The holder's did:key, for answering challenges (wallet show tells it).")
    ] = None,
    issuer_did: IssuerDid = None,
    days: Days = 3650,
    as_json: JsonFlag = False,
) -> None:
    """Issue a trademark credential to a brand and anchor its hash, as an IP office."""
    from countermark.credentials.did_key import key_of
    from countermark.credentials.trademark import Trademark
    from countermark_wallet.files.safe import check_writable, write_whole

    session = session_of(ctx, as_json)
    trademark = Trademark(mark, text, tuple(sorted(set(nice))), registered_on.date())
    holder_key = key_of(holder_did) if holder_did else None
    for path in filter(None, (out, sd_jwt)):
        # An anchor cannot be taken back, and a credential that nobody has is of no use.
        check_writable(path)
    issued = issuing_of(session, office_name, issuer_did).issue(
        trademark, holder=holder, holder_name=holder_name, days=days, holder_key=holder_key
    )
    files = {"credential": (out, issued.token)} | ({"sd_jwt": (sd_jwt, issued.sd_jwt)} if sd_jwt else {})
    for path, content in files.values():
        write_whole(path, content.encode("ascii"))
    session.show(
        {
            "mark": mark,
            **{name: str(path) for name, (path, _) in files.items()},
            "credential_hash": issued.credential_hash.hex(),
            "transaction": issued.transaction,
        },
        [
            f"credential for {mark} written to {' and '.join(str(path) for path, _ in files.values())}",
            f"transaction {issued.transaction}",
        ],
    )


@app.command()
def revoke(ctx: typer.Context, mark: Mark, issuer_did: IssuerDid = None, as_json: JsonFlag = False) -> None:
    """Revoke a mark for good, as its office: no new series; older labels get a notice."""
    session = session_of(ctx, as_json)
    issuing = issuing_of(session, issuer_did=issuer_did)
    _changed(session, issuing, mark, "revoked", issuing.revoke(mark))


@app.command()
def suspend(ctx: typer.Context, mark: Mark, issuer_did: IssuerDid = None, as_json: JsonFlag = False) -> None:
    """Suspend a mark until it is reinstated, as its office."""
    session = session_of(ctx, as_json)
    issuing = issuing_of(session, issuer_did=issuer_did)
    _changed(session, issuing, mark, "suspended", issuing.suspend(mark))


@app.command()
def reinstate(ctx: typer.Context, mark: Mark, issuer_did: IssuerDid = None, as_json: JsonFlag = False) -> None:
    """End a mark's suspension, as its office."""
    session = session_of(ctx, as_json)
    issuing = issuing_of(session, issuer_did=issuer_did)
    _changed(session, issuing, mark, "active", issuing.reinstate(mark))


@app.command("publish-status")
def publish_status(
    ctx: typer.Context,
    at: Annotated[
        str | None, typer.Option(help="Public address of the office's node; needed the first time, fixed from then on.")
    ] = None,
    issuer_did: IssuerDid = None,
    as_json: JsonFlag = False,
) -> None:
    """Sign both status lists as the ledger is now and hand them to the node; again at least once a week."""
    from countermark_wallet.credentials.status_lists import StatusListFile, new_state

    session = session_of(ctx, as_json)
    wallet = session.wallet()
    file = StatusListFile(wallet.folder)
    state = file.load()
    if at is not None and state is None:
        file.save(new_state(at, wallet.address))
    elif at is not None and state is not None and new_state(at, wallet.address).at != state.at:
        raise typer.BadParameter(f"credentials name lists at {state.at} already", param_hint="--at")
    urls = _publish(session, issuing_of(session, issuer_did=issuer_did))
    session.show({"lists": urls}, [f"{len(urls)} status lists published", *urls])


@app.command()
def present(
    ctx: typer.Context,
    credential: CredentialFile,
    out: OutputFile,
    show: Annotated[
        list[str] | None, typer.Option("--show", help="Claim to show, once for each; none by default.")
    ] = None,
    audience: Audience = None,
    nonce: Nonce = None,
    as_json: JsonFlag = False,
) -> None:
    """Show some claims of an SD-JWT credential to a verifier, and answer its challenge with the wallet's key."""
    from countermark.credentials.sd_jwt_making import present_sd_jwt
    from countermark_wallet.credentials.checking import check_holder, read_token
    from countermark_wallet.credentials.requests import HeldTrademarks
    from countermark_wallet.files.safe import write_whole
    from countermark_wallet.periods import utc_now

    session, challenge = session_of(ctx, as_json), _challenge(audience, nonce)
    key = session.wallet().credential_key() if challenge else None
    held = read_token(HeldTrademarks(session.wallet_folder()).find(credential, sd_jwt=True))
    if key is not None:
        check_holder(held, key.public)
    text = present_sd_jwt(held, show=show or (), challenge=challenge, key=key, now=utc_now())
    write_whole(out, text.encode("ascii"))
    session.show(
        {"presentation": str(out), "shown": sorted(show or ()), "bound": key is not None},
        [f"presentation written to {out}", f"shows {', '.join(sorted(show or ())) or 'no claim that can be hidden'}"],
    )


@app.command()
def show(
    ctx: typer.Context,
    credential: CredentialFile,
    audience: Audience = None,
    nonce: Nonce = None,
    as_json: JsonFlag = False,
) -> None:
    """Check a credential (trademark in either form, or licence) against the ledger and show what it says."""
    from countermark_wallet.cli.credential_lines import described
    from countermark_wallet.credentials.checking import CredentialDesk, read_token, refuse_findings
    from countermark_wallet.credentials.requests import HeldTrademarks
    from countermark_wallet.outbound.client import Outbound, authority_of
    from countermark_wallet.periods import utc_now

    session, challenge = session_of(ctx, as_json), _challenge(audience, nonce)
    held = HeldTrademarks(session.keystore().folder(session.wallet_name))
    token = read_token(held.find(credential))
    contracts, chain_id = session.contracts()
    desk = CredentialDesk(contracts, chain_id, Outbound(frozenset({authority_of(session.node_url)})))
    check = desk.check(token, now=utc_now(), challenge=challenge)
    refuse_findings(check.findings)
    result, lines = described(check)
    notes = [note.code for note in check.notes]
    session.show({**result, "notes": notes}, [*lines, *(f"note         {note}" for note in notes)])


def _challenge(audience: str | None, nonce: str | None) -> Challenge | None:
    from countermark.credentials.key_binding import Challenge

    if (audience is None) != (nonce is None):
        raise typer.BadParameter("--audience and --nonce go together", param_hint="--nonce")
    return Challenge(audience, nonce) if audience is not None and nonce is not None else None


def _changed(session: Session, issuing: TrademarkIssuing, mark: str, status: str, receipt: TransactionReceipt) -> None:
    from countermark_wallet.credentials.status_lists import StatusListFile

    publishes = StatusListFile(session.wallet().folder).load() is not None
    urls = _publish(session, issuing) if publishes else []
    session.show(
        {"mark": mark, "status": status, "transaction": receipt.tx_hash, "lists": urls},
        [f"mark {mark} is {status}", *(f"status list  {url}" for url in urls)],
    )


def _publish(session: Session, issuing: TrademarkIssuing) -> list[str]:
    """Addresses of the lists. The ledger was changed before: what fails here is done by publishing again."""
    from countermark_wallet.credentials.status_lists import StatusListFile
    from countermark_wallet.node_access.client import NodeClient

    file = StatusListFile(session.wallet().folder)
    lists = issuing.signed_status_lists(file)
    with NodeClient(session.node_url) as node:
        for purpose, token in lists.items():
            node.send_status_list(issuing.ledger.account, purpose, token)
    state = file.require()
    return [state.url(purpose) for purpose in lists]


def issuing_of(session: Session, office_name: str = "", issuer_did: str | None = None) -> TrademarkIssuing:
    from countermark_wallet.credentials.issuing import TrademarkIssuing
    from countermark_wallet.credentials.status_lists import StatusListFile

    wallet = session.wallet()
    return TrademarkIssuing(
        session.ledger(),
        wallet.credential_key(),
        office_name,
        issuer=issuer_did,
        statuses=StatusListFile(wallet.folder),
    )
