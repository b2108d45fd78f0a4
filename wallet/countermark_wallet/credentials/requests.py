"""Asking an IP office for a trademark credential, and its answer; what was asked and received is kept in the wallet.

`{wallet}/trademarks/{mark}.vc.jwt` and `.sd-jwt` are held credentials, `requests/{id}.json` there is what was asked,
`requests/{id}.answer.json` what came back.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from countermark.credentials.did_key import key_of
from countermark.credentials.sd_jwt_making import holder_key_of
from countermark.credentials.trademark import Trademark, credential_hash
from countermark.credentials.trademark_request import (
    SignedTrademarkRequest,
    TrademarkAnswer,
    TrademarkApproval,
    TrademarkRefusal,
    TrademarkRequest,
    read_request_or_answer,
    write_members,
)
from countermark.credentials.trademark_sd_jwt import PresentedTrademark
from countermark.credentials.trust import CredentialCheck, PresentationCheck
from countermark.errors import CountermarkError, InputRefused, NotFound, NotPermitted, WrongChain
from countermark.identifiers import check_account, check_mark
from countermark.limits import DEFAULT_LIMITS
from countermark.roles import KeyScope
from countermark_wallet.credentials.checking import CredentialDesk, refuse_findings
from countermark_wallet.credentials.issuing import CREDENTIAL_DAYS, IssuedCredential, TrademarkIssuing
from countermark_wallet.files.safe import private_folder, read_bounded, write_whole
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.periods import utc_now

REQUEST_DAYS = 30
_ID = re.compile(r"0x[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Application:
    """What a holder asks for, in the register's words; the rest comes from the wallet."""

    trademark: Trademark
    holder_name: str
    goods: str
    evidence: bytes = bytes(32)


@dataclass(frozen=True)
class TrademarkApplying:
    """The holder's side. `random` gives nonces."""

    ledger: Ledger
    clock: Callable[[], datetime] = utc_now
    random: Callable[[int], bytes] = secrets.token_bytes

    def request(
        self, office: str, asked: Application, *, holder_key: str = "", days: int = REQUEST_DAYS
    ) -> SignedTrademarkRequest:
        """Signs a request; sends nothing. Raises InputRefused, CredentialRefused (bad-did)."""
        now = self.clock()
        request = TrademarkRequest(
            office=check_account(office),
            holder=self.ledger.account,
            trademark=asked.trademark,
            holder_name=asked.holder_name,
            holder_key=holder_key,
            goods=asked.goods,
            evidence=asked.evidence,
            nonce=self.random(32),
            deadline=int((now + timedelta(days=max(-1, min(days, 10_000)))).timestamp()),
        )
        request.check(now)
        contract = self.ledger.deployment.address("TrademarkRegistry")
        signature = self.ledger.signer.sign_typed(request.typed(self.ledger.chain_id, contract))
        return SignedTrademarkRequest(self.ledger.chain_id, contract, request, signature)

    def check_approval(
        self, signed: SignedTrademarkRequest, answer: TrademarkApproval, desk: CredentialDesk
    ) -> CredentialCheck:
        """What was asked for, in both forms, as the ledger has it. Raises CredentialRefused, NotPermitted."""
        check, shown = (desk.check(token, now=self.clock()) for token in (answer.credential, answer.sd_jwt))
        refuse_findings(check.findings)
        refuse_findings(shown.findings)
        if not isinstance(check, CredentialCheck) or not isinstance(shown, PresentationCheck):
            raise _another("credentials of other forms")
        found, presented = check.credential, shown.presented
        request = signed.request
        if found is None or (found.trademark, found.holder.address, found.holder_name) != (
            request.trademark,
            request.holder,
            request.holder_name,
        ):
            raise _another("a credential that says something else than was asked for")
        if presented is None or not _is_twin(presented, answer.credential, answer.sd_jwt, request.holder_key):
            raise _another("two forms that do not belong together, or another holder's key")
        return check

    def check_refusal(self, signed: SignedTrademarkRequest, answer: TrademarkRefusal) -> None:
        """By the office that was asked, for this ledger. Raises NotPermitted, WrongChain, InputRefused."""
        _check_place(self.ledger, answer)
        if answer.office != signed.request.office:
            raise _another(f"a refusal by {answer.office}")
        _check_key(self.ledger, answer.office, answer.signer)


@dataclass(frozen=True)
class TrademarkExamining:
    """The office's side."""

    issuing: TrademarkIssuing

    @property
    def ledger(self) -> Ledger:
        """The office's."""
        return self.issuing.ledger

    def check(self, signed: SignedTrademarkRequest) -> None:
        """To this office, in time, for this ledger, signed by the holder.

        Raises NotPermitted (wrong-signature, another-office), WrongChain, InputRefused.
        """
        _check_place(self.ledger, signed)
        if signed.request.office != self.ledger.account:
            raise NotPermitted(
                got=f"a request to {signed.request.office}",
                expected=f"one to this wallet's account, {self.ledger.account}",
                next_step="choose that office's wallet with --wallet",
                reason="another-office",
            )
        signed.request.check(self.issuing.clock())
        _check_key(self.ledger, signed.request.holder, signed.signer)

    def approve(
        self, signed: SignedTrademarkRequest, *, days: int = CREDENTIAL_DAYS
    ) -> tuple[TrademarkApproval, IssuedCredential]:
        """Issues the credential that was asked for and anchors its hash. Raises as `check`, and ContractRefused."""
        self.check(signed)
        request = signed.request
        issued = self.issuing.issue(
            request.trademark,
            holder=request.holder,
            holder_name=request.holder_name,
            days=days,
            holder_key=key_of(request.holder_key) if request.holder_key else None,
        )
        return TrademarkApproval(signed.id, issued.token, issued.sd_jwt), issued

    def refuse(self, signed: SignedTrademarkRequest, reason: str) -> TrademarkRefusal:
        """Signs a no with its reason; nothing goes to the ledger. Raises as `check`."""
        self.check(signed)
        at = int(self.issuing.clock().timestamp())
        drafted = TrademarkRefusal(signed.chain_id, signed.contract, self.ledger.account, signed.id, reason, at)
        return replace(drafted, signature=self.ledger.signer.sign_typed(drafted.typed()))


