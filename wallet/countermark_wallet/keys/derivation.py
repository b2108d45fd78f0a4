"""From 32 bytes of entropy to every key of a wallet, each under its own name.

Sources: BIP-39 (words, seed), BIP-32 and BIP-44 (m/44'/60'/0'/0/i), RFC 5869 (HKDF-SHA256).
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from countermark.errors import InputRefused

ENTROPY_BYTES = 32
WORDS = 24
_WORD_BITS = 11
_LONGEST_WORDS = 1_024
_SALT = b"countermark/wallet/1"


def words_of(entropy: bytes) -> str:
    """The 24 English words of BIP-39, the wallet's back-up on paper."""
    # Imported here and below: the word lists take a moment that most commands need not spend.
    from countermark_wallet.keys.ethereum_tools import Mnemonic

    return Mnemonic().to_mnemonic(entropy)


def entropy_of(words: str) -> bytes:
    """The entropy behind 24 words; spaces and capitals do not matter. Raises InputRefused (bad-words)."""
    from countermark_wallet.keys.ethereum_tools import Mnemonic

    typed = words[:_LONGEST_WORDS].lower().split()
    known = Mnemonic().wordlist
    if len(typed) == WORDS and all(word in known for word in typed):
        number = 0
        for word in typed:
            number = number << _WORD_BITS | known.index(word)
        entropy = (number >> ENTROPY_BYTES // 4).to_bytes(ENTROPY_BYTES, "big")
        if words_of(entropy).split() == typed:
            return entropy
    # The refusal repeats no word: it may end in a log.
    raise InputRefused(
        got=f"{len(typed)} words that are not a back-up",
        expected=f"the {WORDS} English words of BIP-39, in their order",
        next_step="compare each word with the paper and type them again",
        reason="bad-words",
    )


def seed_of(entropy: bytes) -> bytes:
    """The 64-byte BIP-39 seed without a passphrase."""
    from countermark_wallet.keys.ethereum_tools import Mnemonic

    return Mnemonic.to_seed(words_of(entropy))


def account_secret(seed: bytes, index: int) -> bytes:
    """The secp256k1 secret at m/44'/60'/0'/0/`index`, 32 bytes."""
    from countermark_wallet.keys.ethereum_tools import key_from_seed

    return bytes(key_from_seed(seed, f"m/44'/60'/0'/0/{index}"))


def named_secret(seed: bytes, purpose: str, length: int) -> bytes:
    """`length` secret bytes for `purpose`; another purpose gives bytes that tell nothing of these."""
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=_SALT, info=purpose.encode("ascii")).derive(seed)
