"""Nested documents must not end a process that has loaded Ethereum libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

MODULES = [
    "countermark.signing_check",
    "countermark.chain.embedded",
    "countermark.chain.connection",
    "countermark.chain.contracts",
    "countermark.chain.deploy",
    "countermark.chain.events",
    "countermark.custody.handover",
]
PROBE = """
import importlib, json, sys, threading
importlib.import_module(sys.argv[1])
def read() -> None:
    try:
        json.loads("[" * 200_000)
    except RecursionError:
        print("refused")
thread = threading.Thread(target=read)
thread.start()
thread.join()
"""


@pytest.mark.parametrize("module", MODULES)
def test_deeply_nested_json_is_refused_instead_of_ending_the_process(module: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROBE, module], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "refused\n"), done.stderr
