"""The labels of a whole series as files: made on all cores, in flat memory, going on after a crash where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from countermark.labels.chunk import CODE_COLUMNS, MadeChunk
from countermark.labels.serials import SeriesSerials
from countermark.labels.series import LabelOrder
from countermark.printing.print_line import COLUMNS
from countermark_wallet.files.resumable import ResumableFiles, resumable_files
from countermark_wallet.labels.workers import ChunkJob, MakingSecrets, cores, make_chunks

CHUNK = 2_000
"""Labels made at a time: their adopted serials fit into a pipe's buffer."""
CHECKPOINT_EVERY = 50_000
"""Labels between two syncs to disk: about a second's work, which is what a crash may cost."""
_WORTH_PROCESSES = 20_000
"""Fewer labels are made sooner than worker processes start."""


@dataclass(frozen=True, slots=True)
class LabelStreams:
    """Where the streams of one series go. `codes` and `claim_addresses` belong to series with claim codes."""

    print_line: Path
    leaves: Path
    journal: Path
    codes: Path | None = None
    claim_addresses: Path | None = None

    def targets(self) -> dict[str, Path]:
        """The files by the name of their stream."""
        named = {"print_line": self.print_line, "leaves": self.leaves}
        if self.codes and self.claim_addresses:
            named |= {"codes": self.codes, "claim_addresses": self.claim_addresses}
        return named


def make_streams(
    order: LabelOrder,
    secrets: MakingSecrets,
    streams: LabelStreams,
    *,
    serials: SeriesSerials | None = None,
    workers: int | None = None,
    checkpoint_every: int = CHECKPOINT_EVERY,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Writes all labels of `order` and returns how many; `serials` for an adopted order.

    `workers` processes, by default one a core; 0 makes them in this process. A run that was cut off is continued by the
    next one with the same order and files; the result is the same to the byte. `progress` hears how many are made.
    Raises NotPermitted (already-running), Unavailable (cannot-write, worker-ended).
    """
    count = workers if workers is not None else cores() if order.quantity >= _WORTH_PROCESSES else 0
    with resumable_files(streams.targets(), streams.journal, _identity(order, secrets, streams)) as files:
        if not files.done:
            files.append(_headers(streams), 0)
        jobs = _jobs(order, files.done, serials)
        for chunk in make_chunks(order, secrets, jobs, count):
            _append(files, streams, chunk)
            if files.done - files.synced >= checkpoint_every:
                files.checkpoint()
            if progress:
                progress(files.done)
        files.finish()
        return files.done


def _identity(order: LabelOrder, secrets: MakingSecrets, streams: LabelStreams) -> str:
    """What tells one run from another: the order, the key that signs, the files. It gives no secret away."""
    key = secrets.public_key()
    named = {name: str(path.absolute()) for name, path in streams.targets().items()}
    text = json.dumps([asdict(order), key.thumbprint.hex(), named], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _headers(streams: LabelStreams) -> dict[str, bytes]:
    headers = {"print_line": _header(COLUMNS)}
    return headers | {"codes": _header(CODE_COLUMNS)} if streams.codes else headers


def _header(columns: tuple[str, ...]) -> bytes:
    return (",".join(columns) + "\n").encode("ascii")


def _jobs(order: LabelOrder, done: int, serials: SeriesSerials | None) -> Iterator[ChunkJob]:
    listed = serials.stream(order.first_sequence + done) if serials else None
    for first in range(order.first_sequence + done, order.last_sequence + 1, CHUNK):
        count = min(CHUNK, order.last_sequence + 1 - first)
        yield ChunkJob(first, count, tuple(islice(listed, count)) if listed else None)


def _append(files: ResumableFiles, streams: LabelStreams, chunk: MadeChunk) -> None:
    parts = {"print_line": chunk.print_line, "leaves": chunk.leaves}
    if streams.codes:
        parts |= {"codes": chunk.codes, "claim_addresses": chunk.claim_addresses}
    files.append(parts, chunk.count)
