"""In whose hands logistic units are. What is inside is held by the unit's own account."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import update
from sqlmodel import Session, col

from countermark.custody.unit import unit_account
from countermark.errors import WrongChain
from countermark_node.chain_sync.tables import UnitRow


def put_in(session: Session, units_contract: str, children: Iterable[int], unit: int, position: int) -> None:
    """`children` are inside `unit` from now on."""
    inside = unit_account(units_contract, unit)
    for child in children:
        give_unit(session, unit_account(units_contract, child), inside, position)


def take_out(session: Session, units_contract: str, children: Iterable[int], unit: int, position: int) -> None:
    """`children` are beside `unit` from now on, with who holds it."""
    around = session.get(UnitRow, unit_account(units_contract, unit))
    if around is None:
        raise _unknown(unit_account(units_contract, unit))
    holder = around.holder
    for child in children:
        give_unit(session, unit_account(units_contract, child), holder, position)


def give_unit(session: Session, account: str, holder: str, position: int) -> None:
    """The unit with this account has a new holder. Raises WrongChain for one that was never opened."""
    here = col(UnitRow.account) == account
    if session.exec(update(UnitRow).where(here).values(holder=holder, since=position)).rowcount != 1:
        raise _unknown(account)


def _unknown(account: str) -> WrongChain:
    return WrongChain(
        got=f"a logistic unit with the account {account} that was never opened here",
        expected="units that were opened before they are packed or moved",
        next_step="rebuild the projection: countermark node rebuild",
    )
