"""What published status lists say of a credential; a list is believed only from the account that issued it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from countermark.credentials.claims import instant
from countermark.credentials.did_web import DidDocument
from countermark.credentials.facts import Finding, OfficeKey
from countermark.credentials.issuer_keys import choose_key
from countermark.credentials.status_list import StatusEntry, StatusListCredential, read_list_header, read_status_list
from countermark.errors import CredentialRefused, InputRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits

_WORDS = {"revocation": "credential-revoked", "suspension": "credential-suspended"}


def check_status(
    entries: Sequence[StatusEntry],
    lists: Mapping[str, str],
    *,
    keys: Sequence[OfficeKey],
    account: str,
    documents: Mapping[str, DidDocument],
    now: datetime,
    limits: Limits = DEFAULT_LIMITS,
) -> list[Finding]:
    """Everything in `lists` (address -> signed list) that speaks against a credential with `entries` by `account`.

    Codes: credential-revoked, credential-suspended; status-unknown where a list is missing, cannot be read, is out of
    its time, of another issuer, address, purpose or length: a status that cannot be had is no good status.
    """
    found = []
    for entry in entries:
        try:
            read = _read(entry, lists, keys, account, documents, now, limits)
            if read.statuses.is_set(entry.index):
                found.append(Finding(_WORDS[entry.purpose], {"list": entry.list_url, "index": entry.index}))
        except (InputRefused, TooLarge) as error:
            found.append(Finding("status-unknown", {"list": entry.list_url, "reason": error.reason}))
    return found


def _read(
    entry: StatusEntry,
    lists: Mapping[str, str],
    keys: Sequence[OfficeKey],
    account: str,
    documents: Mapping[str, DidDocument],
    now: datetime,
    limits: Limits,
) -> StatusListCredential:
    token = lists.get(entry.list_url)
    if token is None:
        raise _refused("no-status-list", "no list", f"the list of {entry.list_url}")
    own = [key for key in keys if key.account == account]
    issuer = choose_key(read_list_header(token, limits).get("kid"), own, account, documents)
    if issuer is None:
        raise _refused("issuer-key-unknown", "a list by an unknown key", f"a key that {account} listed")
    read = read_status_list(token, issuer.key, now, limits=limits)
    if not issuer.covers(read.valid_from):
        raise _refused("issuer-key-out-of-period", instant(read.valid_from), "a time in the key's period")
    for reason, got, expected in (
        ("wrong-list", read.url, entry.list_url),
        ("wrong-purpose", read.purpose, entry.purpose),
    ):
        if got != expected:
            raise _refused(reason, got, expected)
    return read


def _refused(reason: str, got: str, expected: str) -> CredentialRefused:
    return CredentialRefused(
        got=got, expected=expected, next_step="fetch the status list again, or ask its issuer", reason=reason
    )
