"""Our contracts on a ledger that others run too."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from countermark.chain.connection import ChainConnection
from countermark.chain.deploy import deploy_all
from countermark.chain.deployment import Deployment
from countermark.credentials.strict_json import load_shallow
from countermark.errors import InputRefused, NotPermitted
from countermark.identifiers import check_account
from countermark_wallet.files.safe import private_folder, read_bounded, write_whole
from countermark_wallet.keys.signer import WalletSigner

_FILE_BYTES = 64 * 1024


def adopt_deployment(file: Path, home: Path) -> None:
    """Give a node's home folder the deployment `file`, before the node is made there.

    The same once more changes nothing, so that making a node can be tried again. Raises InputRefused for another kind
    of file, NotFound, NotPermitted (file-exists) when the folder has another one already.
    """
    raw = read_bounded(file, _FILE_BYTES, what="deployment")
    try:
        deployment = Deployment.from_json(load_shallow(raw))
    except ValueError:
        raise InputRefused(
            got=f"{file}, which is not JSON",
            expected="the file that countermark network deploy wrote",
            next_step="ask for the file again",
            reason="bad-deployment",
        ) from None
    folder = private_folder(private_folder(home.expanduser()) / "node")
    target, content = folder / "deployment.json", _as_file(deployment)
    if not target.exists() or read_bounded(target, _FILE_BYTES, what="deployment") != content:
        write_whole(target, content, replace=False)


def deploy_to_file(connection: ChainConnection, governor: str, file: Path) -> Deployment:
    """Deploy all contracts with a key that is thrown away afterwards, and write where they are to `file`.

    `governor` is the account that hands out roles. Raises NotPermitted (deployment-exists) before anything is sent
    when `file` is there, InputRefused for something that is no account, RpcRefused and Unavailable by the ledger.
    """
    account = check_account(governor)
    if file.exists():
        raise NotPermitted(
            got=f"{file}, which is there already",
            expected="a file that does not exist: a second set of contracts would know nothing of the first",
            next_step="use the contracts that the file names, or name another file",
            reason="deployment-exists",
        )
    # The contracts give their deployer nothing, so its key is kept nowhere.
    deployment = deploy_all(connection, WalletSigner(secrets.token_bytes(32)), account)
    write_whole(file, _as_file(deployment), replace=False)
    return deployment


def _as_file(deployment: Deployment) -> bytes:
    return json.dumps(deployment.to_json(), indent=1).encode("ascii")
