"""Makes labels in a process of its own, to be killed. Arguments: folder, quantity, workers, largest file (0: any)."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

from countermark.errors import CountermarkError
from countermark.labels.series import LabelOrder, SeriesSecrets
from countermark_wallet.labels.making import LabelStreams, make_streams
from countermark_wallet.labels.workers import MakingSecrets

MASTER = b"master secret of the child, 32 b"
SECRETS = MakingSecrets(SeriesSecrets.from_master(MASTER), b"label key seed of the child" * 2)


def streams_in(folder: Path) -> LabelStreams:
    kept = folder / "wallet"
    return LabelStreams(
        folder / "labels" / "print-line.csv",
        kept / "leaves.bin",
        kept / "making.json",
        folder / "codes" / "codes.csv",
        kept / "claim-addresses.bin",
    )


def peak_of_all() -> int:
    """Kilobytes that this process and its workers had in memory at most."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    statuses = (Path(f"/proc/{process}/status").read_text() for process in ("self", *children))
    return sum(int(status.partition("VmHWM:")[2].split()[0]) for status in statuses)


def make(folder: Path, quantity: int, workers: int) -> None:
    order = LabelOrder("09521234543213", 3, quantity, "id.brand.example", codes=True)
    peaks = [0]

    def progress(done: int) -> None:
        if done == quantity:
            peaks.append(peak_of_all())

    streams = streams_in(folder)
    make_streams(order, SECRETS, streams, workers=workers, checkpoint_every=2_000, progress=progress)
    sys.stdout.write(str(max(peaks)))


if __name__ == "__main__":
    most = int(sys.argv[4])
    if most:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    try:
        make(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    except CountermarkError as error:
        sys.exit(error.line())
