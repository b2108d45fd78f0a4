"""Notifications by mail: plain words, in digests, through a real mail server, with nothing hidden in a header."""

from __future__ import annotations

import email
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default as modern
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pydantic import SecretStr
from tests.log_lines import log_lines

from countermark.errors import CountermarkError
from countermark_node.chain_sync.tables import AccountRow
from countermark_node.database import Database
from countermark_node.failures import FailureLog
from countermark_node.mails.address import check_address
from countermark_node.mails.message import Digest, Letterhead, write_mail
from countermark_node.mails.registry import MailRegistry, NewSubscription
from countermark_node.mails.sender import MailSender
from countermark_node.mails.smtp import MailServer
from countermark_node.mails.tables import MailSubscriptionRow
from countermark_node.notifications.kinds import Kind, News
from countermark_node.notifications.log import NotificationLog
from countermark_node.notifications.wanted import Wanted
from countermark_node.settings import NodeSettings
from countermark_wallet.cli.main import COMMAND_GROUP, main

if TYPE_CHECKING:
    from tests.node.conftest import World

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWNER = "0x" + "1" * 40
HEAD = Letterhead("node@brand.example", "node.brand.example")


class Post:
    """What a mail server does with mails: it keeps them, or refuses as it is told."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.refusal = ""
        self.refusals: dict[str, str] = {}
        self.asked: list[str] = []
        self.users: list[tuple[str, str]] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        self.asked.append(address)
        if refusal := self.refusals.get(address, self.refusal):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(email.message_from_bytes(envelope.content, policy=modern))  # type: ignore[arg-type]
        self.to.append(list(envelope.rcpt_tos))
        return "250 OK"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        self.users.append((data.login.decode("ascii"), data.password.decode("ascii")))
        return AuthResult(success=self.users[-1] == ("node", "secret words"))


class OnFreePort(Controller):
    """Takes any free port, and looks for itself there."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def serving(post: Post, **how: Any) -> Iterator[MailServer]:
    controller = OnFreePort(post, hostname="127.0.0.1", port=0, **how)
    controller.start()
    try:
        yield MailServer("127.0.0.1", controller.port, "none", seconds=5)
    finally:
        controller.stop()


class Node:
    """Log and mails over one database, with a clock that tests put forward."""

    def __init__(self, path: Path, server: MailServer | None) -> None:
        self.now = NOON
        self.database = Database(path)
        self.log = NotificationLog(self.database, days=30, clock=self.clock)
        self.registry = MailRegistry(self.database, clock=self.clock)
        self.server = server
        self.failures = FailureLog(clock=self.clock)
        with self.database.write() as session:
            session.add(AccountRow(account=OWNER, position=1))

    def clock(self) -> datetime:
        return self.now

    def subscribe(self, address: str = "goods@brand.example", language: str = "en", **wanted: Any) -> str:
        new = NewSubscription.of(OWNER, address, language, 15, Wanted.of(**wanted))
        return self.registry.add(new).id

    def tell(self, *numbers: int, reader: str = f"account:{OWNER}", kind: Kind = Kind.ROLE_GRANTED) -> None:
        with self.database.write() as session:
            for number in numbers:
                params = {"role": "brand", "mark": "EM1", "status": "revoked"}
                assert self.log.note(session, News(kind, f"0x{number}", int(self.now.timestamp()), [reader], params))

    def run(self, minutes: float = 0) -> int:
        self.now += timedelta(minutes=minutes)
        return self.sender().run()

    def sender(self) -> MailSender:
        return MailSender(
            self.database,
            self.log,
            self.server,
            HEAD,
            clock=self.clock,
            random=lambda: 0.0,
            failures=self.failures,
        )


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def node(tmp_path: Path, post: Post) -> Iterator[Node]:
    with serving(post) as server:
        one = Node(tmp_path / "node.sqlite3", server)
        yield one
        one.database.close()


def reason(work: Any) -> str:
    with pytest.raises(CountermarkError) as caught:
        work()
    return caught.value.reason


def text_of(mail: EmailMessage) -> str:
    return str(mail.get_content())


def test_first_news_is_mailed_at_once_in_plain_words(node: Node, post: Post) -> None:
    node.subscribe()
    assert node.run() == 0
    node.tell(1)
    assert node.run() == 1
    (mail,), (to,) = post.mails, post.to
    assert to == ["goods@brand.example"]
    assert (mail["From"], mail["To"]) == ("node@brand.example", "goods@brand.example")
    assert mail["Subject"] == "Countermark: one notification"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert "2026-03-01 12:00 UTC  Your account has the role brand." in text_of(mail)


def test_a_thousand_news_are_one_mail_and_the_next_waits_its_time(node: Node, post: Post) -> None:
    name = node.subscribe()
    node.tell(*range(1_000))
    assert node.run() == 1
    (mail,) = post.mails
    assert mail["Subject"] == "Countermark: 1000 notifications"
    assert text_of(mail).count("Your account has the role brand.") == 50
    assert "and 950 more" in text_of(mail)
    assert name in text_of(mail)
    node.tell(2_001, 2_002)
    assert node.run(14) == 0
    assert node.run(1) == 1
    assert post.mails[1]["Subject"] == "Countermark: 2 notifications"
    assert node.run(60) == 0


