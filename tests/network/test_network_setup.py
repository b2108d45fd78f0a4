"""What `countermark network init` writes: read back by other means than those that wrote it."""

from __future__ import annotations

import hashlib
import json
import stat
import tomllib
from importlib.metadata import entry_points
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_account import Account
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from countermark.chain.connection import ChainConnection
from countermark.chain.embedded import EmbeddedChain
from countermark.errors import InputRefused, NotPermitted, Unavailable
from countermark_node.network_setup.deploying import adopt_deployment, deploy_to_file
from countermark_node.network_setup.genesis import ChainPlan, genesis, qbft_extra_data
from countermark_node.network_setup.planning import NetworkPlan
from countermark_node.network_setup.writing import write_network
from countermark_wallet.cli.main import main

ROOT = Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "tests" / "vectors" / "qbft_extra_data.json").read_text("utf-8"))["vectors"]


def run(*arguments: str) -> int:
    return main(list(arguments), entry_points(group="countermark.commands"))


def validators_in(extra_data: bytes) -> list[bytes]:
    """What a QBFT client reads: [vanity, validators, vote, round, seals]."""
    vanity, validators, vote, round_number, seals = rlp.decode(extra_data)
    assert (vanity, vote, round_number, seals) == (bytes(32), [], b"", [])
    return list(validators)


@pytest.mark.parametrize("vector", VECTORS)
def test_extra_data_of_besu_is_read_as_it_is_written_here(vector: dict[str, Any]) -> None:
    published = bytes.fromhex(vector["extra_data"])
    addresses = [bytes.fromhex(address) for address in vector["validators"]]
    assert validators_in(published) == addresses
    ours = qbft_extra_data(["0x" + address for address in vector["validators"]])
    assert len(ours) == len(published)
    assert ours == rlp.encode([bytes(32), sorted(addresses), [], 0, []])
    if addresses == sorted(addresses):
        assert ours == published


@given(st.sets(st.binary(min_size=20, max_size=20), max_size=40))
def test_extra_data_lists_each_validator_once_and_sorted(addresses: set[bytes]) -> None:
    found = validators_in(qbft_extra_data(["0x" + address.hex() for address in addresses]))
    assert found == sorted(addresses)


def test_genesis_never_asks_for_a_fee() -> None:
    made = genesis(ChainPlan(7, ("0x" + "11" * 20,), 2))
    assert made["config"]["zeroBaseFee"] is True
    assert made["config"]["londonBlock"] == 0
    assert made["config"]["qbft"]["blockperiodseconds"] == 2
    assert int(made["gasLimit"], 16) >= 2 * 10_000_000
    assert made["alloc"] == {}


def test_init_writes_what_the_keys_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "network"
    asked = ["--out", str(out), "--validators", "5", "--organisation", "brand", "--organisation", "office"]
    assert run("--json", "network", "init", *asked, "--chain-id", "4711") == 0
    told = json.loads(capsys.readouterr().out)
    first = json.loads((out / "genesis.json").read_text())
    keys = {place.parent.name: place.read_text() for place in out.glob("*/validator-*/key")}
    addresses = {name: str(Account.from_key(secret).address) for name, secret in keys.items()}
    assert told["validators"] == addresses
    assert len(set(addresses.values())) == 5
    listed = validators_in(bytes.fromhex(first["extraData"][2:]))
    assert listed == sorted(bytes.fromhex(address[2:]) for address in addresses.values())
    assert first["config"]["chainId"] == told["chain_id"] == 4711
    enodes = json.loads((out / "static-nodes.json").read_text())
    public = {bytes.fromhex(enode.removeprefix("enode://").split("@")[0]) for enode in enodes}
    assert {keccak(each)[12:] for each in public} == set(listed)
    assert len({enode.split("@")[1] for enode in enodes}) == 5
    assert {place.name for place in out.glob("brand/v*")} == {"validator-1", "validator-3", "validator-5"}


def test_nobody_else_reads_the_keys(tmp_path: Path) -> None:
    write_network(NetworkPlan.make(validators=4, organisations=("brand", "customs")), tmp_path / "network")
    found = list((tmp_path / "network").rglob("*"))
    assert len(found) > 15
    for path in [tmp_path / "network", *found]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    shared = "".join((tmp_path / "network" / name).read_text() for name in ("genesis.json", "network.json"))
    for key in (tmp_path / "network").glob("*/validator-*/key"):
        assert key.read_text() not in shared


def test_keys_stand_in_no_output_and_no_repr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("network", "init", "--out", str(tmp_path / "network")) == 0
    said = "".join(capsys.readouterr())
    secrets = [key.read_text() for key in (tmp_path / "network").glob("*/validator-*/key")]
    assert len(secrets) == 4
    assert not [secret for secret in secrets if secret in said]
    plan = NetworkPlan.make(validators=4, organisations=("brand",))
    assert plan.validators[0].key.secret.hex() not in repr(plan)
    assert repr(plan.validators[0].key.secret) not in repr(plan)


