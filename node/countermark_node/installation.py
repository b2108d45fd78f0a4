"""A node's home folder: ledger, deployment, the node's own account and the desks' access keys.

{home}/chain/                 the embedded ledger
{home}/node/deployment.json   where the contracts are
{home}/node/node.sqlite3      the database, unless
{home}/node/database.url      names a PostgreSQL
{home}/node/wallets/node/     the node's own account
{home}/node/wallet.password   its password, unless the environment gives one
{home}/node/customs.key, brand.key, installation.salt
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from sqlalchemy import URL

from countermark.chain.connection import ChainConnection
from countermark.chain.contracts import Contracts
from countermark.chain.deploy import deploy_all
from countermark.chain.deployment import Deployment
from countermark.chain.embedded import EmbeddedChain
from countermark.chain.transactions import TransactionSender
from countermark.errors import CountermarkError, InputRefused, NotFound, NotPermitted, WrongChain
from countermark.identifiers import check_account
from countermark.p256 import PrivateKey
from countermark.signing import AccountSigner
from countermark_node.database import Database
from countermark_node.database.places import keep_url, place_of, read_url
from countermark_node.settings import NodeSettings
from countermark_node.times import Clock, seconds, utc_now
from countermark_wallet.files.safe import private_folder, read_bounded, write_whole
from countermark_wallet.keys.keystore import WORK_FACTOR, WalletKeystore
from countermark_wallet.keys.signer import WalletSigner
from countermark_wallet.node_access.gateway_log_in import through_gateway

Desk = Literal["customs", "brand"]
DESKS: tuple[Desk, ...] = ("customs", "brand")

_WALLET = "node"
_FILE_BYTES = 64 * 1024
_SECRET_BYTES = 32
_FIRST_SENDER = 1_000
"""Index of the first sender's key in the wallet; those before are for accounts."""
_KEY_SECONDS = 10 * 365 * 86_400


@dataclass(frozen=True)
class Installation:
    """An opened home folder. `signer` is the node's own account; secrets are in no repr.

    `senders` are further keys of its wallet, without account or role, that carry signed requests to the ledger.
    """

    home: Path
    connection: ChainConnection
    deployment: Deployment
    signer: AccountSigner
    credential_key: PrivateKey = field(repr=False)
    chain: EmbeddedChain | None = None
    salt: bytes = field(default=b"", repr=False)
    senders: tuple[AccountSigner, ...] = ()

    @classmethod
    def create(
        cls,
        home: Path,
        governor: str,
        *,
        settings: NodeSettings | None = None,
        clock: Clock = utc_now,
        work_factor: int = WORK_FACTOR,
    ) -> Self:
        """Make the home folder of a new node, with its own ledger unless `settings.chain_url` names one.

        `governor` is the account that hands out roles. With a `chain_url`, `{home}/node/deployment.json` must be
        there already. Raises NotPermitted (installation-exists), InputRefused, WrongChain, Unavailable.
        """
        settings = settings or NodeSettings(home=home)
        home, account = home.expanduser(), check_account(governor)
        if settings.database_url is not None:
            read_url(settings.database_url)
        folder = private_folder(private_folder(home) / "node")
        if (folder / "installation.salt").exists():
            raise NotPermitted(
                got=f"{folder}, which holds an installation",
                expected="an empty home folder",
                next_step="start the node that is there, or choose another --home",
                reason="installation-exists",
            )
        _create_secrets(folder, settings, work_factor)
        if settings.database_url is not None:
            keep_url(folder, settings.database_url)
            Database(place_of(folder, settings)).close()
        chain, connection = _ledger(home, settings, clock)
        try:
            if chain is not None:
                _deploy(folder, connection, account)
            found = cls._assemble(home, settings, chain, connection)
            found._register(clock)
        except CountermarkError:
            _close(chain)
            raise
        # Written last: without it the folder is no installation, and making it can be tried again.
        write_whole(folder / "installation.salt", secrets.token_bytes(_SECRET_BYTES), replace=False)
        return found._salted()

    @classmethod
    def open(cls, home: Path, *, settings: NodeSettings | None = None, clock: Clock = utc_now) -> Self:
        """Open what `create` made. Raises NotFound (no-installation), WrongChain, NotPermitted, Unavailable."""
        settings, home = settings or NodeSettings(home=home), home.expanduser()
        if not (home / "node" / "installation.salt").is_file():
            raise NotFound(
                got=f"{home}, which holds no node",
                expected="the home folder of a node",
                next_step="run: countermark node init --governor ADDRESS",
                reason="no-installation",
            )
        if settings.chain_url is None and not (home / "chain" / "chain.sqlite3").is_file():
            raise WrongChain(
                got=f"{home / 'chain'} without a ledger",
                expected="the ledger that this installation was made with",
                next_step="restore the folder from a backup; opening a new ledger here would lose every record",
                reason="chain-missing",
            )
        chain, connection = _ledger(home, settings, clock)
        try:
            return cls._assemble(home, settings, chain, connection)._salted()
        except CountermarkError:
            _close(chain)
            raise

    @classmethod
    def _assemble(
        cls, home: Path, settings: NodeSettings, chain: EmbeddedChain | None, connection: ChainConnection
    ) -> Self:
        deployment = read_deployment(home / "node" / "deployment.json")
        if connection.chain_id != deployment.chain_id:
            raise WrongChain(
                got=f"chain {connection.chain_id}",
                expected=f"chain {deployment.chain_id}, which deployment.json names",
                next_step="check COUNTERMARK_CHAIN_URL, or restore the ledger's folder from a backup",
            )
        if connection.rpc("eth_getCode", [deployment.address("TrustRegistry"), "latest"]) in ("0x", None):
            raise WrongChain(
                got=f"no contract at {deployment.address('TrustRegistry')}",
                expected="the contracts that deployment.json names",
                next_step="check COUNTERMARK_CHAIN_URL, or restore the ledger's folder from a backup",
            )
        keystore = WalletKeystore(home / "node")
        wallet = keystore.unlock(_WALLET, _password(home / "node", settings))
        if settings.chain_url is not None:
            connection = through_gateway(
                settings.chain_url, wallet.signer(), deployment.chain_id, timeout=settings.chain_seconds
            )
        senders = tuple(wallet.signer(_FIRST_SENDER + place) for place in range(settings.outbox_senders))
        return cls(home, connection, deployment, wallet.signer(), wallet.credential_key(), chain, senders=senders)

    def _salted(self) -> Self:
        salt = read_bounded(self.home / "node" / "installation.salt", _FILE_BYTES, what="installation's salt")
        return replace(self, salt=salt)

    def _register(self, clock: Clock) -> None:
        """The node's account, and the key with which it signs verdicts."""
        trust, key = self.contracts.trust, self.credential_key.public
        sender = TransactionSender(self.connection, self.signer)
        if not trust.is_account(self.account):
            sender.send(trust.register_account())
        if not trust.credential_key(self.account, key.x, key.y).valid_until:
            now = seconds(clock())
            sender.send(trust.list_credential_key(key.x, key.y, now, now + _KEY_SECONDS))

    @property
    def contracts(self) -> Contracts:
        """The contracts of the deployment."""
        return Contracts.of(self.connection, self.deployment)

    @property
    def account(self) -> str:
        """The node's own account; the governor makes it a node-operator."""
        return self.signer.address

    def database_place(self, settings: NodeSettings) -> Path | URL:
        """Where the database is. Raises InputRefused (database-url)."""
        return place_of(self.home / "node", settings)

    def desk_key(self, desk: Desk) -> str:
        """The access key of a desk."""
        path = self.home / "node" / f"{desk}.key"
        return read_bounded(path, _FILE_BYTES, what="desk's access key").decode("ascii", "replace").strip()

    def close(self) -> None:
        """Release the ledger."""
        _close(self.chain)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _close(chain: EmbeddedChain | None) -> None:
    if chain is not None:
        chain.close()


