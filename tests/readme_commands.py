"""Runs the shell lines that stand in the README's first twenty lines, as a newcomer would paste them.

Called by .ci/run, not by pytest: it plays the whole demo.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINES = 20


def commands() -> str:
    """What stands in ```sh fences that end within the first twenty lines."""
    head = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:LINES])
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", head, re.MULTILINE | re.DOTALL))


if __name__ == "__main__":
    script = commands()
    if not script:
        sys.exit(f"FAIL: got no commands, expected a sh block in the README's first {LINES} lines. Next: put one there")
    print(script, flush=True)  # noqa: T201
    sys.exit(subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=ROOT, check=False).returncode)
