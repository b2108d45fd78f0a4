"""Our contracts on a ledger that others run too."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from countermark.chain.connection import ChainConnection
from countermark.chain.deploy import deploy_all
from countermark.chain.deployment import Deployment
from countermark.errors import NotPermitted
from countermark.identifiers import check_account
from countermark_wallet.safe_files import write_whole
from countermark_wallet.signer import WalletSigner


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
    write_whole(file, json.dumps(deployment.to_json(), indent=1).encode("ascii"), replace=False)
    return deployment
