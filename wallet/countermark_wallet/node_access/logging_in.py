"""Log-in at a node by Sign-In with Ethereum (EIP-4361), and the session file that keeps the token a few minutes.

Host and chain in the signed text are the wallet's own: the node's address as it was given, the chain that this wallet
belongs to. A node that passed the text on to another one would find it refused there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from countermark.credentials.strict_json import load_shallow
from countermark.errors import NotFound
from countermark.sign_in import SignInMessage
from countermark.signing import TextSigner
from countermark_wallet.files.safe import read_bounded, write_whole
from countermark_wallet.node_access.client import NodeClient
from countermark_wallet.periods import utc_now

FILE_NAME = "log-in.json"
STATEMENT = "Log in to a Countermark node. This moves no goods and costs nothing."
_FILE_BYTES = 16 * 1024
_MESSAGE_SECONDS = 120
_MARGIN_SECONDS = 5


@dataclass(frozen=True, slots=True)
class LogIn:
    """A token of the node at `node_url` for `account`, until `expires_at` (unix seconds)."""

    node_url: str
    account: str
    expires_at: int
    token: str = field(repr=False)


def log_in(node: NodeClient, signer: TextSigner, chain_id: int, *, clock: Callable[[], datetime] = utc_now) -> LogIn:
    """Logs the key in. Raises Unavailable, NotPermitted (unknown-key), InputRefused (wrong-host, wrong-chain)."""
    now = clock()
    address = urlsplit(node.url)
    message = SignInMessage(
        domain=address.netloc,
        address=signer.address,
        statement=STATEMENT,
        uri=f"{address.scheme}://{address.netloc}",
        chain_id=chain_id,
        nonce=node.log_in_nonce(),
        issued_at=_rfc3339(now),
        expiration_time=_rfc3339(now + timedelta(seconds=_MESSAGE_SECONDS)),
    )
    # Read back before signing: a nonce with a line break in it would be a text of the node's making.
    text = SignInMessage.parse(message.text()).text()
    answer = node.log_in(text, signer.sign_text(text))
    return LogIn(node.url, answer.account, int(now.timestamp()) + answer.expires_in, answer.token)


def keep(folder: Path, found: LogIn) -> Path:
    """Writes the session file, mode 0600."""
    path = folder / FILE_NAME
    members = {
        "node_url": found.node_url,
        "account": found.account,
        "expires_at": found.expires_at,
        "token": found.token,
    }
    write_whole(path, json.dumps(members, indent=1).encode("ascii"))
    return path


def kept(folder: Path, node_url: str, now: datetime) -> LogIn | None:
    """The log-in that was kept for this very node, unless it has run out. A damaged file counts as none."""
    try:
        members: Any = load_shallow(read_bounded(folder / FILE_NAME, _FILE_BYTES, what="log-in"))
        found = LogIn(**members)
    except (NotFound, ValueError, TypeError):
        return None
    texts = all(isinstance(one, str) for one in (found.node_url, found.account, found.token))
    if not texts or type(found.expires_at) is not int or not found.token.isascii() or not found.token.isprintable():
        return None
    alive = found.expires_at - _MARGIN_SECONDS > now.timestamp()
    return found if alive and found.node_url == node_url else None


def forget(folder: Path) -> None:
    """Removes the session file."""
    with suppress(FileNotFoundError):
        (folder / FILE_NAME).unlink()


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
