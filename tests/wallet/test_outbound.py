"""Fetching foreign documents: what a hostile address, name server or server can and cannot do."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from countermark.errors import CountermarkError, NotPermitted
from countermark.limits import Limits
from countermark_wallet.outbound.address_rules import is_public, read_networks
from countermark_wallet.outbound.client import Outbound, kept_back


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    def do_GET(self) -> None:
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/document")
            self.end_headers()
            return
        body = b"x" * 5_000 if self.path == "/long" else b"the document"
        self.send_response(404 if self.path == "/missing" else 200)
        if self.path == "/packed":
            self.send_header("Content-Encoding", "gzip")
        if self.path != "/untyped":
            self.send_header("Content-Type", "text/html; charset=utf-8" if self.path == "/page" else "application/json")
        if self.path != "/endless":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        with_end = self.path != "/endless"
        while not with_end:
            try:
                self.wfile.write(b"x" * 1_000)
            except OSError:
                return

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(307 if self.path == "/moved" else 202)
        self.send_header("Location", "/document")
        self.send_header("X-Seen", f"{self.headers['X-Name']} {len(content)}")
        self.end_headers()
        self.wfile.write(b"y" * 5_000)

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving() as number:
        yield number


@contextmanager
def trickling(line: bytes) -> Iterator[int]:
    """A server that sends one byte after the other and never ends."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            connection, _ = listening.accept()
            with connection:
                while not stop.is_set():
                    try:
                        connection.sendall(line)
                    except OSError:
                        return
                    time.sleep(0.02)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            stop.set()
            thread.join()


def fetching(port: int, **settings: object) -> Callable[[str], bytes]:
    outbound = Outbound(frozenset({f"127.0.0.1:{port}"}), **settings)  # type: ignore[arg-type]
    return lambda path: outbound(f"http://127.0.0.1:{port}{path}", most=1_000)


def reason(work: Callable[[], object]) -> str:
    with pytest.raises(CountermarkError) as caught:
        work()
    return caught.value.reason


def nobody_asks(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host}:{port} was looked up")


def test_allowed_address_is_fetched(port: int) -> None:
    assert fetching(port)("/document") == b"the document"


def test_own_network_is_refused_unless_it_was_allowed(port: int) -> None:
    plain = Outbound()
    assert reason(lambda: plain(f"http://127.0.0.1:{port}/document", most=1_000)) == "address-not-allowed"
    assert reason(lambda: plain(f"https://127.0.0.1:{port}/document", most=1_000)) == "address-not-allowed"
    other = Outbound(frozenset({"127.0.0.1:1"}))
    assert reason(lambda: other(f"http://127.0.0.1:{port}/document", most=1_000)) == "address-not-allowed"


@pytest.mark.parametrize(
    "url",
    [
        "http://office.example/",
        "ftp://office.example/",
        "file:///etc/passwd",
        "//office.example/",
        "https://user@office.example/",
        "https://user:pass@127.0.0.1:80@office.example/",
        "https://office.example\\@127.0.0.1/",
        "https://[::1]/",
        "https://office.example:99999/",
        "https://office.example:x/",
        "https://öffice.example/",
        "https://office.example/ path",
        "https://office.example/\r\nHost: x",
        "https://office.example:0/",
        "https://office..example/",
        "https://-office.example/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 126 + "aa.example/",
        "https://",
        "",
        "https://office.example/" + "x" * 2_000,
    ],
)
def test_address_in_another_form_is_refused_before_anything_is_asked(url: str) -> None:
    assert reason(lambda: Outbound(resolve=nobody_asks)(url, most=10)) == "address-not-allowed"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "::127.0.0.1",
        "fec0::1",
        "192.88.99.1",
        "3fff::1",
        "5f00::1",
        "ff02::1",
        "fe80::1%eth0",
        "not an address",
    ],
)
def test_name_that_leads_into_a_private_network_is_refused(address: str) -> None:
    outbound = Outbound(resolve=lambda _host, _port: ["93.184.215.14", address])
    assert not is_public(address)
    assert reason(lambda: outbound("https://office.example/did.json", most=10)) == "address-not-allowed"


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


