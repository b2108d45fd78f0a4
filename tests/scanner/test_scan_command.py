"""`countermark scan`: what people see, what goes over the wire, and what a hostile file or node can do."""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from eth_account import Account
from rich.console import Console
from typer.testing import CliRunner

from countermark.errors import InputRefused, RateLimited, TooLarge, Unavailable
from countermark.gs1.identity import ItemKey
from countermark.limits import Limits
from countermark.printing.picture import label_png
from countermark.printing.print_label import PrintLabel
from countermark.scans.attestation import scan_statement
from countermark.scans.place import Place, PlaceSource
from countermark.signing import TypedMessage
from countermark.signing_check import recover
from countermark_scanner import cli
from countermark_scanner.node_link import NodeLink
from countermark_scanner.report import report_json
from countermark_scanner.scanning import ScanningSession, read_picture_file
from countermark_scanner.terminal import show_answer
from countermark_wallet.custody.papers import CHARACTERS_IN_QR, from_links, qr_pictures, to_links

ITEM = ItemKey("09501101020917", "5K2V7QX0M3N8R1TA")
LINK = f"https://id.brand.example/01/{ITEM.gtin}/21/{ITEM.serial}"
NOON = datetime(2026, 6, 1, 12, 0, 0, 999, tzinfo=UTC)
REGISTRY = "0x" + "a1" * 20
KEY = Account.from_key("0x" + "11" * 32)


def answer(verdict: str = "label-genuine", **more: Any) -> dict[str, Any]:
    report = {"verdict": verdict, "headline": "A headline", "advice": "Some advice", "checks": [], "notices": []}
    return {"scan_id": "1", "report": {**report, "item": {"gtin": ITEM.gtin, "serial": ITEM.serial}, **more}}


@dataclass
class ScanNode:
    """A node that keeps what it is sent and answers as told."""

    status: int = 200
    body: Any = field(default_factory=answer)
    requests: list[tuple[str, Any]] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/network":
            return httpx.Response(200, json={"chain_id": 77, "contracts": {"TrustRegistry": REGISTRY}, "rpc": "/rpc"})
        self.requests.append((request.headers["accept-language"], json.loads(request.content)))
        if isinstance(self.body, bytes):
            return httpx.Response(self.status, content=self.body)
        return httpx.Response(self.status, json=self.body)

    def session(self, **more: Any) -> ScanningSession:
        link = NodeLink("http://node.example", transport=httpx.MockTransport(self.handle))
        return ScanningSession(link=link, clock=lambda: NOON, random=lambda size: b"\x07" * size, **more)


class WalletStub:
    """A key as wallets give it."""

    address = KEY.address

    def sign_transaction(self, _transaction: Any) -> bytes:
        raise AssertionError("a scan is no transaction")

    def sign_typed(self, message: TypedMessage) -> bytes:
        return bytes(KEY.sign_typed_data(full_message=message.full()).signature)


@dataclass
class ContextStub:
    node_url: str
    json_output: bool = False
    home: Path = Path()

    def signer(self) -> WalletStub:
        return WalletStub()


@pytest.fixture
def scan_node() -> ScanNode:
    return ScanNode()


