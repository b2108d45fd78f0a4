"""A brand asks an IP office for a credential at the office's node, or by file; the office answers once for good."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from countermark.chain.marks import MarkStatus
from countermark.credentials.did_key import did_of
from countermark.credentials.trademark import Trademark
from countermark.credentials.trademark_request import (
    SignedTrademarkRequest,
    TrademarkApproval,
    TrademarkRefusal,
    read_answer,
)
from countermark.errors import InputRefused, NotFound, NotPermitted, RateLimited
from countermark.limits import Limits
from countermark_node.openapi.operations import OPERATIONS
from countermark_node.trademark_requests.service import Desk, TrademarkRequestService
from countermark_wallet.cli.main import COMMAND_GROUP, main
from countermark_wallet.credentials.request_answers import answer_when_read
from countermark_wallet.credentials.requests import Application, TrademarkApplying, TrademarkExamining
from countermark_wallet.node_access.client import NodeClient

if TYPE_CHECKING:
    from tests.node.conftest import Ahead, World

MARKS: Iterator[int] = itertools.count(77_000_001)
DAY = date(2019, 3, 4)


class Run:
    """The command as one party's wallet, against the world's node."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self._world, self._capsys = world, capsys

    def __call__(self, wallet: str, *arguments: object, code: int = 0, text: bool = False) -> Any:
        common = ["--home", str(self._world.folder), "--node", self._world.server.url, "--wallet", wallet]
        found = main([*common, *map(str, arguments), *(() if text else ("--json",))], entry_points(group=COMMAND_GROUP))
        shown = self._capsys.readouterr()
        assert found == code, shown.err
        if text:
            return shown.err if code else shown.out
        return json.loads(shown.err if code else shown.out)