def _create_secrets(folder: Path, settings: NodeSettings, work_factor: int) -> None:
    for desk in DESKS:
        write_whole(folder / f"{desk}.key", secrets.token_urlsafe(_SECRET_BYTES).encode("ascii"))
    if settings.node_password is None and not (folder / "wallet.password").exists():
        write_whole(folder / "wallet.password", secrets.token_urlsafe(_SECRET_BYTES).encode("ascii"))
    keystore = WalletKeystore(folder, work_factor=work_factor)
    if _WALLET not in keystore.names():
        keystore.create(_WALLET, _password(folder, settings))


def _password(folder: Path, settings: NodeSettings) -> str:
    if settings.node_password is not None:
        return settings.node_password.get_secret_value()
    path = folder / "wallet.password"
    if not path.exists():
        raise NotPermitted(
            got="no password for the node's account",
            expected="COUNTERMARK_NODE_PASSWORD in the environment, or the file wallet.password",
            next_step="set the variable that was set when the node was made",
            reason="no-password",
        )
    return read_bounded(path, _FILE_BYTES, what="password").decode("ascii", "replace").strip()


def _ledger(home: Path, settings: NodeSettings, clock: Clock) -> tuple[EmbeddedChain | None, ChainConnection]:
    if settings.chain_url is not None:
        return None, ChainConnection.to(settings.chain_url, timeout=settings.chain_seconds)
    chain = EmbeddedChain.open(home / "chain", clock=clock)
    return chain, ChainConnection.embedded(chain)


def _deploy(folder: Path, connection: ChainConnection, governor: str) -> None:
    if (folder / "deployment.json").exists():
        return
    # The contracts give their deployer nothing, so its key is thrown away.
    deployer = WalletSigner(secrets.token_bytes(_SECRET_BYTES))
    deployment = deploy_all(connection, deployer, governor)
    write_whole(folder / "deployment.json", json.dumps(deployment.to_json(), indent=1).encode("ascii"))


def read_deployment(path: Path) -> Deployment:
    """Where the contracts are. Raises InputRefused (bad-deployment, successor-deployment), NotFound."""
    raw = read_bounded(path, _FILE_BYTES, what="deployment")
    try:
        found = Deployment.from_json(json.loads(raw))
    except (ValueError, RecursionError):
        raise InputRefused(
            got=f"{path}, which is not JSON",
            expected="the file that deploying wrote",
            next_step="restore it from a backup",
            reason="bad-deployment",
        ) from None
    if found.predecessor is not None:
        raise InputRefused(
            got=f"{path}, whose contracts go on with those of others",
            expected="a first set of contracts: this release of the node follows no successors",
            next_step="use the file of the first set while no series of it has migrated",
            reason="successor-deployment",
        )
    return found
