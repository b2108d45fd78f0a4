"""Contracts that another set succeeds: the node says that it follows no successors, and never shows stale custody."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from countermark.chain.contracts import Contracts
from countermark.chain.deploy import deploy_successor
from countermark.chain.transactions import TransactionSender
from countermark.errors import InputRefused, Unavailable
from countermark_node.installation import Installation

if TYPE_CHECKING:
    from tests.node.conftest import World


def test_migrated_series_stops_the_projection_and_a_successor_file_is_refused(own_world: Callable[..., Any]) -> None:
    with own_world() as opened:
        world: World = opened
        connection, before = world.installation.connection, world.installation.deployment
        made = deploy_successor(connection, world.wallets["retailer"].signer(), before)
        old, new = Contracts.of(connection, before), Contracts.of(connection, made)
        approve = old.token.approve_successor(new.token.address)
        TransactionSender(connection, world.wallets["governor"].signer()).send(approve)
        projector = world.services.projector
        projector.catch_up()
        TransactionSender(connection, world.wallets["brand"].signer()).send(old.token.migrate_series(1))
        for _ in range(2):
            with pytest.raises(Unavailable, match=f"with which token {new.token.address} goes on"):
                projector.catch_up()
        home, settings = world.installation.home, world.services.settings
    (home / "node" / "deployment.json").write_text(json.dumps(made.to_json()), encoding="ascii")
    with pytest.raises(InputRefused, match="follows no successors"):
        Installation.open(home, settings=settings)
