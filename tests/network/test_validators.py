"""The network itself: three signers, no base fee, and transactions of accounts that own nothing."""

from __future__ import annotations

import secrets

import pytest
from tests.network.real_network import RealNetwork

from countermark.chain.transactions import ContractCall, TransactionSender
from countermark_wallet.keys.signer import WalletSigner

pytestmark = pytest.mark.network

# PUSH1 1 PUSH1 0 SSTORE, then empty code: the smallest contract that writes something.
_WRITES = bytes.fromhex("600160005560006000f3")


def test_three_signers_take_turns_and_agree(network: RealNetwork) -> None:
    addresses = {validator.keys.address.lower() for validator in network.validators}
    first = network.wait_blocks(0)
    network.wait_blocks(6)
    sealed = {network.validators[0].rpc("clique_getSigner", hex(first + place)) for place in range(1, 7)}
    assert sealed == addresses
    network.wait_agreement()


def test_no_block_has_a_base_fee(network: RealNetwork) -> None:
    assert "baseFeePerGas" not in network.validators[0].rpc("eth_getBlockByNumber", "latest", False)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_account_without_money_writes_through_every_endpoint(network: RealNetwork, place: int) -> None:
    sender = TransactionSender(network.connection(place), WalletSigner(secrets.token_bytes(32)))
    receipt = sender.send(ContractCall("Word", None, "constructor", {}, _WRITES))
    assert receipt.contract_address is not None
    assert receipt.gas_used > 60_000
    network.wait_blocks(1)
    for other in range(3):
        assert network.connection(other).rpc("eth_getStorageAt", [receipt.contract_address, "0x0", "latest"]) == (
            "0x" + "0" * 63 + "1"
        )


def test_two_transactions_of_one_sender_wait_in_one_pool_and_are_both_mined(network: RealNetwork) -> None:
    signer = WalletSigner(secrets.token_bytes(32))
    connection = network.connection()
    sent = []
    for nonce in range(2):
        raw = signer.sign_transaction(
            {
                "chainId": network.chain_id,
                "nonce": nonce,
                "gasPrice": 0,
                "gas": 100_000,
                "to": b"",
                "value": 0,
                "data": _WRITES,
            }
        )
        sent.append(connection.rpc("eth_sendRawTransaction", ["0x" + raw.hex()]))
        assert int(connection.rpc("eth_getTransactionCount", [signer.address, "pending"]), 16) == nonce + 1
    network.wait_blocks(4)
    assert all(connection.rpc("eth_getTransactionReceipt", [each])["status"] == "0x1" for each in sent)
