"""An office's status lists: which entry stands for which credential, and the two signed lists made from the ledger.

The ledger says what is revoked or suspended; the lists repeat it for those who do not read the ledger. So the bits are
never kept: each publishing reads them anew, and a list that was lost or left behind is made whole by the next one.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from countermark.chain.contracts import TrademarkRegistry
from countermark.chain.contracts.trademark_registry import MarkInfo
from countermark.chain.marks import MarkStatus
from countermark.credentials.claims import Claims
from countermark.credentials.issuer_keys import name_of
from countermark.credentials.status_list import (
    LEAST_ENTRIES,
    StatusEntry,
    StatusList,
    StatusListCredential,
    StatusPurpose,
    issue_status_list,
)
from countermark.credentials.strict_json import read_object
from countermark.errors import InputRefused, NotFound
from countermark.identifiers import check_mark
from countermark.p256 import PrivateKey
from countermark_wallet.files.safe import read_bounded, write_whole

FORMAT = "countermark/status-lists/1"
DAYS = 7
TTL_MS = 300_000
_FILE = "status-lists.json"
_FILE_BYTES = 64 * 1024 * 1024
_FULL = LEAST_ENTRIES * 9 // 10


@dataclass(frozen=True, slots=True)
class TrackedCredential:
    """A credential with an entry; `revoked` stays once it was published."""

    mark: str
    credential_hash: bytes
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class StatusListState:
    """What the office's wallet remembers: no secret. `at` is where its node is reached, `tracked` is by entry."""

    at: str
    account: str
    tracked: Mapping[int, TrackedCredential]

    def url(self, purpose: StatusPurpose) -> str:
        """The public address of a list."""
        return f"{self.at}/v1/status-lists/{self.account}/{purpose}"

    def entries(self, index: int) -> tuple[StatusEntry, ...]:
        """What a credential at `index` carries."""
        return tuple(StatusEntry(purpose, index, self.url(purpose)) for purpose in StatusPurpose)

    def free_index(self, below: Callable[[int], int] = secrets.randbelow) -> int:
        """A random entry that nobody has: its number tells nothing. Raises InputRefused (status-list-full)."""
        if len(self.tracked) >= _FULL:
            raise InputRefused(
                got=f"{len(self.tracked)} credentials in one list",
                expected=f"fewer than {_FULL}",
                next_step="move the file status-lists.json of the wallet away to begin new lists at another address",
                reason="status-list-full",
            )
        while (index := below(LEAST_ENTRIES)) in self.tracked:
            pass
        return index

    def with_credential(self, index: int, credential: TrackedCredential) -> StatusListState:
        """The state with one more, or with a changed one."""
        return replace(self, tracked={**self.tracked, index: credential})


@dataclass(frozen=True)
class StatusListFile:
    """The state in a wallet's folder."""

    folder: Path

    def load(self) -> StatusListState | None:
        """The state, None when the office publishes no lists. Raises InputRefused (bad-status-file), TooLarge."""
        path = self.folder / _FILE
        if not path.exists():
            return None
        raw = read_bounded(path, _FILE_BYTES, what="status lists")
        try:
            return _from_json(Claims(read_object(raw, what="status lists", depth=8), "status lists"))
        except InputRefused as error:
            raise InputRefused(
                got=f"{path}: {error.got}",
                expected="the file as the wallet wrote it",
                next_step="restore it from a backup",
                reason="bad-status-file",
            ) from None

    def require(self) -> StatusListState:
        """The state. Raises NotFound (no-status-lists)."""
        state = self.load()
        if state is None:
            raise NotFound(
                got="a wallet that publishes no status lists",
                expected="an office whose node's public address is known",
                next_step="run: countermark trademark publish-status --at https://...",
                reason="no-status-lists",
            )
        return state

    def save(self, state: StatusListState) -> None:
        """Keeps the state, whole or not at all."""
        tracked = {
            str(index): {"mark": one.mark, "credential_hash": one.credential_hash.hex(), "revoked": one.revoked}
            for index, one in sorted(state.tracked.items())
        }
        document = {"format": FORMAT, "at": state.at, "account": state.account, "tracked": tracked}
        write_whole(self.folder / _FILE, json.dumps(document, indent=1).encode("ascii"))


def new_state(at: str, account: str) -> StatusListState:
    """The state of lists that will be reached at `at`, an https address (http on this machine only) without a path.

    Raises InputRefused (bad-address).
    """
    text = at.rstrip("/")
    parts = urlsplit(text) if text.isascii() and text.isprintable() else None
    local = parts is not None and parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
    plain = parts is not None and text == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc
    if parts is None or not parts.hostname or not plain or not (local or parts.scheme == "https"):
        raise InputRefused(
            got=at,
            expected="the public address of the office's node, such as https://node.office.example",
            next_step="give another --at",
            reason="bad-address",
        )
    return StatusListState(text, account, {})


def read_ledger(state: StatusListState, marks: TrademarkRegistry) -> tuple[StatusListState, frozenset[int]]:
    """The state with what the ledger revoked, and the entries that it suspends now."""
    infos = {mark: marks.mark_info(mark) for mark in sorted({one.mark for one in state.tracked.values()})}
    tracked = {
        index: replace(one, revoked=one.revoked or _is_revoked(one, infos[one.mark]))
        for index, one in state.tracked.items()
    }
    suspended = {index for index, one in tracked.items() if infos[one.mark].status is MarkStatus.SUSPENDED}
    return replace(state, tracked=tracked), frozenset(suspended)


def sign_lists(
    state: StatusListState, suspended: frozenset[int], *, key: PrivateKey, issuer: str | None, now: datetime
) -> dict[StatusPurpose, str]:
    """Both lists, signed and valid for a week from `now`."""
    did, kid = name_of(issuer, key.public)
    revoked = frozenset(index for index, one in state.tracked.items() if one.revoked)
    start = now.replace(microsecond=0)
    return {
        purpose: issue_status_list(
            StatusListCredential(
                state.url(purpose),
                did,
                purpose,
                start,
                start + timedelta(days=DAYS),
                TTL_MS,
                StatusList.empty().with_bits(indexes),
            ),
            key=key,
            kid=kid,
        )
        for purpose, indexes in ((StatusPurpose.REVOCATION, revoked), (StatusPurpose.SUSPENSION, suspended))
    }


def _is_revoked(one: TrackedCredential, info: MarkInfo) -> bool:
    """A credential that was replaced, by a newer one or for a new holder, is as over as one of a revoked mark."""
    return info.status is MarkStatus.REVOKED or info.credential_hash != one.credential_hash


def _from_json(claims: Claims) -> StatusListState:
    claims.must_equal("format", FORMAT)
    entries = claims.object("tracked")
    tracked = {
        int(name): _tracked(entries.object(name)) for name in entries.members if name.isascii() and name.isdigit()
    }
    if len(tracked) != len(entries.members) or any(index >= LEAST_ENTRIES for index in tracked):
        raise claims.refused("tracked", "entries by their number")
    return replace(new_state(claims.text("at"), claims.text("account")), tracked=tracked)


def _tracked(claims: Claims) -> TrackedCredential:
    revoked: Any = claims.members.get("revoked")
    text = claims.text("credential_hash")
    if type(revoked) is not bool or len(text) != 64 or not set(text) <= set("0123456789abcdef"):
        raise claims.refused("credential_hash", "64 hexadecimal digits, and whether it is revoked")
    return TrackedCredential(check_mark(claims.text("mark")), bytes.fromhex(text), revoked)
