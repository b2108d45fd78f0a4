"""What one run of the command knows: options given, the wallet once it is unlocked, how results are shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from countermark.errors import CountermarkError
from countermark_wallet.keys.passwords import PasswordSource

if TYPE_CHECKING:
    from countermark.chain.contracts import Contracts
    from countermark.chain.deployment import Deployment
    from countermark_wallet.keys.keystore import UnlockedWallet, WalletKeystore
    from countermark_wallet.keys.remote_signer import RemoteSigner
    from countermark_wallet.keys.signer import WalletSigner
    from countermark_wallet.ledger.connection import Ledger
    from countermark_wallet.node_access.client import NodeClient
    from countermark_wallet.node_access.relaying import NodeRelay


@dataclass
class Session:
    """Core's CommandContext. The wallet opens on first use, so commands that need none ask for no password."""

    home: Path = field(default_factory=Path)
    node_url: str = ""
    wallet_name: str = ""
    account_name: str = "main"
    rpc_url: str | None = None
    deployment_file: Path | None = None
    via_node: bool = False
    json_output: bool = False
    passwords: PasswordSource = field(default_factory=PasswordSource)
    requests: list[str] = field(default_factory=list)
    _wallet: UnlockedWallet | None = field(default=None, repr=False)

    def keystore(self) -> WalletKeystore:
        """The wallets of this installation."""
        from countermark_wallet.keys.keystore import WalletKeystore

        return WalletKeystore(self.home)

    def wallet(self) -> UnlockedWallet:
        """The chosen wallet, unlocked. Raises NotPermitted, NotFound."""
        if self._wallet is None:
            keystore = self.keystore()
            keystore.require(self.wallet_name)
            self._wallet = keystore.unlock(self.wallet_name, self.passwords.ask(self.wallet_name))
        return self._wallet

    def signer(self, account_name: str | None = None) -> WalletSigner | RemoteSigner:
        """The key of the chosen account, or of a named one. Raises NotFound, NotPermitted."""
        from countermark_wallet.accounts.book import AccountBook, OwnKey
        from countermark_wallet.keys.remote_signer import RemoteSigner
        from countermark_wallet.keys.sending_signer import SendingSigner

        keystore = self.keystore()
        keystore.require(self.wallet_name)
        key = AccountBook(keystore.folder(self.wallet_name)).find(account_name or self.account_name)
        # A remote key needs no password here: whoever holds it asks for one.
        if isinstance(key, OwnKey):
            return self.wallet().signer(key.index)
        return (SendingSigner if key.sends else RemoteSigner)(key.url, key.address)

    def signer_of(self, secret: bytes) -> WalletSigner:
        """A signer for a secret that is kept nowhere."""
        from countermark_wallet.keys.signer import WalletSigner

        return WalletSigner(secret)

    def ledger(self) -> Ledger:
        """The node's ledger, as the chosen wallet's party. Raises WrongChain for another network than before."""
        from countermark_wallet.ledger.connection import connect, connect_directly
        from countermark_wallet.ledger.network_pin import check_network

        signer = self.signer()
        ledger = (
            connect_directly(self.rpc_url, self._deployment(), signer)
            if self.rpc_url
            else connect(self.node_url, signer, self._token())
        )
        check_network(self.keystore().folder(self.wallet_name), ledger.deployment)
        return replace(ledger, relay=self._relay(ledger)) if self.via_node else ledger

    def _relay(self, ledger: Ledger) -> NodeRelay:
        """The node as carrier of what the chosen key writes; it logs in there when the node asks who is there."""
        from countermark_wallet.node_access.client import NodeClient
        from countermark_wallet.node_access.logging_in import log_in
        from countermark_wallet.node_access.relaying import NodeRelay

        signer = self.signer()

        def log_in_there() -> str:
            with NodeClient(self.node_url) as node:
                return log_in(node, signer, ledger.chain_id).token

        return NodeRelay(
            ledger.connection,
            ledger.deployment.address("Forwarder"),
            signer,
            lambda token: NodeClient(self.node_url, token=token),
            token=self._token(),
            log_in=log_in_there,
            accepted=self.requests.append,
        )

    def wallet_folder(self) -> Path:
        """The chosen wallet's folder; nothing is unlocked. Raises NotFound (no-such-wallet)."""
        keystore = self.keystore()
        keystore.require(self.wallet_name)
        return keystore.folder(self.wallet_name)

    def node(self) -> NodeClient:
        """The node, as who logged in there with the chosen wallet; nobody when that has run out."""
        from countermark_wallet.node_access.client import NodeClient

        self.wallet_folder()
        return NodeClient(self.node_url, token=self._token())

    def offline_ledger(self) -> Ledger:
        """The network that the wallet belongs to, for signing without reaching it. Raises NotFound, InputRefused."""
        from countermark_wallet.ledger.connection import without_network

        return without_network(self._deployment(), self.signer())

    def contracts(self) -> tuple[Contracts, int]:
        """The node's contracts for reading, and the chain id; no wallet is needed."""
        from countermark_wallet.ledger.connection import read_directly, read_only

        if self.rpc_url:
            return read_directly(self.rpc_url, self._deployment())
        return read_only(self.node_url, self._token())

    def _token(self) -> str | None:
        """What `countermark login` kept for this node, while it lasts."""
        from datetime import UTC, datetime

        from countermark.errors import NotFound
        from countermark_wallet.node_access.logging_in import kept

        try:
            found = kept(self.wallet_folder(), self.node_url, datetime.now(UTC))
        except NotFound:
            return None
        return None if found is None else found.token

    def _deployment(self) -> Deployment:
        from countermark_wallet.ledger.network_pin import kept_network

        return kept_network(self.keystore().folder(self.wallet_name), self.deployment_file)

    def show(self, result: Mapping[str, Any], lines: Sequence[str]) -> None:
        """The result of a command: `lines` for people, the first behind `OK:`; one JSON document with --json."""
        if self.json_output:
            sent = {"requests": self.requests} if self.requests else {}
            typer.echo(json.dumps({"ok": True, **result, **sent}, ensure_ascii=False))
            return
        typer.echo(f"OK: {lines[0]}")
        for line in lines[1:]:
            typer.echo(f"    {line}")
        for request in self.requests:
            typer.echo(f"    request {request}")

    def fail(self, error: CountermarkError) -> None:
        """One line on standard error, or the problem document."""
        typer.echo(
            json.dumps(error.problem(), ensure_ascii=False) if self.json_output else f"FAIL: {error.line()}", err=True
        )


def session_of(ctx: typer.Context, as_json: bool = False) -> Session:
    """The run's session; `as_json` is the command's own --json."""
    session = ctx.ensure_object(Session)
    session.json_output = session.json_output or as_json
    return session