@pytest.fixture
def served(scan_node: ScanNode) -> Iterator[str]:
    """The same node behind a real socket."""

    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            request = httpx.Request(self.command, f"http://node{self.path}", headers=dict(self.headers), content=body)
            response = scan_node.handle(request)
            self.send_response(response.status_code)
            self.send_header("content-length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

        do_GET = do_POST = _respond  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def command(url: str, *arguments: str, typed: str = "", as_json: bool = False) -> Any:
    app = typer.Typer()
    app.callback()(lambda: None)
    cli.register(app)
    return CliRunner().invoke(app, [*arguments], obj=ContextStub(url, as_json), input=typed)


def scan_command(url: str, *arguments: str, typed: str = "", as_json: bool = False) -> Any:
    return command(url, "scan", *arguments, typed=typed, as_json=as_json)


@pytest.fixture
def label_file(tmp_path: Path) -> Path:
    path = tmp_path / "label.png"
    path.write_bytes(label_png(PrintLabel(0, ITEM, LINK)))
    return path


def test_picture_becomes_one_anonymous_scan_and_an_ok_line(served: str, scan_node: ScanNode, label_file: Path) -> None:
    result = scan_command(served, str(label_file), "--language", "zh")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("OK: label.png: label-genuine - A headline")
    ((language, body),) = scan_node.requests
    assert language == "zh"
    assert body["raw"] == LINK
    assert (body["place"], body["device"], body["attestation"]) == (None, None, None)


def test_raw_text_and_place_are_sent_as_given(served: str, scan_node: ScanNode) -> None:
    result = scan_command(served, "--raw", LINK, "--lat", "38.72", "--lon", "-9.14", "--accuracy", "500")
    assert result.exit_code == 0, result.output
    ((_, body),) = scan_node.requests
    assert body["raw"] == LINK
    assert body["place"] == {"latitude": 38.72, "longitude": -9.14, "accuracy_metres": 500, "source": "declared"}


def test_hand_scanner_on_standard_input_scans_line_by_line_and_passes_over_bad_ones(
    served: str, scan_node: ScanNode
) -> None:
    result = scan_command(
        served, "--raw", "-", typed=f"{LINK}\r\n\nhttps://id.brand.example/01/0950\n{'x' * 9_000}\n{LINK}\n"
    )
    assert result.exit_code == 1
    assert [body["raw"] for _, body in scan_node.requests] == [LINK, LINK]
    assert result.stdout.count("OK: ") == 2
    assert result.stderr.count("FAIL: ") >= 2
    assert max(len(line) for line in result.stderr.splitlines()) < 700


@pytest.mark.parametrize("verdict", ["caution", "label-not-genuine", "not-active", "unverifiable", "nonsense"])
def test_any_other_verdict_is_a_fail_line_and_exit_code_1(
    served: str, scan_node: ScanNode, label_file: Path, verdict: str
) -> None:
    scan_node.body = answer(verdict)
    result = scan_command(served, str(label_file))
    assert result.exit_code == 1
    assert result.output.startswith(f"FAIL: label.png: {verdict}")


def test_json_output_is_the_nodes_answer_and_problems_are_documents(
    served: str, scan_node: ScanNode, label_file: Path, tmp_path: Path
) -> None:
    result = scan_command(served, str(label_file), str(tmp_path / "missing.png"), as_json=True)
    assert json.loads(result.stdout) == answer()
    problem = json.loads(result.stderr)
    assert (problem["type"], problem["reason"]) == ("urn:countermark:problem:input-refused", "no-such-file")
    assert result.exit_code == 1


def test_signed_scan_is_recoverable_from_what_was_sent(scan_node: ScanNode) -> None:
    place = Place(38.7199996, -9.14, 500, PlaceSource.SITE)
    scan_node.session(signer=WalletStub(), place=place).scan_text(LINK)
    ((_, body),) = scan_node.requests
    sent = body["attestation"]
    occurred_at = datetime.fromisoformat(body["occurred_at"])
    nonce = bytes.fromhex(sent["nonce"][2:])
    statement = scan_statement(body["raw"], int(occurred_at.timestamp()), Place.from_json(body["place"]), nonce)
    assert statement.latitude_e6 == 38_720_000
    signature = bytes.fromhex(sent["signature"][2:])
    assert recover(statement.typed(77, REGISTRY), signature) == sent["account"] == KEY.address
    assert recover(statement.typed(78, REGISTRY), signature) != KEY.address


def test_statement_without_a_place_is_all_zero() -> None:
    statement = scan_statement(LINK, int(NOON.timestamp()), None, bytes(32))
    assert (statement.latitude_e6, statement.longitude_e6, statement.accuracy_metres) == (0, 0, 0)
    assert (statement.place_source, statement.occurred_at) == ("", int(NOON.timestamp()))


def test_picture_never_leaves_the_scanner_when_it_holds_no_label(scan_node: ScanNode, tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    path.write_bytes(b"%PDF-1.7")
    with pytest.raises(InputRefused):
        scan_node.session().scan_picture(path)
    assert scan_node.requests == []


@pytest.mark.parametrize("name", ["\x1b[31mred.png", "a\nFAIL: b.png", "\u202egnp.exe", "-x.png", "x" * 200 + ".png"])
def test_file_with_a_hostile_name_gives_one_clear_line(served: str, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"no picture")
    result = scan_command(served, str(path))
    (line,) = result.stderr.splitlines()
    assert result.exit_code == 1
    assert line.startswith("FAIL: ")
    assert line.isprintable()
    assert len(line) < 1_000


@pytest.mark.parametrize("name", ["missing.png", ".", "x" * 5_000, "a\x00b"])
def test_path_that_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputRefused) as refused:
        read_picture_file(tmp_path / name)
    assert refused.value.reason == "no-such-file"


def test_huge_file_is_refused_without_reading_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as stream:
        stream.truncate(50 * 1024**3)
    with pytest.raises(TooLarge) as refused:
        read_picture_file(path, Limits(picture_bytes=1_000))
    assert refused.value.reason == "picture-bytes"


@pytest.mark.parametrize(("lat", "lon"), [("38", None), (None, "9"), ("91", "0"), ("nan", "0")])
def test_half_or_impossible_place_is_refused(served: str, lat: str | None, lon: str | None) -> None:
    options = [*(["--lat", lat] if lat else []), *(["--lon", lon] if lon else [])]
    result = scan_command(served, "--raw", LINK, *options)
    assert isinstance(result.exception, InputRefused)
    assert result.exception.reason == "bad-place"


def test_nothing_to_scan_is_refused(served: str) -> None:
    result = scan_command(served)
    assert isinstance(result.exception, InputRefused)
    assert result.exception.reason == "nothing-to-scan"


def test_nodes_problem_is_shown_as_the_node_said_it(scan_node: ScanNode) -> None:
    scan_node.status = 429
    scan_node.body = {
        "type": "urn:countermark:problem:rate-limited",
        "title": "Too many requests",
        "got": "601 scans\x1b[2J",
        "expected": "600 a minute",
        "next_step": "wait",
        "reason": "rate-limited",
    }
    with pytest.raises(RateLimited) as refused:
        scan_node.session().scan_text(LINK)
    assert refused.value.line() == ("Too many requests: got 601 scans\\x1b[2J, expected 600 a minute. Next: wait")
    assert refused.value.problem()["status"] == 429
    assert refused.value.problem()["type"] == "urn:countermark:problem:rate-limited"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b"[" * 100_000, b"\xff", b'"' + b"x" * 3_000_000 + b'"'],
    ids=["empty", "html", "list", "null", "deep", "binary", "long"],
)
def test_answer_that_is_none_is_refused(scan_node: ScanNode, body: bytes) -> None:
    scan_node.body = body
    with pytest.raises(Unavailable) as refused:
        scan_node.session().scan_text(LINK)
    assert refused.value.reason == "not-a-node"


