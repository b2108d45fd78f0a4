"""Keys of an account on the ledger: a device's key consents, the account takes it on, and gets rid of it again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from countermark.chain.contracts import UINT64_MAX
from countermark.chain.contracts.trust_registry import KeyInfo
from countermark.chain.event_types import AccountRecovered, AccountRegistered, KeyAdded
from countermark.chain.transactions import TransactionReceipt
from countermark.credentials.strict_json import read_object
from countermark.custody import fields
from countermark.custody.key_consent import KeyConsent
from countermark.errors import CredentialRefused, InputRefused, NotPermitted, TooLarge, WrongChain
from countermark.identifiers import check_account
from countermark.roles import KeyScope
from countermark.signing_check import recover
from countermark_wallet.ledger.connection import Ledger
from countermark_wallet.ledger.events import events_about
from countermark_wallet.periods import Period, utc_now

CONSENT_BYTES = 4_096
SCOPES: Mapping[str, KeyScope] = {
    scope.name.lower(): scope for scope in KeyScope if scope is not KeyScope.ALL and scope.name
}
_FORMAT = "countermark/key-consent/1"
_MEMBERS = {"chain_id", "contract", "account", "key", "scopes", "not_before", "not_after", "signature"}


@dataclass(frozen=True, slots=True)
class SignedConsent:
    """A key's consent to act for an account, for one TrustRegistry on one chain."""

    chain_id: int
    contract: str
    consent: KeyConsent
    signature: bytes

    def to_json(self) -> str:
        """The file that the device's owner passes on."""
        consent = self.consent
        members = {
            "format": _FORMAT,
            "chain_id": self.chain_id,
            "contract": self.contract,
            "account": consent.account,
            "key": consent.key,
            "scopes": scope_names(consent.scopes),
            "not_before": consent.not_before,
            "not_after": str(consent.not_after),
            "signature": "0x" + self.signature.hex(),
        }
        return json.dumps(members, indent=1)

    @classmethod
    def from_json(cls, raw: bytes) -> Self:
        """Reads a consent file and checks its signature. Raises InputRefused, NotPermitted (wrong-signature)."""
        try:
            given = fields.record(read_object(raw[:CONSENT_BYTES], what="consent", depth=4), _FORMAT, _MEMBERS)
        except (CredentialRefused, TooLarge):
            raise fields.refused("a file that is not a JSON object", _FORMAT) from None
        scopes = given["scopes"]
        if not isinstance(scopes, list) or not scopes or not all(isinstance(each, str) for each in scopes):
            raise fields.refused("scopes that are no list", f"some of {', '.join(SCOPES)}")
        consent = KeyConsent(
            fields.address(given, "account"),
            fields.address(given, "key"),
            read_scopes(scopes),
            fields.number(given, "not_before", 64),
            fields.decimal(given, "not_after"),
        )
        text = given["signature"] if isinstance(given["signature"], str) else ""
        try:
            signature = bytes.fromhex(text.removeprefix("0x"))
        except ValueError:
            signature = b""
        found = cls(fields.number(given, "chain_id", 53), fields.address(given, "contract"), consent, signature)
        if recover(consent.typed(found.chain_id, found.contract), signature) != consent.key:
            raise NotPermitted(
                got="a consent that another key signed",
                expected=f"a signature by {consent.key}",
                next_step="have the device make the consent again",
                reason="wrong-signature",
            )
        return found


def describe_consent(signed: SignedConsent) -> tuple[str, ...]:
    """What a new key signed, in plain words, from the signed data alone."""
    consent, end = signed.consent, ends_at(signed.consent)
    return (
        f"Key {consent.key}",
        f"May act for {consent.account}: {', '.join(scope_names(consent.scopes))}",
        f"Until {end:%Y-%m-%d %H:%M:%S} UTC" if end else "Without an end",
    )


