"""What a revert becomes."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from countermark.chain.artifacts import CONTRACTS, GOVERNANCE, artifact
from countermark.chain.refusal import contract_refused, revert_reason
from countermark.chain.rpc_refused import RpcRefused
from countermark.errors import ContractRefused


def test_every_custom_error_has_its_sentences_and_none_is_left_over() -> None:
    sentences = json.loads((files("countermark.chain") / "refusals.json").read_text(encoding="utf-8"))
    every = (*CONTRACTS, *GOVERNANCE)
    errors = {signature.name for name in every for signature in artifact(name).errors.values()}
    assert set(sentences) == errors
    assert all(set(each) == {"expected", "next"} and all(each.values()) for each in sentences.values())


def test_custom_error_keeps_its_name_and_arguments() -> None:
    data = keccak(text="EmptyPeriod(uint64,uint64)")[:4] + encode(["uint64", "uint64"], [9, 5])
    refused = contract_refused(RpcRefused(3, "execution reverted", "0x" + data.hex()))
    assert isinstance(refused, ContractRefused)
    assert (refused.name, refused.arguments) == ("EmptyPeriod", {"from_time": 9, "until": 5})
    assert refused.problem()["next_step"] == "correct the two times"


@pytest.mark.parametrize(
    ("signature", "kinds", "values", "expected"),
    [
        ("Error(string)", ["string"], ["no"], ("Error", {"message": "no"})),
        ("Panic(uint256)", ["uint256"], [0x11], ("Panic", {"panic_code": 0x11})),
        ("NobodyKnowsThis()", [], [], ("UnknownRevert", {"data": "0x" + keccak(text="NobodyKnowsThis()")[:4].hex()})),
    ],
)
def test_reverts_of_other_kinds_are_named(signature: str, kinds: list[str], values: list, expected: tuple) -> None:
    assert revert_reason(keccak(text=signature)[:4] + encode(kinds, values)) == expected


@given(st.binary(max_size=300))
def test_any_revert_data_gives_a_reason_and_never_an_exception(data: bytes) -> None:
    name, _ = revert_reason(data)
    assert name


@given(st.sampled_from((*CONTRACTS, *GOVERNANCE)), st.binary(max_size=200))
def test_any_body_behind_a_known_selector_gives_a_reason(contract: str, body: bytes) -> None:
    for selector in artifact(contract).errors:
        assert revert_reason(selector + body)[0]


def test_rpc_errors_that_are_no_reverts_stay_what_they_are() -> None:
    refused = RpcRefused(-32000, "nonce too low")
    assert contract_refused(refused) is refused
