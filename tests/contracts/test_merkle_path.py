"""Leaves and paths: the contracts and the wallets read the same vectors and refuse the same forgeries."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countermark.gs1.identity import ItemKey
from countermark.labels.leaf import leaf_hash
from countermark.labels.merkle import PAD, MerkleTree, depth_of, verify_path

if TYPE_CHECKING:
    from tests.contracts.conftest import Chain, Contract

VECTORS = Path(__file__).resolve().parent.parent / "vectors" / "merkle.json"


@cache
def vectors() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return document


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def leaves(count: int) -> list[bytes]:
    return [hashlib.sha256(f"vector {index}".encode()).digest() for index in range(count)]


@pytest.fixture
def paths(chain: Chain) -> Contract:
    return chain.deploy("MerklePathHarness")


def test_leaves_of_contract_and_wallet_are_those_of_the_vectors(paths: Contract) -> None:
    for each in vectors()["leaves"]:
        claim_key, chip, salt = raw(each["claimKey"]), raw(each["chip"]), raw(each["salt"])
        arguments = (int(each["gtin"]), each["serial"].encode(), each["claimKey"], chip, salt)
        assert paths.read("leafHash", *arguments) == raw(each["leaf"])
        assert leaf_hash(ItemKey(each["gtin"], each["serial"]), salt, claim_key, chip) == raw(each["leaf"])


@pytest.mark.parametrize("tree", vectors()["trees"], ids=lambda tree: str(tree["count"]))
def test_trees_of_contract_and_wallet_are_those_of_the_vectors(paths: Contract, tree: dict[str, Any]) -> None:
    count, root, made = tree["count"], raw(tree["root"]), MerkleTree(leaves(tree["count"]))
    assert made.root == root
    for each in tree["paths"]:
        index, path = each["index"], [raw(sibling) for sibling in each["path"]]
        assert made.path(index) == path
        assert paths.refusal("requireAt", leaves(count)[index], index, count, path, root) is None


@given(count=st.integers(1, 70), index=st.integers(0, 69), used=st.integers(0, 69), length=st.integers(-1, 1))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_contract_and_wallet_accept_the_same_proofs(
    paths: Contract, count: int, index: int, used: int, length: int
) -> None:
    made = MerkleTree(leaves(count))
    path = made.path(index % count)
    path = [*path, PAD] if length > 0 else path[: len(path) + length] if length < 0 else path
    leaf = leaves(count)[index % count]
    refusal = paths.refusal("requireAt", leaf, used, count, path, made.root)
    assert (refusal is None) == verify_path(leaf, used, count, path, made.root)


def test_path_of_one_index_proves_nothing_at_another(paths: Contract) -> None:
    made, leaf = MerkleTree(leaves(9)), leaves(9)[3]
    for used in (0, 2, 4, 8):
        refusal = paths.refusal("requireAt", leaf, used, 9, made.path(3), made.root)
        assert refusal == ("LeafNotProved", leaf, used, made.root)


def test_inner_node_passes_for_no_leaf(paths: Contract) -> None:
    made, plain = MerkleTree(leaves(8)), leaves(8)
    node = hashlib.sha256(b"\x01" + plain[0] + plain[1]).digest()
    short = made.path(0)[1:]
    assert paths.refusal("requireAt", node, 0, 8, short, made.root) == ("PathDepthWrong", 2, 3)
    again = [node, *short]
    assert paths.refusal("requireAt", node, 0, 8, again, made.root) == ("LeafNotProved", node, 0, made.root)


def test_padding_is_no_item(paths: Contract) -> None:
    made = MerkleTree([*leaves(5), PAD, PAD, PAD])
    assert made.root == MerkleTree(leaves(5)).root
    for index in (5, 6, 7, 8, 2**256 - 1):
        path = made.path(index) if index < 8 else made.path(0)
        assert paths.refusal("requireAt", PAD, index, 5, path, made.root) == ("IndexPastCount", index, 5)


@pytest.mark.parametrize("count", [1, 2, 3, 48, 1_000_000, 2**24 - 1])
def test_path_of_a_wrong_depth_is_refused(paths: Contract, count: int) -> None:
    depth = depth_of(count)
    for length in {depth - 1, depth + 1, 0, 256} - {depth, -1}:
        refusal = paths.refusal("requireAt", PAD, 0, count, [PAD] * length, PAD)
        assert refusal == ("PathDepthWrong", length, depth)


def test_tree_of_one_leaf_is_the_leaf(paths: Contract) -> None:
    leaf = leaves(1)[0]
    assert paths.refusal("requireAt", leaf, 0, 1, [], leaf) is None
    assert paths.refusal("requireAt", leaf, 0, 1, [], PAD) == ("LeafNotProved", leaf, 0, PAD)
    assert paths.refusal("requireAt", leaf, 0, 0, [], leaf) == ("IndexPastCount", 0, 0)


@pytest.mark.parametrize("length", [0, 21, 255, 256, 257, 276])
def test_serial_whose_length_does_not_fit_its_byte_is_refused(paths: Contract, length: int) -> None:
    """256 + n characters would share a length byte with n."""
    arguments = (9_506_000_134_352, b"A" * length, "0x" + "00" * 20, bytes(32), bytes(16))
    assert paths.refusal("leafHash", *arguments) == ("SerialLengthOutOfRange", length, 20)
