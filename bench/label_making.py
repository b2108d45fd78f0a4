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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from countermark.labels.merkle import root_of
from countermark.labels.serials import SerialProfile
from countermark.labels.series import LabelOrder, SeriesSecrets
from countermark_wallet.adopted_lists import adopt
from countermark_wallet.label_workers import MakingSecrets, cores
from countermark_wallet.making import CHUNK, LabelStreams, make_streams

GTIN, HOST = "09521234543213", "id.brand.example"
SECRETS = MakingSecrets(SeriesSecrets.from_master(bytes(32)), bytes(48))
MESSAGES = [f"message {number} of about fifty bytes, as a label has it".encode() for number in range(CHUNK)]
TURNS = 7
SAMPLE_EVERY = 100_000


def order_of(quantity: int, profile: SerialProfile = SerialProfile.NATIVE, *, codes: bool = False) -> LabelOrder:
    """An order for the bench's product."""
    return LabelOrder(GTIN, 1, quantity, HOST, profile=profile, codes=codes)


def rates(*works: Callable[[], object]) -> list[float]:
    """Units a second of each by processor time, the best of several turns: a busy machine says nothing about ours."""
    best = [0.0] * len(works)
    for _ in range(TURNS):
        for place, work in enumerate(works):
            started = time.process_time()
            work()
            best[place] = max(best[place], CHUNK / (time.process_time() - started))
    return best


def one_core() -> None:
    """Serial, salt, leaf, signature and print line, beside signing alone."""
    raw = ec.generate_private_key(ec.SECP256R1())
    randomised, deterministic = ec.ECDSA(hashes.SHA256()), ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    native, random, coded = (
        SECRETS.maker(order)
        for order in (
            order_of(CHUNK),
            order_of(CHUNK, SerialProfile.RANDOM),
            order_of(CHUNK, codes=True),
        )
    )
    signing, repeatable, *made = rates(
        lambda: [raw.sign(message, randomised) for message in MESSAGES],
        lambda: [raw.sign(message, deterministic) for message in MESSAGES],
        lambda: native.make(1, CHUNK),
        lambda: random.make(1, CHUNK),
        lambda: coded.make(1, CHUNK),
    )
    print("| one core | a second | of raw P-256 signing |\n|---|---|---|")
    print(f"| raw P-256 signing | {signing:,.0f} | 1.00 |")
    print(f"| the same, deterministic (RFC 6979) | {repeatable:,.0f} | {repeatable / signing:.2f} |")
    for what, rate in zip(("native serials", "random serials", "native serials and claim codes"), made, strict=True):
        print(f"| labels made, {what} | {rate:,.0f} | {rate / signing:.2f} |")


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


def whole_series(quantities: list[int]) -> None:
    """Time and memory as series grow."""
    print(f"\n| {cores()} cores | seconds | processor seconds | peak memory, all processes |\n|---|---|---|---|")
    for quantity in quantities:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            rows = [("labels made and written", "make")]
            rows += [("Merkle root of their leaves", "root"), ("adopted list checked", "list")]
            for what, part in rows:
                found = measure(part, folder, quantity)
                times = f"{found['seconds']:.1f} | {found['processor']:.1f}"
                print(f"| {quantity:,} {what} | {times} | {found['megabytes']:.0f} MB |")


def main() -> None:
    """All tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sixteen-million", action="store_true")
    parser.add_argument("--part", nargs=3, metavar=("PART", "FOLDER", "QUANTITY"))
    given = parser.parse_args()
    if given.part:
        part, folder, quantity = given.part
        json.dump(PARTS[part](Path(folder), int(quantity)), sys.stdout)
        return
    one_core()
    whole_series([100_000, 1_000_000] + [(1 << 24) - 1] * given.sixteen_million)
    print(f"\nload of the machine: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