def test_mail_is_in_the_language_of_who_reads_it(node: Node, post: Post) -> None:
    node.subscribe(language="zh")
    node.tell(1)
    node.run()
    (mail,) = post.mails
    assert "一条通知" in mail["Subject"]
    assert "您的账户已获得角色 brand。" in text_of(mail)


def test_mail_tells_what_was_asked_for_and_what_the_account_may_see(node: Node, post: Post) -> None:
    node.subscribe(kinds=["mark.changed"])
    node.tell(1)
    node.tell(2, kind=Kind.MARK_CHANGED, reader="right:alerts:read")
    assert node.run() == 0
    node.tell(3, kind=Kind.MARK_CHANGED)
    assert node.run() == 1
    assert "Trademark EM1: revoked." in text_of(post.mails[0])
    assert post.mails[0]["Subject"] == "Countermark: one notification"


def test_mail_that_was_not_taken_is_sent_again_later_and_nothing_is_lost(node: Node, post: Post) -> None:
    node.subscribe()
    post.refusal = "451 later"
    node.tell(1)
    assert node.run() == 0
    node.tell(2)
    assert "451" in str(node.registry.listed()[0]["reason"])
    post.refusal = ""
    assert node.run() == 0
    assert node.run(5) == 1
    assert post.mails[0]["Subject"] == "Countermark: 2 notifications"
    assert node.registry.listed()[0]["reason"] is None


def test_address_that_the_server_refuses_for_good_gets_no_more(node: Node, post: Post) -> None:
    node.subscribe()
    post.refusal = "550 no such user"
    node.tell(1)
    node.run()
    assert node.registry.listed()[0]["state"] == "stopped"
    post.refusal = ""
    node.tell(2)
    assert node.run(10_000) == 0


def test_address_that_is_put_off_holds_up_no_other(node: Node, post: Post) -> None:
    addresses = [f"{name}@brand.example" for name in ("a", "b", "c", "d")]
    ids = [node.subscribe(address) for address in addresses]
    post.refusals = dict.fromkeys(addresses[:3], "450 mailbox busy")
    # The last in line is the one that the server takes mails for.
    with node.database.write() as session:
        for place, name in enumerate(ids):
            session.get_one(MailSubscriptionRow, name).due_at = place
    node.tell(1)
    with log_lines("countermark_node.failures") as lines:
        assert node.run() == 1
    assert post.to == [["d@brand.example"]]
    assert post.asked == addresses
    assert [line.partition(": ")[0] for line in lines] == [f"warning mail {name}" for name in ids[:3]]
    post.refusals = {}
    assert node.run(5) == 3


def test_server_that_closes_is_asked_once_and_the_others_keep_their_turn(node: Node, post: Post) -> None:
    for name in ("a", "b"):
        node.subscribe(f"{name}@brand.example")
    post.refusal = "421 closing"
    node.tell(1)
    assert node.run() == 0
    assert len(post.asked) == 1


def test_mail_server_that_is_down_is_tried_less_and_less_and_the_log_keeps_the_news(tmp_path: Path, post: Post) -> None:
    with serving(post) as server:
        gone = server
    node = Node(tmp_path / "node.sqlite3", gone)
    node.subscribe()
    node.tell(1)
    with log_lines("countermark_node.failures") as lines:
        assert node.run() == 0
        with serving(post) as server:
            node.server = server
            assert node.run(1) == 1
    told, works = lines
    assert told.startswith("warning mail server: ")
    assert works == "info mail server: works again after 60 s and 1 failures"
    node.database.close()


def test_two_senders_send_one_mail(node: Node, post: Post) -> None:
    node.subscribe()
    node.tell(1)
    first = node.sender()
    name = first._behind()[0]
    assert first._claim(name) is not None
    assert node.run() == 0
    # Whoever had claimed it was killed: after its lease the mail goes.
    assert node.run(2) == 1


@pytest.mark.parametrize(
    "address",
    [
        "",
        "goods",
        "@brand.example",
        "goods@",
        "goods@brand.example\r\nBcc: all@brand.example",
        "goods@brand.example, all@brand.example",
        "Goods <goods@brand.example>",
        "goods@brand.example\n",
        "goods @brand.example",
        "g\x00@brand.example",
        "goöds@brand.example",
        '"a b"@brand.example',
        "a" * 65 + "@brand.example",
        "a@" + "b." * 130 + "example",
    ],
)
def test_address_that_could_hide_a_header_or_another_receiver_is_refused(address: str) -> None:
    assert reason(lambda: check_address(address)) == "bad-address"


