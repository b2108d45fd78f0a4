"""Line reports at a brand's desk, on a real ledger: taken once, in part only when that was asked for."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from countermark.errors import ContractRefused, InputRefused, NotFound, TableRefused
from countermark.labels.packing_list import read_packing_list
from countermark.line.report import LineReport
from countermark.nfc.keys import chip_value
from countermark_wallet.cli.main import main
from countermark_wallet.keys.passwords import VARIABLE
from countermark_wallet.series.brand_series import BrandSeries
from countermark_wallet.series.closing import WasteBook
from countermark_wallet.series.commissioning import Commissioning
from countermark_wallet.series.state import CommissionedSegment, SeriesState

if TYPE_CHECKING:
    from tests.wallet.conftest import Market, StubServer

PASSWORD = "correct horse battery"


class Desk:
    """A fresh series with its labels."""

    def __init__(self, market: Market, folder: Path) -> None:
        self.brand: BrandSeries = market.series()
        self.state: SeriesState = self.brand.open(market.product(12))
        self.serials = market.serials(self.state, folder)

    def read(self, text: str, job: str = "") -> LineReport:
        return self.brand.read_report(self.state.gtin, self.state.number, io.BytesIO(text.encode()), job=job)

    def take(self, text: str, *, partial: bool = False) -> tuple[CommissionedSegment | None, int, bool]:
        taken = self.brand.take(self.state.gtin, self.state.number, self.read(text), partial=partial)
        return taken.segment, taken.wasted, taken.resent

    def wasted(self) -> int:
        return WasteBook(self.brand.store.files(self.state.gtin, self.state.number).waste).count()

    def segments(self) -> tuple[CommissionedSegment, ...]:
        return self.brand.store.load(self.state.gtin, self.state.number).segments


@pytest.fixture
def desk(market: Market, tmp_path: Path) -> Desk:
    return Desk(market, tmp_path)


def test_job_sent_twice_is_commissioned_once(desk: Desk) -> None:
    a, b, c = desk.serials[:3]
    text = f"serial;status;job\n{a};ok;J1\n{b};waste;J1\n{c};ok;J1\n"
    first = desk.take(text)
    assert (first[1], first[2]) == (1, False)
    again = desk.take(text.replace(";", "\t").replace("\n", "\r\n"))
    assert again == (first[0], 0, True)
    assert (len(desk.segments()), desk.wasted()) == (1, 1)


def test_job_sent_again_with_other_content_commissions_nothing(desk: Desk) -> None:
    a, b = desk.serials[:2]
    desk.take(f"serial;job\n{a};J1\n")
    with pytest.raises(InputRefused) as refusal:
        desk.take(f"serial;job\n{a};J1\n{b};J1\n")
    assert refusal.value.reason == "job-changed"
    assert len(desk.segments()) == 1


def test_report_in_part_is_taken_only_when_asked_for(desk: Desk) -> None:
    a, b = desk.serials[:2]
    text = f"serial\n{a}\nABC\n{b}\n"
    with pytest.raises(TableRefused, match="line 3"):
        desk.take(text)
    assert not desk.segments()
    segment, _, _ = desk.take(text, partial=True)
    assert segment is not None
    assert segment.count == 2
    assert desk.take(text, partial=True) == (segment, 0, True)


def test_report_of_nothing_right_is_refused_even_in_part(desk: Desk) -> None:
    with pytest.raises(TableRefused, match="no serial at all"):
        desk.take("serial\nABC\n", partial=True)


def test_crash_between_journal_and_ledger_does_not_lose_the_job(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"serial;status;job\n{desk.serials[0]};ok;J1\n{desk.serials[1]};nok;J1\n"

    def killed(*_: object) -> CommissionedSegment:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Commissioning, "commission", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.take(text)
    segment, wasted, resent = desk.take(text)
    assert (wasted, resent) == (1, False)
    assert desk.segments() == (segment,)


def test_crash_after_the_ledger_still_records_the_waste(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"serial;status;job\n{desk.serials[0]};ok;J1\n{desk.serials[1]};nok;J1\n"

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(WasteBook, "add", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.take(text)
    assert (len(desk.segments()), desk.wasted()) == (1, 0)
    assert desk.take(text)[1:] == (1, True)
    assert desk.wasted() == 1


def test_job_that_the_ledger_refused_can_be_corrected(market: Market, desk: Desk) -> None:
    a, b = desk.serials[:2]
    ledger = market.ledger("brand")
    ledger.send(ledger.token.close_series(desk.state.series))
    with pytest.raises(ContractRefused):
        desk.take(f"serial;job\n{a};J1\n")
    # The series is closed for ever, and the job's name is free for other content.
    with pytest.raises(ContractRefused):
        desk.take(f"serial;job\n{b};J1\n")
    assert not desk.brand.store.files(desk.state.gtin, desk.state.number).jobs.exists()


def test_waste_alone_is_taken_once(desk: Desk) -> None:
    text = f"serial;status\n{desk.serials[0]};scrap\n"
    assert desk.take(text) == (None, 1, False)
    assert desk.take(text) == (None, 0, True)
    with pytest.raises(TableRefused, match="commissioned or wasted before"):
        desk.take(f"serial\n{desk.serials[0]}\n")


def test_chip_on_a_label_is_bound_in_its_leaf(desk: Desk) -> None:
    uid = bytes.fromhex("04DE5F1EACC040")
    segment, _, _ = desk.take(f"serial,uid\n{desk.serials[0]},{uid.hex(':')}\n{desk.serials[1]},\n")
    assert segment is not None
    with segment.packing_list.open(encoding="utf-8", newline="") as stream:
        listed = read_packing_list(stream, desk.state.gtin)
    assert listed.chips == (chip_value(uid), bytes(32))
    assert listed.root() == segment.root


def test_damaged_journal_is_refused_and_nothing_is_commissioned(desk: Desk) -> None:
    desk.take(f"serial\n{desk.serials[0]}\n")
    desk.brand.store.files(desk.state.gtin, desk.state.number).jobs.write_text('{"format": 1}')
    with pytest.raises(InputRefused) as refusal:
        desk.take(f"serial\n{desk.serials[1]}\n")
    assert refusal.value.reason == "bad-line-jobs"
    assert len(desk.segments()) == 1


def test_desk_commands_check_commission_and_hand_out_corrections(
    live_market: Market,
    node: StubServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    desk = Desk(live_market, tmp_path)
    gtin, number = desk.state.gtin, desk.state.number
    report, wrong, events = tmp_path / "report.txt", tmp_path / "wrong.csv", tmp_path / "events.json"
    a, b, c = desk.serials[:3]
    report.write_bytes(f"Seriennr.\tKarton\tMenge\r\n'{a}\tC1\t1\r\n=1+1\tC1\t1\r\n{b}\t\t1\r\n".encode("utf-16"))

    def run(*arguments: object) -> tuple[int, str, str]:
        common = ["--home", str(live_market.keystore.home), "--node", node.url, "--wallet", "brand", "series"]
        code = main([*common, *map(str, arguments)])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    code, out, _ = run("check-report", gtin, number, report)
    assert code == 0
    assert "2 packed, 0 wasted, 1 lines wrong; not read: Menge" in out
    assert "line 3: '=1+1' is not a serial of this series" in out
    code, out, err = run("commission", gtin, number, report, "--corrections", wrong)
    assert (code, out) == (1, "")
    assert "line 3" in err
    assert not desk.segments()
    rows = list(csv.DictReader(io.StringIO(wrong.read_text("utf-8"))))
    assert [(row["serial"], row["original_line"]) for row in rows] == [("'=1+1", "3")]
    code, out, _ = run("commission", gtin, number, report, "--accept-good-lines", "--events", events)
    assert code == 0
    assert "2 products commissioned" in out
    assert "1 lines left out" in out
    told = json.loads(events.read_text("utf-8"))["epcisBody"]["eventList"]
    assert [uri.rpartition("/")[2] for uri in told[0]["epcList"]] == [a, b]
    wrong.write_text(wrong.read_text("utf-8").replace("'=1+1", c), "utf-8")
    code, out, _ = run("commission", gtin, number, wrong, "--json")
    assert (json.loads(out)["count"], json.loads(out)["left_out"]) == (1, 0)
    code, out, _ = run("commission", gtin, number, report)
    assert code == 0
    assert "this report was taken before" in out
    assert "this report was taken before" in run("check-report", gtin, number, report)[1]
    assert len(desk.segments()) == 2


def test_report_on_a_series_of_somebody_else_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.brand.read_report(desk.state.gtin, 9, io.BytesIO(b"serial\nA\n"))