def test_redirect_error_packed_and_missing_answers_and_pages_are_no_document(port: int) -> None:
    fetch = fetching(port)
    for path in ("/redirect", "/missing", "/packed", "/page", "/untyped"):
        assert reason(lambda path=path: fetch(path)) == "fetch-failed"


def test_long_and_endless_answers_are_given_up(port: int) -> None:
    fetch = fetching(port)
    assert reason(lambda: fetch("/long")) == "answer-too-large"
    assert reason(lambda: fetch("/endless")) == "answer-too-large"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "192.0.0.8",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0X7F000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.1",
        "office.0x",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]",
        "localhost",
        "LOCALHOST",
        "erp.localhost",
        # Written otherwise, a public address is refused too: no two systems read these forms alike.
        "93.55578894",
        "0135.0270.0327.016",
    ],
)
def test_host_that_is_a_private_address_in_any_spelling_is_refused_before_anything_is_asked(host: str) -> None:
    for scheme in ("https", "http"):
        for port in ("", ":443", ":8443"):
            with pytest.raises(NotPermitted) as caught:
                Outbound(resolve=nobody_asks).check(f"{scheme}://{host}{port}/")
            assert caught.value.reason == "address-not-allowed"


def test_public_address_and_those_of_opened_networks_may_stand_for_a_host() -> None:
    Outbound().check("https://93.184.215.14/hook")
    opened = Outbound(networks=read_networks("10.20.0.0/16, 127.0.0.0/8"))
    for url in ("http://10.20.0.1/hook", "https://10.20.0.1:8443/hook", "http://localhost:8080/hook"):
        opened.check(url)
    assert reason(lambda: opened.check("https://10.21.0.1/hook")) == "address-not-allowed"
    assert reason(lambda: opened.check("http://2130706433/hook")) == "address-not-allowed"


def resolving(*addresses: str, networks: str = "10.20.0.0/16") -> Outbound:
    return Outbound(networks=read_networks(networks), resolve=lambda _host, _port: addresses)


def test_networks_that_the_operator_opened_are_asked_and_no_others() -> None:
    for url in ("http://erp.example/", "https://erp.example/"):
        for address in ("10.21.0.1", "127.0.0.1", "::ffff:10.20.0.1"):
            assert reason(lambda url=url, address=address: resolving("10.20.0.1", address)(url, most=10)) == (
                "address-not-allowed"
            )
    # A public host is not asked in plain http, however many networks are open.
    assert reason(lambda: resolving("93.184.215.14")("http://erp.example/", most=10)) == "address-not-allowed"


def test_host_in_an_opened_network_is_asked_in_plain_http(port: int) -> None:
    outbound = resolving("127.0.0.1", networks="127.0.0.0/8, fd00::/8")
    assert outbound(f"http://erp.example:{port}/document", most=1_000) == b"the document"


@pytest.mark.parametrize("text", ["10.20.0.1/16", "everything", "10.0.0.0/33"])
def test_network_that_cannot_be_read_is_refused(text: str) -> None:
    assert reason(lambda: read_networks(text)) == "bad-network"
    assert read_networks(" ") == ()


def test_proxies_of_the_environment_are_not_used(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetching(port)("/document") == b"the document"


def test_message_is_sent_and_its_answer_returned_whatever_it_is(port: int) -> None:
    outbound = Outbound(frozenset({f"127.0.0.1:{port}"}))
    answer = outbound.post(f"http://127.0.0.1:{port}/hook", b"hello", {"X-Name": "one"}, most=100)
    assert (answer.status, answer.headers["x-seen"], answer.body) == (202, "one 5", b"y" * 100)
    assert outbound.post(f"http://127.0.0.1:{port}/moved", b"", {}, most=100).status == 307
    assert reason(lambda: Outbound().post(f"http://127.0.0.1:{port}/hook", b"", {}, most=1)) == "address-not-allowed"


@pytest.mark.parametrize(
    "line",
    [b"H", b"HTTP/1.1 200 OK\r\nX: y\r\n", b"HTTP/1.1 200 OK\r\n\r\nx", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000],
)
def test_answer_that_trickles_in_is_given_up_when_its_time_is_over(line: bytes) -> None:
    with trickling(line) as number:
        started = time.monotonic()
        fetch = fetching(number, limits=Limits(outbound_seconds=0.4))
        assert reason(lambda: fetch("/document")) in ("fetch-failed", "answer-too-large")
        assert time.monotonic() - started < 5


def test_host_that_cannot_be_found_or_does_not_listen_is_unavailable() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror("no such host")

    assert reason(lambda: Outbound(resolve=unknown)("https://office.example/", most=10)) == "fetch-failed"
    assert reason(lambda: Outbound(resolve=lambda _h, _p: [])("https://office.example/", most=10)) == "fetch-failed"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        free = listening.getsockname()[1]
    assert reason(lambda: fetching(free)("/")) == "fetch-failed"


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "office..example", "a" * 250 + ".example"])
def test_host_name_that_no_resolver_takes_is_no_crash(host: str) -> None:
    assert reason(lambda: Outbound()(f"https://{host}/status", most=10)) in ("fetch-failed", "address-not-allowed")


