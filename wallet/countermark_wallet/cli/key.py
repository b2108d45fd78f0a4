"""countermark key: consent, add, list, revoke."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countermark_wallet.cli.confirming import Yes, confirm
from countermark_wallet.cli.options import Account, JsonFlag, OutputFile
from countermark_wallet.cli.session import session_of

app = typer.Typer()
ConsentFile = Annotated[Path, typer.Argument(metavar="FILE", help="Consent that the new key's wallet wrote.")]
Scopes = Annotated[
    list[str], typer.Option("--scope", help="operate, custody, scan, accredit, admin or all; once for each.")
]


@app.command()
def consent(
    ctx: typer.Context,
    account: Account,
    scopes: Scopes,
    out: OutputFile,
    days: Annotated[int, typer.Option("--days", help="How many days the key shall act, from now on.")] = 365,
    for_ever: Annotated[bool, typer.Option("--for-ever", help="No end: for a first or a recovered key.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Agree that this wallet's key acts for somebody's account. Send the file to that account's keeper."""
    from countermark_wallet.accounts.keys import AccountKeys, describe_consent, read_scopes, scope_names
    from countermark_wallet.files.safe import write_whole

    session = session_of(ctx, as_json)
    signed = AccountKeys(session.ledger()).consent(account, read_scopes(scopes), days=None if for_ever else days)
    write_whole(out, signed.to_json().encode("ascii"))
    given = signed.consent
    session.show(
        {"consent": str(out), "key": given.key, "account": given.account, "scopes": scope_names(given.scopes)},
        [f"consent written to {out}", *describe_consent(signed)],
    )


@app.command()
def add(ctx: typer.Context, file: ConsentFile, yes: Yes = False, as_json: JsonFlag = False) -> None:
    """Let a key that has consented act for this wallet's account. Shows what it may do, and asks."""
    from countermark_wallet.accounts.keys import (
        CONSENT_BYTES,
        AccountKeys,
        SignedConsent,
        describe_consent,
        scope_names,
    )
    from countermark_wallet.files.safe import read_bounded

    session = session_of(ctx, as_json)
    signed = SignedConsent.from_json(read_bounded(file, CONSENT_BYTES, what="consent"))
    confirm("Let this key act for the account?", describe_consent(signed), yes=yes)
    receipt = AccountKeys(session.ledger()).add(signed)
    scopes = scope_names(signed.consent.scopes)
    session.show(
        {"key": signed.consent.key, "scopes": scopes, "transaction": receipt.tx_hash},
        [f"key {signed.consent.key} acts for the account: {', '.join(scopes)}", f"transaction {receipt.tx_hash}"],
    )


@app.command("list")
def list_keys(
    ctx: typer.Context,
    account: Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="Default: the wallet's own.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List every key that an account has or had."""
    from countermark.identifiers import check_account
    from countermark_wallet.accounts.keys import keys_of, summary
    from countermark_wallet.periods import utc_now

    session = session_of(ctx, as_json)
    ledger = session.ledger()
    whose, now = check_account(account) if account else ledger.account, utc_now()
    keys = [summary(key, info, now) for key, info in keys_of(ledger, whose).items()]
    session.show(
        {"account": whose, "keys": keys},
        [
            f"account {whose} has {len(keys)} keys",
            *(
                f"{each['key']} {', '.join(each['scopes'])}"
                + (f" until {each['until']}" if each["until"] else "")
                + ("" if each["valid"] else " (revoked)" if each["revoked"] else " (not valid now)")
                for each in keys
            ),
        ],
    )


@app.command()
def revoke(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Address of the key.")],
    as_json: JsonFlag = False,
) -> None:
    """Take a key from this wallet's account at once, such as that of a lost device."""
    from countermark_wallet.accounts.keys import AccountKeys

    session = session_of(ctx, as_json)
    receipt = AccountKeys(session.ledger()).revoke(key)
    session.show(
        {"key": key, "transaction": receipt.tx_hash},
        [f"key {key} acts for the account no more", f"transaction {receipt.tx_hash}"],
    )
