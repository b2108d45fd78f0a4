"""Where trust bundles stand: the one that this machine believes, and folders in which signers put theirs together."""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from countermark.errors import NotFound, Unavailable
from countermark.identifiers import check_account
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.trust_bundle.bundle import pack_bundle, unpack_bundle
from countermark.trust_bundle.snapshot import Snapshot
from countermark.trust_bundle.update import BundleFiles
from countermark_wallet.files.safe import private_folder, read_bounded, write_whole

BUNDLE_FILE = "bundle.json"


@dataclass(frozen=True)
class TrustStore:
    """The bundle that this machine trusts, as one file that is either the old one or the new one."""

    folder: Path
    limits: Limits = DEFAULT_LIMITS

    @property
    def path(self) -> Path:
        """The file, as `countermark verify --trust` takes it."""
        return self.folder / BUNDLE_FILE

    def load(self) -> BundleFiles | None:
        """What is trusted; None before the first root. Raises BundleRefused for a damaged file."""
        if not self.path.exists():
            return None
        return unpack_bundle(read_bounded(self.path, self.limits.bundle_bytes, what="trust bundle"), self.limits)

    def require(self) -> BundleFiles:
        """What is trusted. Raises NotFound (nothing-trusted)."""
        files = self.load()
        if files is None:
            raise NotFound(
                got=f"no trust bundle in {self.folder}",
                expected="a root that you got from somebody you trust",
                next_step="run: countermark trust update SOURCE --root ROOT.json",
                reason="nothing-trusted",
            )
        return files

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Lets no other process change what is trusted meanwhile: of two updates, the older must not come last.

        Waits for the other one. Raises Unavailable (cannot-write).
        """
        private_folder(self.folder)
        try:
            with (self.folder / ".lock").open("wb") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise Unavailable(
                got=f"{self.folder}: {error.strerror}",
                expected="a folder that can be written",
                next_step="check its permissions and free space, then run the command again",
                reason="cannot-write",
            ) from None

    def save(self, files: BundleFiles) -> None:
        """Replaces what is trusted; to be called while `alone`."""
        private_folder(self.folder)
        write_whole(self.path, pack_bundle(files))


@dataclass(frozen=True)
class BundleFolder:
    """A bundle as files beside each other; a BundleSource, and where signers meet."""

    folder: Path
    limits: Limits = DEFAULT_LIMITS

    def root(self, version: int) -> bytes | None:
        """roots/{version}.json."""
        return self._read(self._root(version), self.limits.bundle_root_bytes, "root")

    def timestamp(self) -> bytes | None:
        """timestamp.json."""
        return self._read(self.folder / "timestamp.json", self.limits.bundle_root_bytes, "timestamp")

    def snapshot(self) -> bytes | None:
        """snapshot.json."""
        return self._read(self.folder / "snapshot.json", self.limits.bundle_part_bytes, "snapshot")

    def shard(self, brand: str) -> bytes | None:
        """shards/{account}.json; an account in its one spelling is a safe file name."""
        path = self.folder / "shards" / f"{check_account(brand)}.json"
        return self._read(path, self.limits.bundle_part_bytes, "shard")

    def root_versions(self) -> range:
        """The roots that are here, from the first on without a gap."""
        last = 0
        while last < self.limits.bundle_roots and self._root(last + 1).exists():
            last += 1
        return range(1, last + 1)

    def write_root(self, version: int, data: bytes) -> Path:
        """Keeps a root."""
        return self._write(self._root(version), data)

    def write_timestamp(self, data: bytes) -> Path:
        """Keeps the timestamp."""
        return self._write(self.folder / "timestamp.json", data)

    def write_snapshot(self, data: bytes, shards: Iterable[tuple[str, bytes]]) -> Path:
        """Keeps the snapshot, its shards first, so that no snapshot stands without them."""
        for brand, shard in shards:
            self._write(self.folder / "shards" / f"{check_account(brand)}.json", shard)
        return self._write(self.folder / "snapshot.json", data)

    def files(self, snapshot: Snapshot) -> BundleFiles:
        """Everything that belongs to `snapshot`, for one file."""
        roots = {version: self.root(version) or b"" for version in self.root_versions()}
        shards = {brand: self.shard(brand) or b"" for brand in snapshot.shards}
        return BundleFiles(roots, self.timestamp(), self.snapshot(), shards)

    def write_bundle(self, files: BundleFiles) -> Path:
        """Everything in one file, to be handed on."""
        return self._write(self.folder / BUNDLE_FILE, pack_bundle(files))

    def _root(self, version: int) -> Path:
        return self.folder / "roots" / f"{version}.json"

    @staticmethod
    def _read(path: Path, limit: int, what: str) -> bytes | None:
        return read_bounded(path, limit, what=what) if path.exists() else None

    @staticmethod
    def _write(path: Path, data: bytes) -> Path:
        private_folder(path.parent)
        write_whole(path, data)
        return path
