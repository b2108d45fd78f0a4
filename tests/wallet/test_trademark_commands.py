"""Credentials from the command line: both forms, presentations, status lists, licences; licences on a real ledger."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from countermark.chain.contracts import Contracts
from countermark.credentials.account_id import AccountId
from countermark.credentials.did_key import did_of
from countermark.credentials.did_web import Fetch, write_did_document
from countermark.credentials.licence import LicenceCheck
from countermark.credentials.status_list import LEAST_ENTRIES, StatusPurpose
from countermark.credentials.trademark import TrademarkCredential, sign_trademark_credential
from countermark.errors import ContractRefused, CredentialRefused, InputRefused, NotFound, NotPermitted
from countermark.p256 import PublicKey
from countermark_wallet.credentials.checking import CredentialDesk
from countermark_wallet.credentials.licensing import TrademarkLicensing
from countermark_wallet.credentials.status_lists import StatusListFile, TrackedCredential, new_state

if TYPE_CHECKING:
    from tests.wallet.conftest import Command, Market, StubServer

PASSWORD = "correct horse battery"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
"""The time at which `market` stands still."""


def issue(command: Command, market: Market, folder: Path, mark: str, *more: object) -> dict[str, Any]:
    return command.json(
        "office", "trademark", "issue", mark, "--text", "NORDLICHT", "--holder", market.account("brand"),
        "--holder-name", "Nordlicht Example", "--class", 25, "--registered-on", "2019-03-04",
        "--office-name", "Example Office", "--out", folder / "mark.jwt", "--sd-jwt", folder / "mark.sd-jwt", *more,
    )  # fmt: skip


def test_credential_that_cannot_be_written_is_not_anchored(
    command: Command, live_market: Market, tmp_path: Path
) -> None:
    code, _, err = command(
        "office", "trademark", "issue", "EM500000088888899", "--text", "A", "--holder", live_market.account("brand"),
        "--holder-name", "A", "--class", 25, "--registered-on", "2019-03-04", "--office-name", "O",
        "--out", tmp_path / "no-folder" / "mark.jwt",
    )  # fmt: skip
    assert (code, "a place on disk that can be written" in err) == (1, True)
    assert "status=0" in command("office", "trademark", "revoke", "EM500000088888899")[2]


def test_holder_presents_some_claims_and_answers_a_challenge(
    command: Command, live_market: Market, tmp_path: Path
) -> None:
    holder = did_of(live_market.wallets["brand"].credential_key().public)
    issue(command, live_market, tmp_path, "EM500000088888801", "--holder-did", holder)
    whole = command.json("brand", "trademark", "show", tmp_path / "mark.sd-jwt")
    assert (whole["form"], whole["bound"], whole["credential"]["niceClasses"]) == ("dc+sd-jwt", False, [25])
    challenge = ("--audience", "https://customs.example", "--nonce", "fresh")
    out = tmp_path / "answer"
    command.json(
        "brand", "trademark", "present", tmp_path / "mark.sd-jwt", "--show", "wordMark", *challenge, "--out", out
    )
    shown = command.json("carrier", "trademark", "show", out, *challenge)
    assert shown["bound"] is True
    assert shown["credential"]["wordMark"] == "NORDLICHT"
    assert not {"niceClasses", "registeredName", "registeredDate"} & set(shown["credential"])
    code, _, err = command(
        "carrier", "trademark", "show", out, "--audience", "https://customs.example", "--nonce", "other"
    )
    assert code == 1
    assert "the nonce that was asked for" in err
    code, _, err = command("carrier", "trademark", "show", tmp_path / "mark.sd-jwt", *challenge)
    assert code == 1
    assert "without a key binding" in err
    code, out_text, _ = command("carrier", "trademark", "show", out)
    assert code == 0
    assert "(not shown)" in out_text


def test_wallet_that_is_not_the_holders_answers_no_challenge(
    command: Command, live_market: Market, tmp_path: Path
) -> None:
    holder = did_of(live_market.wallets["brand"].credential_key().public)
    issue(command, live_market, tmp_path, "EM500000088888806", "--holder-did", holder)
    challenge = ("--audience", "https://customs.example", "--nonce", "fresh", "--out", tmp_path / "answer")
    code, _, err = command("carrier", "trademark", "present", tmp_path / "mark.sd-jwt", *challenge)
    assert code == 1
    assert "as its holder's" in err
    issue(command, live_market, tmp_path, "EM500000088888807")
    assert command("brand", "trademark", "present", tmp_path / "mark.sd-jwt", *challenge)[0] == 1
    assert not (tmp_path / "answer").exists()


@pytest.mark.parametrize("options", [("--audience", "a"), ("--nonce", "n")])
def test_half_a_challenge_is_wrong_usage(options: tuple[str, str], command: Command, tmp_path: Path) -> None:
    assert command("brand", "trademark", "show", tmp_path / "none", *options)[0] == 2


def test_claim_that_cannot_be_shown_writes_no_file(command: Command, live_market: Market, tmp_path: Path) -> None:
    issue(command, live_market, tmp_path, "EM500000088888802")
    out = tmp_path / "answer"
    code, _, err = command("brand", "trademark", "present", tmp_path / "mark.sd-jwt", "--show", "sub", "--out", out)
    assert code == 1
    assert err.startswith("FAIL: ")
    assert not out.exists()


def test_status_lists_are_published_with_every_change_of_a_mark(
    command: Command, live_market: Market, node: StubServer, tmp_path: Path
) -> None:
    mark = "EM500000088888803"
    try:
        published = command.json("office", "trademark", "publish-status", "--at", node.url)
        assert [url.rpartition("/")[2] for url in published["lists"]] == ["revocation", "suspension"]
        issue(command, live_market, tmp_path, mark)
        assert command.json("brand", "trademark", "show", tmp_path / "mark.jwt")["notes"] == []
        suspended = command.json("office", "trademark", "suspend", mark)
        assert suspended["lists"] == published["lists"]
        code, _, err = command("brand", "trademark", "show", tmp_path / "mark.sd-jwt")
        assert code == 1
        assert "mark-suspended" in err
        command.json("office", "trademark", "reinstate", mark)
        command.json("brand", "trademark", "show", tmp_path / "mark.sd-jwt")
        node.lists.clear()
        code, _, err = command("brand", "trademark", "show", tmp_path / "mark.jwt")
        assert code == 1
        assert "status-unknown" in err
        assert command("office", "trademark", "publish-status", "--at", "https://elsewhere.example")[0] == 2
    finally:
        (live_market.wallets["office"].folder / "status-lists.json").unlink()


def test_change_that_could_not_be_published_stands_on_the_ledger_and_is_published_later(
    command: Command, live_market: Market, node: StubServer, tmp_path: Path
) -> None:
    mark = "EM500000088888804"
    try:
        command.json("office", "trademark", "publish-status", "--at", node.url)
        issue(command, live_market, tmp_path, mark)
        node.busy = True
        code, _, err = command("office", "trademark", "revoke", mark)
        node.busy = False
        assert code == 1
        assert err.startswith("FAIL: ")
        code, _, err = command("brand", "trademark", "show", tmp_path / "mark.jwt")
        assert "mark-revoked" in err
        command.json("office", "trademark", "publish-status")
        tracked = StatusListFile(live_market.wallets["office"].folder).require().tracked
        assert [one.revoked for one in tracked.values() if one.mark == mark] == [True]
    finally:
        node.busy = False
        (live_market.wallets["office"].folder / "status-lists.json").unlink()


def test_licence_is_granted_shown_and_ended(command: Command, live_market: Market, tmp_path: Path) -> None:
    mark = "EM500000088888805"
    issue(command, live_market, tmp_path, mark)
    licensing(live_market)
    licensee, out = live_market.account("carrier"), tmp_path / "licence.jwt"
    command.json(
        "brand", "licence", "grant", mark, licensee, "--licensee-name", "Maker Example",
        "--holder-name", "Nordlicht Example", "--ceiling", 5000, "--days", 30, "--out", out,
    )  # fmt: skip
    shown = command.json("carrier", "trademark", "show", out)
    assert shown["credential"]["credentialSubject"]["quantityCeiling"] == 5000
    command.json("brand", "licence", "end", mark, licensee)
    code, _, err = command("carrier", "trademark", "show", out)
    assert code == 1
    assert "licence-over" in err


# did:web on a real ledger

DID = "did:web:office.example"


def by_web(market: Market) -> tuple[str, str]:
    issued = replace(market.office(), issuer=DID).issue(
        market.new_mark(), holder=market.account("brand"), holder_name="Nordlicht Example"
    )
    return issued.token, issued.sd_jwt


def documents(*keys: PublicKey) -> Fetch:
    def fetch(url: str, *, most: int) -> bytes:
        assert url == "https://office.example/.well-known/did.json"
        return json.dumps(write_did_document(DID, keys)).encode()[:most]

    return fetch


def seen(market: Market, token: str, fetch: Fetch) -> tuple[list[str], list[str]]:
    contracts = Contracts.of(market.connection, market.deployment)
    check = CredentialDesk(contracts, market.connection.chain_id, fetch).check(token, now=NOW)
    return [finding.code for finding in check.findings], [note.code for note in check.notes]


def test_credential_of_a_did_web_is_believed_for_the_ledgers_sake(market: Market) -> None:
    office = market.wallets["office"].credential_key().public
    for form in by_web(market):
        assert seen(market, form, documents(office)) == ([], ["did-document-agrees"])


def test_key_of_a_document_that_the_ledger_does_not_list_for_the_office_is_not_believed(market: Market) -> None:
    thief = market.wallets["stranger"].credential_key()
    mark = market.new_mark()
    market.issue(mark)
    forged = replace(market.office(), key=thief, issuer=DID)
    credential = TrademarkCredential(
        "urn:uuid:1", mark, DID, "Example Office", AccountId(market.connection.chain_id, market.account("brand")),
        "Nordlicht Example", NOW, NOW + timedelta(days=1),
    )  # fmt: skip
    token = sign_trademark_credential(credential, forged.key)
    assert seen(market, token, documents(thief.public)) == (["issuer-key-unknown"], [])


def test_key_that_its_document_does_not_name_cannot_be_looked_up(market: Market) -> None:
    with pytest.raises(CredentialRefused) as caught:
        seen(market, by_web(market)[0], documents(market.wallets["stranger"].credential_key().public))
    assert caught.value.reason == "issuer-key-unknown"


# Licences on the ledger


def licensing(market: Market, name: str = "brand") -> TrademarkLicensing:
    key = market.wallets[name].credential_key()
    listed = market.ledger(name).trust.credential_key(market.account(name), key.public.x, key.public.y)
    if not listed.valid_until:
        market.accreditation(name).list_credential_key(key.public)
    return TrademarkLicensing(market.ledger(name), key, "Nordlicht Example", market.clock)


def granted(market: Market, mark: str, **changes: Any) -> str:
    terms: dict[str, Any] = {"ceiling": 100, "days": 30, "licensee_name": "Maker", **changes}
    return licensing(market).grant(mark, licensee=market.account("carrier"), **terms).token


def findings(market: Market, token: str) -> list[str]:
    contracts = Contracts.of(market.connection, market.deployment)
    check = CredentialDesk(contracts, market.connection.chain_id).check(token, now=NOW + timedelta(seconds=1))
    assert isinstance(check, LicenceCheck)
    return [finding.code for finding in check.findings]


def marked(market: Market) -> str:
    trademark = market.new_mark()
    market.issue(trademark)
    return trademark.mark


def test_licence_agrees_with_the_ledger_until_it_is_granted_anew(market: Market) -> None:
    mark = marked(market)
    first = granted(market, mark)
    assert findings(market, first) == []
    second = granted(market, mark, ceiling=200)
    assert findings(market, first) == ["licence-differs"]
    assert findings(market, second) == []


def test_licence_falls_with_its_mark(market: Market) -> None:
    mark = marked(market)
    token = granted(market, mark)
    market.office().suspend(mark)
    assert findings(market, token) == ["mark-suspended"]


def test_who_holds_no_mark_licenses_none(market: Market) -> None:
    mark = marked(market)
    with pytest.raises(ContractRefused):
        licensing(market, "retailer").grant(
            mark, licensee=market.account("carrier"), licensee_name="M", ceiling=1, days=1
        )


def test_licence_under_a_key_that_is_not_listed_is_not_granted(market: Market) -> None:
    mark = marked(market)
    unlisted = replace(licensing(market), key=market.wallets["brand"].credential_key(period=3))
    with pytest.raises(NotPermitted) as caught:
        unlisted.grant(mark, licensee=market.account("carrier"), licensee_name="M", ceiling=1, days=1)
    assert caught.value.reason == "credential-key-not-listed"
    assert market.ledger("brand").marks.licence(mark, market.account("carrier")).until == 0


# The office's file


def test_file_of_status_lists_comes_back_as_it_was_written(tmp_path: Path) -> None:
    file = StatusListFile(tmp_path)
    assert file.load() is None
    with pytest.raises(NotFound):
        file.require()
    state = new_state("https://node.office.example/", "0x" + "11" * 20)
    state = state.with_credential(7, TrackedCredential("EM500000012345678", b"\1" * 32, revoked=True))
    file.save(state)
    assert file.require() == state
    assert state.url(StatusPurpose.REVOCATION).startswith("https://node.office.example/v1/status-lists/0x11")


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format":"countermark/status-lists/1","at":"https://a.example","account":"x","tracked":{"a":{}}}',
     '{"format":"countermark/status-lists/1","at":"https://a.example","account":"x","tracked":{"131072":'
     '{"mark":"EM500000012345678","credential_hash":"' + "0" * 64 + '","revoked":false}}}'],
)  # fmt: skip
def test_damaged_file_of_status_lists_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / "status-lists.json").write_text(content)
    with pytest.raises(InputRefused) as caught:
        StatusListFile(tmp_path).load()
    assert caught.value.reason == "bad-status-file"


@pytest.mark.parametrize(
    "at",
    ["", "office.example", "http://office.example", "https://user@office.example", "https://office.example/path",
     "https://office.example?x", "ftp://office.example", "https://öffice.example"],
)  # fmt: skip
def test_address_that_is_no_public_node_is_refused(at: str) -> None:
    with pytest.raises(InputRefused) as caught:
        new_state(at, "0x" + "11" * 20)
    assert caught.value.reason == "bad-address"


def test_entries_are_drawn_until_one_is_free_and_a_full_list_is_named() -> None:
    one = TrackedCredential("EM500000012345678", b"\1" * 32)
    state = new_state("https://a.example", "x").with_credential(5, one)
    draws = iter([5, 5, 6])
    assert state.free_index(lambda _most: next(draws)) == 6
    full = replace(state, tracked=dict.fromkeys(range(LEAST_ENTRIES * 9 // 10), one))
    with pytest.raises(InputRefused) as caught:
        full.free_index()
    assert caught.value.reason == "status-list-full"
