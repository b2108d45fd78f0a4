"""countermark trademark: request, send, requests, examine, approve, refuse, receive, list."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countermark.errors import InputRefused, shown
from countermark_wallet.cli.confirming import Yes, confirm
from countermark_wallet.cli.options import JsonFlag, Mark, OutputFile
from countermark_wallet.cli.session import Session, session_of
from countermark_wallet.cli.trademark import IssuerDid, OfficeName, app, issuing_of
from countermark_wallet.credentials.request_answers import answer_when_read

if TYPE_CHECKING:
    from countermark.credentials.trademark_request import SignedTrademarkRequest, TrademarkAnswer
    from countermark_wallet.node_access.client import NodeClient

__all__ = ["app"]
_ID = re.compile(r"0x[0-9a-f]{64}")
OfficeNode = Annotated[str | None, typer.Option("--at", help="Address of the office's node.")]
RequestName = Annotated[
    str, typer.Argument(metavar="REQUEST", help="File of the request; or its number, 0x and 64 digits, at the node.")
]
RequestDays = Annotated[int, typer.Option("--days", help="How many days the office has.", min=1, max=90)]


@app.command()
def request(
    ctx: typer.Context,
    mark: Mark,
    office: Annotated[str, typer.Option(help="Account of the IP office.")],
    text: Annotated[str, typer.Option(help="Words of the mark.")],
    holder_name: Annotated[str, typer.Option(help="The holder's name in the register.")],
    nice: Annotated[list[int], typer.Option("--class", help="Nice class, once for each.", min=1, max=45)],
    registered_on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Day of registration.")],
    goods: Annotated[str, typer.Option(help="For which goods the mark is used, in words.")],
    out: OutputFile,
    evidence: Annotated[
        Path | None,
        typer.Option(help="Document that proves it; its SHA-256 is signed, the document goes to the office by itself."),
    ] = None,
    at: OfficeNode = None,
    days: RequestDays = 30,
    as_json: JsonFlag = False,
) -> None:
    """Ask an IP office for a trademark credential; with --at it is handed in at the office's node."""
    from countermark.credentials.did_key import did_of
    from countermark.credentials.trademark import Trademark
    from countermark.credentials.trademark_request import describe_request, write_members
    from countermark_wallet.credentials.requests import Application, HeldTrademarks, TrademarkApplying
    from countermark_wallet.files.safe import write_whole

    session = session_of(ctx, as_json)
    trademark = Trademark(mark, text, tuple(sorted(set(nice))), registered_on.date())
    asked = Application(trademark, holder_name, goods, _digest(evidence) if evidence else bytes(32))
    key = did_of(session.wallet().credential_key().public)
    signed = TrademarkApplying(session.ledger()).request(office, asked, holder_key=key, days=days)
    HeldTrademarks(session.wallet_folder()).keep_request(signed)
    write_whole(out, write_members(signed))
    state = _hand_in(signed, at)["state"] if at else None
    session.show(
        {"request": signed.id, "file": str(out), "at": at, "state": state},
        [f"request written to {out}", *describe_request(signed), *([f"handed in at {at}"] if at else [])],
    )


@app.command()
def send(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File of a request or of an answer.")],
    at: Annotated[str, typer.Option("--at", help="Address of the office's node.")],
    as_json: JsonFlag = False,
) -> None:
    """Hand a request, or as its office an answer, in at the office's node; again changes nothing."""
    from countermark.credentials.trademark_request import SignedTrademarkRequest
    from countermark_wallet.credentials.requests import read_file

    session, found = session_of(ctx, as_json), read_file(file)
    if isinstance(found, SignedTrademarkRequest):
        answer = _hand_in(found, at)
    else:
        with _office_node(session, at) as node:
            answer = answer_when_read(node, found)
    session.show(answer, [f"{file} is at {at}", f"request {answer['id']} is {answer['state']}"])