def test_parameters_write_no_header_and_no_line_of_their_own(node: Node, post: Post) -> None:
    node.subscribe()
    with node.database.write() as session:
        params = {"role": "brand\r\nSubject: all is well\r\n\r\n.\r\nMAIL FROM:<x>\u202e"}
        news = News(Kind.ROLE_GRANTED, "0x1", int(NOON.timestamp()), [f"account:{OWNER}"], params)
        assert node.log.note(session, news)
    node.run()
    (mail,) = post.mails
    assert len(mail.get_all("Subject", [])) == 1
    line = next(line for line in text_of(mail).splitlines() if "Your account has the role" in line)
    assert "\\x0d\\x0aSubject: all is well" in line


def test_mail_sent_twice_after_a_crash_has_the_same_id() -> None:
    digest = Digest((), 0)
    one, two = (write_mail("mls_1", OWNER, "a@b.example", digest, HEAD, "en", NOON) for _ in range(2))
    assert one["Message-ID"] == two["Message-ID"] == "<mls_1.0@brand.example>"


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server for 127.0.0.1 and of a client that trusts it."""
    import datetime as dt
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    path = folder / "mail.pem"
    path.write_bytes(
        pem
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=pem.decode("ascii"))


def a_mail() -> EmailMessage:
    return write_mail("mls_1", OWNER, "a@b.example", Digest((), 0), HEAD, "en", NOON)


def test_password_goes_over_starttls_only_and_to_a_server_that_is_the_right_one(tmp_path: Path, post: Post) -> None:
    theirs, ours = certificate(tmp_path)
    how: dict[str, Any] = {"authenticator": post.authenticate, "auth_required": True, "auth_require_tls": True}
    with serving(post, tls_context=theirs, require_starttls=True, **how) as plain:
        secure = MailServer(plain.host, plain.port, "starttls", "node", "secret words", tls=ours, seconds=5)
        secure.send(a_mail())
        assert post.users == [("node", "secret words")]
        wrong = MailServer(plain.host, plain.port, "starttls", "node", "secret words", seconds=5)
        assert reason(lambda: wrong.send(a_mail())) == "mail-failed"
        stranger = MailServer(plain.host, plain.port, "starttls", "node", "guess", tls=ours, seconds=5)
        assert reason(lambda: stranger.send(a_mail())) == "mail-failed"
    assert len(post.mails) == 1
    assert "secret words" not in repr(secure)


def test_server_that_offers_no_tls_gets_neither_password_nor_mail(post: Post) -> None:
    with serving(post) as plain:
        asks = MailServer(plain.host, plain.port, "starttls", "node", "secret words", seconds=5)
        assert reason(lambda: asks.send(a_mail())) == "mail-failed"
    assert post.mails == post.users == []


def settings_of(**values: Any) -> NodeSettings:
    return NodeSettings(smtp_host="mail.example", mail_from="node@brand.example", **values)


def test_settings_make_a_server_and_no_password_goes_without_tls(tmp_path: Path) -> None:
    assert MailServer.of(NodeSettings()) is None
    path = tmp_path / "password"
    path.write_text("from a file\n")
    found = MailServer.of(settings_of(smtp_user="node", smtp_password_file=path, smtp_security="tls"))
    assert found is not None
    assert (found.password, found.security) == ("from a file", "tls")
    bad = settings_of(smtp_security="none", smtp_user="node", smtp_password=SecretStr("x"))
    assert reason(lambda: MailServer.of(bad)) == "mail-settings"
    assert reason(lambda: MailServer.of(NodeSettings(smtp_host="mail.example"))) == "bad-address"


def test_operator_subscribes_tries_and_ends_by_command(
    world: World, post: Post, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*arguments: str, code: int = 0) -> dict[str, Any]:
        common = ["--home", str(world.installation.home), "--json", "node", "mail"]
        assert main([*common, *arguments], entry_points(group=COMMAND_GROUP)) == code
        shown = capsys.readouterr()
        answer: dict[str, Any] = json.loads(shown.err if code else shown.out)
        return answer

    assert run("try", "goods@brand.example", code=1)["reason"] == "no-mail-server"
    with serving(post) as server:
        monkeypatch.setenv("COUNTERMARK_SMTP_HOST", server.host)
        monkeypatch.setenv("COUNTERMARK_SMTP_PORT", str(server.port))
        monkeypatch.setenv("COUNTERMARK_SMTP_SECURITY", "none")
        assert run("try", "goods@brand.example", code=1)["reason"] == "no-mail-server"
        monkeypatch.setenv("COUNTERMARK_MAIL_FROM", "node@brand.example")
        run("try", "goods@brand.example")
    assert post.to == [["goods@brand.example"]]
    made = run("add", "goods@brand.example", "--account", world.account("brand"), "--language", "zh", "--every", "60")
    assert made["every_minutes"] == 60
    assert [one["id"] for one in run("list")["mails"]] == [made["id"]]
    assert (
        run("add", "goods@brand.example\nBcc: x@y", "--account", world.account("brand"), code=1)["reason"]
        == "bad-address"
    )
    assert run("remove", made["id"]) == {"id": made["id"]}
    assert run("remove", made["id"], code=1)["reason"] == "no-such-subscription"
