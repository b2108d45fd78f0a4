"""A key that another program holds: a signing service, or the bridge of a hardware wallet, over JSON-RPC.

Methods: eth_signTransaction, personal_sign (EIP-1474) and eth_signTypedData_v4 (EIP-712). What comes back is checked
against what was asked, so that a signer that errs or lies is found out before anything is sent.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from eth_utils.address import to_canonical_address

from countermark.credentials.strict_json import load_shallow
from countermark.errors import InputRefused, NotPermitted, Unavailable
from countermark.identifiers import check_account
from countermark.signing import TypedMessage
from countermark.signing_check import recover

if TYPE_CHECKING:
    import httpx

_ANSWER_BYTES = 1024 * 1024
_SECONDS = 120.0
"""People confirm on the device itself."""
_FIELDS = ("nonce", "gasPrice", "gas", "to", "value", "data")


class RemoteSigner:
    """Core's AccountSigner for `address` at `url`: https, or http on this machine. `transport` serves tests.

    Every signing method raises Unavailable (signer-unreachable), NotPermitted (signer-refused, wrong-signer).
    """

    def __init__(self, url: str, address: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._url = check_signer_url(url)
        self.__address = check_account(address)
        self._transport = transport

    def __repr__(self) -> str:
        return f"RemoteSigner({self.address})"

    @property
    def address(self) -> str:
        """The key's EIP-55 address."""
        return self.__address

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        """The raw signed transaction, exactly the one that was asked for."""
        answer = self._call("eth_signTransaction", [self._asked(transaction)])
        raw = _bytes(answer.get("raw") if isinstance(answer, dict) else answer)
        if _contents(raw) != _expected(transaction) or self._signer_of_transaction(raw) != self.address:
            raise self._wrong("another transaction, or one by another key")
        return raw

    def sign_typed(self, message: TypedMessage) -> bytes:
        """65 bytes r | s | v over the EIP-712 digest."""
        text = json.dumps(message.full(), default=_hex)
        signature = _signature(self._call("eth_signTypedData_v4", [self.address, text]))
        try:
            signer = recover(message, signature)
        except InputRefused as error:
            raise self._wrong(error.got) from None
        if signer != self.address:
            raise self._wrong(f"a signature by {signer}")
        return signature

    def sign_text(self, text: str) -> bytes:
        """65 bytes r | s | v over a text (EIP-191, version 0x45)."""
        from countermark_wallet.keys.ethereum_tools import Account, encode_defunct

        signature = _signature(self._call("personal_sign", [_hex(text.encode()), self.address]))
        try:
            signer = str(Account.recover_message(encode_defunct(text=text), signature=signature))
        except ValueError:
            raise self._wrong("no signature") from None
        if signer != self.address:
            raise self._wrong(f"a signature by {signer}")
        return signature

    def _asked(self, transaction: Mapping[str, Any]) -> dict[str, str]:
        asked = {name: _quantity(value) for name, value in transaction.items() if name not in ("to", "data")}
        target = {"to": transaction["to"]} if transaction["to"] else {}
        return {"from": self.address, **asked, **target, "data": _hex(transaction["data"])}

    def _signer_of_transaction(self, raw: bytes) -> str:
        from countermark_wallet.keys.ethereum_tools import Account

        try:
            return str(Account.recover_transaction(raw))
        except (ValueError, TypeError):
            raise self._wrong("no signed transaction") from None

    def _call(self, method: str, params: list[Any]) -> Any:
        import httpx

        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        try:
            with (
                httpx.Client(transport=self._transport, timeout=_SECONDS, follow_redirects=False) as client,
                client.stream("POST", self._url, json=request) as response,
            ):
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > _ANSWER_BYTES:
                        raise self._unreachable("an answer that is too long")
            answer = load_shallow(bytes(body))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(type(error).__name__) from None
        except ValueError:
            raise self._unreachable("no JSON") from None
        if isinstance(answer, dict) and answer.get("result") is not None:
            return answer["result"]
        if isinstance(answer, dict) and "error" in answer:
            raise NotPermitted(
                got=f"{method} refused by the signer",
                expected="a signature",
                next_step="look at the signer: it may wait to be unlocked, or somebody declined",
                reason="signer-refused",
            )
        raise self._unreachable("no JSON-RPC answer")

    def _unreachable(self, got: str) -> Unavailable:
        return Unavailable(
            got=f"{self._url}: {got}",
            expected="a JSON-RPC signer that answers",
            next_step="start the signer, or choose another account with --account",
            reason="signer-unreachable",
        )

    def _wrong(self, got: str) -> NotPermitted:
        return NotPermitted(
            got=got,
            expected=f"what was asked for, signed by {self.address}",
            next_step="check which key the signer uses; nothing was sent",
            reason="wrong-signer",
        )


def check_signer_url(url: str) -> str:
    """The address of a signer. Raises InputRefused (bad-signer-url) for http over a network, or a password."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    except ValueError:
        host, safe = "", False
    if not safe or not host or "@" in parts.netloc:
        raise InputRefused(
            got="a signer's address that others could listen to, or that holds a password",
            expected="https://..., or http:// on this very machine, without a user name",
            next_step="give another --remote",
            reason="bad-signer-url",
        )
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _quantity(value: Any) -> str:
    return hex(value)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _bytes(value: Any) -> bytes:
    try:
        return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else b""
    except ValueError:
        return b""


def _signature(value: Any) -> bytes:
    raw = _bytes(value)
    # Some devices count the recovery bit from 0.
    return raw[:64] + bytes([raw[64] + 27]) if len(raw) == 65 and raw[64] < 2 else raw


def _contents(raw: bytes) -> list[Any]:
    import rlp

    try:
        return list(rlp.decode(raw)[: len(_FIELDS)])
    except (rlp.exceptions.RLPException, TypeError):
        return []


def _expected(transaction: Mapping[str, Any]) -> list[bytes]:
    values = [transaction[name] for name in _FIELDS]
    return [_minimal(value) if isinstance(value, int) else _octets(value) for value in values]


def _minimal(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _octets(value: str | bytes) -> bytes:
    return to_canonical_address(value) if isinstance(value, str) else value