@app.command()
def requests(
    ctx: typer.Context,
    at: OfficeNode = None,
    state: Annotated[str | None, typer.Option(help="open, approved or refused. Default: all.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List the requests at an office's node: as the office those that it got, else the wallet's own."""
    session = session_of(ctx, as_json)
    with _office_node(session, at) as node:
        found = node.trademark_requests(state=state)
    session.show(
        {"requests": found},
        [f"{len(found)} requests", *(_summary(each) for each in found)],
    )


@app.command()
def examine(
    ctx: typer.Context,
    name: RequestName,
    evidence: Annotated[Path | None, typer.Option(help="The document that came with it, to be compared.")] = None,
    at: OfficeNode = None,
    as_json: JsonFlag = False,
) -> None:
    """As the office: check a request's signature and evidence, and show it in plain words. Signs nothing."""
    from countermark.credentials.trademark_request import describe_request
    from countermark_wallet.credentials.requests import TrademarkExamining

    session = session_of(ctx, as_json)
    signed = _request(session, name, at)
    TrademarkExamining(issuing_of(session)).check(signed)
    fits = None if evidence is None else _digest(evidence) == signed.request.evidence
    if fits is False:
        raise InputRefused(
            got=f"{evidence}, another document than the one that was signed",
            expected=f"the document with SHA-256 0x{signed.request.evidence.hex()}",
            next_step="ask the holder for that document; without --evidence the request is shown all the same",
            reason="wrong-evidence",
        )
    mark = session.contracts()[0].marks.mark_info(signed.request.trademark.mark)
    status = mark.status.name.lower()
    said = [] if evidence is None else ["The document is the one that was signed"]
    session.show(
        {**signed.to_json(), "request": signed.id, "evidence_fits": fits, "status": status},
        [
            f"signed by {signed.signer}, a key of the holder's",
            *describe_request(signed),
            *said,
            f"On the ledger: {status}",
        ],
    )


@app.command()
def approve(
    ctx: typer.Context,
    name: RequestName,
    office_name: OfficeName,
    out: OutputFile,
    at: OfficeNode = None,
    issuer_did: IssuerDid = None,
    valid_days: Annotated[int, typer.Option("--days", help="How many days the credential is valid.", min=1)] = 3650,
    yes: Yes = False,
    as_json: JsonFlag = False,
) -> None:
    """As the office: issue the credential that was asked for, and tell the node if the request is there."""
    from countermark.credentials.trademark_request import describe_request, write_members
    from countermark_wallet.credentials.requests import TrademarkExamining
    from countermark_wallet.files.safe import check_writable, write_whole

    session = session_of(ctx, as_json)
    signed = _request(session, name, at, still_open=True)
    examining = TrademarkExamining(issuing_of(session, office_name, issuer_did))
    examining.check(signed)
    confirm("Issue this credential?", describe_request(signed), yes=yes)
    # An anchor cannot be taken back, and a credential that nobody has is of no use.
    check_writable(out)
    approval, issued = examining.approve(signed, days=valid_days)
    write_whole(out, write_members(approval))
    _answer(session, name, approval, at)
    session.show(
        {"request": signed.id, "mark": issued.mark, "file": str(out), "transaction": issued.transaction},
        [f"credential for {issued.mark} written to {out}", f"transaction {issued.transaction}"],
    )


@app.command()
def refuse(
    ctx: typer.Context,
    name: RequestName,
    reason: Annotated[str, typer.Option(help="Why, in words for the holder.")],
    out: OutputFile,
    at: OfficeNode = None,
    yes: Yes = False,
    as_json: JsonFlag = False,
) -> None:
    """As the office: sign a refusal with its reason, and tell the node if the request is there."""
    from countermark.credentials.trademark_request import describe_request, write_members
    from countermark_wallet.credentials.requests import TrademarkExamining
    from countermark_wallet.files.safe import write_whole

    session = session_of(ctx, as_json)
    signed = _request(session, name, at, still_open=True)
    examining = TrademarkExamining(issuing_of(session))
    confirm("Refuse this?", describe_request(signed), yes=yes)
    refusal = examining.refuse(signed, reason)
    write_whole(out, write_members(refusal))
    _answer(session, name, refusal, at)
    session.show(
        {"request": signed.id, "reason": reason, "file": str(out)}, [f"refusal written to {out}", f"reason: {reason}"]
    )


@app.command()
def receive(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ANSWER", help="File of the answer; or the request's number.")],
    at: OfficeNode = None,
    as_json: JsonFlag = False,
) -> None:
    """As holder: check the office's answer against the request and the ledger, and keep the credential."""
    from countermark.credentials.trademark_request import TrademarkRefusal
    from countermark_wallet.cli.credential_lines import described
    from countermark_wallet.credentials.checking import CredentialDesk
    from countermark_wallet.credentials.requests import HeldTrademarks, TrademarkApplying
    from countermark_wallet.outbound.client import Outbound, authority_of

    session = session_of(ctx, as_json)
    held, answer = HeldTrademarks(session.wallet_folder()), _answer_from(session, name, at)
    signed, applying = held.request(answer.request), TrademarkApplying(session.ledger())
    mark = signed.request.trademark.mark
    if isinstance(answer, TrademarkRefusal):
        applying.check_refusal(signed, answer)
        held.keep_answer(answer, mark)
        session.show(
            {"request": signed.id, "state": "refused", "reason": answer.reason},
            [f"the office refused {mark}", *answer.reason.splitlines()],
        )
        return
    contracts, chain_id = session.contracts()
    asked = frozenset({authority_of(url) for url in (session.node_url, at) if url})
    check = applying.check_approval(signed, answer, CredentialDesk(contracts, chain_id, Outbound(asked)))
    files = held.keep_answer(answer, mark)
    _, lines = described(check)
    session.show(
        {"request": signed.id, "state": "approved", "mark": mark, "files": [str(path) for path in files]},
        [f"credential received and kept: {', '.join(map(str, files))}", *lines],
    )


@app.command("list")
def list_held(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """List the credentials that this wallet holds, and what it asked for. No password is needed."""
    from countermark_wallet.credentials.requests import HeldTrademarks

    session = session_of(ctx, as_json)
    held = HeldTrademarks(session.wallet_folder())
    marks, asked = held.marks(), [_asked(signed, answer) for signed, answer in held.requests()]
    session.show(
        {"credentials": [{"mark": mark, "file": str(held.token(mark))} for mark in marks], "requests": asked},
        [
            f"{len(marks)} credentials, {len(asked)} requests",
            *(f"{mark}  {held.token(mark)}" for mark in marks),
            *(f"{each['request']}  {each['mark']}  {each['state']}" for each in asked),
        ],
    )


def _asked(signed: SignedTrademarkRequest, answer: TrademarkAnswer | None) -> dict[str, Any]:
    from countermark.credentials.trademark_request import TrademarkApproval

    state = "open" if answer is None else "approved" if isinstance(answer, TrademarkApproval) else "refused"
    return {"request": signed.id, "mark": signed.request.trademark.mark, "state": state}


def _summary(found: dict[str, Any]) -> str:
    said = found.get("request")
    mark = said.get("mark") if isinstance(said, dict) else None
    return "  ".join(shown(str(each)) for each in (found.get("id"), mark, found.get("state"), found.get("received_at")))


def _digest(path: Path) -> bytes:
    from countermark_wallet.files.safe import open_bytes

    found = hashlib.sha256()
    with open_bytes(path, what="evidence") as stream:
        while chunk := stream.read(1 << 20):
            found.update(chunk)
    return found.digest()


def _hand_in(signed: SignedTrademarkRequest, at: str) -> dict[str, Any]:
    from countermark_wallet.node_access.client import NodeClient

    with NodeClient(at) as node:
        return node.send_trademark_request(signed.to_json())


@contextmanager
def _office_node(session: Session, at: str | None) -> Iterator[NodeClient]:
    """The office's node, or the session's, logged in as the chosen account for this one command."""
    from countermark_wallet.ledger.network_pin import check_network
    from countermark_wallet.node_access.client import NodeClient
    from countermark_wallet.node_access.logging_in import log_in

    url = at or session.node_url
    with NodeClient(url) as node:
        deployment = node.network().deployment
        check_network(session.wallet_folder(), deployment)
        found = log_in(node, session.signer(), deployment.chain_id)
    with NodeClient(url, token=found.token) as node:
        yield node


def _request(session: Session, name: str, at: str | None, *, still_open: bool = False) -> SignedTrademarkRequest:
    """The request in a file, or at the node. With `still_open` one that was answered there is refused."""
    from countermark.credentials.trademark_request import SignedTrademarkRequest
    from countermark_wallet.credentials.requests import read_file

    if _ID.fullmatch(name):
        with _office_node(session, at) as node:
            kept = node.trademark_request(name)
        signed = SignedTrademarkRequest.from_json(kept.get("request"))
        if signed.id == name and still_open and kept.get("state") != "open":
            raise InputRefused(
                got=f"a request that is {kept.get('state')} already",
                expected="an open request: an answer stands for good",
                next_step="ask the holder to ask again",
                reason="answered",
            )
        if signed.id == name:
            return signed
        raise _not_a_request("another request than the one that was named")
    found = read_file(Path(name))
    if isinstance(found, SignedTrademarkRequest):
        return found
    raise _not_a_request(f"{name}, which is an answer")


def _answer_from(session: Session, name: str, at: str | None) -> TrademarkAnswer:
    from countermark.credentials.trademark_request import SignedTrademarkRequest, read_answer
    from countermark_wallet.credentials.requests import read_file

    if not _ID.fullmatch(name):
        found = read_file(Path(name))
        if isinstance(found, SignedTrademarkRequest):
            raise _not_a_request(f"{name}, which is a request")
        return found
    with _office_node(session, at) as node:
        answer = node.trademark_request(name).get("answer")
    if answer is None:
        raise _not_a_request("a request that the office has not answered", "wait, and ask again")
    return read_answer(answer)


def _answer(session: Session, name: str, answer: TrademarkAnswer, at: str | None) -> None:
    """Tells the node where the request came from. The file is written: what fails here is done by `send`."""
    if not _ID.fullmatch(name) and at is None:
        return
    with _office_node(session, at) as node:
        answer_when_read(node, answer)


def _not_a_request(
    got: str, next_step: str = "give the file or number of the right one", reason: str = "not-a-request"
) -> InputRefused:
    return InputRefused(got=got, expected="a request or an answer", next_step=next_step, reason=reason)
