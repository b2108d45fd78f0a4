"""Secrets of webhooks for the database: sealed, since signing needs them again."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from countermark.errors import Unavailable

NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class WebhookVault:
    """AES-256-GCM under a key of the installation's own `salt`, bound to the webhook."""

    salt: bytes = field(repr=False)

    def seal(self, webhook: str, secret: bytes, nonce: bytes) -> bytes:
        """What the database keeps."""
        return nonce + self._cipher().encrypt(nonce, secret, webhook.encode("ascii"))

    def open(self, webhook: str, sealed: bytes) -> bytes:
        """The secret. Raises Unavailable for what this installation did not seal."""
        try:
            return self._cipher().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], webhook.encode("ascii"))
        except InvalidTag:
            raise Unavailable(
                got=f"a secret of webhook {webhook} that this installation did not seal",
                expected="database and installation.salt of one installation",
                next_step="restore installation.salt, or make new secrets: countermark node webhooks rotate",
                reason="webhook-secret",
            ) from None

    def _cipher(self) -> AESGCM:
        key = HKDF(SHA256(), 32, salt=None, info=b"countermark/webhook-secret/1").derive(self.salt)
        return AESGCM(key)
