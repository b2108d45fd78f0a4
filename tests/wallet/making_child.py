"""Makes labels in a process of its own, to be killed. Arguments: folder, quantity, workers, largest file (0: any)."""

from __future__ import annotations

import resource
import signal
import sys
from pathlib import Path

from countermark.errors import CountermarkError
from countermark.labels.series import LabelOrder, SeriesSecrets
from countermark_wallet.label_workers import MakingSecrets
from countermark_wallet.making import LabelStreams, make_streams

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


def make(folder: Path, quantity: int, workers: int) -> None:
    order = LabelOrder("09521234543213", 3, quantity, "id.brand.example", codes=True)
    make_streams(order, SECRETS, streams_in(folder), workers=workers, checkpoint_every=2_000)


if __name__ == "__main__":
    most = int(sys.argv[4])
    if most:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    try:
        make(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    except CountermarkError as error:
        sys.exit(error.line())
