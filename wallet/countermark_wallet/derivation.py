"""From 32 bytes of entropy to every key of a wallet, each under its own name.

Sources: BIP-39 (words, seed), BIP-32 and BIP-44 (m/44'/60'/0'/0/i), RFC 5869 (HKDF-SHA256).
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ENTROPY_BYTES = 32
_SALT = b"countermark/wallet/1"


def words_of(entropy: bytes) -> str:
    """The 24 English words of BIP-39, the wallet's back-up on paper."""
    # Imported here and below: the word lists take a moment that most commands need not spend.
    from countermark_wallet.ethereum_tools import Mnemonic

    return Mnemonic().to_mnemonic(entropy)


def seed_of(entropy: bytes) -> bytes:
    """The 64-byte BIP-39 seed without a passphrase."""
    from countermark_wallet.ethereum_tools import Mnemonic

    return Mnemonic.to_seed(words_of(entropy))


def account_secret(seed: bytes, index: int) -> bytes:
    """The secp256k1 secret at m/44'/60'/0'/0/`index`, 32 bytes."""
    from countermark_wallet.ethereum_tools import key_from_seed

    return bytes(key_from_seed(seed, f"m/44'/60'/0'/0/{index}"))


def named_secret(seed: bytes, purpose: str, length: int) -> bytes:
    """`length` secret bytes for `purpose`; another purpose gives bytes that tell nothing of these."""
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=_SALT, info=purpose.encode("ascii")).derive(seed)
