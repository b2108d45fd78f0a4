"""Pictures of strangers cost a worker process at most, never the service that asked."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from countermark.errors import PictureRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS
from countermark_scanner.decode import decode_picture
from countermark_scanner.decode_workers import DecodeWorkers

LINK = "https://id.brand.example/01/09501101020917/21/5K2V7QX0M3N00001"


def png_of(text: str, scale: int = 4) -> bytes:
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(made.to_image(scale=scale, add_quiet_zones=True))).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def workers() -> Iterator[DecodeWorkers]:
    with DecodeWorkers(2) as made:
        yield made


def fake(program: str, seconds: float = 5.0) -> DecodeWorkers:
    """A worker that runs `program` after it said that it is ready."""
    ready = "import sys, os, time, struct\no = sys.stdout.buffer\no.write(struct.pack('>I', 2) + b'{}'); o.flush()\n"
    limits = replace(DEFAULT_LIMITS, picture_worker_seconds=seconds)
    return DecodeWorkers(1, limits=limits, command=(sys.executable, "-c", ready + program))


def refusal_of(workers: DecodeWorkers, data: bytes) -> str:
    with pytest.raises((PictureRefused, TooLarge)) as refused:
        workers.decode(data)
    return refused.value.reason


def test_worker_reads_what_the_decoder_reads(workers: DecodeWorkers) -> None:
    data = png_of(LINK)
    assert workers.decode(data) == decode_picture(data)


def test_worker_refuses_as_the_decoder_does(workers: DecodeWorkers) -> None:
    assert refusal_of(workers, b"GIF89a" + bytes(50)) == "not-a-picture"
    assert refusal_of(workers, png_of(LINK)[:60]) == "broken-picture"
    assert refusal_of(workers, bytes(DEFAULT_LIMITS.picture_bytes + 1)) == "picture-bytes"


def test_worker_that_a_picture_took_over_finds_no_password_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COUNTERMARK_NODE_PASSWORD", "COUNTERMARK_WALLET_PASSWORD", "DATABASE_URL"):
        monkeypatch.setenv(name, "four unrelated words")
    tell = """
import json
found = str("four unrelated words" in os.environ.values())
body = json.dumps({"refused": ["picture-refused", found, "", "", "told"]}).encode()
o.write(struct.pack(">I", len(body)) + body); o.flush(); time.sleep(5)
"""
    with fake(tell) as workers, pytest.raises(PictureRefused) as told:
        workers.decode(b"x")
    assert told.value.reason == "told"
    assert told.value.got == "False"


def test_several_threads_are_served(workers: DecodeWorkers) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda text=f"{LINK}{n}": found.append(workers.decode(png_of(text))[0].text))  # type: ignore[misc]
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [f"{LINK}{n}" for n in range(6)]


@pytest.mark.parametrize(
    "program",
    [
        "os._exit(1)",
        "os.kill(os.getpid(), 11)",
        "o.write(struct.pack('>I', 1 << 30)); o.flush(); time.sleep(60)",
        "o.write(struct.pack('>I', 3) + b'not'); o.flush(); time.sleep(60)",
        "o.write(struct.pack('>I', 13) + b'{\"codes\": [1]}'[:13]); o.flush(); time.sleep(60)",
        "o.write(struct.pack('>I', 14) + b'{\"codes\": [1]}'); o.flush(); time.sleep(60)",
        "o.write(struct.pack('>I', 2) + b'{}'); o.flush(); time.sleep(60)",
    ],
    ids=["exit", "crash", "endless", "no-json", "cut", "codes-without-shape", "nothing"],
)
def test_worker_that_a_picture_breaks_costs_only_that_picture(program: str) -> None:
    with fake(program) as workers:
        for _ in range(2):
            assert refusal_of(workers, png_of(LINK)) == "picture-too-costly"


def test_picture_that_never_ends_is_given_up_and_its_process_is_gone() -> None:
    with fake("time.sleep(600)", seconds=0.3) as workers:
        started = time.monotonic()
        assert refusal_of(workers, bytes(3_000_000)) == "picture-too-costly"
        assert time.monotonic() - started < 20
        assert workers._all[0]._process is None


def test_picture_beyond_the_memory_bound_is_refused_and_the_next_one_is_read() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (4_900, 5_000)).save(buffer, "PNG")
    program = (
        "from dataclasses import replace\n"
        "from countermark.limits import DEFAULT_LIMITS\n"
        "from countermark_scanner.decode_job import serve\n"
        "import sys\n"
        "serve(sys.stdin.buffer, sys.stdout.buffer, replace(DEFAULT_LIMITS, picture_memory_bytes=400_000_000))\n"
    )
    with DecodeWorkers(1, command=(sys.executable, "-c", program)) as workers:
        assert refusal_of(workers, buffer.getvalue()) in {"broken-picture", "picture-too-costly"}
        assert [code.text for code in workers.decode(png_of(LINK))] == [LINK]


def test_worker_beyond_its_processor_time_is_ended() -> None:
    finder = np.full((9, 9), 255, np.uint8)
    finder[1:8, 1:8], finder[2:7, 2:7], finder[3:6, 3:6] = 0, 255, 0
    buffer = io.BytesIO()
    Image.fromarray(np.tile(finder, (555, 555))).save(buffer, "PNG")
    program = (
        "from dataclasses import replace\n"
        "from countermark.limits import DEFAULT_LIMITS\n"
        "from countermark_scanner.decode_job import serve\n"
        "import sys\n"
        "serve(sys.stdin.buffer, sys.stdout.buffer, replace(DEFAULT_LIMITS, picture_processor_seconds=0))\n"
    )
    with DecodeWorkers(1, command=(sys.executable, "-c", program)) as workers:
        assert refusal_of(workers, buffer.getvalue()) == "picture-too-costly"


def test_closing_ends_the_processes() -> None:
    workers = DecodeWorkers(1)
    workers.decode(png_of(LINK))
    process = workers._all[0]._process
    assert process is not None
    workers.close()
    assert process.handle.poll() is not None
