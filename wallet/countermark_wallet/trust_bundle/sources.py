"""From where `countermark trust update` takes newer bundles: a folder, a file, or a node. Nothing here is believed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from countermark.errors import TooLarge, Unavailable
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.trust_bundle.bundle import unpack_bundle
from countermark.trust_bundle.update import BundleSource
from countermark_wallet.files.safe import read_bounded
from countermark_wallet.trust_bundle.store import BundleFolder

if TYPE_CHECKING:
    import httpx

NODE_PATH = "/v1/trust-bundle"


def source_of(
    name: str, limits: Limits = DEFAULT_LIMITS, *, transport: httpx.BaseTransport | None = None
) -> BundleSource:
    """The bundle at `name`: a node's address, a folder or a file.

    Raises NotFound, BundleRefused, TooLarge, Unavailable.
    """
    if name.startswith(("http://", "https://")):
        return unpack_bundle(_fetch(name.rstrip("/") + NODE_PATH, limits, transport), limits)
    path = Path(name)
    if path.is_dir():
        return BundleFolder(path, limits)
    return unpack_bundle(read_bounded(path, limits.bundle_bytes, what="trust bundle"), limits)


def _fetch(url: str, limits: Limits, transport: httpx.BaseTransport | None) -> bytes:
    import httpx

    body = bytearray()
    try:
        with (
            httpx.Client(transport=transport, timeout=limits.ledger_seconds, follow_redirects=False) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code != 200:
                raise _no_bundle(url, f"status {response.status_code}")
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > limits.bundle_bytes:
                    raise TooLarge(
                        got=f"a bundle of more than {limits.bundle_bytes} bytes",
                        expected="a smaller trust bundle",
                        next_step="ask who runs the node",
                        reason="bundle-too-large",
                    )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _no_bundle(url, type(error).__name__) from None
    return bytes(body)


def _no_bundle(url: str, got: str) -> Unavailable:
    return Unavailable(
        got=f"{got} from {url}",
        expected="a node that publishes a trust bundle",
        next_step="check the address, or take the bundle from a file",
        reason="no-bundle-there",
    )