def test_settings_of_a_validator_are_strict_and_free(tmp_path: Path) -> None:
    hosts = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::4")
    plan = NetworkPlan.make(validators=4, organisations=("brand",), hosts=hosts)
    write_network(plan, tmp_path / "network")
    read = tomllib.loads((tmp_path / "network" / "brand" / "validator-2" / "besu.toml").read_text())
    assert read["min-gas-price"] == 0
    assert read["tx-pool"] == "SEQUENCED"
    assert read["discovery-enabled"] is False
    assert read["sync-mode"] == "FULL"
    assert read["p2p-host"] == "10.0.0.2"
    assert not {"ADMIN", "DEBUG", "MINER", "PERM", "QBFT"} & set(read["rpc-http-api"])
    assert "*" not in read["host-allowlist"]
    assert "@[fd00::4]:30303" in (tmp_path / "network" / "static-nodes.json").read_text()


def test_second_run_writes_over_no_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "network"
    assert run("network", "init", "--out", str(out)) == 0
    before = (out / "brand" / "validator-1" / "key").read_text()
    assert run("network", "init", "--out", str(out)) == 1
    assert "never written over" in capsys.readouterr().err
    assert (out / "brand" / "validator-1" / "key").read_text() == before


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ({"validators": 3}, "4 to 100"),
        ({"validators": 101}, "4 to 100"),
        ({"validators": 4, "organisations": ()}, "different names"),
        ({"validators": 4, "organisations": ("a", "a")}, "different names"),
        ({"validators": 4, "organisations": ("a", "b", "c", "d", "e")}, "no more of them"),
        ({"validators": 4, "organisations": ("../brand",)}, "small letters"),
        ({"validators": 4, "organisations": ("",)}, "small letters"),
        ({"validators": 4, "hosts": ("10.0.0.1",) * 4}, "of its own"),
        ({"validators": 4, "hosts": ("10.0.0.1", "10.0.0.2", "10.0.0.3")}, "of its own"),
        ({"validators": 4, "hosts": ("10.0.0.1", "10.0.0.2", "10.0.0.3", "validator-4")}, "IP address"),
    ],
)
def test_network_that_could_not_run_is_refused(plan: dict[str, Any], why: str) -> None:
    with pytest.raises(InputRefused, match=why):
        NetworkPlan.make(**{"organisations": ("brand",), **plan})


def test_randomness_that_gives_no_key_is_asked_again() -> None:
    drawn = count()

    def random(size: int) -> bytes:
        place = next(drawn)
        return b"\xff" * size if place % 2 else hashlib.sha256(bytes([place])).digest()[:size]

    plan = NetworkPlan.make(validators=4, organisations=("brand",), random=random)
    assert len({validator.key.address for validator in plan.validators}) == 4


def test_disk_that_refuses_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = NetworkPlan.make(validators=4, organisations=("brand",))

    def full(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(Unavailable, match="No space"):
        write_network(plan, tmp_path / "network")
    assert list(tmp_path.iterdir()) == []


def test_second_set_of_contracts_is_not_deployed_over_the_first(tmp_path: Path) -> None:
    governor = "0x" + "22" * 20
    with EmbeddedChain.open(tmp_path / "ledger") as chain:
        connection = ChainConnection.embedded(chain)
        deployment = deploy_to_file(connection, governor, tmp_path / "deployment.json")
        assert json.loads((tmp_path / "deployment.json").read_text()) == deployment.to_json()
        adopt_deployment(tmp_path / "deployment.json", tmp_path / "home")
        assert json.loads((tmp_path / "home" / "node" / "deployment.json").read_text()) == deployment.to_json()
        adopt_deployment(tmp_path / "deployment.json", tmp_path / "home")
        other = {**deployment.to_json(), "chainId": deployment.chain_id + 1}
        (tmp_path / "other.json").write_text(json.dumps(other))
        with pytest.raises(NotPermitted):
            adopt_deployment(tmp_path / "other.json", tmp_path / "home")
        before = connection.block_number()
        with pytest.raises(NotPermitted, match="there already"):
            deploy_to_file(connection, governor, tmp_path / "deployment.json")
        assert connection.block_number() == before


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b'{"format": "countermark/deployment/1"}', b"[" * 5_000]
)
def test_file_that_is_no_deployment_makes_no_node(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "deployment.json").write_bytes(content)
    with pytest.raises(InputRefused):
        adopt_deployment(tmp_path / "deployment.json", tmp_path / "home")
    assert not (tmp_path / "home").exists()