@pytest.fixture
def run(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COUNTERMARK_WALLET_PASSWORD", "four unrelated words")
    return Run(world, capsys)


def ask(run: Run, world: World, out: Path, *more: object) -> dict[str, Any]:
    """The brand's request for a new mark."""
    answer: dict[str, Any] = run(
        "brand", "trademark", "request", f"EM5000000{next(MARKS)}", "--office", world.account("office"),
        "--text", "NORDLICHT", "--holder-name", "Nordlicht Example", "--class", 25, "--registered-on", "2019-03-04",
        "--goods", "clothing of wool", "--out", out, *more,
    )  # fmt: skip
    return answer


def signed_by(world: World, name: str = "brand", **changed: Any) -> SignedTrademarkRequest:
    """A request as the wallet signs it."""
    asked = Application(Trademark(f"EM5000000{next(MARKS)}", "NORDLICHT", (25,), DAY), "Nordlicht Example", "wool")
    key = did_of(world.wallets[name].credential_key().public)
    office = changed.pop("office", world.account("office"))
    return TrademarkApplying(world.ledger(name), **changed).request(office, asked, holder_key=key)


def service(world: World, **limits: Any) -> TrademarkRequestService:
    return TrademarkRequestService(
        world.services.database,
        world.services.verification,
        Desk(world.installation.deployment.chain_id, world.installation.deployment.address("TrademarkRegistry")),
        clock=world.services.clock,
        limits=Limits(**limits),
    )


def test_request_is_handed_in_examined_approved_received_and_presented(world: World, run: Run, tmp_path: Path) -> None:
    proof = tmp_path / "register.pdf"
    proof.write_bytes(b"extract of the register")
    node = world.server.url
    asked = ask(run, world, tmp_path / "ask.json", "--evidence", proof, "--at", node)
    assert asked["state"] == "open"
    waiting = run("office", "trademark", "requests", "--state", "open")["requests"]
    assert asked["request"] in [each["id"] for each in waiting]
    examined = run("office", "trademark", "examine", asked["request"], "--evidence", proof)
    assert (examined["evidence_fits"], examined["words"], examined["status"]) == (True, "NORDLICHT", "none")
    proof.write_bytes(b"another extract")
    other = run("office", "trademark", "examine", asked["request"], "--evidence", proof, code=1)
    assert other["reason"] == "wrong-evidence"
    words = run("office", "trademark", "examine", asked["request"], text=True)
    assert f"Account {world.account('brand')} asks office {world.account('office')}" in words
    assert "clothing of wool" in words
    early = run("brand", "trademark", "receive", asked["request"], code=1)
    assert "has not answered" in early["got"]
    approve = ("trademark", "approve", asked["request"], "--office-name", "Example Office", "--yes")
    approved = run("office", *approve, "--out", tmp_path / "approval.json")
    received = run("brand", "trademark", "receive", asked["request"])
    assert (received["state"], received["mark"]) == ("approved", approved["mark"])
    held = run("brand", "trademark", "list")
    assert approved["mark"] in [each["mark"] for each in held["credentials"]]
    shown = run("brand", "trademark", "show", approved["mark"])
    assert shown["credential"]["credentialSubject"]["holderAccount"].endswith(world.account("brand"))
    challenge = ("--audience", "https://customs.example", "--nonce", "fresh", "--out", tmp_path / "answer")
    run("brand", "trademark", "present", approved["mark"], "--show", "wordMark", *challenge)
    shown = run("customs", "trademark", "show", tmp_path / "answer", *challenge[:4])
    assert (shown["bound"], shown["credential"]["wordMark"]) == (True, "NORDLICHT")
    again = run("office", "trademark", "send", tmp_path / "approval.json", "--at", node)
    assert again["state"] == "approved"


def test_refusal_reaches_the_holder_with_its_reason(world: World, run: Run, tmp_path: Path) -> None:
    asked = ask(run, world, tmp_path / "ask.json", "--at", world.server.url)
    refuse = ("trademark", "refuse", asked["request"], "--reason", "The register names another holder.", "--yes")
    run("office", *refuse, "--out", tmp_path / "no.json")
    received = run("brand", "trademark", "receive", asked["request"])
    assert (received["state"], received["reason"]) == ("refused", "The register names another holder.")
    listed = {each["request"]: each["state"] for each in run("brand", "trademark", "list")["requests"]}
    assert listed[asked["request"]] == "refused"
    late = ("trademark", "approve", asked["request"], "--office-name", "Example Office", "--yes")
    assert run("office", *late, "--out", tmp_path / "yes.json", code=1)["reason"] == "answered"
    mark = SignedTrademarkRequest.from_json(json.loads((tmp_path / "ask.json").read_text("utf-8"))).request.trademark
    assert world.ledger("office").marks.mark_info(mark.mark).status is MarkStatus.NONE
    assert not (tmp_path / "yes.json").exists()


def test_approval_waits_for_a_node_that_has_not_read_its_block(world: World) -> None:
    signed = signed_by(world)
    world.client.post("/v1/trademark-requests", json=signed.to_json())
    approval = TrademarkApproval(signed.id, "a.b.c", "a.b.c~")
    times = iter(range(100))
    slept: list[float] = []
    with NodeClient(world.server.url, token=world.logged_in("office")["Authorization"].split()[1]) as node:
        with pytest.raises(InputRefused) as caught:
            answer_when_read(node, approval, clock=lambda: float(next(times) * 20), sleep=slept.append)
        assert (caught.value.reason, slept) == ("not-anchored", [0.5])
        anchored, _ = TrademarkExamining(world.office()).approve(signed)
        assert answer_when_read(node, anchored)["state"] == "approved"


def test_request_and_answer_travel_as_links_when_nobody_has_a_node(world: World, run: Run, tmp_path: Path) -> None:
    asked = ask(run, world, tmp_path / "ask.json")
    links = run("brand", "paper", "share", tmp_path / "ask.json")["links"]
    run("office", "paper", "gather", *links, "--out", tmp_path / "came.json")
    approve = ("trademark", "approve", tmp_path / "came.json", "--office-name", "Example Office", "--yes")
    run("office", *approve, "--out", tmp_path / "approval.json")
    received = run("brand", "trademark", "receive", tmp_path / "approval.json")
    assert received["request"] == asked["request"]
    # Nothing went to the node.
    assert run("office", "trademark", "examine", asked["request"], code=1)["reason"] == "no-such-request"


def test_request_changed_after_signing_or_signed_by_somebody_else_is_not_taken(world: World) -> None:
    signed = signed_by(world)
    forged = replace(signed, request=replace(signed.request, holder_name="Somebody Else"))
    borrowed = replace(signed, request=replace(signed.request, holder=world.account("carrier")))
    for wrong in (forged, borrowed):
        answer = world.client.post("/v1/trademark-requests", json=wrong.to_json())
        assert (answer.status_code, answer.json()["reason"]) == (403, "wrong-signature")
    with pytest.raises(NotPermitted, match="one by a key that may operate"):
        TrademarkExamining(world.office()).check(forged)


@pytest.mark.parametrize(
    ("member", "value"),
    [("format", "other"), ("classes", [0]), ("classes", "25"), ("words", "a\u202eb"), ("holderName", " "),
     ("registeredOn", "2019-3-4"), ("deadline", 0), ("deadline", 1 << 52), ("signature", "0x"), ("office", "0x1"),
     ("mark", "EM1"), ("evidence", "0x00"), ("more", 1), ("holderKey", "did:key:zabc")],
)  # fmt: skip
def test_malformed_request_is_refused(world: World, member: str, value: object) -> None:
    answer = world.client.post("/v1/trademark-requests", json=signed_by(world).to_json() | {member: value})
    assert answer.status_code == 400
    assert answer.json()["next_step"]


def test_request_to_somebody_who_is_no_office_or_for_another_ledger_is_not_taken(world: World) -> None:
    answer = world.client.post(
        "/v1/trademark-requests", json=signed_by(world, office=world.account("carrier")).to_json()
    )
    assert answer.json()["reason"] == "not-an-office"
    elsewhere = replace(signed_by(world), chain_id=1)
    assert world.client.post("/v1/trademark-requests", json=elsewhere.to_json()).json()["reason"] == "wrong-ledger"


def test_requests_are_seen_by_the_holder_and_the_office_alone(world: World) -> None:
    signed = signed_by(world)
    assert world.client.post("/v1/trademark-requests", json=signed.to_json()).json()["state"] == "open"
    path = f"/v1/trademark-requests/{signed.id}"
    for name, status in (("brand", 200), ("office", 200), ("carrier", 404), ("customs", 404)):
        headers = world.logged_in(name)
        assert world.client.get(path, headers=headers).status_code == status
        listed = world.client.get("/v1/trademark-requests", headers=headers).json()["requests"]
        assert (signed.id in [each["id"] for each in listed]) is (status == 200)


def test_holder_cannot_approve_and_an_approval_needs_the_anchor(world: World) -> None:
    signed = signed_by(world)
    world.client.post("/v1/trademark-requests", json=signed.to_json())
    path = f"/v1/trademark-requests/{signed.id}/answer"
    invented = TrademarkApproval(signed.id, "a.b.c", "a.b.c~").to_json()
    answer = world.client.put(path, json=invented, headers=world.logged_in("brand"))
    assert (answer.status_code, answer.json()["reason"]) == (403, "not-the-office")
    answer = world.client.put(path, json=invented, headers=world.logged_in("office"))
    assert (answer.status_code, answer.json()["reason"]) == (400, "not-anchored")
    other = replace(TrademarkApproval(signed.id, "a.b.c", "a.b.c~"), request="0x" + "0" * 64).to_json()
    assert world.client.put(path, json=other, headers=world.logged_in("office")).json()["reason"] == "wrong-answer"
    no = TrademarkExamining(world.office()).refuse(signed, "No such mark.")
    forged = replace(no, reason="Pay first.").to_json()
    assert world.client.put(path, json=forged, headers=world.logged_in("office")).json()["reason"] == "wrong-signature"


def test_answer_that_says_something_else_than_was_asked_for_is_not_kept(world: World, run: Run, tmp_path: Path) -> None:
    asked = ask(run, world, tmp_path / "ask.json")
    signed = SignedTrademarkRequest.from_json(json.loads((tmp_path / "ask.json").read_text("utf-8")))
    narrower = replace(signed.request.trademark, nice_classes=(9,))
    issued = world.office().issue(narrower, holder=world.account("brand"), holder_name="Nordlicht Example")
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps(TrademarkApproval(signed.id, issued.token, issued.sd_jwt).to_json()), "utf-8")
    assert run("brand", "trademark", "receive", answer, code=1)["reason"] == "wrong-answer"
    no = TrademarkExamining(world.office()).refuse(signed, "No.")
    answer.write_text(json.dumps(replace(no, reason="Pay first.").to_json()), "utf-8")
    assert run("brand", "trademark", "receive", answer, code=1)["reason"] == "wrong-signature"
    states = {each["request"]: each["state"] for each in run("brand", "trademark", "list")["requests"]}
    assert states[asked["request"]] == "open"


