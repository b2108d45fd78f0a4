"""The one way out: https, public addresses, no redirects, no proxies, bounded in size and time.

A credential names addresses (status lists, did:web), an account those of its webhooks, and whoever wrote them may want
this machine to ask its own network: a router, a cloud's metadata service, a database. So a name is resolved here, every
address behind it must be public, and the connection goes to the address that was looked at: a second look-up could
answer differently. Wallets and nodes use this client for documents, webhooks and other parties' nodes alike.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpcore

from countermark.errors import CountermarkError, NotPermitted, TooLarge, Unavailable
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark_wallet.outbound.address_rules import Network, is_in, is_public

Resolve = Callable[[str, int], Sequence[str]]
MayConnect = Callable[[str], bool]
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_AUTHORITY = re.compile(rf"(?=[^:]{{1,253}}(?::|$)){_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?")
_NUMBER_LAST = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
"""Hosts that systems read as IPv4 addresses, also 127.1, 0177.0.0.1 and 2130706433: no top-level domain is a number."""
_VISIBLE = re.compile(r"[!-~]{1,2000}")
DOCUMENT_TYPES = frozenset(
    {
        "application/did+json",
        "application/did+ld+json",
        "application/json",
        "application/jwt",
        "application/octet-stream",
        "application/vc+jwt",
        "text/plain",
    }
)
"""What signed documents and DID documents come as, also from plain file servers; a page for people is none."""


def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """All addresses that the system's resolver knows. Raises OSError."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except UnicodeError:
        # Labels of no length or more than 63 characters: no name that DNS can look up.
        raise socket.gaierror(socket.EAI_NONAME, "no such host") from None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to a message: header names in small letters, the body up to what was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Outbound:
    """Core's `Fetch`. `allowed` are the authorities (host:port) that may be of this machine's own network and plain
    http: the node that the user chose, a test's server, nothing else. `networks` are private ones that the operator
    opened, for https and plain http.

    A `discreet` one is for addresses whose author gets the refusals: what was found behind a name, or that nothing was,
    would tell of names and addresses inside. Whatever brings no answer is one refusal, after whole seconds; why it is,
    `kept_back` has for the log."""

    allowed: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    resolve: Resolve = resolve_by_system
    tls: ssl.SSLContext | None = None
    limits: Limits = DEFAULT_LIMITS
    monotonic: Callable[[], float] = time.monotonic
    discreet: bool = False
    sleep: Callable[[float], None] = time.sleep

    def __call__(self, url: str, *, most: int) -> bytes:
        """The document at `url`, at most `most` bytes. Raises NotPermitted (address-not-allowed), TooLarge
        (answer-too-large), Unavailable (fetch-failed)."""
        with self._asked("GET", url, {"Accept": "*/*"}) as answer:
            return _document(answer, url, most)

    def post(self, url: str, content: bytes, headers: Mapping[str, str], *, most: int) -> Answer:
        """Send `content` and return what was answered, whatever the status; of the body the first `most` bytes.

        Redirects are answers like others: nobody follows them. Raises NotPermitted (address-not-allowed), Unavailable
        (fetch-failed).
        """
        with self._asked("POST", url, headers, content) as answer:
            body = bytearray()
            for chunk in answer.iter_stream():
                body += chunk
                if len(body) >= most:
                    break
            return Answer(
                answer.status, {k: v.decode("latin-1") for k, v in _headers(answer).items()}, bytes(body[:most])
            )

    def check(self, url: str) -> None:
        """Refuse an address that could never be asked, without asking: its form, and an IP address that is not public.

        Raises NotPermitted (address-not-allowed).
        """
        self._rule(url)

    @contextmanager
    def _asked(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> Iterator[httpcore.Response]:
        may_connect = self._rule(url)
        begun = self.monotonic()
        backend = _Guarded(self.resolve, may_connect, begun + self.limits.outbound_seconds, self.monotonic)
        sent = {"Accept-Encoding": "identity", "User-Agent": "countermark", **headers}
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self._trusting(url), network_backend=backend) as pool,
                pool.stream(method, url, headers=list(sent.items()), content=content) as answer,
            ):
                yield answer
        except (OSError, httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            if self.discreet:
                raise self._unanswered(url, begun, type(error).__name__) from None
            raise _failed(url, type(error).__name__) from None
        except NotPermitted as error:
            if self.discreet:
                raise self._unanswered(url, begun, kept_back(error)) from None
            raise

    def _unanswered(self, url: str, begun: float, why: str) -> Unavailable:
        self.sleep(-(self.monotonic() - begun) % 1.0)
        told = Unavailable(
            got=f"{url}: no answer",
            expected="a host with public addresses only, a certificate for its name, and an answer in time",
            next_step="ask it from outside; this node's operator sees why in the log",
            reason="fetch-failed",
        )
        told.add_note(why)
        return told

    def _trusting(self, url: str) -> ssl.SSLContext | None:
        """Reading all authorities that the system trusts takes a while, so it is done once, and not for plain http."""
        return self._context if url.startswith("https:") else None

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self.tls or ssl.create_default_context()

    def _rule(self, url: str) -> MayConnect:
        """Which addresses may be behind `url`; refuses one that nobody publishes."""
        try:
            parts = urlsplit(url) if _VISIBLE.fullmatch(url) and "\\" not in url else None
            port = parts.port if parts else None
        except ValueError:
            parts = None
        if (
            parts is None
            or parts.scheme not in ("http", "https")
            or not _AUTHORITY.fullmatch(parts.netloc)
            or port == 0
        ):
            raise _refused(url, "an https address with a plain host name")
        authority = f"{parts.hostname}:{port or (443 if parts.scheme == 'https' else 80)}"
        if authority in self.allowed:
            return _anything
        if parts.scheme == "http" and not self.networks:
            raise _refused(url, "an https address")
        may_connect = self._may_connect(parts.scheme)
        known = _known_addresses(parts.hostname or "")
        if known and not any(map(may_connect, known)):
            raise _refused(url, "a host with public addresses only")
        return may_connect

    def _may_connect(self, scheme: str) -> MayConnect:
        if scheme == "https":
            return lambda address: is_public(address) or is_in(address, self.networks)
        return lambda address: is_in(address, self.networks)


@dataclass
class _Guarded(httpcore.NetworkBackend):
    """Connects to addresses that the rule allows, and lets no operation last beyond the deadline."""

    resolve: Resolve
    may_connect: MayConnect
    deadline: float
    monotonic: Callable[[], float]

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline counts
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self.resolve(host, port)
        if not addresses:
            raise httpcore.ConnectError(f"no address of {host}")
        if refused := [address for address in addresses if not self.may_connect(address)]:
            error = _refused(f"{host}, which is at {refused[0]}", "a host with public addresses only")
            error.add_note(f"it is at {refused[0]}")
            raise error
        left = _left(self.deadline, self.monotonic)
        stream = httpcore.SyncBackend().connect_tcp(addresses[0], port, left, local_address, socket_options)
        return _Bounded(stream, self.deadline, self.monotonic)


@dataclass
class _Bounded(httpcore.NetworkStream):
    """A stream on which trickling does not help: each operation gets what is left of the whole time."""

    stream: httpcore.NetworkStream
    deadline: float
    monotonic: Callable[[], float]

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self.stream.read(max_bytes, _left(self.deadline, self.monotonic))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self.stream.write(buffer, _left(self.deadline, self.monotonic))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        left = _left(self.deadline, self.monotonic)
        return _Bounded(self.stream.start_tls(ssl_context, server_hostname, left), self.deadline, self.monotonic)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def authority_of(url: str) -> str:
    """host:port of an http or https address that the user chose, as `allowed` has it; nothing of any other text."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    except ValueError:
        return ""


def kept_back(error: CountermarkError) -> str:
    """Why a discreet client got no answer, without the address that it asked: for logs alone."""
    return ", ".join(getattr(error, "__notes__", ()))


def _known_addresses(host: str) -> Sequence[str]:
    """Where a host is, as far as its name says so: one that ends in a number is an address, localhost this machine."""
    if _NUMBER_LAST.fullmatch(host):
        return (host,)
    return ("127.0.0.1", "::1") if host.rpartition(".")[2] == "localhost" else ()


def _anything(_address: str) -> bool:
    return True


def _left(deadline: float, monotonic: Callable[[], float]) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is over")
    return left


def _headers(answer: httpcore.Response) -> dict[str, bytes]:
    return {name.lower().decode("latin-1"): value for name, value in answer.headers}


def _document(answer: httpcore.Response, url: str, most: int) -> bytes:
    names = _headers(answer)
    packed = names.get("content-encoding", b"identity").lower()
    if answer.status != 200 or packed != b"identity":
        # A redirect could lead where nobody looked; a document has one address. Packed, it could unpack to gigabytes.
        raise _failed(url, f"status {answer.status}, {packed.decode('latin-1')}")
    kind = names.get("content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")
    if kind not in DOCUMENT_TYPES:
        raise _failed(url, f"content type {kind or 'none'}")
    body = bytearray()
    for chunk in answer.iter_stream():
        body += chunk
        if len(body) > most:
            raise TooLarge(
                got=f"{url} with more than {most} bytes",
                expected=f"at most {most} bytes",
                next_step="ask whoever publishes it for a smaller document",
                reason="answer-too-large",
            )
    return bytes(body)


def _refused(got: str, expected: str) -> NotPermitted:
    return NotPermitted(
        got=got,
        expected=expected,
        next_step="do not rely on what stands there; a webhook inside needs COUNTERMARK_OUTBOUND_NETWORKS",
        reason="address-not-allowed",
    )


def _failed(url: str, got: str) -> Unavailable:
    return Unavailable(
        got=f"{url}: {got}",
        expected="the document itself, without a redirect, in time",
        next_step="try again later, or ask its publisher",
        reason="fetch-failed",
    )
