"""A wallet belongs to one network: what it saw first is kept, and another ledger is refused.

Otherwise a node could name the chain and contracts of another network, and a party that meant to act on the one would
sign for the other.
"""

from __future__ import annotations

import json
from pathlib import Path

from countermark.chain.deployment import Deployment
from countermark.credentials.strict_json import load_shallow
from countermark.errors import InputRefused, NotPermitted, WrongChain
from countermark_wallet.files.safe import read_bounded, write_whole

FILE_NAME = "network.json"
_FILE_BYTES = 16 * 1024


def check_network(folder: Path, deployment: Deployment) -> None:
    """Keeps `deployment` in the wallet's `folder` on first contact; raises WrongChain when another one is kept.

    Raises InputRefused (bad-network-file) for a damaged file.
    """
    path = folder / FILE_NAME
    if not path.exists():
        try:
            write_whole(path, json.dumps(deployment.to_json(), indent=1).encode("ascii"), replace=False)
            return
        except NotPermitted:
            # Another run of this wallet was first: what it kept counts.
            pass
    kept = _read(path)
    if (kept.chain_id, dict(kept.addresses)) != (deployment.chain_id, dict(deployment.addresses)):
        raise WrongChain(
            got=f"a node of chain {deployment.chain_id} with the registry {deployment.address('TrustRegistry')}",
            expected=f"chain {kept.chain_id} with {kept.address('TrustRegistry')}, where this wallet was first used",
            next_step="use a node of that network, or another wallet for the new one",
        )


def kept_network(folder: Path, file: Path | None = None) -> Deployment:
    """The deployment in `file`, else the one that the wallet in `folder` was first used with.

    Raises NotFound (no-such-file), InputRefused (bad-network-file).
    """
    return _read(file or folder / FILE_NAME)


def _read(path: Path) -> Deployment:
    try:
        return Deployment.from_json(load_shallow(read_bounded(path, _FILE_BYTES, what="network")))
    except (ValueError, InputRefused):
        raise InputRefused(
            got=f"{path}, which is damaged",
            expected="the network file that the wallet wrote",
            next_step="restore it from a back-up, or remove it to take over the node's network",
            reason="bad-network-file",
        ) from None
