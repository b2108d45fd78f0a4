"""The outbox on the real network: blocks that take their time, pools that forget, validators that go."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.network.real_network import RealNetwork, running_network

from countermark.chain.contracts import Contracts
from countermark.chain.deploy import deploy_all
from countermark.errors import CountermarkError
from countermark.p256 import PrivateKey
from countermark_node.database import Database
from countermark_node.installation import Installation
from countermark_node.outbox.service import OutboxService
from countermark_node.outbox.submission import SignedRequest
from countermark_node.outbox.views import RequestView
from countermark_node.settings import NodeSettings
from countermark_wallet.keys.signer import WalletSigner

pytestmark = [pytest.mark.network, pytest.mark.slow]


def fresh() -> WalletSigner:
    return WalletSigner(secrets.token_bytes(32))


def open_outbox(network: RealNetwork, folder: Path) -> tuple[OutboxService, Database, Contracts]:
    """An outbox that speaks to the first validator."""
    connection = network.connection(0)
    deployment = deploy_all(connection, fresh(), fresh().address)
    installation = Installation(
        folder,
        connection,
        deployment,
        fresh(),
        PrivateKey.from_secret(secrets.token_bytes(32)),
        senders=(fresh(), fresh()),
    )
    database = Database(folder / "outbox.sqlite3")
    outbox = OutboxService.build(
        database,
        installation,
        NodeSettings(home=folder, outbox_resend_seconds=2),
        catch_up=lambda: None,
        accepted=lambda: None,
        ended=lambda: None,
        clock=lambda: datetime.now(UTC),
    )
    return outbox, database, Contracts.of(connection, deployment)


def register(outbox: OutboxService, contracts: Contracts, signer: WalletSigner) -> str:
    """A request of a new party to be registered; its id."""
    forwarder = contracts.forwarder
    deadline = int(time.time()) + 3_600
    request = forwarder.request(signer.address, contracts.trust.register_account(), gas=500_000, deadline=deadline)
    return outbox.intake.accept(SignedRequest(request, forwarder.sign(request, signer)), "test").id


def run_until(outbox: OutboxService, done: Callable[[], bool], seconds: float = 90) -> None:
    """Rounds of the sender, as its worker makes them; a ledger that does not answer is asked again."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, outbox.depth()
        with suppress(CountermarkError):
            outbox.sender.run()
        time.sleep(0.2)


def views(outbox: OutboxService, ids: list[str]) -> list[RequestView]:
    return [outbox.intake.view(each) for each in ids]


@pytest.fixture
def own_network(geth: Path, tmp_path: Path) -> Iterator[RealNetwork]:
    with running_network(geth, tmp_path / "network") as started:
        yield started


def test_requests_wait_for_blocks_and_act_once_also_when_their_block_is_replaced(
    own_network: RealNetwork, tmp_path: Path
) -> None:
    outbox, database, contracts = open_outbox(own_network, tmp_path)
    signers = [fresh() for _ in range(5)]
    ids = [register(outbox, contracts, signer) for signer in signers]
    run_until(outbox, lambda: all(view.state == "confirmed" for view in views(outbox, ids)))
    assert all(contracts.trust.is_account(signer.address) for signer in signers)
    assert len({view.transaction for view in views(outbox, ids)}) == len(ids)

    # The first validator alone: what it seals now is replaced when the others are back.
    own_network.partition([0], [1, 2])
    late = fresh()
    request = register(outbox, contracts, late)
    outbox.sender.run()
    time.sleep(4 * own_network.period)
    outbox.sender.run()
    time.sleep(6 * own_network.period)
    own_network.join(0, 1, 2)
    own_network.wait_agreement()
    run_until(outbox, lambda: outbox.intake.view(request).state == "confirmed")
    own_network.wait_blocks(3)
    outbox.sender.run()
    view = outbox.intake.view(request)
    receipt = own_network.connection(1).rpc("eth_getTransactionReceipt", [view.transaction])
    assert (view.state, int(receipt["blockNumber"], 16)) == ("confirmed", view.block)
    assert contracts.forwarder.nonces(late.address) == 1
    database.close()


def test_request_survives_a_validator_that_loses_power(own_network: RealNetwork, tmp_path: Path) -> None:
    outbox, database, contracts = open_outbox(own_network, tmp_path)
    signer = fresh()
    request = register(outbox, contracts, signer)
    own_network.partition([0], [1, 2])
    outbox.sender.run()
    own_network.kill(0)
    own_network.restart(0)
    run_until(outbox, lambda: outbox.intake.view(request).state == "confirmed")
    assert contracts.trust.is_account(signer.address)
    assert contracts.forwarder.nonces(signer.address) == 1
    database.close()
