"""What all typed contracts share: one address, reads that decode, writes that wait to be sent."""

from __future__ import annotations

from typing import Any, ClassVar

from countermark.chain.abi import Signature
from countermark.chain.artifacts import artifact
from countermark.chain.connection import ChainConnection
from countermark.chain.logs import from_hex
from countermark.chain.refusal import contract_refused
from countermark.chain.rpc_refused import RpcRefused
from countermark.chain.transactions import ContractCall

UINT64_MAX = (1 << 64) - 1
"""A validity without end."""


class BoundContract:
    """A contract at an address. Reads raise ContractRefused (the contract reverted) and Unavailable."""

    NAME: ClassVar[str]

    def __init__(self, connection: ChainConnection, address: str) -> None:
        self._connection = connection
        self.address = address

    def _signature(self, function: str) -> Signature:
        return artifact(self.NAME).functions[function]

    def _read(self, function: str, *arguments: Any) -> Any:
        signature = self._signature(function)
        call = {"to": self.address, "data": "0x" + signature.encode_call(arguments).hex()}
        try:
            returned = self._connection.rpc("eth_call", [call, "latest"])
        except RpcRefused as refused:
            raise contract_refused(refused) from refused
        return signature.decode_result(from_hex(returned))

    def _write(self, function: str, *arguments: Any) -> ContractCall:
        signature = self._signature(function)
        names = (field.python_name for field in signature.inputs)
        return ContractCall(
            contract=self.NAME,
            address=self.address,
            function=function,
            arguments=dict(zip(names, arguments, strict=True)),
            data=signature.encode_call(arguments),
        )
