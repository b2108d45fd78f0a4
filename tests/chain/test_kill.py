"""kill -9 at any moment loses no acknowledged block."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from countermark.chain.embedded import EmbeddedChain

CHILD = Path(__file__).with_name("mining_child.py")
SECONDS = 60


def _acknowledged(output: str) -> list[tuple[int, str]]:
    lines = [line.split() for line in output.splitlines()]
    return [(int(number), tx_hash) for number, tx_hash in lines if number != "open"]


def _run_until_it_kills_itself(folder: Path, stage: str, block: int) -> list[tuple[int, str]]:
    command = [sys.executable, str(CHILD), str(folder), stage, str(block)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return _acknowledged(done.stdout)


def _kill_while_mining(folder: Path, blocks: int, delay: float) -> list[tuple[int, str]]:
    """Let a child mine some blocks, then kill it `delay` seconds later, wherever it is."""
    command = [sys.executable, str(CHILD), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("open"), child.stderr and child.stderr.read()
        output = "".join(child.stdout.readline() for _ in range(blocks))
        time.sleep(delay)
        child.kill()
        output += child.stdout.read()
    # The last line may be cut in the middle of a write.
    return _acknowledged(output[: output.rfind("\n") + 1])


def _assert_whole(folder: Path, acknowledged: list[tuple[int, str]]) -> int:
    """Every acknowledged block is there, every block up to the head can be read; returns the head's number."""
    with EmbeddedChain.open(folder) as chain:
        head = int(chain.request("eth_blockNumber")["result"], 16)
        for number, tx_hash in acknowledged:
            receipt = chain.request("eth_getTransactionReceipt", [tx_hash])["result"]
            assert (receipt["blockNumber"], receipt["status"]) == (hex(number), "0x1")
        parent = chain.genesis_hash
        for number in range(1, head + 1):
            block = chain.request("eth_getBlockByNumber", [hex(number), True])["result"]
            assert block["parentHash"] == parent
            parent = block["hash"]
        return head


@pytest.mark.parametrize(("stage", "found"), [("before", 2), ("inside", 2), ("after", 3)])
def test_process_killed_around_a_commit_keeps_whole_blocks_only(tmp_path: Path, stage: str, found: int) -> None:
    acknowledged = _run_until_it_kills_itself(tmp_path, stage, 3)
    assert [number for number, _ in acknowledged] == [1, 2]
    assert _assert_whole(tmp_path, acknowledged) == found
    again = _run_until_it_kills_itself(tmp_path, "before", 3)
    assert [number for number, _ in again] == [found + 1, found + 2]
    assert _assert_whole(tmp_path, acknowledged + again) == found + 2


def test_ledger_closed_before_its_first_block_opens_again(tmp_path: Path) -> None:
    with EmbeddedChain.open(tmp_path) as chain:
        genesis = chain.genesis_hash
    with EmbeddedChain.open(tmp_path) as chain:
        assert (chain.genesis_hash, chain.request("eth_blockNumber")["result"]) == (genesis, "0x0")


def test_process_killed_before_the_first_block_leaves_a_ledger_that_opens(tmp_path: Path) -> None:
    assert _run_until_it_kills_itself(tmp_path, "before", 1) == []
    assert _assert_whole(tmp_path, []) == 0


def test_process_killed_while_mining_keeps_every_acknowledged_block(tmp_path: Path) -> None:
    acknowledged = _kill_while_mining(tmp_path, 5, 0.0)
    assert len(acknowledged) >= 5
    assert _assert_whole(tmp_path, acknowledged) in (len(acknowledged), len(acknowledged) + 1)


@pytest.mark.slow
def test_process_killed_at_random_moments_keeps_every_acknowledged_block(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    sys.stdout.write(f"seed {seed}\n")
    moments = random.Random(seed)  # noqa: S311 - picks moments, not secrets
    everything: list[tuple[int, str]] = []
    for _ in range(12):
        everything += _kill_while_mining(tmp_path, moments.randrange(4), moments.uniform(0.0, 0.05))
        _assert_whole(tmp_path, everything)
