"""What this wallet claimed or took over: which of its accounts owns which item, and what the item's label says.

`{home}/wallets/{name}/claimed-items.json`, which holds no secret. Whether an item is still its account's,
the ledger says.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countermark.credentials.strict_json import load_shallow
from countermark.errors import InputRefused
from countermark.limits import DEFAULT_LIMITS
from countermark_wallet.accounts.book import AccountBook
from countermark_wallet.files.safe import read_bounded, write_whole

FILE_NAME = "claimed-items.json"
_FORMAT = "countermark/claimed-items/1"
_FILE_BYTES = 4 * 1024 * 1024
_FRESH = re.compile(r"item-([1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """Item `token`, the name of the account that came to own it, and its label's text where that is known."""

    token: int
    account: str
    label: str | None = None


def fresh_name(token: int) -> str:
    """The name of the account that a claim makes when nobody chose one."""
    return f"item-{token}"


@dataclass(frozen=True)
class ClaimedItems:
    """The claimed items of the wallet in `folder`."""

    folder: Path

    def all(self) -> dict[int, ClaimedItem]:
        """Every item by token, ascending. Raises InputRefused (bad-claimed-items, bad-account-book)."""
        # Accounts that say in their name what they own count without the file: a claim may have been cut off.
        named = {int(found[1]): name for name in AccountBook(self.folder).all() if (found := _FRESH.fullmatch(name))}
        known = {token: ClaimedItem(token, name) for token, name in named.items()} | self._kept()
        return dict(sorted(known.items()))

    def find(self, token: int) -> ClaimedItem | None:
        """The item `token`, None for one that this wallet never had."""
        return self.all().get(token)

    def keep(self, item: ClaimedItem) -> None:
        """Writes an item down; what was known of it before is replaced, a label that is not given again stays."""
        kept = self._kept()
        before = kept.get(item.token)
        label = item.label or (before.label if before else None)
        kept[item.token] = ClaimedItem(item.token, item.account, label)
        items = {str(each.token): {"account": each.account, "label": each.label} for each in kept.values()}
        write_whole(self.folder / FILE_NAME, json.dumps({"format": _FORMAT, "items": items}, indent=1).encode("ascii"))

    def _kept(self) -> dict[int, ClaimedItem]:
        path = self.folder / FILE_NAME
        if not path.exists():
            return {}
        try:
            document = load_shallow(read_bounded(path, _FILE_BYTES, what="list of claimed items"))
            if document["format"] != _FORMAT:
                raise ValueError
            return {int(token): _read(int(token), entry) for token, entry in document["items"].items()}
        except (ValueError, TypeError, KeyError, AttributeError, InputRefused):
            raise InputRefused(
                got=f"{path}, which is damaged",
                expected="the list of claimed items that the wallet wrote",
                next_step="restore it from a back-up, or remove it; accounts named item-TOKEN are found without it",
                reason="bad-claimed-items",
            ) from None


def _read(token: int, entry: Any) -> ClaimedItem:
    match entry:
        case {"account": str(account), "label": str() | None as label} if len(entry) == 2 and token > 0:
            if label is None or len(label) <= DEFAULT_LIMITS.label_characters:
                return ClaimedItem(token, account, label)
    raise ValueError
