"""The least that an HTTP service over a database does: one row read by its key and answered as JSON."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI, HTTPException
from sqlalchemy import Engine
from sqlmodel import Field, Session, SQLModel, create_engine


class Item(SQLModel, table=True):
    """A row of the size of what a verification finds."""

    id: int = Field(primary_key=True)
    gtin: str
    serial: str
    holder: str
    status: str


def bare_application(engine: Engine) -> FastAPI:
    """One route, written as FastAPI's and SQLModel's pages show it."""
    app = FastAPI()

    @app.get("/items/{number}")
    def read_item(number: int) -> Item:
        with Session(engine) as session:
            found = session.get(Item, number)
            if found is None:
                raise HTTPException(404)
            return found

    return app


def serve_bare(path: Path, rows: int, ready: Callable[[str], None], wait: Callable[[], object]) -> None:
    """Serve it on a free port of the loopback until `wait` returns."""
    engine = create_engine(f"sqlite:///{path}")
    SQLModel.metadata.tables["item"].create(engine)
    with Session(engine) as session:
        for number in range(1, rows + 1):
            session.add(
                Item(id=number, gtin="09521234000013", serial=f"{number:016d}", holder="0x" + "11" * 20, status="held")
            )
        session.commit()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
        bound.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(bare_application(engine), log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.05)
        ready(f"http://127.0.0.1:{bound.getsockname()[1]}")
        wait()
        server.should_exit = True
        thread.join(10)
