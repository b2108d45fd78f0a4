"""Taking over trust bundles on this machine, and saying what is trusted."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from countermark.canonical_json import instant_text
from countermark.chain.connection import ChainConnection
from countermark.chain.deployment import Deployment
from countermark.credentials.strict_json import load_shallow
from countermark.errors import InputRefused
from countermark.identifiers import check_account
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.trust_bundle.bundle import TrustBundle
from countermark.trust_bundle.update import BundleFiles, trust_first_root, update_data, update_roots
from countermark_wallet.files.safe import read_bounded
from countermark_wallet.periods import utc_now
from countermark_wallet.trust_bundle.sources import source_of
from countermark_wallet.trust_bundle.store import TrustStore

_DEPLOYMENT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class TrustSummary:
    """What is trusted, how old it is and by whom; `now` is when it was asked."""

    bundle: TrustBundle
    now: datetime

    @property
    def block(self) -> int:
        """The ledger's block that the data is of."""
        return self.bundle.snapshot.block

    @property
    def current(self) -> bool:
        """Whether nothing newer should have come yet."""
        return self.now < self.bundle.current_until

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        bundle = self.bundle
        return {
            "ledger": bundle.ledger.caip10,
            "root": bundle.root.root.version,
            "root_sha256": bundle.root.fingerprint,
            "root_expires": instant_text(bundle.root.root.expires),
            "roles": {
                role: {"keys": len(keys.keys), "threshold": keys.threshold}
                for role, keys in bundle.root.root.roles.items()
            },
            "block": self.block,
            "block_time": instant_text(bundle.snapshot.block_time),
            "signed": instant_text(bundle.timestamp.issued),
            "good_until": instant_text(bundle.current_until),
            "current": self.current,
            "brands": list(bundle.brands),
            "brands_known": len(bundle.snapshot.shards),
        }

    def lines(self) -> list[str]:
        """For people."""
        bundle, roles = self.bundle, self.bundle.root.root.roles
        minutes = int((self.now - bundle.snapshot.block_time).total_seconds() // 60)
        nodes = roles["snapshot"]
        return [
            f"ledger       {bundle.ledger.caip10}",
            f"root         {bundle.root.root.version}, SHA-256 {bundle.root.fingerprint}",
            f"signed by    {nodes.threshold} of {len(nodes.keys)} nodes; root by {roles['root'].threshold}"
            f" of {len(roles['root'].keys)} keepers",
            f"data         block {self.block}, {minutes} minutes old",
            f"good until   {instant_text(bundle.current_until)}{'' if self.current else ', which is over: update it'}",
            f"brands       {len(bundle.brands)} of {len(bundle.snapshot.shards)}",
        ]


def summarise(
    files: BundleFiles, clock: Callable[[], datetime] = utc_now, limits: Limits = DEFAULT_LIMITS
) -> TrustSummary:
    """What these files say, every signature checked again. Raises BundleRefused."""
    return TrustSummary(TrustBundle(files, limits), clock())


def update_store(
    store: TrustStore,
    source: str,
    *,
    root: Path | None = None,
    brands: Collection[str] | None = None,
    clock: Callable[[], datetime] = utc_now,
    limits: Limits = DEFAULT_LIMITS,
) -> TrustSummary:
    """Takes over what `source` offers. `root` begins the trust and is refused where trust is already.

    Newer roots are kept even when the rest is refused: they may be what ends a stolen key's power.
    Raises NotFound (nothing-trusted), InputRefused (already-trusted), BundleRefused, TooLarge, Unavailable.
    """
    wanted = None if not brands else frozenset(check_account(brand) for brand in brands)
    offered, now = source_of(source, limits), clock()
    with store.alone():
        trusted = update_roots(_begin(store, root, limits), offered, now, limits)
        store.save(trusted)
        trusted = update_data(trusted, offered, now, brands=wanted, limits=limits)
        summary = summarise(trusted, lambda: now, limits)
        store.save(trusted)
    return summary


def _begin(store: TrustStore, root: Path | None, limits: Limits) -> BundleFiles:
    if root is None:
        return store.require()
    if store.load() is not None:
        raise InputRefused(
            got=f"a first root, although {store.folder} trusts one already",
            expected="no --root: newer roots come with the bundle, signed by the older ones",
            next_step="leave out --root; to begin anew, name another --store",
            reason="already-trusted",
        )
    return trust_first_root(read_bounded(root, limits.bundle_root_bytes, what="root"), limits)


def ledger_at(rpc: str, deployment: Path | None) -> tuple[ChainConnection, Deployment]:
    """A ledger by its JSON-RPC address. Raises InputRefused, NotFound, Unavailable, WrongChain."""
    if deployment is None:
        raise InputRefused(
            got="--rpc alone",
            expected="--deployment too: which contracts to read",
            next_step="give the file that the deployment wrote",
            reason="no-deployment",
        )
    try:
        members = load_shallow(read_bounded(deployment, _DEPLOYMENT_BYTES, what="deployment"))
    except ValueError:
        members = None
    contracts = Deployment.from_json(members)
    return ChainConnection.to(rpc, expected_chain_id=contracts.chain_id), contracts
