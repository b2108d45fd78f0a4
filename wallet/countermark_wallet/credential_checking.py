"""A holder's or buyer's look at a trademark credential: the chain's facts fetched, core's judgement applied."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from countermark.chain.contracts import Contracts
from countermark.chain.marks import MarkStatus
from countermark.credentials.did_key import key_of
from countermark.credentials.facts import AnchoredMark, OfficeKey
from countermark.credentials.gate import read_header
from countermark.credentials.trademark import MEDIA_TYPE, TrademarkCredential, read_trademark_credential
from countermark.credentials.trust import CredentialCheck, check_credential
from countermark.errors import CredentialRefused
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PublicKey
from countermark_wallet.safe_files import read_bounded


def check_on_chain(token: str, contracts: Contracts, *, chain_id: int, now: datetime) -> CredentialCheck:
    """Judges `token` against what `contracts` say now; findings as in `check_credential`.

    Raises CredentialRefused when the token cannot be read at all or is out of its own period.
    """
    key = key_of(str(read_header(token, typ=MEDIA_TYPE).get("kid", "")).partition("#")[0])
    # Read with the key it names only to learn which mark to look up; nothing is believed before the check below.
    mark = read_trademark_credential(token, key, now).trademark.mark
    anchor = _anchor(contracts, mark)
    keys = [] if anchor is None else _office_keys(contracts, anchor.office, key)
    return check_credential(token, keys=keys, anchor=anchor, chain_id=chain_id, now=now)


def read_token(path: Path, limits: Limits = DEFAULT_LIMITS) -> str:
    """The token in a credential file; one line end after it is allowed. Raises NotFound, TooLarge, InputRefused."""
    raw = read_bounded(path, limits.token_bytes, what="credential")
    return raw.removesuffix(b"\n").removesuffix(b"\r").decode("ascii", "replace")


def refuse_findings(check: CredentialCheck) -> TrademarkCredential:
    """The credential when nothing speaks against it. Raises CredentialRefused with the first finding as its reason."""
    if check.credential is not None and not check.findings:
        return check.credential
    first = check.findings[0]
    details = ", ".join(f"{name} {value}" for name, value in first.params.items())
    raise CredentialRefused(
        got=f"{first.code}{f': {details}' if details else ''}",
        expected="a credential that agrees with the ledger",
        next_step="do not rely on it; ask the IP office",
        reason=first.code,
    )


def _anchor(contracts: Contracts, mark: str) -> AnchoredMark | None:
    info = contracts.marks.mark_info(mark)
    if info.status is MarkStatus.NONE:
        return None
    return AnchoredMark(
        mark,
        info.office,
        info.holder,
        info.credential_hash,
        info.status.name.lower(),
        _moment(info.valid_from),
        _moment(info.valid_until),
    )


def _office_keys(contracts: Contracts, office: str, key: PublicKey) -> list[OfficeKey]:
    listed = contracts.trust.credential_key(office, key.x, key.y)
    if not listed.valid_until:
        return []
    revoked = _moment(listed.revoked_since) if listed.revoked_since else None
    return [OfficeKey(key, office, _moment(listed.valid_from), _moment(listed.valid_until), revoked)]


def _moment(seconds: int) -> datetime:
    """Unix seconds as UTC; what lies beyond the year 9999 is as good as its last second."""
    return datetime.fromtimestamp(min(seconds, 253_402_300_799), UTC)
