"""countermark account: register, roles, prefixes, offices, hosts and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from countermark.roles import Level, Role
from countermark_wallet.cli.options import Account, Days, JsonFlag
from countermark_wallet.cli.session import Session, session_of

if TYPE_CHECKING:
    from countermark.chain.transactions import TransactionReceipt
    from countermark_wallet.accounts.accreditation import Accreditation

app = typer.Typer()
RoleArgument = Annotated[Role, typer.Argument(metavar="ROLE", help=f"One of: {', '.join(Role)}.")]
Grade = Annotated[str, typer.Option("--level", help="identified, introduced or accredited.")]
_LEVELS = {level.name.lower(): level for level in Level if level is not Level.NONE}


@app.command()
def register(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """Register the wallet's account on the ledger. Doing it again changes nothing."""
    session = session_of(ctx, as_json)
    accreditation = _accreditation(session)
    fresh = accreditation.register()
    account = accreditation.ledger.account
    session.show(
        {"account": account, "registered_now": fresh},
        [f"account {account} {'registered' if fresh else 'was registered before'}"],
    )


@app.command()
def show(
    ctx: typer.Context,
    account: Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="Default: the wallet's own.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the roles of an account."""
    from countermark.identifiers import check_account

    session = session_of(ctx, as_json)
    address = check_account(account) if account else session.signer().address
    contracts, _ = session.contracts()
    roles = {role: contracts.trust.entry(address, role) for role in contracts.trust.roles_of(address)}
    active = {role: contracts.trust.is_active(address, role, Level.IDENTIFIED) for role in roles}
    levels = {role: entry.level.name.lower() for role, entry in roles.items()}
    session.show(
        {
            "account": address,
            "roles": [
                {
                    "role": role,
                    "level": levels[role],
                    "accreditor": entry.accreditor,
                    "active": active[role],
                }
                for role, entry in roles.items()
            ],
        },
        [
            f"account {address} has {len(roles)} roles",
            *(
                f"{role}: {levels[role]} by {entry.accreditor}{'' if active[role] else ' (not active)'}"
                for role, entry in roles.items()
            ),
        ],
    )


@app.command()
def grant(
    ctx: typer.Context,
    account: Account,
    role: RoleArgument,
    level: Grade = "introduced",
    days: Days = 365,
    as_json: JsonFlag = False,
) -> None:
    """Give an account a role, as the governor, an authority, an IP office or a brand may."""
    if level not in _LEVELS:
        raise typer.BadParameter(f"level must be one of {', '.join(_LEVELS)}", param_hint="--level")
    session = session_of(ctx, as_json)
    receipt = _accreditation(session).grant(account, role, _LEVELS[level], days=days)
    _done(session, receipt, f"{account} is {role.value}, {level}", account=account, role=role.value, level=level)


@app.command()
def revoke(ctx: typer.Context, account: Account, role: RoleArgument, as_json: JsonFlag = False) -> None:
    """End an account's role at once."""
    session = session_of(ctx, as_json)
    receipt = _accreditation(session).revoke(account, role)
    _done(session, receipt, f"{account} is no longer {role.value}", account=account, role=role.value)


@app.command("assign-prefix")
def assign_prefix(
    ctx: typer.Context,
    brand: Account,
    prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="GS1 company prefix, 4 to 12 digits.")],
    as_json: JsonFlag = False,
) -> None:
    """Assign a GS1 company prefix to a brand, as an identifier registrar."""
    session = session_of(ctx, as_json)
    receipt = _accreditation(session).assign_prefix(brand, prefix)
    _done(session, receipt, f"prefix {prefix} assigned to {brand}", brand=brand, prefix=prefix)


@app.command("assign-office")
def assign_office(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help="Office code of WIPO ST.3, such as EM.")],
    office: Account,
    as_json: JsonFlag = False,
) -> None:
    """Let an IP office record the marks of an office code, as the governor."""
    session = session_of(ctx, as_json)
    receipt = _accreditation(session).assign_office(code, office)
    _done(session, receipt, f"marks {code}... are recorded by {office}", code=code, office=office)


@app.command("list-host")
def list_host(
    ctx: typer.Context,
    host: Annotated[str, typer.Argument(metavar="HOST", help="Host of printed links, lower case, with a port if any.")],
    as_json: JsonFlag = False,
) -> None:
    """List a host that the brand's printed links name."""
    session = session_of(ctx, as_json)
    receipt = _accreditation(session).list_host(host)
    _done(session, receipt, f"host {host} listed", host=host)


@app.command("list-label-key")
def list_label_key(
    ctx: typer.Context,
    site: Annotated[str, typer.Option(help="Print site that the key is for.")] = "main",
    period: Annotated[int, typer.Option(help="Number of the key's period.", min=1)] = 1,
    days: Days = 3650,
    as_json: JsonFlag = False,
) -> None:
    """List the wallet's label key of a site and period, so that scanners accept its labels."""
    session = session_of(ctx, as_json)
    key = session.wallet().label_key(site, period).public
    receipt = _accreditation(session).list_label_key(key, days=days)
    _done(session, receipt, f"label key {key.key_id.hex()} listed", key_id=key.key_id.hex(), jwk=key.to_jwk())


@app.command("list-credential-key")
def list_credential_key(
    ctx: typer.Context,
    period: Annotated[int, typer.Option(help="Number of the key's period.", min=1)] = 1,
    days: Days = 365,
    as_json: JsonFlag = False,
) -> None:
    """List the wallet's credential key, so that its credentials are accepted."""
    session = session_of(ctx, as_json)
    key = session.wallet().credential_key(period).public
    receipt = _accreditation(session).list_credential_key(key, days=days)
    _done(session, receipt, "credential key listed", jwk=key.to_jwk())


def _accreditation(session: Session) -> Accreditation:
    from countermark_wallet.accounts.accreditation import Accreditation

    return Accreditation(session.ledger())


def _done(session: Session, receipt: TransactionReceipt, line: str, **result: object) -> None:
    session.show({**result, "transaction": receipt.tx_hash}, [line, f"transaction {receipt.tx_hash}"])
