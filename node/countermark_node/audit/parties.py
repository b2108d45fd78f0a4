"""Accounts, keys, roles, brands and marks as their contracts have them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from countermark.chain.contracts import ListedKey
from countermark_node.audit.looking import Check, Look
from countermark_node.chain_sync import tables as rows
from countermark_node.times import bounded


def _accounts(look: Look) -> None:
    trust = look.contracts.trust
    for row in look.rows(select(rows.AccountRow)):
        entry = rows.RoleEntryRow
        granted = look.session.exec(select(entry.role).where(entry.account == row.account).distinct()).all()
        here = {"account": True, "roles": sorted(granted)}
        known = {"account": trust.is_account(row.account), "roles": sorted(trust.roles_of(row.account))}
        look.findings.compare("account", row.account, here, known)


def _keys(look: Look) -> None:
    for row in look.rows(select(rows.AccountKeyRow)):
        found = look.contracts.trust.key_info(row.key)
        here = row.model_dump(exclude={"key"})
        ledger = {
            "account": found.account,
            "scopes": int(found.scopes),
            "not_before": bounded(found.not_before),
            "not_after": bounded(found.not_after),
            "revoked_at": found.revoked_at or None,
        }
        look.findings.compare("account_key", row.key, here, ledger)


def _roles(look: Look) -> None:
    entry = rows.RoleEntryRow
    last = select(func.max(entry.granted)).group_by(entry.account, entry.role)
    for row in look.rows(select(entry).where(col(entry.granted).in_(last))):
        found = look.contracts.trust.entry(row.account, row.role)
        period = {"valid_from": row.valid_from, "valid_until": row.valid_until}
        here = {"level": row.level, "accreditor": row.accreditor, **period, "revoked": row.ended is not None}
        ledger = {
            "level": int(found.level),
            "accreditor": found.accreditor,
            "valid_from": bounded(found.valid_from),
            "valid_until": bounded(found.valid_until),
            "revoked": bool(found.revoked_at),
        }
        look.findings.compare("role_entry", f"{row.account} {row.role}", here, ledger)


def _suspensions(look: Look) -> None:
    row = rows.RoleSuspensionRow
    last = select(func.max(row.position)).group_by(row.account, row.role)
    for found in look.rows(select(row).where(col(row.position).in_(last))):
        here = {"suspended": found.lifted is None and found.until > look.time}
        until = look.contracts.trust.suspended_until(found.account, found.role)
        ledger = {"suspended": until > look.time}
        look.findings.compare("role_suspension", f"{found.account} {found.role}", here, ledger)


def _listed(found: ListedKey) -> dict[str, Any]:
    return {
        "valid_from": bounded(found.valid_from),
        "valid_until": bounded(found.valid_until),
        "revoked_since": bounded(found.revoked_since) or None,
    }


def _credential_keys(look: Look) -> None:
    for row in look.rows(select(rows.CredentialKeyRow)):
        ledger = _listed(look.contracts.trust.credential_key(row.account, row.x, row.y))
        here = row.model_dump(include=set(ledger))
        look.findings.compare("credential_key", f"{row.account} {row.x.hex()}", here, ledger)


def _label_keys(look: Look) -> None:
    for row in look.rows(select(rows.LabelKeyRow)):
        ledger = _listed(look.contracts.brands.label_key(row.brand, row.x, row.y))
        here = row.model_dump(include=set(ledger))
        look.findings.compare("label_key", f"{row.brand} {row.x.hex()}", here, ledger)


def _prefixes(look: Look) -> None:
    for row in look.rows(select(rows.PrefixRow)):
        owner = look.contracts.brands.prefix_owner(int(row.digits), len(row.digits))
        look.findings.compare("prefix", row.digits, {"brand": row.brand}, {"brand": owner})


def _hosts(look: Look) -> None:
    for row in look.rows(select(rows.HostRow)):
        listed = look.contracts.brands.is_host(row.brand, row.host)
        look.findings.compare("host", f"{row.brand} {row.host}", {"listed": True}, {"listed": listed})


def _marks(look: Look) -> None:
    mark, change = rows.MarkRow, rows.MarkStatusRow
    for row in look.rows(select(mark).where(col(mark.replaced).is_(None))):
        newest = select(change.status).where(change.mark == row.mark).order_by(col(change.position).desc()).limit(1)
        here = row.model_dump(include={"office", "holder", "credential_hash", "valid_from", "valid_until"})
        found = look.contracts.marks.mark_info(row.mark)
        ledger = {
            "office": found.office,
            "holder": found.holder,
            "credential_hash": found.credential_hash,
            "valid_from": bounded(found.valid_from),
            "valid_until": bounded(found.valid_until),
            "status": found.status.name.lower(),
        }
        status = look.session.exec(newest).first() or "active"
        look.findings.compare("mark", row.mark, {**here, "status": status}, ledger)


def _licences(look: Look) -> None:
    row = rows.LicenceRow
    last = select(func.max(row.position)).group_by(row.mark, row.licensee)
    for found in look.rows(select(row).where(col(row.position).in_(last))):
        until = bounded(look.contracts.marks.licence(found.mark, found.licensee).until)
        here = {"until": found.until} if found.ended is None else {"ended": True}
        ledger = {"until": until} if found.ended is None else {"ended": until <= look.time}
        look.findings.compare("licence", f"{found.mark} {found.licensee}", here, ledger)


PARTIES: tuple[Check, ...] = (
    _accounts,
    _keys,
    _roles,
    _suspensions,
    _credential_keys,
    _label_keys,
    _prefixes,
    _hosts,
    _marks,
    _licences,
)
