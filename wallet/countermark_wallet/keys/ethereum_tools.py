"""The Ethereum libraries that a wallet uses, in one place and imported on use: they take half a second to load."""

from __future__ import annotations

from eth_account import Account
from eth_account.hdaccount import key_from_seed
from eth_account.hdaccount.mnemonic import Mnemonic
from eth_account.messages import encode_defunct, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json

from countermark.stack_guard import guard_stack

__all__ = [
    "Account",
    "LocalAccount",
    "Mnemonic",
    "create_keyfile_json",
    "decode_keyfile_json",
    "encode_defunct",
    "encode_typed_data",
    "key_from_seed",
]

guard_stack()
