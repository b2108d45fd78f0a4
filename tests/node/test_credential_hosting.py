"""Status lists and DID documents that a node hosts: who may publish, what a verifier gets, what cannot be undone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from countermark.chain.contracts import Contracts
from countermark.credentials.did_web import read_did_document
from countermark.credentials.status_list import StatusPurpose, read_status_list
from countermark.credentials.trademark import Trademark
from countermark.errors import CountermarkError, NotFound
from countermark.p256 import PrivateKey
from countermark_node.chain_sync.tables import CredentialKeyRow
from countermark_node.credentials.service import CredentialHosting, _is_point
from countermark_wallet.credentials.checking import CredentialDesk
from countermark_wallet.credentials.issuing import IssuedCredential, TrademarkIssuing
from countermark_wallet.credentials.status_lists import StatusListFile, new_state, read_ledger, sign_lists
from countermark_wallet.outbound.client import Outbound, authority_of

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    from tests.node.conftest import World

PURPOSES = {"revocation", "suspension"}


class Desk:
    """The office with its status lists, and a verifier who reads the ledger and fetches lists from the node."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.file = world, StatusListFile(folder)
        self.file.save(new_state(world.server.url, world.account("office")))
        self.office: TrademarkIssuing = replace(world.office(), statuses=self.file)

    def issue(self) -> IssuedCredential:
        mark = f"EM5000000{next(self.world.counter):08d}"
        return self.office.issue(
            Trademark(mark, "NORDLICHT", (25,), date(2019, 3, 4)),
            holder=self.world.account("brand"),
            holder_name="Nordlicht Example",
        )

    def lists(self, now: datetime | None = None) -> dict[StatusPurpose, str]:
        state, suspended = read_ledger(self.file.require(), self.office.ledger.marks)
        self.file.save(state)
        return sign_lists(state, suspended, key=self.office.key, issuer=None, now=now or datetime.now(UTC))

    def key_began(self) -> datetime:
        key = self.office.key.public
        listed = self.office.ledger.trust.credential_key(self.office.ledger.account, key.x, key.y)
        return datetime.fromtimestamp(listed.valid_from, UTC)

    def send(self, token: str, purpose: str = "revocation", account: str = "office") -> httpx.Response:
        path = f"/v1/status-lists/{self.world.account(account)}/{purpose}"
        return self.world.client.post(path, content=token)

    def publish(self) -> dict[StatusPurpose, str]:
        lists = self.lists()
        for purpose, token in lists.items():
            answer = self.send(token, purpose)
            assert answer.status_code == 200, answer.text
        return lists

    def findings(self, token: str) -> list[str]:
        contracts = Contracts.of(self.world.installation.connection, self.world.installation.deployment)
        fetch = Outbound(frozenset({authority_of(self.world.server.url)}))
        desk = CredentialDesk(contracts, self.world.installation.deployment.chain_id, fetch)
        return [finding.code for finding in desk.check(token, now=datetime.now(UTC)).findings]


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    """An office whose lists nobody has published yet."""
    from countermark_node.credentials.tables import StatusListRow

    yield Desk(world, tmp_path)
    with world.services.database.write() as session:
        for purpose in PURPOSES:
            if row := session.get(StatusListRow, (world.account("office"), purpose)):
                session.delete(row)


def test_mark_that_is_suspended_reinstated_and_revoked_is_so_in_the_published_lists(desk: Desk) -> None:
    issued = desk.issue()
    for form in (issued.token, issued.sd_jwt):
        assert desk.findings(form) == ["status-unknown", "status-unknown"]
    desk.publish()
    for form in (issued.token, issued.sd_jwt):
        assert desk.findings(form) == []
    desk.office.suspend(issued.mark)
    desk.publish()
    for form in (issued.token, issued.sd_jwt):
        assert desk.findings(form) == ["mark-suspended", "credential-suspended"]
    desk.office.reinstate(issued.mark)
    desk.publish()
    assert desk.findings(issued.token) == []
    desk.office.revoke(issued.mark)
    desk.publish()
    for form in (issued.token, issued.sd_jwt):
        assert desk.findings(form) == ["mark-revoked", "credential-revoked"]


def test_ledger_speaks_although_the_lists_were_not_published_anew(desk: Desk) -> None:
    issued = desk.issue()
    desk.publish()
    desk.office.revoke(issued.mark)
    assert desk.findings(issued.token) == ["mark-revoked"]


