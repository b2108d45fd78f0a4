"""The forwarder: calls that a relay carries for the key that signed them (ERC-2771)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from countermark.chain.contracts.bound import BoundContract
from countermark.chain.transactions import ContractCall
from countermark.errors import InputRefused
from countermark.signing import AccountSigner, TypedMessage
from countermark.signing_check import domain

_FIELDS = (
    ("from", "address"),
    ("to", "address"),
    ("value", "uint256"),
    ("gas", "uint256"),
    ("nonce", "uint256"),
    ("deadline", "uint48"),
    ("data", "bytes"),
)


@dataclass(frozen=True, slots=True)
class RelayRequest:
    """A call that `signer` asks a relay to carry; `gas` bounds the inner call, `deadline` is in seconds UTC."""

    signer: str
    to: str
    gas: int
    nonce: int
    deadline: int
    data: bytes

    def typed(self, chain_id: int, forwarder: str) -> TypedMessage:
        """The EIP-712 message to sign: OpenZeppelin's ForwardRequest in the forwarder's domain. Carries no value."""
        values = (self.signer, self.to, 0, self.gas, self.nonce, self.deadline, self.data)
        types = {"ForwardRequest": [{"name": name, "type": kind} for name, kind in _FIELDS]}
        message = {name: value for (name, _), value in zip(_FIELDS, values, strict=True)}
        return TypedMessage(domain(chain_id, forwarder), types, "ForwardRequest", message)


class Forwarder(BoundContract):
    """Typed access to Forwarder."""

    NAME: ClassVar[str] = "Forwarder"

    def request(self, signer: str, call: ContractCall, *, gas: int, deadline: int) -> RelayRequest:
        """The request by which `signer` has `call` carried, with its next nonce. Raises InputRefused for a creation."""
        if call.address is None:
            raise InputRefused(got="a creation", expected="a call of a contract", next_step="deploy without a relay")
        return RelayRequest(signer, call.address, gas, self.nonces(signer), deadline, call.data)

    def sign(self, request: RelayRequest, signer: AccountSigner) -> bytes:
        """The signature that the relay needs."""
        return signer.sign_typed(request.typed(self._connection.chain_id, self.address))

    def execute(self, request: RelayRequest, signature: bytes) -> ContractCall:
        """As relay: carry a signed call. Its events are the called contract's; no role of the relay is used."""
        return self._write("execute", _request_data(request, signature))

    def verify(self, request: RelayRequest, signature: bytes) -> bool:
        """Whether `execute` would accept the request now."""
        return bool(self._read("verify", _request_data(request, signature)))

    def nonces(self, signer: str) -> int:
        """The next nonce of a signer."""
        return int(self._read("nonces", signer))


def _request_data(request: RelayRequest, signature: bytes) -> tuple[Any, ...]:
    return (request.signer, request.to, 0, request.gas, request.deadline, request.data, signature)