@dataclass(frozen=True, slots=True)
class HeldTrademarks:
    """What a wallet asked for and received, as files in its folder."""

    wallet_folder: Path

    @property
    def folder(self) -> Path:
        """Where held credentials are."""
        return self.wallet_folder / "trademarks"

    def keep_request(self, signed: SignedTrademarkRequest) -> Path:
        """Writes what was asked, so that the answer can be compared with it."""
        path = private_folder(self.folder / "requests") / f"{signed.id}.json"
        write_whole(path, write_members(signed))
        return path

    def request(self, request_id: str) -> SignedTrademarkRequest:
        """What was asked. Raises NotFound (no-such-request)."""
        path = self.folder / "requests" / f"{request_id}.json"
        if not _ID.fullmatch(request_id) or not path.is_file():
            raise NotFound(
                got=f"request {request_id[:80]!r}",
                expected="a request that this wallet made",
                next_step="run: countermark trademark list",
                reason="no-such-request",
            )
        found = read_file(path)
        if not isinstance(found, SignedTrademarkRequest) or found.id != request_id:
            raise _another(f"{path}, which is damaged")
        return found

    def requests(self) -> list[tuple[SignedTrademarkRequest, TrademarkAnswer | None]]:
        """All that were asked, with their answers, by id."""
        names = sorted(path.stem for path in (self.folder / "requests").glob("0x*.json") if _ID.fullmatch(path.stem))
        return [(self.request(name), self._answer(name)) for name in names]

    def keep_answer(self, answer: TrademarkAnswer, mark: str) -> list[Path]:
        """Writes the answer, and of an approval both forms of the credential: the newest of a mark counts."""
        written = {}
        if isinstance(answer, TrademarkApproval):
            written = {self.token(mark): answer.credential, self.token(mark, sd_jwt=True): answer.sd_jwt}
        private_folder(self.folder / "requests")
        for path, text in written.items():
            write_whole(path, text.encode("ascii"))
        write_whole(self.folder / "requests" / f"{answer.request}.answer.json", write_members(answer))
        return list(written)

    def marks(self) -> list[str]:
        """Marks of which a credential is held."""
        return sorted(path.name.removesuffix(".vc.jwt") for path in self.folder.glob("*.vc.jwt"))

    def token(self, mark: str, *, sd_jwt: bool = False) -> Path:
        """The file of a mark's credential in one of its forms. Raises InputRefused (bad-mark)."""
        return self.folder / f"{check_mark(mark)}.{'sd-jwt' if sd_jwt else 'vc.jwt'}"

    def find(self, name: str, *, sd_jwt: bool = False) -> Path:
        """A file: `name` itself, or the held credential of the mark `name`."""
        try:
            held = self.token(name, sd_jwt=sd_jwt)
        except InputRefused:
            return Path(name)
        return held if held.is_file() and not Path(name).exists() else Path(name)

    def _answer(self, request_id: str) -> TrademarkAnswer | None:
        path = self.folder / "requests" / f"{request_id}.answer.json"
        found = read_file(path) if path.is_file() else None
        return None if isinstance(found, SignedTrademarkRequest) else found


def read_file(path: Path) -> SignedTrademarkRequest | TrademarkAnswer:
    """A request or an answer. Raises NotFound, TooLarge, InputRefused, CredentialRefused."""
    return read_request_or_answer(
        read_bounded(path, DEFAULT_LIMITS.trademark_request_bytes, what="request for a credential")
    )


def _is_twin(shown: PresentedTrademark, credential: str, sd_jwt: str, holder_key: str) -> bool:
    named = key_of(holder_key) if holder_key else None
    return shown.anchored_hash == credential_hash(credential) and (named is None or holder_key_of(sd_jwt) == named)


def _check_place(ledger: Ledger, signed: SignedTrademarkRequest | TrademarkRefusal) -> None:
    here = (ledger.chain_id, ledger.deployment.address("TrademarkRegistry"))
    if (signed.chain_id, signed.contract) != here:
        raise WrongChain(
            got=f"a paper for registry {signed.contract} on chain {signed.chain_id}",
            expected=f"registry {here[1]} on chain {here[0]}",
            next_step="use the wallet that belongs to that network",
        )


def _check_key(ledger: Ledger, account: str, key: str) -> None:
    if not ledger.trust.is_key_for(account, key, KeyScope.OPERATE):
        raise NotPermitted(
            got=f"a signature by {key}",
            expected=f"one by a key that may operate for {account}",
            next_step="ask that party to sign it with its own wallet; its account must be registered",
            reason="wrong-signature",
        )


def _another(got: str) -> CountermarkError:
    return NotPermitted(
        got=got,
        expected="the answer to the request that this wallet made",
        next_step="ask the office for the right answer; nothing was kept",
        reason="wrong-answer",
    )