def test_answer_to_a_request_that_the_wallet_never_made_is_refused(world: World, run: Run, tmp_path: Path) -> None:
    no = TrademarkExamining(world.office()).refuse(signed_by(world), "No.")
    (tmp_path / "no.json").write_text(json.dumps(no.to_json()), "utf-8")
    assert run("carrier", "trademark", "receive", tmp_path / "no.json", code=1)["reason"] == "no-such-request"


def test_requests_that_nobody_answers_are_counted_and_go_after_their_time(own_world: Any, ahead: Ahead) -> None:
    with own_world(clock=ahead) as world:
        desk = service(world, trademark_requests_of_holder=2)
        first = [signed_by(world) for _ in range(3)]
        for signed in first[:2]:
            assert desk.take(signed.to_json())["state"] == "open"
        assert desk.take(first[0].to_json())["id"] == first[0].id
        with pytest.raises(RateLimited):
            desk.take(first[2].to_json())
        ahead.by = timedelta(days=31)
        with pytest.raises(NotFound):
            desk.find(world.account("office"), first[0].id)
        with pytest.raises(InputRefused):
            desk.take(first[2].to_json())
        assert desk.take(signed_by(world, clock=ahead).to_json())["state"] == "open"
        assert len(desk.list_for(world.account("office"), state=None, after=0, limit=100)) == 1


def test_examples_of_the_api_are_requests_and_answers(world: World) -> None:
    request = OPERATIONS["POST", "/v1/trademark-requests"].request
    answer = OPERATIONS["PUT", "/v1/trademark-requests/{request_id}/answer"].request
    assert request is not None
    assert answer is not None
    assert SignedTrademarkRequest.from_json(request.example).to_json() == request.example
    assert isinstance(read_answer(answer.example), TrademarkApproval)
    schema = OPERATIONS["GET", "/v1/trademark-requests/{request_id}"].answer
    assert schema is not None
    signed = signed_by(world)
    world.client.post("/v1/trademark-requests", json=signed.to_json())
    found = world.client.get(f"/v1/trademark-requests/{signed.id}", headers=world.logged_in("brand")).json()
    Draft202012Validator(schema.schema).validate(found)


def test_refusal_repeats_byte_for_byte(world: World) -> None:
    no = TrademarkExamining(world.office()).refuse(signed_by(world), "Weil der Name fehlt.\n理由")
    assert TrademarkRefusal.from_json(json.loads(json.dumps(no.to_json()))) == no
