"""All measurements, one after the other, as one table and one JSON: `make bench`.

    python bench/run.py                    runs all; writes docs/benchmarks.md and bench/results.json
    python bench/run.py --photos FOLDER    reads photographs, not simulated ones (bench/decode_peers.py)
    python bench/run.py credentials gs1    runs these alone, prints their rows and writes nothing

A script has a bound of time, and all of them together have one. What fails or is out of time stands in the table as
FAILED with its reason, and the exit code is 1. A target that was missed is a row that says so, no failure.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rows import HEADINGS, MISSED, ROWS_FILE, Row, heading, line, placed

BENCH = Path(__file__).resolve().parent
PAGE = BENCH.parent / "docs" / "benchmarks.md"
RESULTS = BENCH / "results.json"
MARKER = "measurements"
WHOLE_SECONDS = 870
"""All scripts together: `make bench` ends within 15 minutes."""
FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Script:
    """A script that reports rows, and the seconds that it may take."""

    name: str
    title: str
    path: Path
    seconds: float
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What a script gave: rows, or the reason for which there are none."""

    name: str
    title: str
    seconds: float
    rows: tuple[Row, ...]
    failure: str

    def to_json(self) -> dict[str, object]:
        """All fields."""
        told = {"name": self.name, "title": self.title, "seconds": self.seconds, "failure": self.failure}
        return {**told, "rows": [row.to_json() for row in self.rows]}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Part:
        """The part of which `to_json` was kept."""
        rows = tuple(Row.from_json(row) for row in kept["rows"])
        return cls(kept["name"], kept["title"], kept["seconds"], rows, kept["failure"])


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when it was measured; `load` is the load average of a minute at the begin."""

    began: str
    cores: int
    processor: str
    memory_gb: float
    system: str
    python: str
    load: float

    @property
    def words(self) -> str:
        """A sentence for the page."""
        state = "quiet" if self.load < self.cores / 2 else "busy"
        return (
            f"{self.began}, {self.cores} cores of {self.processor}, {self.memory_gb:.0f} GB, {self.system},"
            f" Python {self.python}; load average {self.load:.1f} at the begin, so the machine was {state}."
        )


def scripts(photos: str | None) -> list[Script]:
    """All of them, in order. The quickest come first, so that a defect shows early; gas does not depend on time."""
    folder = (str(Path(photos).resolve()),) if photos else ()
    listed = (
        ("gs1", "GS1 data", "gs1_links.py", 40, ()),
        ("credentials", "Credentials", "credentials.py", 60, ()),
        ("offline", "Checks without a network", "offline_check.py", 40, ()),
        ("codes", "Codes drawn", "print_codes.py", 90, ()),
        ("labels", "Labels checked and read", "label_codes.py", 40, ()),
        ("making", "A series made", "label_making.py", 150, ()),
        ("decode", "Pictures read", "decode_peers.py", 120, folder),
        ("http", "Online verification", "http_verify.py", 150, ()),
        ("gates", "Gates", "scan_gate.py", 60, ()),
        ("load", "Alerts under load", "load.py", 120, ()),
        ("projection", "From the ledger to rows", "projection.py", 90, ()),
        ("chain", "The embedded ledger", "embedded_chain.py", 40, ()),
        ("growth", "Cost as work grows", "growth.py", 240, ()),
        ("gas", "Contracts", "gas_table.py", 240, ()),
    )
    return [Script(name, title, BENCH / path, seconds, given) for name, title, path, seconds, given in listed]


def machine() -> Machine:
    """This one, now."""
    info = Path("/proc/cpuinfo")
    models = [text for text in info.read_text().splitlines() if text.startswith("model name")] if info.exists() else []
    processor = models[0].partition(":")[2].strip() if models else platform.processor() or platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    began = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    system = f"{platform.system()} {platform.machine()}"
    return Machine(began, os.cpu_count() or 1, processor, memory, system, platform.python_version(), os.getloadavg()[0])


def run_script(script: Script, seconds: float) -> Part:
    """Runs it in a process group of its own, which ends with it or after `seconds`."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "rows.json"
        code = _ended(script, seconds, place)
        spent = round(time.perf_counter() - began, 1)
        if code is None:
            return Part(script.name, script.title, spent, (), f"not done after {seconds:.3g} s")
        if code not in (0, MISSED):
            return Part(script.name, script.title, spent, (), f"exit code {code}")
        if not place.exists():
            return Part(script.name, script.title, spent, (), "reported no rows")
        rows = tuple(Row.from_json(row) for row in json.loads(place.read_text(encoding="utf-8")))
        return Part(script.name, script.title, spent, rows, "" if rows else "reported no rows")


