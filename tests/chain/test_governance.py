"""A network that a council governs through its timelock, and a relay that carries calls, by the typed classes."""

from __future__ import annotations

import pytest

from countermark.chain.artifacts import CONTRACTS
from countermark.chain.connection import ChainConnection
from countermark.chain.contracts import UINT64_MAX, Contracts, Council, GovernorTimelock
from countermark.chain.deploy import deploy_all, deploy_governance
from countermark.chain.event_types import ExecutedForwardRequest, RecoveryAgentSet, RoleGranted
from countermark.chain.events import events_of, one_event
from countermark.chain.transactions import TransactionSender
from countermark.custody.key_consent import KeyConsent
from countermark.errors import ContractRefused
from countermark.roles import KeyScope, Level, Role

DAY = 86_400
SALT = b"\x01" * 32


def test_council_governs_through_its_timelock_and_the_deploying_key_keeps_nothing(
    connection: ChainConnection, signer, make_signer, clock
) -> None:
    members = [make_signer(number) for number in (11, 12, 13)]
    addresses = [member.address for member in members]
    governance = deploy_governance(connection, signer, addresses, 2)
    deployment = deploy_all(connection, signer, governance.timelock)
    trust = Contracts.of(connection, deployment).trust
    council = Council(connection, governance.council)
    timelock = GovernorTimelock(connection, governance.timelock)
    senders = [TransactionSender(connection, member) for member in members]
    account = make_signer(20)
    TransactionSender(connection, account).send(trust.register_account())

    granted = trust.grant(account.address, Role.CUSTOMS, Level.ACCREDITED, 0, UINT64_MAX)
    for key in (signer, *members):
        with pytest.raises(ContractRefused) as refused:
            TransactionSender(connection, key).send(granted)
        assert refused.value.name == "KeyNotValid"
    with pytest.raises(ContractRefused) as refused:
        TransactionSender(connection, signer).send(council.propose(granted, SALT))
    assert refused.value.name == "NotMember"

    scheduled = timelock.schedule(granted, SALT, timelock.min_delay())
    senders[0].send(council.propose(scheduled, SALT))
    number = council.call_id(scheduled, SALT)
    with pytest.raises(ContractRefused) as refused:
        senders[0].send(council.execute(scheduled, SALT))
    assert refused.value.arguments == {"id": "0x" + number.hex(), "count": 1, "threshold": 2}
    senders[1].send(council.approve(number))
    assert council.call_info(number).approvals == 2
    senders[0].send(council.execute(scheduled, SALT))
    assert council.call_info(number).approvals == 0

    anybody = TransactionSender(connection, signer)
    with pytest.raises(ContractRefused) as refused:
        anybody.send(timelock.execute(granted, SALT))
    assert refused.value.name == "TimelockUnexpectedOperationState"
    clock.advance(seconds=timelock.min_delay() + 1)
    # A block that carries the new time.
    senders[2].send(council.propose(granted, SALT))
    assert timelock.is_operation_ready(timelock.hash_operation(granted, SALT))
    receipt = anybody.send(timelock.execute(granted, SALT))
    assert one_event(receipt, RoleGranted, deployment).accreditor == governance.timelock
    assert trust.is_active(account.address, Role.CUSTOMS, Level.ACCREDITED)
    assert council.member_list() == (tuple(addresses), 2)
    assert set(deployment.addresses) == set(CONTRACTS)


def test_relay_without_an_account_carries_a_signed_call(
    connection: ChainConnection, signer, make_signer, clock
) -> None:
    governor, relay = make_signer(2), make_signer(30)
    deployment = deploy_all(connection, signer, governor.address)
    contracts = Contracts.of(connection, deployment)
    other = make_signer(31)
    TransactionSender(connection, other).send(contracts.trust.register_account())
    call = contracts.trust.set_recovery(other.address)
    request = contracts.forwarder.request(governor.address, call, gas=200_000, deadline=clock.second + DAY)
    signature = contracts.forwarder.sign(request, governor)
    assert contracts.forwarder.verify(request, signature)
    receipt = TransactionSender(connection, relay).send(contracts.forwarder.execute(request, signature))
    assert one_event(receipt, RecoveryAgentSet, deployment).account == governor.address
    assert one_event(receipt, ExecutedForwardRequest, deployment).success
    assert len(events_of(receipt, deployment)) == 2
    assert contracts.trust.recovery_agent(governor.address) == other.address
    assert not contracts.forwarder.verify(request, signature)
    assert not contracts.trust.is_account(relay.address)


def test_lost_account_gets_a_new_key_after_the_delay(connection: ChainConnection, signer, make_signer, clock) -> None:
    governor, lost, fresh = make_signer(2), make_signer(40), make_signer(41)
    deployment = deploy_all(connection, signer, governor.address)
    trust = Contracts.of(connection, deployment).trust
    TransactionSender(connection, lost).send(trust.register_account())
    consent = KeyConsent(lost.address, fresh.address, KeyScope.ALL, 0, UINT64_MAX)
    signed = fresh.sign_typed(consent.typed(connection.chain_id, trust.address))
    TransactionSender(connection, governor).send(trust.propose_recovery(lost.address, fresh.address, signed))
    assert trust.recovery_of(lost.address).new_key == fresh.address
    with pytest.raises(ContractRefused) as refused:
        TransactionSender(connection, signer).send(trust.execute_recovery(lost.address))
    assert refused.value.name == "RecoveryTooEarly"
    clock.advance(days=8)
    TransactionSender(connection, governor).send(trust.name_successor(lost.address, governor.address))
    TransactionSender(connection, signer).send(trust.execute_recovery(lost.address))
    assert trust.account_for(fresh.address, KeyScope.ALL) == lost.address
    assert not trust.is_key_for(lost.address, lost.address, KeyScope.CUSTODY)
    assert trust.key_info(lost.address).revoked_at > 0
    assert trust.appointment_of(lost.address).successor == governor.address
