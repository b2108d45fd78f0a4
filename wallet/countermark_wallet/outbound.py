"""The one way to fetch a foreign document: https, public addresses, no redirects, bounded in size and time.

A credential names addresses (status lists, did:web), and whoever wrote it may want this machine to ask its own
network: a router, a cloud's metadata service, a database. So a name is resolved here, every address behind it must be
public, and the connection goes to the address that was looked at: a second look-up could answer differently.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore

from countermark.errors import NotPermitted, TooLarge, Unavailable
from countermark.limits import DEFAULT_LIMITS, Limits

Resolve = Callable[[str, int], Sequence[str]]
_AUTHORITY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::[0-9]{1,5})?")
_VISIBLE = re.compile(r"[!-~]{1,2000}")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NOT_PUBLIC = tuple(
    map(ipaddress.ip_network, ("192.88.99.0/24", "64:ff9b:1::/48", "3fff::/20", "5f00::/16", "fec0::/10"))
)
"""What Python's own table leaves out: relays to 6to4, local NAT64, documentation, segment routing, site-local."""


def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """All addresses that the system's resolver knows. Raises OSError."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except UnicodeError:
        # Labels of no length or more than 63 characters: no name that DNS can look up.
        raise socket.gaierror(socket.EAI_NONAME, "no such host") from None


@dataclass(frozen=True)
class Outbound:
    """Core's `Fetch`. `allowed` are the authorities (host:port) that may be of this machine's own network and plain
    http: the node that the user chose, a test's server, nothing else."""

    allowed: frozenset[str] = frozenset()
    resolve: Resolve = resolve_by_system
    tls: ssl.SSLContext | None = None
    limits: Limits = DEFAULT_LIMITS
    monotonic: Callable[[], float] = time.monotonic

    def __call__(self, url: str, *, most: int) -> bytes:
        """The body at `url`, at most `most` bytes. Raises NotPermitted (address-not-allowed), TooLarge
        (answer-too-large), Unavailable (fetch-failed)."""
        known = self._may_ask(url)
        deadline = self.monotonic() + self.limits.outbound_seconds
        backend = _Guarded(self.resolve, known, deadline, self.monotonic)
        context = self.tls or ssl.create_default_context()
        headers = [(b"Accept-Encoding", b"identity"), (b"Accept", b"*/*"), (b"User-Agent", b"countermark")]
        try:
            with (
                httpcore.ConnectionPool(ssl_context=context, network_backend=backend) as pool,
                pool.stream("GET", url, headers=headers) as answer,
            ):
                return _body(answer, url, most)
        except (OSError, httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise _failed(url, type(error).__name__) from None

    def _may_ask(self, url: str) -> bool:
        """Whether the authority is an allowed one; refuses addresses that no public document has."""
        try:
            parts = urlsplit(url) if _VISIBLE.fullmatch(url) and "\\" not in url else None
            port = parts.port if parts else None
        except ValueError:
            parts = None
        if parts is None or parts.scheme not in ("http", "https") or not _AUTHORITY.fullmatch(parts.netloc):
            raise _refused(url, "an https address with a plain host name")
        authority = f"{parts.hostname}:{port or (443 if parts.scheme == 'https' else 80)}"
        if authority in self.allowed:
            return True
        if parts.scheme != "https":
            raise _refused(url, "an https address")
        return False


@dataclass
class _Guarded(httpcore.NetworkBackend):
    """Connects to public addresses only, and lets no operation last beyond the deadline."""

    resolve: Resolve
    known: bool
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
        if not self.known and (private := [address for address in addresses if not is_public(address)]):
            raise _refused(f"{host}, which is at {private[0]}", "a host with public addresses only")
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


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, also when an IPv4 address hides in an IPv6 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        hidden = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if hidden is not None or found in _NAT64:
            return False
    if any(found.version == network.version and found in network for network in _NOT_PUBLIC):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _left(deadline: float, monotonic: Callable[[], float]) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is over")
    return left


def _body(answer: httpcore.Response, url: str, most: int) -> bytes:
    names = {name.lower(): value for name, value in answer.headers}
    if answer.status != 200 or names.get(b"content-encoding", b"identity") != b"identity":
        # A redirect could lead where nobody looked; a document has one address.
        raise _failed(url, f"status {answer.status}, {names.get(b'content-encoding', b'identity').decode('latin-1')}")
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
        next_step="do not rely on a document that stands there; ask its publisher",
        reason="address-not-allowed",
    )


def _failed(url: str, got: str) -> Unavailable:
    return Unavailable(
        got=f"{url}: {got}",
        expected="the document itself, without a redirect, in time",
        next_step="try again later, or ask its publisher",
        reason="fetch-failed",
    )
