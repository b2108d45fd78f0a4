"""Deployment files, and contracts that land where they were predicted."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import pytest

from countermark.chain.artifacts import CONTRACTS
from countermark.chain.connection import ChainConnection
from countermark.chain.contracts import Contracts, TrustRegistry
from countermark.chain.deploy import deploy_all
from countermark.chain.deployment import Deployment
from countermark.chain.embedded import EmbeddedChain
from countermark.chain.transactions import TransactionSender
from countermark.custody.key_consent import KeyConsent
from countermark.errors import ContractRefused, InputRefused, Unavailable, WrongChain
from countermark.roles import KeyScope, Level, Role

GOOD = {
    "format": "countermark/deployment/1",
    "chainId": 5_000_000_000,
    "block": 1,
    "contracts": {name: "0x" + f"{place + 1:02x}" * 20 for place, name in enumerate(CONTRACTS)},
}


def test_deployment_file_is_read_back_as_written(connection: ChainConnection, signer, make_signer) -> None:
    deployment = deploy_all(connection, signer, make_signer(2).address)
    assert Deployment.from_json(json.loads(json.dumps(deployment.to_json()))) == deployment
    assert set(deployment.addresses) == set(CONTRACTS)
    assert all(len(connection.rpc("eth_getCode", [a, "latest"])) > 1_000 for a in deployment.addresses.values())


def test_deploying_key_keeps_nothing(connection: ChainConnection, signer, make_signer) -> None:
    governor = make_signer(2)
    trust = Contracts.of(connection, deploy_all(connection, signer, governor.address)).trust
    assert trust.is_active(governor.address, Role.GOVERNOR, Level.ACCREDITED)
    assert not trust.is_account(signer.address)
    assert trust.key_info(signer.address).scopes == 0


def test_contracts_wired_to_each_other_find_themselves(connection: ChainConnection, signer, make_signer) -> None:
    deployment = deploy_all(connection, signer, make_signer(2).address)
    directory = Contracts.of(connection, deployment).directory
    assert {name: directory.current(name) for name in CONTRACTS} == deployment.addresses


def test_key_used_by_somebody_else_meanwhile_stops_the_deployment(
    connection: ChainConnection, signer, make_signer, monkeypatch
) -> None:
    monkeypatch.setattr("countermark.chain.deploy.created_address", lambda _, nonce: "0x" + f"{nonce + 1:040x}")
    with pytest.raises(Unavailable, match="expected Forwarder at"):
        deploy_all(connection, signer, make_signer(2).address)


def test_constructor_that_refuses_is_named(connection: ChainConnection, signer, make_signer) -> None:
    with pytest.raises(ContractRefused) as refused:
        deploy_all(connection, signer, make_signer(2).address, directory_delay=60)
    assert refused.value.name == "DelayTooShort"


def test_deployment_of_another_chain_is_refused(connection: ChainConnection) -> None:
    with pytest.raises(WrongChain, match="5000000000"):
        Contracts.of(connection, Deployment.from_json(GOOD))


def test_address_without_a_contract_is_unavailable_instead_of_answering(connection: ChainConnection, signer) -> None:
    with pytest.raises(Unavailable, match="0 bytes"):
        TrustRegistry(connection, "0x" + "12" * 20).may_take_on(signer.address)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((), None),
        ((), []),
        (("format",), "countermark/deployment/2"),
        (("chainId",), 0),
        (("chainId",), True),
        (("chainId",), "5"),
        (("chainId",), 1 << 63),
        (("block",), -1),
        (("surprise",), 1),
        (("contracts",), []),
        (("contracts", "Surprise"), "0x" + "11" * 20),
        (("contracts", "Handovers"), "0x11"),
        (("contracts", "Handovers"), 5),
        (("contracts", "Handovers"), "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"[:-1] + "D"),
    ],
)
def test_malformed_deployment_file_is_refused(path: tuple[str, ...], value: object) -> None:
    data = copy.deepcopy(GOOD)
    if not path:
        data = value  # type: ignore[assignment]
    else:
        inner = data
        for key in path[:-1]:
            inner = inner[key]  # type: ignore[assignment]
        inner[path[-1]] = value  # type: ignore[assignment]
    with pytest.raises(InputRefused, match="countermark/deployment/1"):
        Deployment.from_json(data)


def test_deployment_file_without_a_contract_is_refused() -> None:
    data = {**GOOD, "contracts": {name: a for name, a in GOOD["contracts"].items() if name != "Directory"}}  # type: ignore[attr-defined]
    with pytest.raises(InputRefused):
        Deployment.from_json(data)


def test_plain_import_stays_light() -> None:
    code = "import sys, countermark; sys.exit(any(name in sys.modules for name in ('web3', 'eth', 'eth_account')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_key_consent_signed_for_one_installation_is_refused_by_another(
    tmp_path, connection: ChainConnection, signer, make_signer
) -> None:
    with EmbeddedChain.open(tmp_path / "other") as other_chain:
        other = ChainConnection.embedded(other_chain)
        account, key = make_signer(2), make_signer(3)
        here = deploy_all(connection, signer, account.address)
        there = deploy_all(other, signer, account.address)
        # Same deployer, same nonces: only the chain id tells the two registries apart.
        assert here.addresses == there.addresses
        consent = KeyConsent(account.address, key.address, KeyScope.SCAN, 0, 1 << 40)
        signature = key.sign_typed(consent.typed(connection.chain_id, here.address("TrustRegistry")))
        trust = Contracts.of(other, there).trust
        with pytest.raises(ContractRefused) as refused:
            TransactionSender(other, account).send(trust.add_key(key.address, KeyScope.SCAN, 0, 1 << 40, signature))
        assert refused.value.name == "ConsentNotByKey"
        trust = Contracts.of(connection, here).trust
        TransactionSender(connection, account).send(trust.add_key(key.address, KeyScope.SCAN, 0, 1 << 40, signature))
