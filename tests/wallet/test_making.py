"""Label making that is killed, runs out of disk or meets other files: the same bytes in the end, nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from countermark.errors import NotPermitted, Unavailable
from countermark.labels.serials import AdoptedSerials, SerialProfile
from countermark.labels.series import LabelOrder, SeriesSecrets
from countermark_wallet.files.resumable import resumable_files
from countermark_wallet.labels.making import LabelStreams, make_streams
from countermark_wallet.labels.workers import ChunkJob, MakingSecrets, make_chunks

CHILD = Path(__file__).with_name("making_child.py")
SERIES = SeriesSecrets.from_master(b"m" * 32)
SECRETS = MakingSecrets(SERIES, b"label key seed of these tests, long enough")
ORDER = LabelOrder("09521234543213", 3, 5_000, "id.brand.example", codes=True)
PLAIN = LabelOrder("09521234543213", 3, 5_000, "id.brand.example")


class Stopped(Exception):
    """Stands for a crash."""


def streams_in(folder: Path) -> LabelStreams:
    kept = folder / "wallet"
    return LabelStreams(
        folder / "labels" / "print-line.csv",
        kept / "leaves.bin",
        kept / "making.json",
        folder / "codes" / "codes.csv",
        kept / "claim-addresses.bin",
    )


def plain_streams(folder: Path) -> LabelStreams:
    return LabelStreams(folder / "print-line.csv", folder / "leaves.bin", folder / "making.json")


def made_in(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix in (".csv", ".bin"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def stop_after(labels: int) -> Callable[[int], None]:
    def progress(done: int) -> None:
        if done >= labels:
            raise Stopped

    return progress


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    assert make_streams(ORDER, SECRETS, streams_in(folder), workers=0) == 5_000
    return made_in(folder)


def test_streams_hold_every_label_once(whole: dict[str, bytes]) -> None:
    assert set(whole) == {
        "labels/print-line.csv",
        "codes/codes.csv",
        "wallet/leaves.bin",
        "wallet/claim-addresses.bin",
    }
    assert whole["labels/print-line.csv"].count(b"\n") == whole["codes/codes.csv"].count(b"\n") == 5_001
    assert len(whole["wallet/leaves.bin"]) == 32 * 5_000
    assert len(whole["wallet/claim-addresses.bin"]) == 20 * 5_000


def test_files_of_labels_are_read_by_their_owner_alone(tmp_path: Path) -> None:
    make_streams(PLAIN, SECRETS, plain_streams(tmp_path), workers=0)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_worker_processes_make_the_same_bytes(tmp_path: Path, whole: dict[str, bytes]) -> None:
    heard: list[int] = []
    make_streams(ORDER, SECRETS, streams_in(tmp_path), workers=2, progress=heard.append)
    assert made_in(tmp_path) == whole
    assert heard == [2_000, 4_000, 5_000]


@pytest.mark.parametrize("stop", [2_000, 4_000])
@pytest.mark.parametrize("torn", [False, True])
def test_run_that_was_cut_off_goes_on_and_ends_with_the_same_bytes(
    tmp_path: Path, whole: dict[str, bytes], stop: int, torn: bool
) -> None:
    streams = streams_in(tmp_path)
    with pytest.raises(Stopped):
        make_streams(ORDER, SECRETS, streams, workers=0, checkpoint_every=2_000, progress=stop_after(stop))
    assert made_in(tmp_path) == {}
    if torn:
        for part in tmp_path.rglob("*.part"):
            part.write_bytes(part.read_bytes() + b"half a line that was never synced")
    heard: list[int] = []
    make_streams(ORDER, SECRETS, streams, workers=0, progress=heard.append)
    assert heard[0] > stop
    assert made_in(tmp_path) == whole
    assert not list(tmp_path.rglob("*.part"))
    assert not streams.journal.exists()


@pytest.mark.parametrize("journal", [b"", b"{}", b"[]", b"\xff", b"[" * 90_000, b'{"done":-1}', b'{"parts":[]}'])
def test_damaged_journal_makes_all_again(tmp_path: Path, whole: dict[str, bytes], journal: bytes) -> None:
    streams = streams_in(tmp_path)
    with pytest.raises(Stopped):
        make_streams(ORDER, SECRETS, streams, workers=0, checkpoint_every=2_000, progress=stop_after(4_000))
    streams.journal.write_bytes(journal)
    make_streams(ORDER, SECRETS, streams, workers=0)
    assert made_in(tmp_path) == whole


def test_part_that_is_shorter_than_its_journal_makes_all_again(tmp_path: Path, whole: dict[str, bytes]) -> None:
    streams = streams_in(tmp_path)
    with pytest.raises(Stopped):
        make_streams(ORDER, SECRETS, streams, workers=0, checkpoint_every=2_000, progress=stop_after(4_000))
    os.truncate(streams.leaves.with_name("leaves.bin.part"), 32)
    make_streams(ORDER, SECRETS, streams, workers=0)
    assert made_in(tmp_path) == whole


def test_part_that_somebody_changed_is_made_anew(tmp_path: Path, whole: dict[str, bytes]) -> None:
    """A print folder may be shared: what a stranger writes into a part must not become a printed label."""
    streams = streams_in(tmp_path)
    with pytest.raises(Stopped):
        make_streams(ORDER, SECRETS, streams, workers=0, checkpoint_every=2_000, progress=stop_after(4_000))
    part = streams.print_line.with_name("print-line.csv.part")
    part.write_bytes(part.read_bytes().replace(b"id.brand.example", b"id.evil1.example"))
    make_streams(ORDER, SECRETS, streams, workers=0)
    assert made_in(tmp_path) == whole


@pytest.mark.parametrize("change", ["order", "key", "file"])
def test_parts_of_another_order_key_or_file_are_not_continued(tmp_path: Path, change: str) -> None:
    streams = plain_streams(tmp_path)
    with pytest.raises(Stopped):
        make_streams(PLAIN, SECRETS, streams, workers=0, checkpoint_every=2_000, progress=stop_after(4_000))
    order = LabelOrder(PLAIN.gtin, 3, 5_000, "other.brand.example") if change == "order" else PLAIN
    secrets = MakingSecrets(SERIES, b"another label key seed of these tests") if change == "key" else SECRETS
    if change == "file":
        streams = LabelStreams(tmp_path / "elsewhere.csv", streams.leaves, streams.journal)
    make_streams(order, secrets, streams, workers=0)
    fresh = plain_streams(tmp_path / "fresh")
    make_streams(order, secrets, fresh, workers=0)
    assert streams.print_line.read_bytes() == fresh.print_line.read_bytes()


def test_finished_labels_stay_until_new_ones_are_whole(tmp_path: Path) -> None:
    streams = plain_streams(tmp_path)
    make_streams(PLAIN, SECRETS, streams, workers=0)
    before = streams.print_line.read_bytes()
    with pytest.raises(Stopped):
        make_streams(PLAIN, SECRETS, streams, workers=0, progress=stop_after(2_000))
    assert streams.print_line.read_bytes() == before


def test_second_run_at_the_same_time_is_refused(tmp_path: Path) -> None:
    streams = plain_streams(tmp_path)
    with resumable_files(streams.targets(), streams.journal, "first"), pytest.raises(NotPermitted) as refusal:
        make_streams(PLAIN, SECRETS, streams, workers=0)
    assert refusal.value.reason == "already-running"


def test_link_planted_at_a_part_is_not_followed(tmp_path: Path) -> None:
    streams = plain_streams(tmp_path)
    precious = tmp_path / "precious"
    precious.write_bytes(b"keep")
    streams.print_line.with_name("print-line.csv.part").symlink_to(precious)
    with pytest.raises(Unavailable):
        make_streams(PLAIN, SECRETS, streams, workers=0)
    assert precious.read_bytes() == b"keep"


def test_adopted_serials_go_on_in_the_middle(tmp_path: Path) -> None:
    serials = AdoptedSerials(5_000, lambda: (f"=SN-{number:07d}" for number in range(5_000)))
    order = LabelOrder(PLAIN.gtin, 3, 5_000, PLAIN.host, profile=SerialProfile.ADOPTED)
    streams, fresh = plain_streams(tmp_path / "a"), plain_streams(tmp_path / "b")
    some = stop_after(4_000)
    with pytest.raises(Stopped):
        make_streams(order, SECRETS, streams, serials=serials, workers=0, checkpoint_every=2_000, progress=some)
    make_streams(order, SECRETS, streams, serials=serials, workers=0)
    make_streams(order, SECRETS, fresh, serials=serials, workers=2)
    assert streams.print_line.read_bytes() == fresh.print_line.read_bytes()
    assert b",'=SN-0004999," in streams.print_line.read_bytes()


def test_dead_worker_is_named_and_the_next_run_ends_the_work(tmp_path: Path) -> None:
    def jobs() -> Iterator[ChunkJob]:
        for first in range(1, 100):
            if first == 10:
                for pid in children_of(os.getpid()):
                    if b"spawn_main" in cmdline(pid):
                        os.kill(pid, signal.SIGKILL)
            yield ChunkJob(first, 1)

    with pytest.raises(Unavailable) as refusal:
        list(make_chunks(PLAIN, SECRETS, jobs(), 1))
    assert refusal.value.reason == "worker-ended"


def test_machine_that_starts_no_process_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(_process: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", exhausted)
    with pytest.raises(Unavailable) as refusal:
        list(make_chunks(PLAIN, SECRETS, iter([ChunkJob(1, 1)]), 1))
    assert refusal.value.reason == "worker-ended"


def children_of(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def start(folder: Path, quantity: int, workers: int = 2, file_size: int = 0) -> subprocess.Popen[str]:
    arguments = [sys.executable, str(CHILD), str(folder), str(quantity), str(workers), str(file_size)]
    return subprocess.Popen(arguments, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def synced(folder: Path) -> int:
    try:
        return int(json.loads((folder / "wallet" / "making.json").read_text())["done"])
    except (OSError, ValueError):
        return 0


@pytest.mark.slow
def test_kill_9_while_making_loses_nothing_and_leaves_no_worker(tmp_path: Path) -> None:
    quantity, once = 30_000, tmp_path / "once"
    with start(once, quantity) as whole_run:
        assert whole_run.wait(120) == 0
    folder, done, seen = tmp_path / "killed", 0, []
    for _ in range(3):
        with start(folder, quantity) as process:
            wait_for(lambda before=done: synced(folder) > before or process.poll() is not None)  # type: ignore[misc]
            workers = children_of(process.pid)
            seen += workers
            process.kill()
        assert synced(folder) > done
        done = synced(folder)
    wait_for(lambda: not any(b"spawn_main" in cmdline(pid) for pid in seen))
    with start(folder, quantity) as process:
        assert process.wait(120) == 0
    assert seen
    assert made_in(folder) == made_in(once)


@pytest.mark.slow
def test_disk_that_fills_up_midway_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    with start(tmp_path, 10_000, workers=0, file_size=1_000_000) as process:
        error = process.communicate(timeout=120)[1]
        assert process.returncode == 1
    assert "File too large" in error
    assert "Traceback" not in error
    assert made_in(tmp_path) == {}
    kept = synced(tmp_path)
    assert kept >= 2_000
    assert f"it goes on after {kept}" in error
    with start(tmp_path, 10_000, workers=0) as process:
        assert process.wait(120) == 0
    assert len(made_in(tmp_path)["wallet/leaves.bin"]) == 32 * 10_000


@pytest.mark.slow
def test_workers_get_no_secret_by_arguments_or_environment(tmp_path: Path) -> None:
    with start(tmp_path, 20_000) as process:
        wait_for(lambda: synced(tmp_path) > 0)
        workers = [pid for pid in children_of(process.pid) if b"spawn_main" in cmdline(pid)]
        told = b"".join(cmdline(pid) + Path(f"/proc/{pid}/environ").read_bytes() for pid in workers)
        process.kill()
    assert len(workers) == 2
    secrets = SeriesSecrets.from_master(b"master secret of the child, 32 b")
    for secret in (b"master secret", b"label key seed", secrets.serial_key, secrets.claim_key, secrets.salt_key):
        assert secret not in told
        assert secret.hex().encode() not in told


@pytest.mark.slow
def test_memory_does_not_grow_with_the_series(tmp_path: Path) -> None:
    peaks = []
    for quantity in (6_000, 30_000):
        with start(tmp_path / str(quantity), quantity) as process:
            peaks.append(int(process.communicate(timeout=120)[0]) / 1024)
    small, large = peaks
    assert 0 < large < 300
    assert large < small + 24
