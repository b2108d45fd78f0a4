"""A second set of contracts, deployed in one call, that goes on with a series."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.chain.test_status_and_transfers import FIRST, WORD, Trade, trade  # noqa: F401  (a fixture)

from countermark.chain.artifacts import CONTRACTS, SUCCEEDED
from countermark.chain.connection import ChainConnection
from countermark.chain.contracts import Contracts, Run
from countermark.chain.deploy import deploy_successor
from countermark.chain.deployment import Deployment
from countermark.chain.event_types import Moved, SeriesMigrated, SeriesTakenOver, SuccessorApproved
from countermark.chain.flags import Flag
from countermark.errors import ContractRefused, InputRefused


def test_series_goes_on_in_a_successor_set_that_one_call_has_deployed(
    connection: ChainConnection,
    make_signer: Any,
    trade: Trade,  # noqa: F811
) -> None:
    old = trade.contracts
    trade.send("brand", old.status.recall(FIRST + 90, FIRST + 99, WORD))
    made = deploy_successor(connection, make_signer(1), trade.deployment)
    new = Contracts.of(connection, made)
    assert {name for name in CONTRACTS if made.address(name) != trade.deployment.address(name)} == set(SUCCEEDED)
    assert new.token.predecessor() == old.token.address
    assert new.status.predecessor() == old.status.address
    trade.deployment = made
    (approved,) = trade.send("governor", old.token.approve_successor(new.token.address))
    assert isinstance(approved, SuccessorApproved)
    migrated = trade.send("brand", old.token.migrate_series(1))
    assert [type(event) for event in migrated] == [SeriesMigrated, SeriesTakenOver]
    assert old.token.successor_for(1) == new.token.address == old.token.successor()
    assert list(new.token.runs(1)) == [Run(FIRST, FIRST + 99, trade.at("brand"))]
    assert new.status.flags_at(FIRST + 95) == {Flag.RECALLED}
    assert old.status.latest(1) == new.status.address
    trade.send("carrier", new.trust.open_to(trade.at("brand"), 2**63))
    moved = trade.send("brand", new.token.transfer_from(trade.at("brand"), trade.at("carrier"), FIRST + 5))
    taken = [event for event in moved if isinstance(event, Moved)]
    assert [(event.address, event.to_account) for event in taken] == [
        (old.token.address, new.token.address),
        (new.token.address, trade.at("carrier")),
    ]
    with pytest.raises(ContractRefused, match="ItemLocked"):
        trade.send("brand", new.token.transfer_from(trade.at("brand"), trade.at("carrier"), FIRST + 95))
    trade.send("brand", new.token.adopt(FIRST + 6, FIRST + 99))
    assert new.token.balance_of(trade.at("brand")) == 94
    with pytest.raises(ContractRefused, match="SeriesIsMigrated"):
        trade.send("brand", old.token.commission(1, 1, WORD, "L-1", 0, WORD, trade.at("brand")))


def test_file_of_a_successor_set_names_what_it_succeeds(
    connection: ChainConnection,
    make_signer: Any,
    trade: Trade,  # noqa: F811
) -> None:
    made = deploy_successor(connection, make_signer(1), trade.deployment)
    text = json.loads(json.dumps(made.to_json()))
    assert Deployment.from_json(text) == made
    assert made.contract_at(trade.contracts.token.address) == "ProductToken"
    assert trade.deployment.contract_at(made.address("ProductToken")) is None
    text["predecessor"]["chainId"] += 1
    with pytest.raises(InputRefused, match="a predecessor on chain"):
        Deployment.from_json(text)
    for _ in range(9):
        text = {**made.to_json(), "predecessor": text}
    with pytest.raises(InputRefused, match="more than 8 predecessors"):
        Deployment.from_json(text)


def test_node_has_no_successor_to_wire_before_the_governor_approves_one(trade: Trade) -> None:  # noqa: F811
    assert (trade.contracts.token.successor(), trade.contracts.token.successor_for(1)) == (None, None)
    with pytest.raises(ContractRefused, match="SuccessorMissing"):
        trade.send("brand", trade.contracts.token.migrate_series(1))
