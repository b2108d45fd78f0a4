"""The whole evening: set the stage, tell the story, show the table, leave the node running."""

from __future__ import annotations

import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import qrcode
from rich.console import Console

from countermark.errors import NotFound
from countermark.products import Product, read_products
from countermark_node.demo.narrator import Narrator
from countermark_node.demo.outcome import Outcome
from countermark_node.demo.stage import Stage, clear_folder, raise_curtain
from countermark_node.demo.story import Story


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def load_products(path: Path) -> tuple[Product, ...]:
    if not path.is_file():
        raise NotFound(
            got=f"no file {path}",
            expected="a CSV table of products",
            next_step="run the command in the repository's folder, or name a table with --products",
        )
    with path.open(encoding="utf-8", newline="") as stream:
        return read_products(stream)


def _say_goodbye(stage: Stage, story: Story, console: Console) -> None:
    """Where everything is, and a genuine label to hold a camera against."""
    goods = story.main_goods
    link = goods.link(1)
    path = link.partition("/01/")[2]
    console.print(f"\nThe node is running at {stage.url}", highlight=False)
    console.print(f"  verdict page    {stage.url}/01/{path}", soft_wrap=True, highlight=False)
    console.print(f"  phone scanner   {stage.url}/scan", highlight=False)
    console.print(f"  customs desk    {stage.url}/customs", highlight=False)
    console.print(f"                  its access key is in {stage.folder / 'node' / 'customs.key'}", highlight=False)
    console.print(f"  pictures        {stage.folder / 'photos'}", highlight=False)
    if console.is_terminal:
        console.print("\nA genuine label; hold it before the phone scanner:")
        code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=2)
        code.add_data(link)
        code.print_ascii(out=console.file, invert=True)
    console.print("\nCtrl+C ends it.", highlight=False)


def _wait_for_the_end() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()


def play(
    folder: Path,
    products: tuple[Product, ...],
    console: Console,
    *,
    port: int,
    stay: bool,
    json_file: Path | None,
    chain_url: str | None = None,
) -> Outcome:
    """The whole evening; the outcome's JSON is written before the node is left running."""
    started = time.monotonic()
    narrator = Narrator(console)
    ledger = "fresh contracts on the ledger that is there" if chain_url else "a fresh ledger"
    narrator.chapter(f"The stage: {ledger}, a node, a wallet for each party")
    clear_folder(folder)
    with raise_curtain(folder, port, utc_now, chain_url=chain_url) as stage:
        chain_id = stage.services.installation.deployment.chain_id
        narrator.say(f"ledger with chain id {chain_id}, node at {stage.url}")
        story = Story(stage, narrator, products)
        outcome = story.tell()
        narrator.table(outcome)
        if json_file is not None:
            outcome.write(json_file, time.monotonic() - started)
        if stay:
            _say_goodbye(stage, story, console)
            _wait_for_the_end()
    return outcome
