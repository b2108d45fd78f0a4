"""Making and signing roots: what the keepers of a network's offline keys do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from countermark.credentials.account_id import AccountId
from countermark.credentials.strict_json import load_shallow
from countermark.errors import InputRefused
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey, PublicKey
from countermark.trust_bundle.envelope import key_name
from countermark.trust_bundle.issue import sign_root
from countermark.trust_bundle.root import ROLES, RoleKeys, Root, SignedRoot, parse_root
from countermark_wallet.files.safe import read_bounded
from countermark_wallet.trust_bundle.store import BundleFolder

_KEY_BYTES = 4_096


def check_role(name: str) -> str:
    """`name` if bundles have this role. Raises InputRefused (bad-trust-role)."""
    if name not in ROLES:
        raise InputRefused(
            got=f"role {name!r}",
            expected=f"one of {', '.join(ROLES)}",
            next_step="choose one of them",
            reason="bad-trust-role",
        )
    return name


def key_document(key: PublicKey) -> bytes:
    """A public key as its holder hands it to the root's keepers: a JWK with its name as `kid`."""
    return json.dumps({**key.to_jwk(), "kid": key_name(key)}, indent=1).encode("ascii")


def read_key(path: Path) -> PublicKey:
    """The public key in a JWK file. Raises InputRefused (bad-key), NotFound, TooLarge."""
    try:
        document = load_shallow(read_bounded(path, _KEY_BYTES, what="public key"))
    except ValueError:
        document = None
    return PublicKey.from_jwk(document)


@dataclass(frozen=True)
class RootKeeping:
    """The roots in one folder, in which the keepers of its keys meet."""

    folder: BundleFolder
    limits: Limits = DEFAULT_LIMITS

    def draft(
        self,
        ledger: AccountId,
        keys: Mapping[str, Sequence[PublicKey]],
        thresholds: Mapping[str, int],
        expires: datetime,
    ) -> SignedRoot:
        """The next root, unsigned; `keys` and `thresholds` go by role. Raises BundleRefused (bad-threshold)."""
        version = len(self.folder.root_versions()) + 1
        roles = {role: RoleKeys(tuple(dict.fromkeys(keys[role])), thresholds[role]) for role in ROLES}
        signed = sign_root(Root(version, expires, ledger, roles), ())
        self.folder.write_root(version, signed.envelope.encode())
        return signed

    def sign(self, key: PrivateKey) -> SignedRoot:
        """Adds a signature to the newest root; of an old root's key as well as of a new one's.

        Raises InputRefused (no-root, not-a-signer), BundleRefused.
        """
        versions = self.folder.root_versions()
        data = self.folder.root(len(versions)) if versions else None
        if data is None:
            raise InputRefused(
                got=f"no root in {self.folder.folder}",
                expected="a root to sign",
                next_step="run: countermark trust root",
                reason="no-root",
            )
        drafted = parse_root(data, self.limits)
        if key.public not in self._may_sign(drafted):
            raise InputRefused(
                got=f"this wallet's root key {key_name(key.public)}",
                expected="a root key of this root or the one before",
                next_step="unlock the wallet that holds such a key",
                reason="not-a-signer",
            )
        signed = SignedRoot(drafted.root, drafted.envelope.signed_by(key))
        self.folder.write_root(signed.root.version, signed.envelope.encode())
        return signed

    def _may_sign(self, drafted: SignedRoot) -> set[PublicKey]:
        before = self.folder.root(drafted.root.version - 1)
        old = parse_root(before, self.limits).root.roles["root"].keys if before is not None else ()
        return {*old, *drafted.root.roles["root"].keys}
