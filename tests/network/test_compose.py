"""docker-compose.yml against the compose specification, what `network init` writes, and its own promises."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import rlp
import yaml
from eth_account import Account

from countermark_node.network_setup.planning import NetworkPlan
from countermark_node.network_setup.writing import write_network
from countermark_node.settings import NodeSettings

ROOT = Path(__file__).parents[2]
VALIDATORS = ("validator-1", "validator-2", "validator-3", "validator-4")
_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


def interpolated(variables: dict[str, str]) -> str:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    return _VARIABLE.sub(lambda found: variables.get(found[1], found[2]), text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `countermark network init --out network` makes."""
    out = tmp_path_factory.mktemp("compose") / "network"
    write_network(NetworkPlan.make(validators=4, organisations=("brand", "customs")), out)
    return out


@pytest.fixture(scope="module")
def compose(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(interpolated({"COUNTERMARK_NETWORK": str(folder)}))
    return read


def mounted(compose: dict[str, Any], service: str) -> dict[str, Path]:
    """Path in the container -> file or folder outside."""
    parts = compose["services"][service]
    found = {volume["target"]: Path(volume["source"]) for volume in parts.get("volumes", ())}
    found |= {part["target"]: Path(compose["configs"][part["source"]]["file"]) for part in parts.get("configs", ())}
    for part in parts.get("secrets", ()):
        found[f"/run/secrets/{part['target']}"] = Path(compose["secrets"][part["source"]]["file"])
    return found


def test_file_follows_the_compose_specification(folder: Path) -> None:
    if importlib.util.find_spec("compose_spec") is None:
        say = pytest.fail if os.environ.get("COUNTERMARK_REQUIRE_ALL") else pytest.skip
        say("the package compose-spec has no wheel for this machine")
    from compose_spec import PyCompose

    for variables in ({}, {"COUNTERMARK_NETWORK": str(folder), "COUNTERMARK_UID": "1001"}):
        # Anchors are YAML's and merged by its reader, variables are filled in by compose: neither is part of the model.
        merged = yaml.safe_dump(yaml.safe_load(interpolated(variables)))
        assert len(PyCompose.from_yaml(merged).service_names()) == 9
        with pytest.raises(ValueError, match="validator-1"):
            PyCompose.from_yaml(merged.replace("ipv4_address: 172.30.77.11", "ipv4_address: 172.30.77.311"))
        with pytest.raises(ValueError, match="restart"):
            PyCompose.from_yaml(merged.replace("restart: unless-stopped", "restart: perhaps"))


def test_every_file_and_folder_it_names_is_there_after_init(compose: dict[str, Any], folder: Path) -> None:
    named = [path for service in compose["services"] for path in mounted(compose, service).values()]
    named += [Path(file) for service in compose["services"].values() for file in service.get("env_file", ())]
    assert len(named) > 25
    for path in named:
        assert path.exists(), path
        assert folder in path.parents


def test_each_validator_has_its_own_key_at_the_address_its_peers_dial(compose: dict[str, Any], folder: Path) -> None:
    first = json.loads((folder / "genesis.json").read_text())
    _, listed, *_ = rlp.decode(bytes.fromhex(first["extraData"][2:]))
    enodes = json.loads((folder / "static-nodes.json").read_text())
    told = {each["name"]: each for each in json.loads((folder / "network.json").read_text())["validators"]}
    addresses = set()
    for name in VALIDATORS:
        files = mounted(compose, name)
        settings = tomllib.loads(files["/network/besu.toml"].read_text())
        secret = files[settings["node-private-key-file"]].read_text()
        host = compose["services"][name]["networks"]["ledger"]["ipv4_address"]
        assert settings["p2p-host"] == host
        assert [enode for enode in enodes if enode == told[name]["enode"] and f"@{host}:" in enode]
        assert told[name]["address"] == Account.from_key(secret).address
        assert files[settings["genesis-file"]] == folder / "genesis.json"
        assert files[settings["static-nodes-file"]] == folder / "static-nodes.json"
        assert files[settings["data-path"]].is_dir()
        addresses.add(bytes.fromhex(told[name]["address"][2:]))
    assert sorted(addresses) == list(listed)


def test_no_container_has_more_rights_than_it_needs(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["user"] == "1000:1000", name
        assert service["pids_limit"] <= 1024, name
        assert service["mem_limit"], name
        assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & set(service), name


def test_every_container_tells_its_health_and_comes_back(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["restart"] == "unless-stopped", name
        assert service["logging"]["options"]["max-size"], name


def test_every_image_is_one_exact_release(compose: dict[str, Any]) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    for name, service in compose["services"].items():
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-[a-z]+)?$", service["image"]), name
    assert compose["services"]["brand"]["image"] == f"countermark:{version}"
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim", bases[0])


def test_only_this_machine_reaches_the_ports(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert len(ports) == len(set(ports)) == 5
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_secret_stands_in_an_environment_or_a_command(compose: dict[str, Any], folder: Path) -> None:
    text = interpolated({}) + "".join(path.read_text() for path in folder.glob("*/node.env"))
    for name in re.findall(r"\w*(?:PASSWORD|SECRET|KEY)\w*(?=[:=] )", text):
        assert name.endswith("_FILE"), name
    for secret in [*folder.glob("*/validator-*/key"), *folder.glob("*/database.password")]:
        assert secret.read_text() not in text


def test_a_database_is_reached_by_its_own_node_alone(compose: dict[str, Any]) -> None:
    for organisation in ("brand", "customs"):
        assert compose["networks"][organisation] == {"internal": True}
        inside = {name for name, service in compose["services"].items() if organisation in service["networks"]}
        assert inside == {organisation, f"{organisation}-database"}


def test_nodes_are_given_settings_that_exist_and_their_own_validator(compose: dict[str, Any], folder: Path) -> None:
    known = {f"COUNTERMARK_{name.upper()}" for name in NodeSettings.model_fields}
    for organisation in ("brand", "customs"):
        node = compose["services"][organisation]
        given = dict(line.split("=", 1) for line in Path(node["env_file"][0]).read_text().splitlines())
        assert set(given) | set(node["environment"]) <= known
        validator = given["COUNTERMARK_CHAIN_URL"].removeprefix("http://").partition(":")[0]
        assert validator in node["depends_on"]
        settings = tomllib.loads((folder / organisation / validator / "besu.toml").read_text())
        assert validator in settings["host-allowlist"]
        assert node["environment"]["COUNTERMARK_DATABASE_PASSWORD_FILE"] in mounted(compose, organisation)


def test_wallets_on_this_machine_can_log_in_and_mail_goes_to_the_catcher(compose: dict[str, Any]) -> None:
    for organisation in ("brand", "customs"):
        node = compose["services"][organisation]
        (port,) = node["ports"]
        outside, _, inside = port.rpartition(":")
        hosts = node["environment"]["COUNTERMARK_LOG_IN_HOSTS"].split(",")
        assert {outside, f"{organisation}:{inside}"} <= set(hosts)
        settings = NodeSettings.model_validate(
            {name.removeprefix("COUNTERMARK_").lower(): value for name, value in node["environment"].items()}
        )
        assert settings.smtp_host in compose["services"]
        assert set(compose["services"][settings.smtp_host]["networks"]) <= set(node["networks"])


def test_image_is_built_from_the_packages_alone() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for line in re.findall(r"^COPY (?!--)(.*) \S+$", dockerfile, re.MULTILINE) for name in line.split()}
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)
    assert "USER 1000:1000" in dockerfile
