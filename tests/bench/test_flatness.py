"""The rule by which a soak says that a process grows."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

_FILE = Path(__file__).resolve().parent.parent.parent / "bench" / "flatness.py"
_MB = 1_000_000


@pytest.fixture(scope="module")
def flatness() -> Iterator[ModuleType]:
    """bench/flatness.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("flatness", _FILE)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["flatness"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["flatness"]


def flat(flatness: ModuleType, memory: Callable[[int], int], handles: Callable[[int], int]) -> list[bool]:
    """The judgement about memory (MB) and handles by second, over ten minutes."""
    samples = [flatness.Sample(float(at), memory(at) * _MB, handles(at), 12) for at in range(0, 600, 5)]
    found: list[bool] = [course.flat for course in flatness.courses(samples)][:2]
    return found


def test_caches_that_fill_during_warm_up_are_no_growth(flatness: ModuleType) -> None:
    assert flat(flatness, lambda at: min(200, 100 + at), lambda at: min(40, 10 + at)) == [True, True]


def test_cache_that_is_emptied_now_and_then_is_no_growth(flatness: ModuleType) -> None:
    assert flat(flatness, lambda at: 200 + at % 60, lambda at: 40 + at % 3) == [True, True]


def test_peak_at_the_end_is_no_growth(flatness: ModuleType) -> None:
    assert flat(flatness, lambda at: 400 if at > 550 else 200, lambda at: 90 if at > 550 else 40) == [True, True]


def test_memory_that_leaks_a_little_all_the_time_is_growth(flatness: ModuleType) -> None:
    assert flat(flatness, lambda at: 200 + at // 30, lambda _: 40) == [False, True]


def test_one_handle_lost_every_hundred_seconds_is_growth(flatness: ModuleType) -> None:
    assert flat(flatness, lambda _: 200, lambda at: 40 + at // 100) == [True, False]


def test_own_process_has_memory_handles_and_threads(flatness: ModuleType) -> None:
    seen = flatness.sample(os.getpid(), 0.0)
    with _FILE.open("rb"):
        assert flatness.sample(os.getpid(), 1.0).handles == seen.handles + 1
    assert seen.memory > _MB
    assert seen.threads >= 1
