"""Sign-In with Ethereum (EIP-4361): the text by which a key says who it is at one place, once.

The text is shown to people by their wallets, so it has one spelling: what is read is written again and must be equal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from eth_utils.address import is_checksum_address
from eth_utils.crypto import keccak

from countermark.errors import InputRefused
from countermark.limits import DEFAULT_LIMITS
from countermark.signing_check import recover_digest

_ASKS = " wants you to sign in with your Ethereum account:"
_URI = r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)"
# EIP-4361, "ABNF Message Format". A resource list may be empty there; nobody needs that, and it reads as a mistake.
_MESSAGE = re.compile(
    rf"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<domain>[A-Za-z0-9.~!$&'()*+,;=:@%\[\]-]+){_ASKS}\n"
    r"(?P<address>0x[0-9A-Fa-f]{40})\n"
    r"\n"
    r"(?:(?P<statement>[A-Za-z0-9 ._~:/?#\[\]@!$&'()*+,;=-]+)\n)?"
    r"\n"
    rf"URI: (?P<uri>{_URI})\n"
    r"Version: 1\n"
    r"Chain ID: (?P<chain_id>0|[1-9][0-9]{0,19})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,})\n"
    rf"Issued At: (?P<issued_at>{_TIME})"
    rf"(?:\nExpiration Time: (?P<expiration_time>{_TIME}))?"
    rf"(?:\nNot Before: (?P<not_before>{_TIME}))?"
    r"(?:\nRequest ID: (?P<request_id>[A-Za-z0-9._~!$&'()*+,;=:@%-]*))?"
    rf"(?:\nResources:(?P<resources>(?:\n- {_URI})+))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInMessage:
    """The fields of EIP-4361, version 1. Times are RFC 3339 as they were written; `address` is the signing key's."""

    domain: str
    address: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: str
    statement: str | None = None
    expiration_time: str | None = None
    not_before: str | None = None
    request_id: str | None = None
    resources: tuple[str, ...] = ()
    scheme: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The message in `text`. Raises InputRefused (bad-sign-in) for any other form."""
        if len(text) > DEFAULT_LIMITS.sign_in_characters:
            raise _refused(f"a text of {len(text)} characters")
        found = _MESSAGE.fullmatch(text)
        if found is None:
            raise _refused("a text of another form")
        fields: dict[str, Any] = found.groupdict()
        if not is_checksum_address(fields["address"]):
            raise _refused("an address without its EIP-55 spelling")
        for name in ("issued_at", "expiration_time", "not_before"):
            if fields[name] is not None:
                moment_of(fields[name])
        resources = tuple(line[2:] for line in (fields.pop("resources") or "").split("\n")[1:])
        fields["chain_id"] = int(fields["chain_id"])
        return cls(**fields, resources=resources)

    def text(self) -> str:
        """What is signed."""
        scheme = "" if self.scheme is None else f"{self.scheme}://"
        lines = [f"{scheme}{self.domain}{_ASKS}", self.address, ""]
        lines += [] if self.statement is None else [self.statement]
        lines += [
            "",
            f"URI: {self.uri}",
            "Version: 1",
            f"Chain ID: {self.chain_id}",
            f"Nonce: {self.nonce}",
            f"Issued At: {self.issued_at}",
        ]
        optional = (
            ("Expiration Time", self.expiration_time),
            ("Not Before", self.not_before),
            ("Request ID", self.request_id),
        )
        lines += [f"{name}: {value}" for name, value in optional if value is not None]
        lines += ["Resources:", *(f"- {one}" for one in self.resources)] if self.resources else []
        return "\n".join(lines)


def moment_of(text: str) -> datetime:
    """The moment that a message names. Raises InputRefused (bad-sign-in) for days and hours that no calendar has."""
    try:
        # Python reads six digits of a second at most; nine are allowed, and nobody signs in by the nanosecond.
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        raise _refused(f"the time {text}") from None


def text_digest(text: str) -> bytes:
    """keccak256 of `text` as wallets sign texts (EIP-191, version 0x45)."""
    raw = text.encode("utf-8", "surrogatepass")
    return keccak(b"\x19Ethereum Signed Message:\n" + str(len(raw)).encode("ascii") + raw)


def recover_text(text: str, signature: bytes) -> str:
    """The EIP-55 address that signed `text` (EIP-191). Raises InputRefused for signatures in another form."""
    return recover_digest(text_digest(text), signature)


def _refused(got: str) -> InputRefused:
    return InputRefused(
        got=got,
        expected="a message of EIP-4361, version 1",
        next_step="let the wallet write it: countermark login",
        reason="bad-sign-in",
    )
