"""Wallets on disk: one Ethereum keystore file (Web3 Secret Storage, version 3) that holds BIP-39 entropy.

`{home}/wallets/{name}/keystore.json`. The file names no address: it gives away neither who holds it nor what.
"""

from __future__ import annotations

import json
import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from countermark.credentials.strict_json import load_shallow
from countermark.errors import InputRefused, NotFound, NotPermitted
from countermark.labels.series import SeriesSecrets
from countermark.p256 import PrivateKey
from countermark_wallet.files.safe import private_folder, read_bounded, write_whole
from countermark_wallet.keys import derivation
from countermark_wallet.keys.signer import WalletSigner

WORK_FACTOR = 1 << 17
"""scrypt's N (RFC 7914) with r 8 and p 1: 128 MiB and about a third of a second for each guess of a password."""
PASSWORD_CHARACTERS = 8
_MOST_WORK = 1 << 20
_MOST_DRAWS = 4
_SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_P256_SEED_BYTES = 48
"""Leave no bias after the reduction to a P-256 secret (FIPS 186-5 appendix A.2.1)."""
_FILE_BYTES = 16 * 1024
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_SITE = re.compile(r"[a-z0-9-]{1,32}")


@dataclass(frozen=True)
class UnlockedWallet:
    """A wallet whose secrets are in memory. `folder` is for its public files; its repr shows no secret."""

    name: str
    folder: Path
    _entropy: bytes = field(repr=False)

    @cached_property
    def _seed(self) -> bytes:
        return derivation.seed_of(self._entropy)

    def words(self) -> str:
        """The 24 words of BIP-39 from which the whole wallet can be made again. A secret."""
        return derivation.words_of(self._entropy)

    @property
    def address(self) -> str:
        """The account's permanent address, which is that of its first key."""
        return self.signer().address

    def signer(self, index: int = 0) -> WalletSigner:
        """The key at BIP-44 path m/44'/60'/0'/0/`index`."""
        signers = self._signers
        return signers.setdefault(index, WalletSigner(derivation.account_secret(self._seed, index)))

    @cached_property
    def _signers(self) -> dict[int, WalletSigner]:
        return {}

    def label_key(self, site: str = "main", period: int = 1) -> PrivateKey:
        """The key that signs printed labels at one site ([a-z0-9-]) in one period."""
        return PrivateKey.from_secret(self.label_key_seed(site, period))

    def label_key_seed(self, site: str = "main", period: int = 1) -> bytes:
        """The 48 secret bytes behind `label_key`, for processes of this machine that sign with it."""
        if not _SITE.fullmatch(site):
            raise _bad_name("site", site)
        return derivation.named_secret(self._seed, f"label-key/{site}/{period}", _P256_SEED_BYTES)

    def credential_key(self, period: int = 1) -> PrivateKey:
        """The key that signs credentials in one period."""
        return PrivateKey.from_secret(derivation.named_secret(self._seed, f"credential-key/{period}", _P256_SEED_BYTES))

    def trust_key(self, role: str) -> PrivateKey:
        """The key that signs trust bundles as root, snapshot or timestamp; a key for each role."""
        return PrivateKey.from_secret(derivation.named_secret(self._seed, f"trust-key/{role}", _P256_SEED_BYTES))

    def series_secrets(self, gtin: str, number: int) -> SeriesSecrets:
        """The secrets of series `number` of a GTIN (14 digits), all from one root of the series."""
        return SeriesSecrets.from_master(derivation.named_secret(self._seed, f"series/{gtin}/{number}", 32))


@dataclass(frozen=True)
class WalletKeystore:
    """The wallets below `home`. `work_factor` is scrypt's N for new wallets; each file keeps its own."""

    home: Path
    work_factor: int = WORK_FACTOR

    def names(self) -> tuple[str, ...]:
        """The names of all wallets, sorted."""
        return tuple(sorted(path.parent.name for path in self.home.glob("wallets/*/keystore.json")))

    def folder(self, name: str) -> Path:
        """Where the wallet `name` keeps its files. Raises InputRefused (bad-wallet-name)."""
        if not _NAME.fullmatch(name):
            raise _bad_name("wallet", name)
        return self.home / "wallets" / name

    def create(
        self, name: str, password: str, *, entropy: Callable[[int], bytes] = secrets.token_bytes
    ) -> UnlockedWallet:
        """A new wallet. Raises InputRefused (bad-wallet-name), NotPermitted (weak-password, wallet-exists)."""
        folder = self.folder(name)
        if len(password) < PASSWORD_CHARACTERS:
            raise NotPermitted(
                got=f"a password of {len(password)} characters",
                expected=f"at least {PASSWORD_CHARACTERS} characters",
                next_step="choose a longer one, such as four unrelated words",
                reason="weak-password",
            )
        self.require_free(name)
        secret = _draw(entropy)
        document = _lock(secret, password, self.work_factor)
        private_folder(folder)
        try:
            write_whole(folder / "keystore.json", json.dumps(document, indent=1).encode("ascii"), replace=False)
        except NotPermitted:
            raise _exists(name) from None
        return UnlockedWallet(name, folder, secret)

    def restore(self, name: str, password: str, words: str) -> UnlockedWallet:
        """The wallet that the 24 `words` are the back-up of, anew. Raises as `create` and InputRefused (bad-words)."""
        secret = derivation.entropy_of(words)
        return self.create(name, password, entropy=lambda _size: secret)

    def require_free(self, name: str) -> None:
        """Raises NotPermitted (wallet-exists) when there is a wallet `name`."""
        if (self.folder(name) / "keystore.json").exists():
            raise _exists(name)

    def unlock(self, name: str, password: str) -> UnlockedWallet:
        """The wallet `name`. Raises NotFound (no-such-wallet), NotPermitted (wrong-password), InputRefused."""
        self.require(name)
        folder = self.folder(name)
        raw = read_bounded(folder / "keystore.json", _FILE_BYTES, what="keystore")
        return UnlockedWallet(name, folder, _unlock(_read_document(raw), password))

    def require(self, name: str) -> None:
        """Raises NotFound (no-such-wallet) unless the wallet `name` exists, so that nobody is asked its password."""
        if not (self.folder(name) / "keystore.json").is_file():
            known = ", ".join(self.names()) or "none"
            raise NotFound(
                got=f"wallet {name!r}",
                expected=f"one of the wallets in {self.home}: {known}",
                next_step=f"run: countermark wallet create {name}",
                reason="no-such-wallet",
            )


