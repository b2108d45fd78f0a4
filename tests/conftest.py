"""What all tests share."""

from __future__ import annotations

import importlib.util
import os

import pytest
from hypothesis import settings

# Tests must not depend on how busy the machine is.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

COLLECTED_WITH_PYREVM = importlib.util.find_spec("pyrevm") is not None
collect_ignore_glob = [] if COLLECTED_WITH_PYREVM or os.environ.get("COUNTERMARK_REQUIRE_ALL") else ["contracts/*"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that this Python cannot run, so that nobody takes them for passed."""
    if collect_ignore_glob:
        terminalreporter.write_line("NOT RUN: tests/contracts, since pyrevm has no wheel for this version of Python")