def refused_by(outbound: Outbound, url: str) -> tuple[dict[str, object], str]:
    """The whole refusal with the address left out, and what the log gets."""
    with pytest.raises(CountermarkError) as caught:
        outbound.post(url, b"", {}, most=10)
    told = json.dumps(caught.value.problem())
    assert url in told
    return json.loads(told.replace(url, "URL")), kept_back(caught.value)


def test_discreet_client_has_one_answer_for_hosts_inside_unknown_hosts_and_closed_ports(port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        closed = listening.getsockname()[1]

    def resolve(host: str, _port: int) -> list[str]:
        if host == "nowhere.example":
            raise socket.gaierror("no such host")
        return {"inside.example": ["10.0.0.7"], "empty.example": [], "open.example": ["127.0.0.1"]}[host]

    outbound = Outbound(networks=read_networks("127.0.0.0/8"), resolve=resolve, discreet=True, sleep=lambda _: None)
    found = [
        refused_by(outbound, url)
        for url in (
            "https://inside.example/",
            "https://nowhere.example/",
            "https://empty.example/",
            f"https://open.example:{closed}/",
            f"https://open.example:{port}/",
        )
    ]
    assert [told for told, _ in found] == [found[0][0]] * len(found)
    assert found[0][0]["reason"] == "fetch-failed"
    assert "10.0.0.7" not in str(found[0][0])
    assert [why for _, why in found][:4] == ["it is at 10.0.0.7", "gaierror", "ConnectError", "ConnectError"]


def test_time_of_a_discreet_refusal_tells_no_more_than_whole_seconds() -> None:
    now = [100.0]
    pauses: list[float] = []

    def resolve(_host: str, _port: int) -> list[str]:
        now[0] += next(takes)
        return ["10.0.0.7"]

    outbound = Outbound(resolve=resolve, discreet=True, sleep=pauses.append, monotonic=lambda: now[0])
    takes = iter((0.25, 0.75, 2.5))
    for _ in range(3):
        refused_by(outbound, "https://inside.example/")
    assert pauses == [0.75, 0.25, 0.5]


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for `name` with its key in one file, and a client's context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    path = folder / f"{name}.pem"
    path.write_bytes(
        pem
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path, ssl.create_default_context(cadata=pem.decode("ascii"))


def test_connection_goes_to_the_address_that_was_looked_at_under_the_names_certificate(tmp_path: Path) -> None:
    path, trusting = certificate(tmp_path, "office.example")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    with serving(server) as port:
        allowed = frozenset({f"office.example:{port}", f"thief.example:{port}"})
        outbound = Outbound(allowed, resolve=resolve, tls=trusting)
        assert outbound(f"https://office.example:{port}/document", most=1_000) == b"the document"
        assert asked == [("office.example", port)]
        assert reason(lambda: outbound(f"https://thief.example:{port}/document", most=1_000)) == "fetch-failed"
        untrusting = Outbound(allowed, resolve=resolve)
        assert reason(lambda: untrusting(f"https://office.example:{port}/document", most=1_000)) == "fetch-failed"


def test_addresses_of_documentation_are_not_public() -> None:
    assert not is_public(str(ipaddress.ip_address("192.0.2.1")))