def test_credential_that_was_replaced_is_revoked_for_ever(desk: Desk) -> None:
    first = desk.issue()
    again = desk.office.issue(
        Trademark(first.mark, "NORDLICHT", (25,), date(2019, 3, 4)),
        holder=desk.world.account("brand"),
        holder_name="Nordlicht Example",
    )
    desk.publish()
    assert desk.findings(first.sd_jwt) == ["hash-differs", "credential-revoked"]
    assert desk.findings(again.sd_jwt) == []
    assert desk.file.require().tracked[_index(desk, first)].revoked


def _index(desk: Desk, issued: IssuedCredential) -> int:
    tracked = desk.file.require().tracked
    return next(index for index, one in tracked.items() if one.credential_hash == issued.credential_hash)


def test_list_is_served_as_it_was_signed_with_headers_for_caches(desk: Desk) -> None:
    lists = desk.publish()
    path = f"/v1/status-lists/{desk.world.account('office')}/revocation"
    answer = desk.world.client.get(path)
    assert answer.text == lists[StatusPurpose.REVOCATION]
    assert answer.headers["content-type"] == "application/vc+jwt"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"
    again = desk.world.client.get(path, headers={"If-None-Match": f'"other", {answer.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    changed = desk.world.client.get(path, headers={"If-None-Match": '"other"'})
    assert changed.status_code == 200


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["reason"]


def test_only_the_accounts_own_listed_key_publishes_its_list(desk: Desk) -> None:
    state = desk.file.require()
    stranger = PrivateKey.from_secret(b"\x09" * 48)
    now = datetime.now(UTC)
    forged = sign_lists(state, frozenset(), key=stranger, issuer=None, now=now)
    assert refusal(desk.send(forged[StatusPurpose.REVOCATION])) == (400, "issuer-key-unknown")
    brand = desk.world.wallets["brand"].credential_key()
    by_brand = sign_lists(state, frozenset(), key=brand, issuer=None, now=now)
    assert refusal(desk.send(by_brand[StatusPurpose.REVOCATION])) == (400, "issuer-key-unknown")
    assert refusal(desk.send(by_brand[StatusPurpose.REVOCATION], account="brand")) == (403, "not-an-office")


def test_list_of_another_place_purpose_or_time_is_refused(desk: Desk) -> None:
    lists = desk.lists()
    assert refusal(desk.send(lists[StatusPurpose.SUSPENSION])) == (400, "wrong-list")
    elsewhere = replace(desk.file.require(), account=desk.world.account("brand"))
    signed = sign_lists(elsewhere, frozenset(), key=desk.office.key, issuer=None, now=datetime.now(UTC))
    assert refusal(desk.send(signed[StatusPurpose.REVOCATION])) == (400, "wrong-list")
    for moment, reason in ((timedelta(days=-8), "expired"), (timedelta(days=1), "not-yet-valid")):
        other = sign_lists(
            desk.file.require(), frozenset(), key=desk.office.key, issuer=None, now=datetime.now(UTC) + moment
        )
        assert refusal(desk.send(other[StatusPurpose.REVOCATION])) == (400, reason)


def test_older_list_does_not_come_back(desk: Desk) -> None:
    older, newer = desk.lists(desk.key_began()), desk.lists()
    assert older != newer
    assert desk.send(newer[StatusPurpose.REVOCATION]).status_code == 200
    assert desk.send(newer[StatusPurpose.REVOCATION]).status_code == 200
    assert refusal(desk.send(older[StatusPurpose.REVOCATION])) == (400, "older-list")


def test_published_revocation_is_not_taken_back_even_by_the_office(desk: Desk) -> None:
    issued = desk.issue()
    desk.office.revoke(issued.mark)
    desk.publish()
    index = _index(desk, issued)
    state = desk.file.require()
    undone = state.with_credential(index, replace(state.tracked[index], revoked=False))
    signed = sign_lists(undone, frozenset(), key=desk.office.key, issuer=None, now=datetime.now(UTC))
    assert refusal(desk.send(signed[StatusPurpose.REVOCATION])) == (400, "revocation-taken-back")


def test_thief_of_an_offices_key_does_not_revoke_everything_for_ever(
    own_world: Callable[..., Any], tmp_path: Path
) -> None:
    with own_world() as world:
        desk = Desk(world, tmp_path)
        issued, renewed = desk.issue(), world.wallets["office"].credential_key(2)
        desk.publish()
        state = desk.file.require()
        everything = replace(state, tracked={index: replace(one, revoked=True) for index, one in state.tracked.items()})
        stolen = desk.office.key
        forged = sign_lists(everything, frozenset(), key=stolen, issuer=None, now=datetime.now(UTC))
        assert desk.send(forged[StatusPurpose.REVOCATION]).status_code == 200
        assert desk.findings(issued.token) == ["credential-revoked"]
        world.accreditation("office").list_credential_key(renewed.public)
        ledger = world.ledger("office")
        ledger.send(ledger.trust.revoke_credential_key(stolen.public.x, stolen.public.y))
        desk.office = replace(desk.office, key=renewed)
        desk.publish()
        state = desk.file.require()
        undone = replace(state, tracked={index: replace(one, revoked=True) for index, one in state.tracked.items()})
        again = sign_lists(undone, frozenset(), key=stolen, issuer=None, now=datetime.now(UTC))
        assert refusal(desk.send(again[StatusPurpose.REVOCATION])) == (400, "issuer-key-out-of-period")


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\xff", b"a.b.c", b"." * 10_000])
def test_nonsense_is_refused_and_nothing_is_stored(body: bytes, desk: Desk) -> None:
    path = f"/v1/status-lists/{desk.world.account('office')}/revocation"
    assert desk.world.client.post(path, content=body).status_code in (400, 413)
    assert refusal(desk.world.client.get(path)) == (404, "no-such-status-list")


def test_list_beyond_the_limit_is_refused_unread(desk: Desk) -> None:
    path = f"/v1/status-lists/{desk.world.account('office')}/revocation"
    assert desk.world.client.post(path, content=b"x" * 300_000).status_code == 413


@pytest.mark.parametrize("place", ["0x00/revocation", "nobody/revocation", "{lower}/revocation", "{office}/message"])
def test_place_in_another_spelling_holds_nothing(place: str, world: World) -> None:
    office = world.account("office")
    answer = world.client.get(f"/v1/status-lists/{place.format(office=office, lower=office.lower())}")
    assert refusal(answer) == (404, "no-such-status-list")


# did:web from the ledger


def hosting(world: World) -> CredentialHosting:
    return CredentialHosting(world.services.database, world.services.projector, world.services.clock)


def document(world: World, account: str, host: str = "node.office.example") -> dict[str, Any]:
    return hosting(world).did_document(account, host)


def test_did_document_names_the_keys_that_the_ledger_lists(world: World) -> None:
    account = world.account("office")
    did = f"did:web:node.office.example%3A8443:v1:accounts:{account}"
    content = document(world, account, "node.office.example:8443")
    read = read_did_document(json.dumps(content).encode(), did)
    assert list(read.keys.values()) == [world.wallets["office"].credential_key().public]


def test_account_without_listed_keys_has_a_document_without_keys(world: World) -> None:
    assert document(world, world.account("stranger"))["verificationMethod"] == []


def test_words_on_the_ledger_that_are_no_key_are_left_out() -> None:
    assert not _is_point(CredentialKeyRow(account="a", x=b"\1" * 32, y=b"\2" * 32, valid_from=0, valid_until=1))


@pytest.mark.parametrize("host", ["", "127.0.0.1:8750", "localhost", "a b"])
def test_host_that_did_web_cannot_name_has_no_document(host: str, world: World) -> None:
    with pytest.raises(NotFound) as caught:
        document(world, world.account("office"), host)
    assert caught.value.reason == "no-public-host"


@pytest.mark.parametrize("account", ["0x" + "99" * 20, "nobody", "{lower}", "a:b"])
def test_unknown_account_has_no_document(account: str, world: World) -> None:
    with pytest.raises(CountermarkError):
        document(world, account.format(lower=world.account("office").lower()))


def test_route_of_the_document_answers_with_a_problem_while_the_host_is_unknown(world: World) -> None:
    answer = world.client.get(f"/v1/accounts/{world.account('office')}/did.json")
    assert refusal(answer) == (404, "no-public-host")


def test_published_list_reads_with_the_offices_key(desk: Desk) -> None:
    lists = desk.publish()
    read = read_status_list(lists[StatusPurpose.REVOCATION], desk.office.key.public, datetime.now(UTC))
    assert read.purpose == "revocation"
