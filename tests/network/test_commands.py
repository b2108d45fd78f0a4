"""The commands of an operator, one after the other, on the real network."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from tests.network.real_network import RealNetwork

from countermark_wallet.cli.main import COMMAND_GROUP, main
from countermark_wallet.keys.signer import WalletSigner

pytestmark = pytest.mark.network


def test_contracts_are_deployed_once_and_a_node_is_made_with_their_file(
    network: RealNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    governor, file, home = WalletSigner(b"\x07" * 32).address, tmp_path / "deployment.json", tmp_path / "home"
    monkeypatch.setenv("COUNTERMARK_HOME", str(home))

    def run(*arguments: str, code: int = 0) -> str:
        assert main(["--json", "--home", str(home), *arguments], entry_points(group=COMMAND_GROUP)) == code
        said = capsys.readouterr()
        return said.err if code else said.out

    url = network.endpoints()[0]
    deployed = json.loads(run("network", "deploy", "--rpc", url, "--governor", governor, "--out", str(file)))
    assert deployed == json.loads(file.read_text())
    assert deployed["chainId"] == network.chain_id
    run("network", "deploy", "--rpc", url, "--governor", governor, "--out", str(file), code=1)

    monkeypatch.setenv("COUNTERMARK_CHAIN_URL", network.endpoints()[1])
    made = json.loads(run("node", "init", "--governor", governor, "--deployment", str(file)))
    assert made["chain_id"] == network.chain_id
    state = json.loads(run("node", "status"))
    assert state["checks"]["chain"] == "ok"
    assert state["account"] == made["account"]
