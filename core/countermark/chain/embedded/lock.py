"""Only one process may write an embedded chain."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from countermark.errors import Unavailable


class FolderLock:
    """An exclusive flock(2) on `chain.lock`; the kernel releases it when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[str] = (folder / "chain.lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = self._holder()
            self._file.close()
            raise Unavailable(
                got=f"a ledger folder in use by process {holder}",
                expected="a folder that no other process has open",
                next_step="stop that process, or ask it while it runs: /ready says how it is, /rpc is its ledger",
                reason="ledger-in-use",
            ) from error
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def _holder(self) -> str:
        self._file.seek(0)
        return self._file.read(20) or "unknown"

    def release(self) -> None:
        """Let others open the folder. The file stays: removing it would let two holders in."""
        self._file.close()
