"""Labels of a whole series as files, beside raw P-256 signing in the same run: `make bench-labels`.

Rates are of one core, by processor time. A second table makes a million labels on all cores in a process of its own and
shows what time and memory all processes took; `--sixteen-million` adds the largest series (6 GB of disk).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from rates import rates, times
from rows import Limit, Row, at_least, at_most, report

from countermark.labels.merkle import root_of
from countermark.labels.serials import SerialProfile
from countermark.labels.series import LabelOrder, SeriesSecrets
from countermark_wallet.labels.making import CHUNK, LabelStreams, make_streams
from countermark_wallet.labels.workers import MakingSecrets, cores
from countermark_wallet.series.adopted_lists import adopt

GTIN, HOST = "09521234543213", "id.brand.example"
SECRETS = MakingSecrets(SeriesSecrets.from_master(bytes(32)), bytes(48))
MESSAGES = [f"message {number} of about fifty bytes, as a label has it".encode() for number in range(CHUNK)]
NODE, LONG = bytes(65), bytes(1 << 20)
RAW, REPEATABLE = "raw P-256 signing", "cryptography signing alone (RFC 6979)"
NODES, BULK = "nodes hashed", "nodes hashed at the speed of a long message"
SMALL, MILLION = 100_000, 1_000_000
SHARE, MOST_SECONDS, FLAT = 0.55, 30, 1.2
SAMPLE_EVERY = 100_000


def order_of(quantity: int, profile: SerialProfile = SerialProfile.NATIVE, *, codes: bool = False) -> LabelOrder:
    """An order for the bench's product."""
    return LabelOrder(GTIN, 1, quantity, HOST, profile=profile, codes=codes)


def one_core() -> dict[str, float]:
    """Serial, salt, leaf, signature and print line, beside signing alone: units a second of one core."""
    raw = ec.generate_private_key(ec.SECP256R1())
    randomised, deterministic = ec.ECDSA(hashes.SHA256()), ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    orders = {
        "native serials": order_of(CHUNK),
        "random serials": order_of(CHUNK, SerialProfile.RANDOM),
        "native serials and claim codes": order_of(CHUNK, codes=True),
    }
    makers = {name: SECRETS.maker(order) for name, order in orders.items()}
    return rates(
        {
            RAW: lambda: len([raw.sign(message, randomised) for message in MESSAGES]),
            REPEATABLE: lambda: len([raw.sign(message, deterministic) for message in MESSAGES]),
            **{name: partial(_made, maker) for name, maker in makers.items()},
            NODES: times(1_000, lambda: sha256(NODE).digest()),
            BULK: _hash_long,
        }
    )


def _hash_long() -> int:
    """A node is 65 bytes, which SHA-256 pads to two blocks of 64: so many nodes."""
    sha256(LONG).digest()
    return len(LONG) // 128


def _made(maker: Any) -> int:
    maker.make(1, CHUNK)
    return CHUNK


def making_rows(found: dict[str, float]) -> Iterator[Row]:
    """Labels a second beside signing alone."""
    limit = Limit(RAW, found[RAW])
    for what in ("native serials", "random serials", "native serials and claim codes"):
        target = at_least(found[what] / found[RAW], SHARE, f"{SHARE:.2f} of {RAW}") if "claim" not in what else None
        yield Row(f"labels made, {what}", "a second", found[what], REPEATABLE, found[REPEATABLE], limit, target)


@contextmanager
def measured() -> Iterator[dict[str, float]]:
    """Seconds on the clock, and of processor time of this process and its ended children."""
    found: dict[str, float] = {}
    started, before = time.perf_counter(), os.times()
    yield found
    after = os.times()
    found["seconds"] = time.perf_counter() - started
    found["processor"] = sum(after[:4]) - sum(before[:4])


