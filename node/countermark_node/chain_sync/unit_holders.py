"""In whose hands logistic units are. What is inside is held by the unit's own account."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import update
from sqlmodel import Session, col, select

from countermark.custody.unit import unit_account
from countermark.errors import WrongChain
from countermark_node.chain_sync.tables import UnitRow


def open_unit(session: Session, units_contract: str, unit: int, holder: str, position: int) -> None:
    """A new unit, in the hands of `holder`."""
    inside = unit_account(units_contract, unit)
    session.add(UnitRow(account=inside, unit=f"{unit:x}", holder=holder, since=position))
    session.flush()


def account_of(session: Session, unit: int) -> str:
    """What holds the contents of a unit. Raises WrongChain for one that was never opened."""
    account = session.exec(select(UnitRow.account).where(UnitRow.unit == f"{unit:x}")).first()
    if account is None:
        raise _unknown(f"{unit:x}")
    return account


def put_in(session: Session, units_contract: str, children: Iterable[int], unit: int, position: int) -> None:
    """`children` are inside `unit` from now on."""
    inside = unit_account(units_contract, unit)
    for child in children:
        give_unit(session, unit_account(units_contract, child), inside, position)


def take_out(session: Session, units_contract: str, children: Iterable[int], unit: int, position: int) -> None:
    """`children` are beside `unit` from now on, with who holds it."""
    around = unit_account(units_contract, unit)
    holder = session.exec(select(UnitRow.holder).where(UnitRow.account == around)).first()
    if holder is None:
        raise _unknown(around)
    for child in children:
        give_unit(session, unit_account(units_contract, child), holder, position)


def give_unit(session: Session, account: str, holder: str, position: int) -> None:
    """The unit with this account has a new holder. Raises WrongChain for one that was never opened."""
    here = col(UnitRow.account) == account
    if session.exec(update(UnitRow).where(here).values(holder=holder, since=position)).rowcount != 1:
        raise _unknown(account)


def _unknown(name: str) -> WrongChain:
    return WrongChain(
        got=f"a logistic unit {name} that was never opened here",
        expected="units that were opened before they are packed or moved",
        next_step="rebuild the projection: countermark node rebuild",
    )