@pytest.mark.parametrize("body", [{}, {"report": []}, {"report": {"verdict": 1}}, {"report": None}])
def test_answer_without_a_verdict_is_one_fail_line(served: str, scan_node: ScanNode, body: Any) -> None:
    scan_node.body = body
    result = scan_command(served, "--raw", LINK)
    assert result.exit_code == 1
    assert result.stderr.startswith("FAIL: ")


def test_silent_node_is_named() -> None:
    result = scan_command("http://127.0.0.1:9", "--raw", LINK)
    assert result.exit_code == 1
    assert "FAIL: " in result.stderr
    assert "countermark node" in result.stderr


@pytest.mark.parametrize("url", ["ftp://x", "file:///etc/passwd", "", "127.0.0.1:8750"])
def test_address_that_is_not_http_is_refused(url: str) -> None:
    with pytest.raises(InputRefused):
        NodeLink(url)


def test_redirect_is_not_followed(scan_node: ScanNode) -> None:
    link = NodeLink(
        "http://node.example",
        transport=httpx.MockTransport(lambda _: httpx.Response(307, headers={"location": "http://evil.example/"})),
    )
    with link, pytest.raises(Unavailable):
        link.scan({}, "en")


def test_hostile_answer_cannot_steer_the_terminal() -> None:
    hostile = "\x1b[2J[bold red]x[/]\u202e\n"
    check = {"number": hostile, "name": hostile, "outcome": hostile, "sentence": hostile}
    body = answer(headline=hostile, advice=hostile, checks=[check] * 500, notices=[{"sentence": hostile}] * 500)
    output = io.StringIO()
    show_answer("label.png", body, Console(file=output, width=100, color_system=None))
    shown = output.getvalue()
    assert "[bold red]x[/]" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert len(shown.splitlines()) < 200


