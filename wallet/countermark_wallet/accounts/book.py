"""Several accounts of one wallet under names: each is a key of the wallet, or a key that another program signs with.

`{home}/wallets/{name}/accounts.json`, which holds no secret. Without the file there is one account, `main`, key 0.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countermark.credentials.strict_json import load_shallow
from countermark.errors import InputRefused, NotFound, NotPermitted
from countermark.identifiers import check_account
from countermark_wallet.files.safe import read_bounded, write_whole

FILE_NAME = "accounts.json"
FIRST = "main"
_FORMAT = "countermark/account-book/1"
_FILE_BYTES = 256 * 1024
_MOST_ACCOUNTS = 1_000
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class OwnKey:
    """The wallet's own key at m/44'/60'/0'/0/`index`."""

    index: int


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """The key of `address` (EIP-55) at the JSON-RPC signer `url`, which hands transactions out or `sends` them."""

    url: str
    address: str
    sends: bool = False


@dataclass(frozen=True)
class AccountBook:
    """The named accounts of the wallet in `folder`."""

    folder: Path

    def all(self) -> dict[str, OwnKey | RemoteKey]:
        """Every account by name, `main` first. Raises InputRefused (bad-account-book)."""
        path = self.folder / FILE_NAME
        if not path.exists():
            return {FIRST: OwnKey(0)}
        try:
            document = load_shallow(read_bounded(path, _FILE_BYTES, what="list of accounts"))
            if document["format"] != _FORMAT or not isinstance(document["accounts"], dict):
                raise ValueError
            found = {name: _read(entry) for name, entry in document["accounts"].items() if _NAME.fullmatch(name)}
        except (ValueError, TypeError, KeyError, InputRefused):
            raise InputRefused(
                got=f"{path}, which is damaged",
                expected="the list of accounts that the wallet wrote",
                next_step="restore it from a back-up; `wallet add-account` makes the same keys again in the same order",
                reason="bad-account-book",
            ) from None
        return {FIRST: OwnKey(0), **found}

    def find(self, name: str) -> OwnKey | RemoteKey:
        """The account `name`. Raises NotFound (no-such-account-name)."""
        known = self.all()
        if name not in known:
            raise NotFound(
                got=f"account {name!r}",
                expected=f"one of this wallet's accounts: {', '.join(known)}",
                next_step=f"run: countermark wallet add-account {name}",
                reason="no-such-account-name",
            )
        return known[name]

    def add(self, name: str, remote: RemoteKey | None = None) -> OwnKey | RemoteKey:
        """Names the wallet's next key, or a `remote` one. Raises InputRefused, NotPermitted (account-name-taken)."""
        if not _NAME.fullmatch(name):
            raise InputRefused(
                got=f"account name {name!r}",
                expected="1 to 32 of a-z, 0-9 and -, a letter or digit first and last",
                next_step="choose such a name",
                reason="bad-account-name",
            )
        known = self.all()
        if name in known or len(known) >= _MOST_ACCOUNTS:
            raise NotPermitted(
                got=f"account name {name!r}, the {len(known) + 1}th",
                expected=f"a new name, and at most {_MOST_ACCOUNTS} accounts",
                next_step="choose another name",
                reason="account-name-taken",
            )
        used = [key.index for key in known.values() if isinstance(key, OwnKey)]
        known[name] = remote or OwnKey(max(used) + 1)
        document = {"format": _FORMAT, "accounts": {each: _written(key) for each, key in known.items()}}
        write_whole(self.folder / FILE_NAME, json.dumps(document, indent=1).encode("ascii"))
        return known[name]


def _written(key: OwnKey | RemoteKey) -> dict[str, Any]:
    if isinstance(key, OwnKey):
        return {"key": key.index}
    return {"remote": key.url, "address": key.address} | ({"sends": True} if key.sends else {})


def _read(entry: Any) -> OwnKey | RemoteKey:
    match entry:
        case {"key": int(index)} if type(index) is int and 0 <= index < 1 << 31 and len(entry) == 1:
            return OwnKey(index)
        case {"remote": str(url), "address": str(address), **more} if more in ({}, {"sends": True}):
            return RemoteKey(url, check_account(address), sends=bool(more))
    raise ValueError
