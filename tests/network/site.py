"""A node on the real network, a participant who writes through it, and the check that nothing was lost or doubled."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import URL
from tests.network.fault_table import Fault
from tests.network.real_network import RealNetwork
from tests.organisations.agreement import projection

from countermark.chain.contracts import RelayRequest
from countermark.chain.event_types import NonceCancelled
from countermark.chain.events import read_events
from countermark_node.chain_sync.projector import Projector
from countermark_node.database import Database
from countermark_node.demo.stage import Stage
from countermark_wallet.node_access.logging_in import log_in

_SECONDS = 120.0
_GAS = 500_000
_AT_A_TIME = 5


@dataclass
class Site:
    """The brand sends requests through its node; each cancels a number, so each leaves exactly one event."""

    network: RealNetwork
    stage: Stage
    folder: Path
    database: Path | URL
    client: httpx.Client
    relayed: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    accepted: dict[int, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    replica: str = ""

    @property
    def url(self) -> str:
        """Where requests go: to the node of the stage, or to a replica of it."""
        return self.replica or self.stage.url

    def enter(self) -> None:
        """Log in anew: tokens live for minutes."""
        brand, chain_id = self.stage.cast.brand, self.stage.services.installation.deployment.chain_id
        token = log_in(self.stage.client, brand.wallet.signer(), chain_id).token
        self.headers = {"Authorization": f"Bearer {token}"}

    def write(self, fault: Fault) -> list[int]:
        """Send requests in a row, each as often as it takes until the node accepts it. Returns their numbers."""
        return [self._write_one(fault) for _ in range(_AT_A_TIME)]

    def _write_one(self, fault: Fault) -> int:
        number = next(self.numbers)
        body = self._signed(number)
        deadline = time.monotonic() + _SECONDS
        while True:
            answer = self._post(body)
            if answer.status_code == 202:
                self.accepted[number] = answer.json()["id"]
                self.relayed += 1
                fault.accepted += 1
                return number
            assert answer.status_code in (503, 429), answer.text
            assert answer.json()["next_step"]
            fault.tell(f"{answer.status_code} `{answer.json()['reason']}`")
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.2)

    def _post(self, body: object) -> httpx.Response:
        return self.client.post(f"{self.url}/v1/requests", json=body, headers=self.headers)

    def refused(self, fault: Fault) -> None:
        """Note with which words a request is refused now; it is sent again by the next `write`."""
        answer = self._post(self._signed(next(self.numbers)))
        assert answer.status_code == 503, answer.text
        fault.tell(f"503 `{answer.json()['reason']}`")

    def _signed(self, number: int) -> dict[str, Any]:
        contracts, signer = self.stage.services.installation.contracts, self.stage.cast.brand.wallet.signer()
        call = contracts.handovers.cancel_nonce(number)
        assert call.address is not None
        deadline = int(time.time()) + 1_800
        made = RelayRequest(signer.address, call.address, _GAS, self.relayed, deadline, call.data)
        signature = contracts.forwarder.sign(made, signer)
        members = {"from": made.signer, "to": made.to, "gas": made.gas, "nonce": made.nonce}
        members |= {"deadline": made.deadline, "data": "0x" + made.data.hex()}
        return {"request": members, "signature": "0x" + signature.hex()}

    def state(self, number: int) -> str:
        """What the node says of a request."""
        found = self.client.get(f"{self.url}/v1/requests/{self.accepted[number]}").json()
        return str(found.get("state") or found.get("reason"))

    def look(self, fault: Fault) -> None:
        """Note what /ready answers."""
        answer = self.client.get(f"{self.url}/ready")
        if answer.status_code != 200:
            fault.tell(f"ready: {answer.status_code} `{answer.json()['reason']}`")

    def states(self, numbers: Iterable[int]) -> list[str]:
        """What the node says of requests, each answer once."""
        return sorted({self.state(number) for number in numbers})

    def wait_confirmed(self, numbers: Iterable[int]) -> None:
        """Until the node says that they are in a block."""
        for number in numbers:
            self.network.wait(lambda number=number: self.state(number) == "confirmed", f"request {number} confirmed")  # type: ignore[misc]

    def check(self, fault: Fault, *, since: float) -> None:
        """All accepted requests are on the chain once, and the node knows what a fresh reading of the chain gives."""
        # A validator that was away must have come up to the others: until then it only knows less.
        self.network.wait_blocks(1)
        self.network.wait_agreement()
        self._wait_projection()
        self.wait_confirmed(self.accepted)
        fault.seconds = time.monotonic() - since
        deployment = self.stage.services.installation.deployment
        for place, validator in enumerate(self.network.validators):
            if not validator.running:
                continue
            connection = self.network.connection(place)
            events = read_events(connection, deployment, deployment.block, connection.block_number())
            done = Counter(event.nonce for event in events if isinstance(event, NonceCancelled))
            fault.lost = len(set(self.accepted) - set(done))
            fault.doubled = sum(done.values()) - len(done)
            assert (fault.lost, fault.doubled) == (0, 0), (fault, done)
            assert set(done) == set(self.accepted)
        assert projection(self.database) == self._read_anew()
        fault.over = True

    def _wait_projection(self) -> None:
        """Until the node has read the block that is newest now."""
        newest = self.network.connection(self.network.validators.index(self.network.running[-1])).block()

        def read() -> bool:
            head = self.stage.services.projector.head()
            return head is not None and head.number >= newest.number

        self.network.wait(read, f"the node to read block {newest.number}")

    def _read_anew(self) -> dict[str, list[dict[str, Any]]]:
        """The projection that another endpoint gives from nothing."""
        place = self.folder / f"fresh-{time.monotonic_ns()}.sqlite3"
        database = Database(place)
        last = self.network.validators.index(self.network.running[-1])
        deployment = self.stage.services.installation.deployment
        Projector(database, self.network.connection(last), deployment).catch_up()
        database.close()
        return projection(place)
