"""A holder's or buyer's look at a credential: the chain's facts fetched, core's judgement applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from countermark.chain.contracts import Contracts
from countermark.chain.marks import MarkStatus
from countermark.credentials.did_key import key_of
from countermark.credentials.did_web import DidDocument, Fetch, resolve_did_web
from countermark.credentials.facts import AnchoredLicence, AnchoredMark, Finding, OfficeKey
from countermark.credentials.gate import open_token, read_header
from countermark.credentials.key_binding import Challenge
from countermark.credentials.licence import LicenceCheck, check_licence, is_licence, read_licence
from countermark.credentials.sd_jwt import read_sd_jwt_header
from countermark.credentials.sd_jwt_making import holder_key_of
from countermark.credentials.status_list import StatusEntry, read_list_header
from countermark.credentials.trademark import MEDIA_TYPE, read_trademark_credential
from countermark.credentials.trademark_sd_jwt import read_trademark_sd_jwt
from countermark.credentials.trust import CredentialCheck, PresentationCheck, check_credential, check_presentation
from countermark.errors import CountermarkError, CredentialRefused, NotPermitted
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PublicKey
from countermark_wallet.files.safe import read_bounded

Check = CredentialCheck | PresentationCheck | LicenceCheck


def nothing_is_fetched(url: str, *, most: int) -> bytes:  # noqa: ARG001 - a Fetch
    """A `Fetch` for those who rely on the chain alone: every status list stays unknown."""
    raise CredentialRefused(
        got=url, expected="no address to ask", next_step="allow fetching", reason="fetching-not-allowed"
    )


@dataclass(frozen=True)
class CredentialDesk:
    """Judges credentials against what `contracts` of chain `chain_id` say, and what `fetch` brings from elsewhere."""

    contracts: Contracts
    chain_id: int
    fetch: Fetch = nothing_is_fetched
    limits: Limits = field(default=DEFAULT_LIMITS)

    def check(self, token: str, *, now: datetime, challenge: Challenge | None = None) -> Check:
        """Judges a trademark credential in either form, or a licence; findings as core's checks have them.

        Raises CredentialRefused when the token cannot be read at all or is out of its own period.
        """
        is_sd_jwt = "~" in token
        header = read_sd_jwt_header(token) if is_sd_jwt else read_header(token, typ=MEDIA_TYPE)
        # Read with the key it names only to learn which mark to look up; nothing is believed before the check.
        key, documents = self._named_key(str(header.get("kid", "")))
        if is_sd_jwt:
            return self._presentation(token, key, documents, now, challenge)
        if is_licence(open_token(token, typ=MEDIA_TYPE, key=key).claims):
            return self._licence(token, key, documents, now)
        return self._trademark(token, key, documents, now)

    def _trademark(
        self, token: str, key: PublicKey, documents: dict[str, DidDocument], now: datetime
    ) -> CredentialCheck:
        said = read_trademark_credential(token, key, now)
        anchor = self._anchor(said.mark)
        keys = self._listed(key, None if anchor is None else anchor.office)
        lists, more = self._status_lists(said.status, keys, documents)
        return check_credential(
            token,
            keys=[*keys, *more],
            anchor=anchor,
            chain_id=self.chain_id,
            now=now,
            status_lists=lists,
            documents=documents,
        )

    def _presentation(
        self,
        text: str,
        key: PublicKey,
        documents: dict[str, DidDocument],
        now: datetime,
        challenge: Challenge | None,
    ) -> PresentationCheck:
        said = read_trademark_sd_jwt(text, key, now, challenge=challenge)
        anchor = self._anchor(said.mark)
        keys = self._listed(key, None if anchor is None else anchor.office)
        lists, more = self._status_lists(said.status, keys, documents)
        return check_presentation(
            text,
            keys=[*keys, *more],
            anchor=anchor,
            chain_id=self.chain_id,
            now=now,
            challenge=challenge,
            status_lists=lists,
            documents=documents,
        )

    def _licence(self, token: str, key: PublicKey, documents: dict[str, DidDocument], now: datetime) -> LicenceCheck:
        said = read_licence(token, key, now)
        mark = self._anchor(said.mark)
        standing = self.contracts.marks.licence(said.mark, said.licensee.address)
        return check_licence(
            token,
            keys=self._listed(key, None if mark is None else mark.holder),
            mark=mark,
            licence=AnchoredLicence(_moment(standing.until), standing.ceiling) if standing.until else None,
            chain_id=self.chain_id,
            now=now,
            documents=documents,
        )

    def _named_key(self, kid: str) -> tuple[PublicKey, dict[str, DidDocument]]:
        """The key that `kid` names, of which the chain is still to be asked, and the document it came from."""
        did = kid.partition("#")[0]
        if not did.startswith("did:web:"):
            return key_of(did), {}
        document = resolve_did_web(did, self.fetch, self.limits)
        if kid not in document.keys:
            raise CredentialRefused(
                got=kid,
                expected="a key that its did:web document names",
                next_step="ask the issuer, or check it with its key's did:key",
                reason="issuer-key-unknown",
            )
        return document.keys[kid], {did: document}

    def _status_lists(
        self, entries: Sequence[StatusEntry], keys: Sequence[OfficeKey], documents: dict[str, DidDocument]
    ) -> tuple[dict[str, str], list[OfficeKey]]:
        """The lists that can be had, and the keys of the same office that signed them.

        Addresses in a credential are asked only when a key on the chain signed it.
        """
        lists: dict[str, str] = {}
        more: list[OfficeKey] = []
        for url in {entry.list_url for entry in entries} if keys else ():
            try:
                lists[url] = (
                    self.fetch(url, most=self.limits.status_list_token_bytes).decode("ascii", "replace").strip()
                )
                signer, found = self._named_key(str(read_list_header(lists[url]).get("kid", "")))
            except CountermarkError:
                # Whatever is wrong with it, the check names it: the status stays unknown.
                continue
            documents |= found
            more += self._listed(signer, keys[0].account)
        return lists, more

    def _anchor(self, mark: str) -> AnchoredMark | None:
        info = self.contracts.marks.mark_info(mark)
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

    def _listed(self, key: PublicKey, account: str | None) -> list[OfficeKey]:
        listed = None if account is None else self.contracts.trust.credential_key(account, key.x, key.y)
        if account is None or listed is None or not listed.valid_until:
            return []
        revoked = _moment(listed.revoked_since) if listed.revoked_since else None
        return [OfficeKey(key, account, _moment(listed.valid_from), _moment(listed.valid_until), revoked)]


def read_token(path: Path, limits: Limits = DEFAULT_LIMITS) -> str:
    """The token in a credential file; one line end after it is allowed. Raises NotFound, TooLarge, InputRefused."""
    raw = read_bounded(path, limits.token_bytes, what="credential")
    return raw.removesuffix(b"\n").removesuffix(b"\r").decode("ascii", "replace")


def check_holder(text: str, key: PublicKey) -> None:
    """Refuses to answer a challenge for a credential of somebody else's. Raises NotPermitted (not-the-holder),
    CredentialRefused, TooLarge."""
    if holder_key_of(text) != key:
        raise NotPermitted(
            got=f"a credential that does not name key {key.key_id.hex()} as its holder's",
            expected="the wallet whose credential key the office was given",
            next_step="choose the holder's --wallet, or ask the office to issue it with --holder-did",
            reason="not-the-holder",
        )


def refuse_findings(findings: Sequence[Finding]) -> None:
    """Raises CredentialRefused with the first finding as its reason, if there is one."""
    if not findings:
        return
    first = findings[0]
    details = ", ".join(f"{name} {value}" for name, value in first.params.items())
    raise CredentialRefused(
        got=f"{first.code}{f': {details}' if details else ''}",
        expected="a credential that agrees with the ledger",
        next_step="do not rely on it; ask whoever issued it",
        reason=first.code,
    )


def _moment(seconds: int) -> datetime:
    """Unix seconds as UTC; what lies beyond the year 9999 is as good as its last second."""
    return datetime.fromtimestamp(min(seconds, 253_402_300_799), UTC)