def _draw(entropy: Callable[[int], bytes]) -> bytes:
    """32 random bytes. The keystore format takes only secrets that secp256k1 would: all but one draw in 2^128."""
    for _ in range(_MOST_DRAWS):
        secret = entropy(derivation.ENTROPY_BYTES)
        if len(secret) == derivation.ENTROPY_BYTES and 0 < int.from_bytes(secret, "big") < _SECP256K1_ORDER:
            return secret
    raise InputRefused(
        got="a source of randomness that gives no usable secret",
        expected=f"{derivation.ENTROPY_BYTES} random bytes",
        next_step="check the source of randomness",
        reason="bad-entropy",
    )


def _lock(secret: bytes, password: str, work_factor: int) -> dict[str, Any]:
    # Imported here: eth_keyfile takes half a second that commands without a wallet need not spend.
    from countermark_wallet.keys.ethereum_tools import create_keyfile_json

    document = create_keyfile_json(secret, _password_bytes(password), version=3, kdf="scrypt", iterations=work_factor)
    return {key: value for key, value in document.items() if key != "address"}


def _unlock(document: Mapping[str, Any], password: str) -> bytes:
    from countermark_wallet.keys.ethereum_tools import decode_keyfile_json

    try:
        secret = bytes(decode_keyfile_json(dict(document), _password_bytes(password)))
    except ValueError:
        raise NotPermitted(
            got="a password that does not open the wallet",
            expected="the wallet's password",
            next_step="try again; nobody can restore a lost password",
            reason="wrong-password",
        ) from None
    if len(secret) != derivation.ENTROPY_BYTES:
        raise _bad_keystore()
    return secret


def _password_bytes(password: str) -> bytes:
    # The same password from two keyboards: EIP-2335 asks for NFKD, geth for plain UTF-8; both agree on ASCII.
    return unicodedata.normalize("NFKD", password).encode("utf-8", "surrogatepass")


def _read_document(raw: bytes) -> dict[str, Any]:
    """Checks all that the decoder relies on, and that a planted file cannot make it work for hours."""
    try:
        document = load_shallow(raw)
        crypto = document["crypto"]
        params = crypto["kdfparams"]
        numbers = [params[name] for name in ("n", "r", "p", "dklen")]
        texts = [crypto["ciphertext"], crypto["mac"], crypto["cipherparams"]["iv"], params["salt"]]
        known = (document["version"], crypto["kdf"], crypto["cipher"]) == (3, "scrypt", "aes-128-ctr")
        bounded = all(type(number) is int for number in numbers) and numbers[1:] == [8, 1, 32]
        sizes = [len(bytes.fromhex(text)) for text in texts]
    except (ValueError, TypeError, KeyError):
        raise _bad_keystore() from None
    n = numbers[0]
    if not (known and bounded and sizes[:3] == [32, 32, 16]) or not 2 <= n <= _MOST_WORK or n & (n - 1):
        raise _bad_keystore()
    return dict(document)


def _bad_keystore() -> InputRefused:
    return InputRefused(
        got="a damaged or foreign keystore file",
        expected="a keystore of version 3 with scrypt (r 8, p 1, N up to 2^20) and AES-128-CTR",
        next_step="restore the file from a back-up",
        reason="bad-keystore",
    )


def _bad_name(what: str, name: str) -> InputRefused:
    return InputRefused(
        got=f"{what} name {name!r}",
        expected="1 to 32 of a-z, 0-9 and -, a letter or digit first and last",
        next_step="choose such a name",
        reason=f"bad-{what}-name",
    )


def _exists(name: str) -> NotPermitted:
    return NotPermitted(
        got=f"wallet {name!r}, which exists",
        expected="a new name: a wallet is never overwritten",
        next_step="choose another name",
        reason="wallet-exists",
    )
