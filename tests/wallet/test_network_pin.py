"""A wallet stays with its network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from countermark.chain.artifacts import CONTRACTS
from countermark.chain.deployment import Deployment
from countermark.errors import InputRefused, WrongChain
from countermark_wallet.ledger.network_pin import FILE_NAME, check_network

HERE = Deployment(31337, dict.fromkeys(CONTRACTS, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), 5)
ELSEWHERE = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"


def test_first_network_is_kept_and_accepted_again(tmp_path: Path) -> None:
    check_network(tmp_path, HERE)
    check_network(tmp_path, HERE)
    check_network(tmp_path, replace(HERE, block=6))


@pytest.mark.parametrize(
    "other",
    [
        replace(HERE, chain_id=31338),
        *(replace(HERE, addresses={**HERE.addresses, name: ELSEWHERE}) for name in CONTRACTS),
    ],
)
def test_node_that_names_another_chain_or_contract_is_refused(tmp_path: Path, other: Deployment) -> None:
    check_network(tmp_path, HERE)
    kept = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(WrongChain):
        check_network(tmp_path, other)
    assert (tmp_path / FILE_NAME).read_bytes() == kept


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 10_000])
def test_damaged_network_file_is_not_silently_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(InputRefused):
        check_network(tmp_path, HERE)
    assert (tmp_path / FILE_NAME).read_bytes() == content
