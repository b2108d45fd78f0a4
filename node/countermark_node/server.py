"""Running the application: uvicorn in a thread, on a socket that is bound before, with an end that does not hang."""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import FastAPI

from countermark.errors import CountermarkError, Unavailable
from countermark_node.services import NodeServices

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_GRACE_SECONDS = 1


class _Server(uvicorn.Server):
    """Ends the open alert streams first: uvicorn would wait for them, and they never end by themselves."""

    def __init__(self, config: uvicorn.Config, services: NodeServices) -> None:
        super().__init__(config)
        self._services = services
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.settled.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._services.alert_hub.close()
        await super().shutdown(sockets)


class RunningServer:
    """A server that answers; `stop` ends it. Also a context manager."""

    def __init__(self, app: FastAPI, server: _Server, bound: socket.socket, host: str) -> None:
        self._app = app
        self._server = server
        self._socket = bound
        self.port: int = bound.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._thread = threading.Thread(target=self._run, name="http-server", daemon=True)
        self._ended = threading.Event()

    def start(self) -> Self:
        """Raises what the services refuse to start with, Unavailable when the application does not come up."""
        self._start_services()
        self._thread.start()
        if not self._server.settled.wait(_START_SECONDS) or not self._server.started:
            self.stop()
            raise Unavailable(
                got="an application that did not start",
                expected="a started application",
                next_step="read the log; run `countermark node status`",
            )
        return self

    def _start_services(self) -> None:
        # Before the server: reading a long ledger takes its time, and a refusal reaches the operator as one line.
        try:
            self._app.state.services.start()
        except CountermarkError:
            self._socket.close()
            raise
        self._app.state.started = True

    def stop(self) -> None:
        """Close open streams, answer what is under way, end."""
        self._server.should_exit = True
        self._ended.wait(_STOP_SECONDS)
        self._socket.close()

    def wait(self) -> None:
        """Until the server ends by itself or a KeyboardInterrupt comes."""
        # Not by joining the thread: before Python 3.13 an interrupted join takes a thread that works for one that ended
        # (CPython issue 90882), and then `stop` would wait for nothing. In pieces, since a signal may reach another
        # thread, and this one looks for it when it wakes.
        while not self._ended.wait(0.5):
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        finally:
            self._ended.set()


def serve(app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> RunningServer:
    """Serve `app` from another thread. Port 0 takes a free one.

    Raises Unavailable when the port is taken, and what the services refuse to start with (WrongChain, NotPermitted).
    """
    services: NodeServices = app.state.services
    proxies = services.settings.trusted_proxies
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        lifespan="on",
    )
    return RunningServer(app, _Server(config, services), _bind(host, port), host).start()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, since asyncio sends small answers at once (TCP_NODELAY) only on sockets that say that they are TCP.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise Unavailable(
            got=f"{host}:{port}: {error.strerror or type(error).__name__}",
            expected="an address and port that are free",
            next_step="stop the other program, or choose another --port",
            reason="port-taken",
        ) from None
    return bound
