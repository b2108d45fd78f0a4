"""countermark wallet: create, restore, words, show, list, add-account, accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from countermark_wallet.cli.options import JsonFlag
from countermark_wallet.cli.session import Session, session_of

if TYPE_CHECKING:
    from countermark_wallet.accounts.book import OwnKey, RemoteKey

app = typer.Typer()
Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Wallet name: a-z, 0-9 and -. Default: --wallet.")]


WordsDescriptor = Annotated[
    int | None, typer.Option("--words-fd", help="File descriptor for the 24 words; else the terminal.", min=0)
]
AccountName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the account in this wallet.")]


@app.command()
def create(ctx: typer.Context, name: Name = None, as_json: JsonFlag = False) -> None:
    """Create a wallet. Asks for its password twice; then run `wallet words` and write them down."""
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
def restore(ctx: typer.Context, name: Name = None, words_fd: WordsDescriptor = None, as_json: JsonFlag = False) -> None:
    """Make a wallet again from its 24 words, which are asked for and never an argument."""
    from countermark_wallet.keys.passwords import ask_words

    session = session_of(ctx, as_json)
    chosen, keystore = name or session.wallet_name, session.keystore()
    keystore.require_free(chosen)
    words = ask_words(words_fd, prompt=session.passwords.prompt, interactive=session.passwords.interactive)
    wallet = keystore.restore(chosen, session.passwords.ask(chosen, twice=True), words)
    session.show(
        {"wallet": wallet.name, "account": wallet.address, "keystore": str(wallet.folder / "keystore.json")},
        [f"wallet {wallet.name} restored", f"account  {wallet.address}"],
    )


@app.command()
def words(
    ctx: typer.Context,
    words_fd: WordsDescriptor = None,
    again: Annotated[bool, typer.Option("--again", help="Show them although they were shown before.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show the wallet's 24 words once, for paper. Whoever has them has the wallet."""
    from countermark_wallet.keys.back_up import require_unshown, show_words

    session = session_of(ctx, as_json)
    keystore = session.keystore()
    keystore.require(session.wallet_name)
    folder = keystore.folder(session.wallet_name)
    if not again:
        require_unshown(folder)
    show_words(session.wallet().words(), words_fd, folder)
    session.show({"wallet": session.wallet_name}, ["the words were shown; keep the paper where nobody else looks"])


@app.command("add-account")
def add_account(
    ctx: typer.Context,
    name: AccountName,
    remote: Annotated[
        str | None, typer.Option("--remote", help="JSON-RPC address of a signing service or hardware wallet's bridge.")
    ] = None,
    address: Annotated[str | None, typer.Option("--address", help="With --remote: the key's address.")] = None,
    sends: Annotated[
        bool, typer.Option("--sends", help="With --remote: it sends what it signs by itself (eth_sendTransaction).")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Name one more account: the wallet's next key, or a key that another program signs with."""
    from countermark.identifiers import check_account
    from countermark_wallet.accounts.book import AccountBook, RemoteKey
    from countermark_wallet.keys.remote_signer import check_signer_url

    if (remote is None) != (address is None):
        raise typer.BadParameter("--remote and --address go together", param_hint="--remote")
    if sends and remote is None:
        raise typer.BadParameter("only with --remote", param_hint="--sends")
    session = session_of(ctx, as_json)
    keystore = session.keystore()
    keystore.require(session.wallet_name)
    far = RemoteKey(check_signer_url(remote), check_account(address), sends) if remote and address else None
    key = AccountBook(keystore.folder(session.wallet_name)).add(name, far)
    found = _address(session, key)
    session.show(
        {"name": name, "address": found},
        [f"account {name}", f"address {found}", f"choose it with: countermark --account {name} ..."],
    )


@app.command()
def accounts(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """List the accounts of the chosen wallet."""
    from countermark_wallet.accounts.book import AccountBook, OwnKey

    session = session_of(ctx, as_json)
    keystore = session.keystore()
    keystore.require(session.wallet_name)
    known = AccountBook(keystore.folder(session.wallet_name)).all()
    rows = [
        {"name": name, "address": _address(session, key), "key": f"m/44'/60'/0'/0/{key.index}"}
        if isinstance(key, OwnKey)
        else {"name": name, "address": key.address, "key": key.url}
        for name, key in known.items()
    ]
    session.show(
        {"wallet": session.wallet_name, "accounts": rows},
        [f"{len(rows)} accounts", *(f"{row['name']} {row['address']} ({row['key']})" for row in rows)],
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


def _address(session: Session, key: OwnKey | RemoteKey) -> str:
    from countermark_wallet.accounts.book import OwnKey

    return session.wallet().signer(key.index).address if isinstance(key, OwnKey) else key.address