def _ended(script: Script, seconds: float, place: Path) -> int | None:
    """The exit code, or None when time was out."""
    command = [sys.executable, str(script.path), *script.arguments]
    given = {**os.environ, ROWS_FILE: str(place)}
    process = subprocess.Popen(command, env=given, start_new_session=True)  # noqa: S603 - our own scripts
    try:
        return process.wait(timeout=max(0.0, seconds))
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run_all(chosen: Sequence[Script], seconds: float = WHOLE_SECONDS) -> Iterator[Part]:
    """Each script within its bound and what is left of `seconds`."""
    until = time.perf_counter() + seconds
    for script in chosen:
        print(f"\n== {script.title}: {script.path.name}", flush=True)
        yield run_script(script, min(script.seconds, until - time.perf_counter()))


def document(where: Machine, command: str, parts: Sequence[Part]) -> dict[str, Any]:
    """What is kept as JSON."""
    told = {"command": command, "machine": asdict(where), "seconds": round(sum(part.seconds for part in parts), 1)}
    return {**told, "parts": [part.to_json() for part in parts]}


def page_text(kept: dict[str, Any]) -> str:
    """The part of the page that says what `kept` says."""
    where, parts = Machine(**kept["machine"]), [Part.from_json(part) for part in kept["parts"]]
    missed = [row for part in parts for row in part.rows if row.target and not row.target.reached]
    counted = f"{sum(len(part.rows) for part in parts)} rows in {kept['seconds']:.0f} s"
    failed = ", ".join(part.title for part in parts if part.failure)
    ends = f"{counted}; failed: {failed or 'none'}; rows that miss their target: {len(missed)}."
    lines = [text for part in parts for text in part_lines(part)]
    return f"`{kept['command']}`: {where.words}\n{ends}\n\n{heading()}\n" + "\n".join(lines) + "\n"


def part_lines(part: Part) -> list[str]:
    """Its rows, or the one that says why there are none."""
    if part.failure:
        cells = (part.title, part.failure)
        return [line((*cells, *[FAILED] * (len(HEADINGS) - len(cells))))]
    return [line(row.cells()) for row in part.rows]


def main(arguments: Sequence[str]) -> int:
    """Runs, writes, and says whether every row was filled."""
    parser = argparse.ArgumentParser(description="Runs all measurements.")
    parser.add_argument("names", nargs="*", help="these alone; nothing is written")
    parser.add_argument("--photos", help="the folder test/samples of zxing-cpp's source")
    given = parser.parse_args(arguments)
    every = scripts(given.photos)
    if unknown := set(given.names) - {script.name for script in every}:
        parser.error(f"got {', '.join(sorted(unknown))}, expected some of {', '.join(one.name for one in every)}")
    where = machine()
    parts = list(run_all([script for script in every if not given.names or script.name in given.names]))
    kept = document(where, "make bench" + (" PHOTOS=…" if given.photos else ""), parts)
    text = page_text(kept)
    print("\n" + text)
    if not given.names:
        RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        PAGE.write_text(placed(PAGE.read_text(encoding="utf-8"), MARKER, text), encoding="utf-8")
    return 1 if any(part.failure for part in parts) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