def peak_of(process: str) -> float:
    """Most megabytes that a process ever had in memory (its own, not what it was forked from)."""
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def peak_of_all() -> float:
    """The sum over this process and its children, of which most are workers."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return sum(peak_of(process) for process in ("self", *children))


def make_all(folder: Path, quantity: int) -> dict[str, float]:
    """All labels, on all cores; the megabytes are those of all processes together."""
    streams = LabelStreams(folder / "print-line.csv", folder / "leaves.bin", folder / "making.json")
    peaks: list[float] = []

    def progress(done: int) -> None:
        if done % SAMPLE_EVERY == 0 or done + CHUNK >= quantity:
            peaks.append(peak_of_all())

    with measured() as found:
        make_streams(order_of(quantity), SECRETS, streams, progress=progress)
    return {**found, "megabytes": max(peaks)}


def check_list(folder: Path, quantity: int) -> dict[str, float]:
    """Adopts a list of that length."""
    source = folder / "list.csv"
    with source.open("w", encoding="ascii") as stream:
        stream.write("serial\n")
        stream.writelines(f"SN-{number:013d}\n" for number in range(quantity))
    with measured() as found, adopt(source, GTIN, quantity, folder / "kept.txt"):
        pass
    return {**found, "megabytes": peak_of("self")}


def read_root(folder: Path, quantity: int) -> dict[str, float]:
    """The Merkle root over the leaves of an earlier `make_all`."""
    with measured() as found, (folder / "leaves.bin").open("rb") as stream:
        leaves: Iterator[bytes] = iter(lambda: stream.read(32), b"")
        root_of(leaves)
        assert stream.tell() == 32 * quantity
    return {**found, "megabytes": peak_of("self")}


PARTS = {"make": make_all, "list": check_list, "root": read_root}


def measure(part: str, folder: Path, quantity: int) -> dict[str, float]:
    """One part in a fresh process, whose memory is its own."""
    command = [sys.executable, __file__, "--part", part, str(folder), str(quantity)]
    ended = subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - this file
    found: dict[str, float] = json.loads(ended.stdout)
    return found


def whole_series(quantity: int) -> dict[str, dict[str, float]]:
    """Time and memory of a series, part by part."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        for part, what in (
            ("make", "labels made and written"),
            ("root", "Merkle root of their leaves"),
            ("list", "adopted list checked"),
        ):
            one = found[part] = measure(part, Path(name), quantity)
            spent = f"{one['seconds']:.1f} s, {one['processor']:.1f} s of processor time"
            print(f"{quantity:,} {what}: {spent}, {one['megabytes']:.0f} MB in all processes")
    return found


def series_rows(rate: dict[str, float], small: dict[str, Any], large: dict[str, Any]) -> Iterator[Row]:
    """A million labels on all cores, beside what signing or hashing alone would take."""
    made, root = large["make"], large["root"]
    alone = {name: MILLION / rate[name] for name in (RAW, REPEATABLE, NODES, BULK)}
    limit = Limit(f"{RAW}, all cores", alone[RAW] / cores())
    target = at_most(made["seconds"], MOST_SECONDS, f"{MOST_SECONDS} s at most")
    peer = f"{REPEATABLE}, all cores"
    what = f"{MILLION:,} labels made and written"
    yield Row(what, "s", made["seconds"], peer, alone[REPEATABLE] / cores(), limit, target, less=True)
    before = small["make"]["megabytes"]
    flat = at_most(made["megabytes"] / before, FLAT, f"flat: {FLAT} x at most")
    yield Row(
        "peak memory of it, all processes", "MB", made["megabytes"], f"{SMALL:,} labels", before, None, flat, less=True
    )
    bulk = Limit("SHA-256 of one long message", alone[BULK])
    what = f"Merkle root of {MILLION:,} leaves"
    yield Row(what, "s", root["processor"], "hashlib, a call a node", alone[NODES], bulk, less=True)


def main() -> int:
    """All rows; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sixteen-million", action="store_true")
    parser.add_argument("--part", nargs=3, metavar=("PART", "FOLDER", "QUANTITY"))
    given = parser.parse_args()
    if given.part:
        part, folder, quantity = given.part
        json.dump(PARTS[part](Path(folder), int(quantity)), sys.stdout)
        return 0
    rate, small, large = one_core(), whole_series(SMALL), whole_series(MILLION)
    if given.sixteen_million:
        whole_series((1 << 24) - 1)
    return report([*making_rows(rate), *series_rows(rate, small, large)])


if __name__ == "__main__":
    sys.exit(main())
