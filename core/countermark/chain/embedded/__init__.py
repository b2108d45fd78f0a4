"""The embedded chain: a whole EVM ledger in this process, kept in one folder."""

from countermark.chain.embedded.chain import EmbeddedChain, utc_now
from countermark.stack_guard import guard_stack

guard_stack()

__all__ = ["EmbeddedChain", "utc_now"]
