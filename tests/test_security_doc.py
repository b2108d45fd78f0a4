"""docs/security.md names tests; each of them must exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_NAMED = re.compile(r"`(test_[a-z0-9_]+)`")
_DEFINED = re.compile(r"^\s*(?:async )?def (test_[a-z0-9_]+)\(", re.MULTILINE)


def test_every_test_that_the_security_page_names_exists() -> None:
    named = set(_NAMED.findall((ROOT / "docs" / "security.md").read_text(encoding="utf-8")))
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    defined = {name for source in sources for name in _DEFINED.findall(source)}
    assert len(named) > 50
    assert named <= defined, sorted(named - defined)