@dataclass(frozen=True)
class AccountKeys:
    """The keys of the ledger's account, and its recovery."""

    ledger: Ledger
    clock: Callable[[], datetime] = utc_now

    def consent(self, account: str, scopes: KeyScope, *, days: int | None) -> SignedConsent:
        """As a new key: agrees to act for `account`; without `days` from always and for ever. Raises InputRefused."""
        start, end = (0, UINT64_MAX) if days is None else Period.of_days(self.clock(), days).seconds
        consent = KeyConsent(check_account(account), self.ledger.signer.address, scopes, start, end)
        contract = self.ledger.deployment.address("TrustRegistry")
        signature = self.ledger.signer.sign_typed(consent.typed(self.ledger.chain_id, contract))
        return SignedConsent(self.ledger.chain_id, contract, consent, signature)

    def add(self, signed: SignedConsent) -> TransactionReceipt:
        """As ADMIN key: takes the key on. Raises WrongChain, NotPermitted (consent-for-another), ContractRefused."""
        self._check_place(signed)
        consent = signed.consent
        if consent.account != self.ledger.account:
            raise NotPermitted(
                got=f"a consent to act for {consent.account}",
                expected=f"one for this wallet's account, {self.ledger.account}",
                next_step="have the device make a consent for this account",
                reason="consent-for-another",
            )
        trust = self.ledger.trust
        return self.ledger.send(
            trust.add_key(consent.key, consent.scopes, consent.not_before, consent.not_after, signed.signature)
        )

    def revoke(self, key: str) -> TransactionReceipt:
        """As ADMIN key: takes a key from the account at once. Raises ContractRefused (KeyUnknown, LastAdminKey)."""
        return self.ledger.send(self.ledger.trust.revoke_key(check_account(key)))

    def propose_recovery(self, signed: SignedConsent) -> TransactionReceipt:
        """As recovery agent, or as governor when there is none: asks that the consenting key replace all others.

        Raises WrongChain, InputRefused (consent-too-narrow), ContractRefused.
        """
        self._check_place(signed)
        consent = signed.consent
        if (consent.scopes, consent.not_before, consent.not_after) != (KeyScope.ALL, 0, UINT64_MAX):
            raise InputRefused(
                got="a consent with fewer scopes or for a time",
                expected="all scopes, from always and for ever",
                next_step="have the new key run: countermark key consent ACCOUNT --scope all --for-ever",
                reason="consent-too-narrow",
            )
        trust = self.ledger.trust
        return self.ledger.send(trust.propose_recovery(consent.account, consent.key, signed.signature))

    def _check_place(self, signed: SignedConsent) -> None:
        here = (self.ledger.chain_id, self.ledger.deployment.address("TrustRegistry"))
        if (signed.chain_id, signed.contract) != here:
            raise WrongChain(
                got=f"a consent for registry {signed.contract} on chain {signed.chain_id}",
                expected=f"registry {here[1]} on chain {here[0]}",
                next_step="have the device make a consent on this network",
            )


def keys_of(ledger: Ledger, account: str) -> dict[str, KeyInfo]:
    """Every key that the account ever had, by address, as it is now. Raises Unavailable."""
    found = events_about(
        ledger.connection, ledger.deployment, "TrustRegistry",
        [(kind, [account]) for kind in (AccountRegistered, KeyAdded, AccountRecovered)],
    )  # fmt: skip
    keys = {
        each.key if isinstance(each, KeyAdded) else each.new_key if isinstance(each, AccountRecovered) else account
        for each in found
        if isinstance(each, AccountRegistered | KeyAdded | AccountRecovered)
    }
    return {key: ledger.trust.key_info(key) for key in sorted(keys)}


def read_scopes(names: list[str]) -> KeyScope:
    """Scopes by their names, `all` for every one. Raises InputRefused (bad-scope)."""
    scopes = KeyScope(0)
    for name in names:
        if name != "all" and name not in SCOPES:
            raise InputRefused(
                got=f"scope {name[:40]!r}",
                expected=f"all, or some of {', '.join(SCOPES)}",
                next_step="give another --scope",
                reason="bad-scope",
            )
        scopes |= KeyScope.ALL if name == "all" else SCOPES[name]
    return scopes


def scope_names(scopes: KeyScope) -> list[str]:
    """The names of single scopes."""
    return [name for name, scope in SCOPES.items() if scope in scopes]


def is_valid(key: KeyInfo, now: datetime) -> bool:
    """Whether the key acts at this time."""
    return not key.revoked_at and key.not_before <= now.timestamp() < key.not_after


def ends_at(key: KeyInfo | KeyConsent) -> datetime | None:
    """When the key's period ends; None for never. Times beyond what a calendar holds count as never."""
    from datetime import UTC

    return None if key.not_after > 253_402_300_799 else datetime.fromtimestamp(key.not_after, UTC)


def summary(key: str, info: KeyInfo, now: datetime) -> dict[str, Any]:
    """A key as the commands show it."""
    end = ends_at(info)
    return {
        "key": key,
        "scopes": scope_names(info.scopes),
        "valid": is_valid(info, now),
        "until": end.isoformat() if end else None,
        "revoked": bool(info.revoked_at),
    }
