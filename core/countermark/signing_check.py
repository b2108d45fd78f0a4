"""EIP-712: the domain of our messages, their hashes, and who signed one."""

from __future__ import annotations

from typing import Any

from eth_abi.exceptions import EncodingError
from eth_account.messages import SignableMessage, encode_typed_data
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from countermark.errors import InputRefused
from countermark.signing import TypedMessage
from countermark.stack_guard import guard_stack

guard_stack()

_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
"""Order of secp256k1's group (SEC 2, section 2.4.1)."""


def domain(chain_id: int, contract: str) -> dict[str, Any]:
    """The EIP-712 domain that all signed structs share: one contract on one chain."""
    return {"name": "Countermark", "version": "1", "chainId": chain_id, "verifyingContract": contract}


def digest(message: TypedMessage) -> bytes:
    """keccak256(0x19 01 | domain separator | hashStruct(message)) (EIP-712). Raises InputRefused for wrong values."""
    encoded = _encoded(message)
    return keccak(b"\x19" + encoded.version + encoded.header + encoded.body)


def hash_struct(message: TypedMessage) -> bytes:
    """hashStruct(message) (EIP-712), without the domain. Raises InputRefused for wrong values."""
    return bytes(_encoded(message).body)


def recover(message: TypedMessage, signature: bytes) -> str:
    """The EIP-55 address that signed.

    Exactly 65 bytes r | s | v, v 27 or 28, s in the lower half (EIP-2), so that a signature has one form only.
    Raises InputRefused for all others. A valid form from another key gives that key's address: compare it.
    """
    return recover_digest(digest(message), signature)


def recover_digest(hashed: bytes, signature: bytes) -> str:
    """As `recover`, over the 32 bytes that were signed."""
    if len(signature) != 65:
        raise _refused(f"a signature of {len(signature)} bytes")
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    if v not in (27, 28):
        raise _refused(f"a signature with v {v}")
    if not 0 < r < _ORDER or not 0 < s <= _ORDER // 2:
        raise _refused("a signature with r or s out of range")
    try:
        found = Signature(vrs=(v - 27, r, s)).recover_public_key_from_msg_hash(hashed)
    except (BadSignature, ValidationError, ValueError) as error:
        raise _refused("a signature that fits no key") from error
    return str(found.to_checksum_address())


def _encoded(message: TypedMessage) -> SignableMessage:
    try:
        return encode_typed_data(full_message=message.full())
    except (ValueError, TypeError, KeyError, EncodingError, ValidationError) as error:
        raise InputRefused(
            got=f"a {message.primary} with values that its types do not hold",
            expected="values within the types of the signed struct",
            next_step="correct the values before signing",
        ) from error


def _refused(got: str) -> InputRefused:
    return InputRefused(
        got=got,
        expected="65 bytes r | s | v with v 27 or 28 and the lower s (EIP-2)",
        next_step="sign the message again with a wallet that writes standard signatures",
    )
