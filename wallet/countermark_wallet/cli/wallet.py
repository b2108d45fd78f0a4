"""countermark wallet: create, show, list."""

from __future__ import annotations

from typing import Annotated

import typer

from countermark_wallet.cli.options import JsonFlag
from countermark_wallet.cli.session import session_of

app = typer.Typer()
Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Wallet name: a-z, 0-9 and -. Default: --wallet.")]


@app.command()
def create(ctx: typer.Context, name: Name = None, as_json: JsonFlag = False) -> None:
    """Create a wallet. Asks for its password twice; keep a copy of the keystore file and the password."""
    session = session_of(ctx, as_json)
    chosen, keystore = name or session.wallet_name, session.keystore()
    keystore.require_free(chosen)
    wallet = keystore.create(chosen, session.passwords.ask(chosen, twice=True))
    path = wallet.folder / "keystore.json"
    session.show(
        {"wallet": wallet.name, "account": wallet.address, "keystore": str(path)},
        [f"wallet {wallet.name} created", f"account  {wallet.address}", f"keystore {path}"],
    )


@app.command()
def show(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """Show the chosen wallet's account and public keys. No secret is shown."""
    from countermark.credentials.did_key import did_of

    session = session_of(ctx, as_json)
    wallet = session.wallet()
    label_key, credential_key = wallet.label_key().public, wallet.credential_key().public
    session.show(
        {
            "wallet": wallet.name,
            "account": wallet.address,
            "label_key": label_key.to_jwk(),
            "label_key_id": label_key.key_id.hex(),
            "credential_key": credential_key.to_jwk(),
            "credential_did": did_of(credential_key),
        },
        [
            f"wallet {wallet.name}",
            f"account           {wallet.address}",
            f"label key id      {label_key.key_id.hex()}",
            f"credential issuer {did_of(credential_key)}",
        ],
    )


@app.command("list")
def list_wallets(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """List the wallets of this installation."""
    session = session_of(ctx, as_json)
    names = session.keystore().names()
    session.show({"wallets": list(names)}, [f"{len(names)} wallets in {session.home}", *names])
