"""From a contradicting scan to the alert at a customs desk, while a node has other things to do: `make bench-load`.

A node in a process of its own takes lots, handovers and anonymous scans at set rates. Customs and the brand sign for
the same label in two places; measured is the time from the POST of the second scan until the event is at a desk that
logged in and listens to `/v1/alerts/stream`. Beside it: a desk that asks `/v1/alerts` once a second.
"""

from __future__ import annotations

import argparse
import os
import sys

from load_mix import Done, Rates, run_mix
from node_process import node_process
from rows import Row, at_most, report

SECONDS, TARGET = 40.0, 1.0
DEFECT = 1


def main() -> int:
    """Measure, print, and say whether the target was reached."""
    options = options_parser(__doc__ or "", SECONDS).parse_args()
    rates = Rates(options.scans, options.copies, options.handovers, options.lots)
    with node_process(options.database) as node:
        done = run_mix(node, rates, options.seconds)
    return tell_load(done) or report(rows_of(done))


def tell_load(done: Done) -> int:
    """Print what was done; DEFECT when an answer was no success or an alert never came."""
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"scans: {done.scans.rate:,.1f} a second, p50 {done.scans.median * 1e3:.0f} ms", end=", ")
    print(f"p99 {done.scans.percentile(0.99) * 1e3:.0f} ms, {done.scans.failed} failed")
    for what, took in (("lots", done.lots), ("handovers", done.handovers)):
        print(f"{what}: {len(took)}, p50 {share(sorted(took), 0.5) * 1e3:.0f} ms")
    answered = sorted(done.answered)
    print(f"signed scans: p50 {share(answered, 0.5) * 1e3:.0f} ms, p99 {share(answered, 0.99) * 1e3:.0f} ms")
    for what, times in (("stream", done.streamed), ("asking", done.polled)):
        waits = done.waits(times)
        print(f"scan to alert by {what}: {len(waits)} of {len(done.sent)} came", end=", ")
        print(", ".join(f"p{part * 100:.0f} {share(waits, part) * 1e3:.0f} ms" for part in (0.5, 0.99, 1)))
    for why in (*done.streamed.failed, *done.polled.failed):
        print(f"FAIL: got {why}, expected every alert until the end")
    lost = [len(done.waits(times)) < len(done.sent) for times in (done.streamed, done.polled)]
    failed = done.streamed.failed or done.polled.failed or done.scans.failed or any(lost)
    return DEFECT if failed else 0


def rows_of(done: Done) -> list[Row]:
    """One row: the ninety-ninth percentile beside that of a desk that asks."""
    ours, theirs = (share(done.waits(times), 0.99) for times in (done.streamed, done.polled))
    target = at_most(ours, TARGET, f"<= {TARGET:.0f} s")
    what = "scan to alert on the customs stream, p99 under load"
    return [Row(what, "ms", ours * 1e3, "asking once a second", theirs * 1e3, target=target, less=True)]


def share(ordered: list[float], part: float) -> float:
    """The value that `part` (0..1) of them keep; nothing was measured: infinite."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("inf")


def options_parser(about: str, seconds: float) -> argparse.ArgumentParser:
    """Options of a load: how long, which database, how much a second."""
    parser, rates = argparse.ArgumentParser(description=about), Rates()
    parser.add_argument("--seconds", type=_positive, default=seconds)
    parser.add_argument("--database", help="an empty PostgreSQL, postgresql://USER@HOST/NAME; default: SQLite")
    for name in ("scans", "copies", "handovers", "lots"):
        parser.add_argument(f"--{name}", type=_positive, default=getattr(rates, name), help="a second")
    return parser


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"got {text}, expected a number above 0")
    return number


if __name__ == "__main__":
    sys.exit(main())
