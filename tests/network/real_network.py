"""A real network of validators, each a process of its own on loopback, which tests may harm as they like."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.network.clique import ValidatorKeys, genesis
from tests.network.validator import Validator, free_ports

from countermark.chain.connection import ChainConnection
from countermark.errors import Unavailable

GETH = "1.13.15"
"""The last release that seals Clique blocks; `make geth` builds it."""
_WAIT_SECONDS = 120.0
_POLL_SECONDS = 0.1


def find_geth() -> Path | None:
    """COUNTERMARK_GETH, else what `make geth` built, else None."""
    named = os.environ.get("COUNTERMARK_GETH")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    built = Path(named) if named else cache / "countermark" / f"geth-{GETH}" / "geth"
    found = shutil.which(built)
    return Path(found) if found else None


@dataclass
class RealNetwork:
    """Validators and the links between them. Waits end with an AssertionError that carries the logs' ends."""

    validators: list[Validator]
    chain_id: int
    period: int
    genesis: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def prepare(cls, geth: Path, folder: Path, *, validators: int = 3, period: int = 1) -> RealNetwork:
        """Keys, genesis and folders of a network that does not run yet."""
        keys = [ValidatorKeys.fresh() for _ in range(validators)]
        network = cls([], 1 + secrets.randbelow(2**31), period)
        network.genesis = genesis(network.chain_id, [each.address for each in keys], period)
        for each in keys:
            network._add(geth, folder, each)
        return network

    def add_twin(self, place: int) -> int:
        """A second process that seals with the key of a validator, as a careless move to another machine makes one.

        It does not run yet and is linked with nobody. Returns its place.
        """
        first = self.validators[place]
        self._add(first.geth, first.folder.parent, ValidatorKeys(first.keys.sealing, ValidatorKeys.fresh().peering))
        return len(self.validators) - 1

    def _add(self, geth: Path, folder: Path, keys: ValidatorKeys) -> None:
        place = folder / f"validator-{len(self.validators)}"
        rpc, peer, engine = free_ports(3)
        validator = Validator(geth, place, keys, self.chain_id, rpc, peer, engine)
        validator.prepare(self.genesis)
        self.validators.append(validator)

    @property
    def running(self) -> list[Validator]:
        return [validator for validator in self.validators if validator.running]

    def endpoints(self) -> list[str]:
        """JSON-RPC addresses of those that run."""
        return [validator.url for validator in self.running]

    def connection(self, place: int = 0) -> ChainConnection:
        return self.validators[place].connection()

    def start(self) -> None:
        """All validators, each with all others as static peers, until blocks come."""
        for validator in self.validators:
            validator.begin()
        for validator in self.validators:
            validator.wait_until_up()
        self.join(*range(len(self.validators)))
        self.wait_blocks(1)

    def stop(self) -> None:
        for validator in self.validators:
            validator.stop()

    def kill(self, *places: int) -> None:
        """As a power cut would, all of them at once."""
        for place in places:
            self.validators[place].kill()

    def restart(self, *places: int) -> None:
        """Start validators again that were stopped or killed, and link them with all that run."""
        for place in places:
            self.validators[place].begin()
        for place in places:
            self.validators[place].wait_until_up()
        self.join(*(place for place, validator in enumerate(self.validators) if validator.running))

    def partition(self, *groups: Sequence[int]) -> None:
        """Cut every link between validators of different groups."""
        pairs = [
            pair
            for one, other in itertools.combinations(groups, 2)
            for left, right in itertools.product(one, other)
            for pair in ((left, right), (right, left))
        ]

        def cut() -> bool:
            # Again and again: one that still knew the other may have been dialling it when it was told to forget it.
            for here, there in pairs:
                self.validators[here].rpc("admin_removePeer", self.validators[there].enode)
            return all(self._only_linked_within(group) for group in groups)

        self.wait(cut, "cut links")

    def join(self, *places: int) -> None:
        """Link validators with each other. A link that was cut comes back within 40 s: geth does not redial sooner."""
        for left, right in itertools.permutations(places, 2):
            self.validators[left].rpc("admin_addPeer", self.validators[right].enode)
        self.wait(lambda: all(self._peers(place) >= len(places) - 1 for place in places), "links")

    def _peers(self, place: int) -> int:
        return self.validators[place].peers()

    def _only_linked_within(self, group: Sequence[int]) -> bool:
        return all(self._peers(place) < len(group) for place in group)

    def heights(self) -> list[int]:
        return [validator.height() for validator in self.running]

    def wait_blocks(self, count: int, seconds: float = _WAIT_SECONDS) -> int:
        """Until every running validator is `count` blocks above the highest now. Returns that height."""
        target = max(self.heights()) + count
        self.wait(lambda: min(self.heights()) >= target, f"block {target}", seconds)
        return target

    def wait_agreement(self, seconds: float = _WAIT_SECONDS) -> int:
        """Until all that run have the same block at the lowest height of all. Returns that height."""
        self.wait(lambda: len(set(self._hashes(min(self.heights())))) == 1, "one chain", seconds)
        return min(self.heights())

    def weight(self, place: int) -> int:
        """The total difficulty of a validator's chain: of two, the heavier one wins."""
        return int(self.validators[place].rpc("eth_getBlockByNumber", "latest", False)["totalDifficulty"], 16)

    def _hashes(self, number: int) -> list[str]:
        return [validator.connection().block(number).hash for validator in self.running]

    def wait(self, done: Callable[[], bool], what: str, seconds: float = _WAIT_SECONDS) -> None:
        """Until `done` says so; a validator that does not answer yet is asked again."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if done():
                    return
            except Unavailable:
                pass  # The deadline decides.
            assert time.monotonic() < deadline, f"waited {seconds:g} s for {what}\n{self.logs()}"
            time.sleep(_POLL_SECONDS)

    def logs(self) -> str:
        """The end of each validator's log."""
        return "\n".join(f"--- {each.folder.name}\n{each.log_tail()}" for each in self.validators)


@contextmanager
def running_network(geth: Path, folder: Path, *, validators: int = 3, period: int = 1) -> Iterator[RealNetwork]:
    """A network that runs, and ends with all its processes."""
    network = RealNetwork.prepare(geth, folder, validators=validators, period=period)
    try:
        network.start()
        yield network
    finally:
        network.stop()
