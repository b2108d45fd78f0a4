"""What every command of the `countermark` tool may use, whichever package adds it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from countermark.signing import AccountSigner

if TYPE_CHECKING:
    from countermark.chain.contracts import Contracts


class CommandContext(Protocol):
    """`ctx.obj` of each command."""

    @property
    def json_output(self) -> bool:
        """Whether the result goes to standard output as one JSON document."""

    @property
    def node_url(self) -> str:
        """The node's base URL without a trailing slash."""

    @property
    def home(self) -> Path:
        """The folder of this installation's wallets and files."""

    def signer(self) -> AccountSigner:
        """The chosen wallet's signer; asks for the password on first use. Raises NotPermitted, NotFound."""

    def contracts(self) -> tuple[Contracts, int]:
        """The node's contracts for reading, and the chain id. Raises Unavailable, WrongChain."""

    def signer_of(self, secret: bytes) -> AccountSigner:
        """A signer for a secp256k1 secret of 32 bytes that is kept nowhere, such as a claim code's."""