def test_real_report_is_shown_with_its_ten_checks(world: Any) -> None:
    report = world.verify()
    output = io.StringIO()
    show_answer("label.png", {"report": report_json(report)}, Console(file=output, width=200, color_system=None))
    for number in range(1, 11):
        assert f"({number})" in output.getvalue()
    assert "gtin 09501101020917, serial 5K2V7QX0M3N8R1TA, lot L7, Olive oil 500 ml" in output.getvalue()


def test_report_has_the_promised_members_in_both_languages(world: Any) -> None:
    english, chinese = report_json(world.verify()), report_json(world.verify(), "zh", "officer")
    promised = ["verdict", "headline", "advice", "checks", "notices", "item", "product", "sale", "as_of"]
    assert list(english) == promised
    assert list(english["checks"][0]) == ["number", "name", "outcome", "code", "params", "sentence"]
    assert list(english["notices"][0]) == ["code", "params", "sentence"]
    assert english["item"] == {"gtin": ITEM.gtin, "serial": ITEM.serial, "lot": "L7"}
    assert english["product"] == {"name": "Olive oil 500 ml", "brand": "Brand", "country": "PT", "category": "food"}
    assert english["sale"] == {"released": False, "claimed": False}
    assert english["as_of"] == {"block": 100, "time": "2026-06-01T11:59:56+00:00", "age_seconds": 1}
    assert json.loads(json.dumps(chinese)) == chinese
    assert [each["code"] for each in english["checks"]] == [each["code"] for each in chinese["checks"]]
    assert all(a["sentence"] != b["sentence"] for a, b in zip(english["checks"], chinese["checks"], strict=True))
    assert english["advice"] != chinese["advice"]


def test_codes_of_a_picture_are_listed_without_a_node(label_file: Path) -> None:
    result = command("http://nobody.invalid", "codes", str(label_file))
    assert result.exit_code == 0, result.output
    first, second = result.output.splitlines()
    assert first == "OK: label.png: 1 codes"
    assert f"gtin {ITEM.gtin}, serial {ITEM.serial}" in second
    listed = json.loads(command("http://nobody.invalid", "codes", str(label_file), "--json").output)
    assert listed["pictures"][0]["codes"][0]["text"] == LINK


def test_picture_without_codes_fails_the_listing(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("L", (60, 60), 255).save(tmp_path / "blank.png")
    result = command("http://nobody.invalid", "codes", str(tmp_path / "blank.png"))
    assert result.exit_code == 1
    assert result.output.startswith("FAIL: blank.png: 0 codes")


def test_node_that_signs_nothing_leaves_no_evidence(served: str, label_file: Path, tmp_path: Path) -> None:
    result = scan_command(served, str(label_file), "--evidence", str(tmp_path / "evidence.jwt"))
    assert result.exit_code == 1
    assert not (tmp_path / "evidence.jwt").exists()
    assert "without a signed verdict" in result.output


def test_texts_of_a_papers_codes_make_the_paper_again(tmp_path: Path) -> None:
    paper = hashlib.shake_256(b"a paper").digest(2_000)
    links = to_links(paper, characters=CHARACTERS_IN_QR)
    pictures = [tmp_path / f"{place}.png" for place in range(len(links))]
    for path, picture in zip(pictures, qr_pictures(links), strict=True):
        path.write_bytes(picture)
    assert len(links) > 1
    read = command("http://nobody.invalid", "codes", *map(str, reversed(pictures)), "--raw")
    assert from_links(read.output.splitlines()) == paper
