"""Chips, owners and claim codes at a node: what is fresh counts once, and nobody else's answer counts at all."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from countermark.chain.contracts import Claims
from countermark.custody.claim import Claim, LeafProof
from countermark.custody.handover import RunLine
from countermark.errors import TableRefused
from countermark.gs1 import ItemKey, check_digit
from countermark.identifiers import index_of, series_of
from countermark.labels.claim_code import claim_secret
from countermark.labels.merkle import MerkleTree
from countermark.labels.packing_list import PackingList, read_packing_list
from countermark.labels.series import Label, LabelOrder, make_labels
from countermark.nfc import ChipKeys, chip_value
from countermark.nfc.encoding import write_chip_keys
from countermark.nfc.soft_chip import SoftChip
from countermark.products import Product, ProductRecord
from countermark.scans.possession import show_possession
from countermark_node.alerts.tables import AlertRow
from countermark_node.chain_sync.tables import ClaimRow
from countermark_node.showings.chip_keys import keep_chip_keys
from countermark_node.showings.chips import ChipVault
from countermark_node.showings.tables import ChipKeysRow
from countermark_wallet.cli.main import COMMAND_GROUP, main
from countermark_wallet.keys.keystore import WalletKeystore
from countermark_wallet.keys.signer import WalletSigner
from countermark_wallet.ledger.connection import Ledger, connect
from countermark_wallet.node_access.client import NodeClient
from countermark_wallet.node_access.relaying import NodeRelay
from countermark_wallet.series.brand_series import BrandSeries
from countermark_wallet.series.commissioning import Commissioning

if TYPE_CHECKING:
    from tests.node.conftest import World

SIZE = 16
FRESH: tuple[str, str] = ("genuine", "chip-fresh")
ONCE: tuple[str, str] = ("label-genuine", "chip-tapped")
REPLAYED: tuple[str, str] = ("caution", "chip-replayed")


@dataclass
class Chipped:
    """A series whose labels have chips and claim codes, packed, released to sale, known to the node."""

    world: World
    series: int
    first: int
    labels: list[Label]
    chips: dict[str, SoftChip]
    codes: dict[str, str]
    packing: PackingList
    unused: Iterator[Label]

    def chip(self, label: Label) -> SoftChip:
        return self.chips[label.item.serial]

    def token(self, label: Label) -> int:
        return self.first + self.labels.index(label)

    def claim_signer(self, label: Label, code: str | None = None) -> WalletSigner:
        return WalletSigner(claim_secret(label.item, code or self.codes[label.item.serial]))

    def claim(self, label: Label, owner: WalletSigner, ledger: Ledger | None = None) -> None:
        world, token = self.world, self.token(label)
        at = self.labels.index(label)
        claims = Claims(world.installation.connection, world.installation.deployment.address("Claims"))
        signer = self.claim_signer(label)
        proof = LeafProof(
            label.item.serial,
            signer.address,
            self.packing.salts[at],
            MerkleTree(list(self.packing.leaves())).path(at),
            self.packing.chips[at],
        )
        claim = Claim(token, owner.address, 0, int(datetime.now(UTC).timestamp()) + 3_600)
        typed = claim.typed(world.installation.deployment.chain_id, claims.address)
        ledger = ledger or world.ledger("stranger")
        ledger.send(claims.claim(claim, proof, signer.sign_typed(typed), owner.sign_typed(typed)))


@pytest.fixture(scope="module")
def chipped(world: World) -> Chipped:
    digits = f"9521234{next(world.counter):05d}"
    record = ProductRecord("0" + digits + check_digit(digits), "Watch", "Nordlicht", "DE", "Watches")
    product = Product(record, (world.new_mark(),), SIZE, lot="L1", expiry=None)
    wallet, ledger = world.wallets["brand"], world.ledger("brand")
    brand = BrandSeries(ledger, wallet, "id.brand.example")
    state = brand.open(product, codes=True)
    own = wallet.series_secrets(product.gtin, state.number)
    keys = ChipKeys.from_secret(own.chip_key)
    order = LabelOrder(product.gtin, state.number, SIZE, "id.brand.example", lot="L1")
    labels = list(make_labels(order, own, wallet.label_key()))
    chips = {label.item.serial: SoftChip.of(secrets.token_bytes(7), keys) for label in labels}
    values = {serial: chip_value(chip.uid) for serial, chip in chips.items()}
    work = Commissioning(ledger, wallet, state, brand.clock, brand.limits)
    segment = work.commission(work.seal(tuple(label.item.serial for label in labels), values))
    assert world.upload(segment).status_code == 200
    ledger.send(ledger.handovers.release_to_sale([RunLine(segment.first, segment.last)]))
    with world.services.database.write() as session:
        keep_chip_keys(
            session,
            ChipVault(world.installation.salt),
            gtin=product.gtin,
            number=state.number,
            secret=own.chip_key,
            now=0,
        )
    with segment.packing_list.open(encoding="utf-8", newline="") as stream:
        packing = read_packing_list(stream, product.gtin)
    codes = {label.item.serial: own.code_of(label.item) for label in labels}
    return Chipped(world, state.series, segment.first, labels, chips, codes, packing, iter(labels))


def judged(world: World, raw: str, **members: Any) -> tuple[str, str]:
    response = world.scan(raw, **members)
    assert response.status_code == 200, response.text
    report = response.json()["report"]
    return report["verdict"], report["checks"][2]["code"]


@pytest.mark.parametrize("plain", [False, True])
def test_second_tap_within_two_minutes_makes_the_label_genuine(world: World, chipped: Chipped, plain: bool) -> None:
    label = next(chipped.unused)
    chip = chipped.chip(label)
    assert judged(world, chip.tap(label.link, plain=plain)) == ONCE
    assert judged(world, chip.tap(label.link, plain=plain)) == FRESH
    assert judged(world, label.link) == ("label-genuine", "signature-valid")


def test_answer_of_a_chip_is_of_class_b_once_and_a_replay_is_anonymous(world: World, chipped: Chipped) -> None:
    label = next(chipped.unused)
    answer = chipped.chip(label).tap(label.link)
    assert [world.scan(answer).json()["evidence_class"] for _ in range(2)] == ["B", "D"]


def test_fresh_answers_of_one_chip_in_two_far_places_raise_an_alert_and_a_replay_does_not(
    world: World, chipped: Chipped
) -> None:
    def alerts(label: Label) -> int:
        with world.services.database.read() as session:
            return len(session.exec(select(AlertRow).where(AlertRow.serial == label.item.serial)).all())

    def seen(label: Label, answer: str, place: tuple[float, float], minutes: int) -> str:
        body = world.scan_body(answer, place=place, ago=timedelta(minutes=minutes))
        return str(world.client.post("/v1/scans", json=body).json()["evidence_class"])

    moved, replayed = next(chipped.unused), next(chipped.unused)
    chip = chipped.chip(moved)
    assert seen(moved, chip.tap(moved.link), (51.95, 4.14), 20) == "B"
    assert seen(moved, chip.tap(moved.link), (1.26, 103.84), 5) == "B"
    assert alerts(moved) == 1
    answer = chipped.chip(replayed).tap(replayed.link)
    assert [seen(replayed, answer, place, 9) for place in ((51.95, 4.14), (1.26, 103.84))] == ["B", "D"]
    assert alerts(replayed) == 0


def test_chips_answer_that_is_uploaded_twice_under_its_id_is_no_replay(world: World, chipped: Chipped) -> None:
    label = next(chipped.unused)
    body = world.scan_body(chipped.chip(label).tap(label.link)) | {"id": secrets.token_hex(16)}
    first, second = (world.client.post("/v1/scans", json=body).json() for _ in range(2))
    assert first["evidence_class"] == second["evidence_class"] == "B"
    assert first["scan_id"] == second["scan_id"]
    verdicts = [(one["report"]["verdict"], one["report"]["checks"][2]["code"]) for one in (first, second)]
    assert verdicts == [ONCE, ONCE]
    assert judged(world, body["raw"]) == REPLAYED


def test_kept_answers_are_replays_once_the_chip_was_tapped_again(world: World, chipped: Chipped) -> None:
    label = next(chipped.unused)
    chip = chipped.chip(label)
    kept = [chip.tap(label.link) for _ in range(3)]
    assert judged(world, chip.tap(label.link)) == ONCE
    assert {judged(world, answer) for answer in kept} == {REPLAYED}


def test_two_racing_requests_with_one_answer_are_one_tap(world: World, chipped: Chipped) -> None:
    label = next(chipped.unused)
    for _ in range(5):
        answer = chipped.chip(label).tap(label.link)
        with ThreadPoolExecutor(8) as pool:
            found = [code for _, code in pool.map(lambda _: judged(world, answer), range(8))]  # noqa: B023
        assert found.count("chip-replayed") == 7
        assert set(found) - {"chip-replayed"} <= {"chip-tapped", "chip-fresh"}


def test_second_tap_by_another_phone_is_a_first_one(world: World, chipped: Chipped) -> None:
    label = next(chipped.unused)
    chip = chipped.chip(label)
    assert judged(world, chip.tap(label.link), device="one phone") == ONCE
    assert judged(world, chip.tap(label.link), device="another") == ONCE
    assert judged(world, chip.tap(label.link), device="another") == FRESH


def test_second_tap_after_the_time_is_over_is_a_first_one(world: World, chipped: Chipped) -> None:
    label = next(chipped.unused)
    chip = chipped.chip(label)
    assert judged(world, chip.tap(label.link)) == ONCE
    with world.services.database.write() as session:
        session.connection().execute(
            text("UPDATE chip_tap SET tapped_at = tapped_at - 121 WHERE serial = :serial"),
            {"serial": label.item.serial},
        )
    assert judged(world, chip.tap(label.link)) == ONCE
    assert judged(world, chip.tap(label.link)) == FRESH


def test_chip_moved_to_another_label_of_its_series_is_not_genuine(world: World, chipped: Chipped) -> None:
    label, other = next(chipped.unused), chipped.labels[0]
    assert judged(world, chipped.chip(other).tap(label.link)) == ("label-not-genuine", "chip-foreign")


def test_made_up_answer_is_not_genuine(world: World, chipped: Chipped) -> None:
    label = chipped.labels[0]
    stranger = SoftChip.of(chipped.chip(label).uid, ChipKeys.from_secret(secrets.token_bytes(32)))
    for plain in (False, True):
        assert judged(world, stranger.tap(label.link, plain=plain)) == ("label-not-genuine", "chip-wrong")


def test_chip_of_a_series_whose_keys_are_not_here_changes_only_a_notice(world: World, chipped: Chipped) -> None:
    label = world.label()
    answer = chipped.chip(chipped.labels[0]).tap(label.link)
    report = world.scan(answer).json()["report"]
    assert report["verdict"] == "label-genuine"
    assert "chip-not-checked" in {notice["code"] for notice in report["notices"]}


def test_answer_in_a_form_that_no_chip_writes_is_refused(world: World, chipped: Chipped) -> None:
    response = world.scan(chipped.labels[0].link + "&cmac=0")
    assert (response.status_code, response.json()["reason"]) == (400, "bad-chip-answer")


def test_chip_secret_is_sealed_at_rest_and_opens_for_its_series_alone(world: World, chipped: Chipped) -> None:
    own = world.wallets["brand"].series_secrets(chipped.packing.gtin, 1).chip_key
    with world.services.database.read() as session:
        kept = session.exec(select(ChipKeysRow)).all()
    assert kept
    assert all(own not in row.sealed for row in kept)
    vault = ChipVault(world.installation.salt)
    with world.services.database.read() as session:
        keys = vault.keys(session, chipped.series)
        assert keys == ChipKeys.from_secret(own)
        assert vault.keys(session, chipped.series + 1) is None


def challenge(world: World, label: Label) -> dict[str, Any]:
    response = world.client.post("/v1/challenges", json={"raw": label.link})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def possession(given: dict[str, Any], signer: WalletSigner, **changed: Any) -> dict[str, str]:
    values = {**given, **changed}
    return show_possession(
        signer,
        item=int(values["item"]),
        challenge=bytes.fromhex(values["challenge"][2:]),
        chain_id=values["chain_id"],
        claims_address=values["claims_address"],
    )


def test_consumer_without_an_account_claims_through_the_node(world: World, chipped: Chipped) -> None:
    label, owner = next(chipped.unused), WalletSigner(secrets.token_bytes(32))
    ledger = connect(world.server.url, owner)
    requests: list[str] = []
    relay = NodeRelay(
        ledger.connection,
        ledger.deployment.address("Forwarder"),
        owner,
        lambda token: NodeClient(world.server.url, token=token),
        accepted=requests.append,
    )
    chipped.claim(label, owner, replace(ledger, relay=relay))
    assert world.installation.contracts.token.owner_of(chipped.token(label)) == owner.address
    assert world.client.get(f"/v1/requests/{requests[0]}").json()["state"] == "confirmed"
    assert not world.installation.contracts.trust.is_account(owner.address)
    assert int(world.installation.connection.rpc("eth_getTransactionCount", [owner.address, "latest"]), 16) == 0


def test_unused_code_makes_the_label_genuine_and_a_claimed_one_does_not(world: World, chipped: Chipped) -> None:
    label = next(chipped.unused)
    signer = chipped.claim_signer(label)
    sale = world.scan(label.link).json()["report"]["sale"]
    assert sale == {"released": True, "claimed": False}
    shown = possession(challenge(world, label), signer)
    assert judged(world, label.link, possession=shown) == ("genuine", "claim-code-unused")
    owner = WalletSigner(secrets.token_bytes(32))
    chipped.claim(label, owner)
    assert judged(world, label.link, possession=possession(challenge(world, label), signer)) == (
        "caution",
        "claim-code-spent",
    )
    report = world.scan(label.link).json()["report"]
    assert report["sale"] == {"released": False, "claimed": True}
    assert "claimed" in {notice["code"] for notice in report["notices"]}
    assert judged(world, label.link, possession=possession(challenge(world, label), owner)) == ("genuine", "owner-key")


def test_only_the_owner_or_the_items_own_code_shows_anything(world: World, chipped: Chipped) -> None:
    label, other = chipped.labels[0], chipped.labels[1]
    for signer in (chipped.claim_signer(other), WalletSigner(secrets.token_bytes(32)), world.wallets["brand"].signer()):
        response = world.scan(label.link, possession=possession(challenge(world, label), signer))
        assert (response.status_code, response.json()["reason"]) == (403, "bad-possession")


def test_challenge_is_answered_once_also_when_two_answers_race(world: World, chipped: Chipped) -> None:
    label = chipped.labels[0]
    shown = possession(challenge(world, label), chipped.claim_signer(label))
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: world.scan(label.link, possession=shown).json(), range(6)))
    assert sorted(answer.get("reason", "taken") for answer in answers) == ["challenge-used"] * 5 + ["taken"]


def test_challenge_of_another_item_another_node_or_another_ledger_is_refused(world: World, chipped: Chipped) -> None:
    label, other = chipped.labels[0], chipped.labels[1]
    signer = chipped.claim_signer(label)
    given = challenge(world, label)
    foreign = {
        "bad-challenge": [
            possession(challenge(world, other), signer),
            possession(given, signer, challenge="0x" + secrets.token_hex(32)),
            possession(given, signer, challenge=given["challenge"][:-2] + "00"),
        ],
        "bad-possession": [
            possession(given, signer, chain_id=given["chain_id"] + 1),
            possession(given, signer, claims_address=world.account("brand")),
            possession(given, signer, item=str(int(given["item"]) + 1)),
        ],
    }
    for reason, cases in foreign.items():
        for case in cases:
            response = world.scan(label.link, possession=case)
            assert response.json()["reason"] == reason


def test_challenge_runs_out(own_world: Callable[..., Any], ahead: Any) -> None:
    with own_world(clock=ahead) as world:
        label = world.label()
        given = challenge(world, label)
        ahead.by = timedelta(seconds=301)
        response = world.scan(label.link, possession=possession(given, world.wallets["brand"].signer()))
        assert response.json()["reason"] == "bad-challenge"


@pytest.mark.parametrize(
    "body", [{}, {"raw": 5}, {"raw": "x", "code": "1"}, [], {"raw": "https://id.brand.example/01/"}]
)
def test_malformed_request_for_a_challenge_is_a_problem(world: World, body: Any) -> None:
    assert world.client.post("/v1/challenges", json=body).status_code == 400


@pytest.mark.parametrize("value", [5, {}, {"challenge": "0x00", "signature": "0x00"}, {"challenge": "0x" + "0" * 64}])
def test_malformed_possession_is_a_problem_that_says_why(world: World, value: Any) -> None:
    response = world.scan(world.goods.packed[0].link, possession=value)
    assert (response.status_code, response.json()["reason"]) == (400, "bad-possession-proof")


def test_item_without_a_record_gets_no_challenge(world: World) -> None:
    item = ItemKey(world.goods.product.gtin, "UNKNOWN1")
    raw = f"https://id.brand.example/01/{item.gtin}/21/{item.serial}"
    response = world.client.post("/v1/challenges", json={"raw": raw})
    assert (response.status_code, response.json()["reason"]) == (404, "no-such-item")


def test_command_shows_an_unused_code_and_an_owner(
    world: World, chipped: Chipped, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    label = next(chipped.unused)
    code = chipped.codes[label.item.serial]
    monkeypatch.setattr("typer.prompt", lambda *_, **__: code.lower())
    command = ["--home", str(world.folder), "--node", world.server.url, "scan", "--raw", label.link]
    assert main([*command, "--claim-code"], entry_points(group=COMMAND_GROUP)) == 0
    assert "genuine -" in capsys.readouterr().out
    # A fresh key, as owners have: no account of the network.
    owner = WalletKeystore(world.folder, work_factor=2).create(f"buyer{next(world.counter)}", "four unrelated words")
    chipped.claim(label, owner.signer())
    monkeypatch.setenv("COUNTERMARK_WALLET_PASSWORD", "four unrelated words")
    assert main(["--wallet", owner.name, *command, "--own"], entry_points(group=COMMAND_GROUP)) == 0
    assert "owner signed" in capsys.readouterr().out
    assert main([*command, "--claim-code"], entry_points(group=COMMAND_GROUP)) == 1


def test_wallet_hands_chip_keys_to_a_node_and_to_the_station(
    world: World, chipped: Chipped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUNTERMARK_WALLET_PASSWORD", "four unrelated words")
    gtin, keys, secret = chipped.packing.gtin, tmp_path / "keys.json", tmp_path / "station.csv"
    brand = ["--home", str(world.folder), "--wallet", "brand", "chips"]
    assert main([*brand, "keys", gtin, "1", "--out", str(keys)], ()) == 0
    assert keys.stat().st_mode & 0o777 == 0o600
    with world.services.database.write() as session:
        session.connection().execute(text("DELETE FROM chip_keys"))
    label = next(chipped.unused)
    assert judged(world, chipped.chip(label).tap(label.link)) == ("label-genuine", "signature-valid")
    node = ["--home", str(world.installation.home), "node", "chips", str(keys)]
    assert main(node, entry_points(group=COMMAND_GROUP)) == 0
    assert judged(world, chipped.chip(label).tap(label.link)) == ONCE
    chip = chipped.chip(label)
    (tmp_path / "chips.csv").write_text(f"uid\n{chip.uid.hex().upper()}\n")
    assert main([*brand, "encode", gtin, "1", "--chips", str(tmp_path / "chips.csv"), "--out", str(secret)], ()) == 0
    row = f"{chip.uid.hex()},{chip.meta_key.hex()},{chip.file_key.hex()}".upper()
    assert secret.read_text().splitlines() == ["uid,sdm_meta_read_key,sdm_file_read_key", row]
    shown = capsys.readouterr()
    assert chip.file_key.hex() not in (shown.out + shown.err).lower()


@pytest.mark.parametrize(
    "change",
    [
        {"format": "countermark/chip-keys/2"},
        {"secret": "00"},
        {"secret": "x" * 64},
        {"series": "1"},
        {"gtin": 5},
        {"more": 1},
    ],
)
def test_file_that_holds_no_chip_keys_is_refused_and_not_repeated(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any]
) -> None:
    members = {"format": "countermark/chip-keys/1", "gtin": "09521234000013", "series": 1, "secret": "ab" * 32}
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(members | change))
    node = ["--home", str(world.installation.home), "node", "chips", str(file)]
    assert main(node, entry_points(group=COMMAND_GROUP)) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("FAIL:")
    assert "abab" not in shown


def test_table_of_chips_with_a_wrong_or_doubled_uid_is_refused() -> None:
    keys = ChipKeys.from_secret(bytes(32))
    for table in ("uid\n04AABBCCDDEE\n", "uid\n04AABBCCDDEEFF\n04aabbccddeeff\n", "uid\nxxxxxxxxxxxxxx\n"):
        with pytest.raises(TableRefused) as refused:
            write_chip_keys(io.StringIO(table), io.StringIO(), keys)
        assert refused.value.reason == "bad-chip-uid"


def test_code_issued_anew_after_a_return_counts_and_the_old_one_stays_spent(world: World, chipped: Chipped) -> None:
    label, owner = chipped.labels[-1], WalletSigner(secrets.token_bytes(32))
    token, claims = chipped.token(label), world.installation.contracts.claims
    old, new = chipped.claim_signer(label), WalletSigner(secrets.token_bytes(32))

    def projected() -> tuple[bool, int, str | None]:
        world.services.projector.catch_up()
        with world.services.database.read() as session:
            row = session.get(ClaimRow, (series_of(token), index_of(token)))
        assert row is not None
        return row.claimed, row.turn, row.claim_key

    def on_ledger() -> tuple[bool, int, str | None]:
        info = claims.claim_info(token)
        return info.claimed, info.turn, info.claim_key

    chipped.claim(label, owner)
    assert projected() == on_ledger() == (True, 1, None)
    sender = Ledger(world.installation.connection, world.installation.deployment, owner)
    sender.send(claims.skip_turn(token))
    assert projected() == on_ledger() == (True, 2, None)
    world.ledger("brand").send(claims.open_to_return(token, int(datetime.now(UTC).timestamp()) + 3_600))
    sender.send(claims.unclaim(token, world.account("brand")))
    assert projected() == on_ledger() == (False, 3, None)
    shown = possession(challenge(world, label), old)
    assert judged(world, label.link, possession=shown) == ("caution", "claim-code-spent")
    world.ledger("brand").send(claims.reissue(token, new.address))
    assert projected() == on_ledger() == (False, 3, new.address)
    shown = possession(challenge(world, label), new)
    assert judged(world, label.link, possession=shown) == ("genuine", "claim-code-unused")
    shown = possession(challenge(world, label), old)
    assert judged(world, label.link, possession=shown) == ("caution", "claim-code-spent")
