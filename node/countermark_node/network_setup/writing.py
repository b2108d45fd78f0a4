"""A planned network as files: what all share, and one folder for each organisation that nobody else may see.

{out}/genesis.json           the first block, for every validator
{out}/static-nodes.json      where the validators find each other
{out}/network.json           chain id and validators in words that people compare
{out}/{organisation}/{validator}/key        the validator's secret, in hex
{out}/{organisation}/{validator}/besu.toml  its settings
{out}/{organisation}/{validator}/data/      its blocks
{out}/{organisation}/node.env               settings of the organisation's node
{out}/{organisation}/node/                  the node's home folder
{out}/{organisation}/database.password      of the node's PostgreSQL
{out}/{organisation}/database/              its files
"""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from countermark.errors import NotPermitted, Unavailable
from countermark_node.network_setup.genesis import ChainPlan, genesis
from countermark_node.network_setup.planning import PEER_PORT, RPC_PORT, NetworkPlan, Validator
from countermark_wallet.files.safe import private_folder, write_whole

METRICS_PORT = 9_545


def write_network(plan: NetworkPlan, out: Path, *, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
    """Everything below `out`, which appears whole or not at all: folders of mode 0700, files of mode 0600.

    Raises NotPermitted (folder-in-use) when `out` exists: its keys may be a network's only ones.
    """
    if out.exists():
        raise NotPermitted(
            got=f"{out}, which exists",
            expected="a folder that does not exist: keys are never written over",
            next_step="choose another --out",
            reason="folder-in-use",
        )
    parent = private_folder(out.absolute().parent)
    building = Path(tempfile.mkdtemp(dir=parent, prefix=".network-"))
    try:
        _write_shared(plan, building)
        for organisation in plan.organisations:
            _write_organisation(plan, building / organisation, random)
        building.rename(out)
    except OSError as error:
        raise Unavailable(
            got=f"{out}: {error.strerror}", expected="a folder that can be written", next_step="choose another --out"
        ) from None
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _write_shared(plan: NetworkPlan, folder: Path) -> None:
    addresses = tuple(validator.key.address for validator in plan.validators)
    _write_json(folder / "genesis.json", genesis(ChainPlan(plan.chain_id, addresses, plan.block_seconds)))
    _write_json(folder / "static-nodes.json", [validator.enode for validator in plan.validators])
    _write_json(folder / "network.json", {"chain_id": plan.chain_id, "validators": list(map(_told, plan.validators))})


def _told(validator: Validator) -> dict[str, str]:
    return {
        "name": validator.name,
        "organisation": validator.organisation,
        "address": validator.key.address,
        "enode": validator.enode,
    }


def _write_organisation(plan: NetworkPlan, folder: Path, random: Callable[[int], bytes]) -> None:
    own = plan.of(folder.name)
    for validator in own:
        place = private_folder(folder / validator.name)
        private_folder(place / "data")
        write_whole(place / "key", validator.key.secret.hex().encode("ascii"))
        write_whole(place / "besu.toml", _besu(validator).encode("ascii"))
    for name in ("node", "database"):
        private_folder(folder / name)
    write_whole(folder / "node.env", _node(own[0]).encode("ascii"))
    write_whole(folder / "database.password", random(24).hex().encode("ascii"))


def _besu(validator: Validator) -> str:
    """Besu's configuration file. Each key is a command line option of Besu 26.8; environment variables win over it."""
    settings: dict[str, Any] = {
        "genesis-file": "/network/genesis.json",
        "static-nodes-file": "/network/static-nodes.json",
        "node-private-key-file": "/run/secrets/key",
        "data-path": "/data",
        # Only validators that everybody knows: nobody else is looked for, nobody else is told of.
        "discovery-enabled": False,
        "p2p-host": validator.host,
        "p2p-port": PEER_PORT,
        "sync-mode": "FULL",
        "sync-min-peers": 1,
        "remote-connections-limit-enabled": False,
        # Nothing costs anything, and a sender's transactions stay in the order in which they came.
        "min-gas-price": 0,
        "tx-pool": "SEQUENCED",
        "tx-pool-no-local-priority": True,
        "rpc-http-enabled": True,
        "rpc-http-host": "0.0.0.0",  # noqa: S104 (inside the container, whose port only its own machine reaches)
        "rpc-http-port": RPC_PORT,
        "rpc-http-api": ["ETH", "NET", "WEB3"],
        "host-allowlist": ["localhost", "127.0.0.1", validator.name, validator.host],
        "metrics-enabled": True,
        "metrics-host": "0.0.0.0",  # noqa: S104 (inside the container, which publishes no such port)
        "metrics-port": METRICS_PORT,
    }
    # What TOML calls a string, a number, a boolean and an array of strings, JSON writes the same way.
    return "".join(f"{name}={json.dumps(value)}\n" for name, value in settings.items())


def _node(validator: Validator) -> str:
    return f"COUNTERMARK_CHAIN_URL=http://{validator.name}:{RPC_PORT}\n"


def _write_json(path: Path, value: object) -> None:
    write_whole(path, (json.dumps(value, indent=1) + "\n").encode("ascii"))
