"""From accreditation to a handover with a shortage, over the typed contracts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from countermark.chain.artifacts import CONTRACTS, artifact
from countermark.chain.connection import ChainConnection
from countermark.chain.contracts import UINT64_MAX, Contracts, RoleEntry, Run, alert_commitment
from countermark.chain.deploy import deploy_all
from countermark.chain.deployment import Deployment
from countermark.chain.embedded import EmbeddedChain
from countermark.chain.event_types import (
    EVENT_TYPES,
    AlertOpened,
    AlertRaised,
    Commissioned,
    DiscrepancyRecorded,
    HandedOver,
    Moved,
    RoleGranted,
    SeriesOpened,
)
from countermark.chain.events import events_of, one_event, read_events
from countermark.chain.marks import MarkStatus
from countermark.chain.transactions import ContractCall, TransactionReceipt, TransactionSender
from countermark.custody.handover import Basis, Handover, Purpose, Receipt, RunLine
from countermark.custody.key_consent import KeyConsent
from countermark.errors import ContractRefused, NotFound
from countermark.roles import KeyScope, Level, Role
from countermark.signing_check import recover

MARK = "EM500000001234567"
GTIN = 4_012_345_678_901
ZERO = "0x" + "00" * 20
WORD = b"\x11" * 32


@dataclass
class Network:
    connection: ChainConnection
    deployment: Deployment
    contracts: Contracts
    now: int
    keys: dict[str, object]

    def send(self, who: str, call: ContractCall) -> TransactionReceipt:
        return TransactionSender(self.connection, self.keys[who]).send(call)  # type: ignore[arg-type]

    def at(self, who: str) -> str:
        return str(self.keys[who].address)  # type: ignore[attr-defined]


@pytest.fixture
def network(connection, clock, make_signer) -> Network:
    return _network(connection, clock.second, make_signer)


def _network(connection: ChainConnection, now: int, make_signer) -> Network:
    names = ("governor", "office", "registrar", "brand", "carrier", "stranger")
    keys = {name: make_signer(number + 10) for number, name in enumerate(names)}
    deployment = deploy_all(connection, make_signer(1), keys["governor"].address)
    contracts = Contracts.of(connection, deployment)
    built = Network(connection, deployment, contracts, now, keys)
    for name in names[1:]:
        built.send(name, contracts.trust.register_account())
    _accredit(built)
    return built


def _accredit(network: Network) -> None:
    trust, until = network.contracts.trust, network.now + 10**8
    for name, role in (("office", Role.IP_OFFICE), ("registrar", Role.IDENTIFIER_REGISTRAR)):
        network.send("governor", trust.grant(network.at(name), role, Level.ACCREDITED, network.now, until))
    network.send("governor", network.contracts.marks.assign_office("EM", network.at("office")))
    network.send("office", trust.grant(network.at("brand"), Role.BRAND, Level.ACCREDITED, network.now, until))
    network.send("brand", trust.grant(network.at("carrier"), Role.CARRIER, Level.INTRODUCED, network.now, until))
    network.send("registrar", network.contracts.brands.assign_prefix(network.at("brand"), 4_012_345, 7))
    network.send("office", network.contracts.marks.record(MARK, network.at("brand"), WORD, network.now, until))


def _open(network: Network, count: int = 100) -> tuple[int, int]:
    token = network.contracts.token
    opened = network.send("brand", token.open_series(GTIN, 7, [MARK], 1_000))
    series = one_event(opened, SeriesOpened, network.deployment).series
    made = network.send("brand", token.commission(series, count, WORD, "LOT-1", 0, WORD, network.at("brand")))
    event = one_event(made, Commissioned, network.deployment)
    assert (event.lot, event.holder, event.root) == ("LOT-1", network.at("brand"), WORD)
    return event.first, event.last


def _handover(network: Network, first: int, last: int) -> Handover:
    return Handover(
        giver=network.at("brand"),
        receiver=network.at("carrier"),
        runs=(RunLine(first, last),),
        units=(),
        purpose=Purpose.TRANSPORT,
        basis=Basis.COUNTED,
        event_time=network.now,
        place=WORD,
        seals=WORD,
        document=WORD,
        nonce=7,
        deadline=network.now + 3_600,
    )


def _receipt(network: Network, handover: Handover, last: int) -> Receipt:
    return Receipt(
        handover=handover.struct_hash(),
        runs=(RunLine(handover.runs[0].first, last),),
        units=(),
        exceptions=WORD,
        event_time=network.now,
        deadline=network.now + 3_600,
    )


def _hand_over(network: Network, handover: Handover, receipt: Receipt) -> ContractCall:
    chain_id, contract = network.connection.chain_id, network.deployment.address("Handovers")
    return network.contracts.handovers.hand_over(
        handover,
        network.keys["brand"].sign_typed(handover.typed(chain_id, contract)),  # type: ignore[attr-defined]
        receipt,
        network.keys["carrier"].sign_typed(receipt.typed(chain_id, contract)),  # type: ignore[attr-defined]
    )


def test_items_move_to_the_carrier_and_the_missing_ones_stay_with_the_brand(network: Network) -> None:
    first, last = _open(network)
    handover = _handover(network, first, last)
    receipt = _receipt(network, handover, last - 3)
    sent = network.send("stranger", _hand_over(network, handover, receipt))
    handed = one_event(sent, HandedOver, network.deployment)
    missing = one_event(sent, DiscrepancyRecorded, network.deployment)
    assert (handed.items_handed, handed.items_taken, handed.purpose) == (100, 97, Purpose.TRANSPORT)
    assert (handed.handover, missing.missing) == (handover.struct_hash(), 3)
    token = network.contracts.token
    assert token.run_at(first) == Run(first, last - 3, network.at("carrier"))
    assert token.owner_of(last) == network.at("brand")
    assert (token.balance_of(network.at("carrier")), token.balance_of(network.at("brand"))) == (97, 3)
    assert network.contracts.handovers.nonce_used(network.at("brand"), 7)


def test_same_handover_submitted_twice_is_refused_by_name(network: Network) -> None:
    first, last = _open(network)
    handover = _handover(network, first, last)
    call = _hand_over(network, handover, _receipt(network, handover, last))
    network.send("stranger", call)
    with pytest.raises(ContractRefused) as refused:
        network.send("stranger", call)
    assert refused.value.name == "NonceUsed"
    assert refused.value.arguments["account"] == network.at("brand")


def test_handover_signed_for_one_installation_is_refused_by_another(
    tmp_path: Path, network: Network, clock, make_signer
) -> None:
    first, last = _open(network)
    handover = _handover(network, first, last)
    call = _hand_over(network, handover, _receipt(network, handover, last))
    with EmbeddedChain.open(tmp_path / "other", clock=clock) as chain:
        other = _network(ChainConnection.embedded(chain), network.now, make_signer)
        # Same keys, same addresses, same items: only the chain ids differ.
        assert (other.deployment.addresses, _open(other)) == (network.deployment.addresses, (first, last))
        with pytest.raises(ContractRefused) as refused:
            other.send("stranger", call)
        assert refused.value.name == "SignerNotAllowed"
    network.send("stranger", call)


def test_handover_to_a_party_nobody_introduced_is_refused(network: Network) -> None:
    first, last = _open(network)
    handover = replace(_handover(network, first, last), receiver=network.at("stranger"))
    receipt = _receipt(network, handover, last)
    chain_id, contract = network.connection.chain_id, network.deployment.address("Handovers")
    call = network.contracts.handovers.hand_over(
        handover,
        network.keys["brand"].sign_typed(handover.typed(chain_id, contract)),  # type: ignore[attr-defined]
        receipt,
        network.keys["stranger"].sign_typed(receipt.typed(chain_id, contract)),  # type: ignore[attr-defined]
    )
    with pytest.raises(ContractRefused) as refused:
        network.send("brand", call)
    assert refused.value.name == "ReceiverNotIntroduced"
    assert "introduce" in refused.value.line()


def test_contract_and_python_agree_on_struct_hashes(network: Network) -> None:
    handover = _handover(network, 1 << 24, (1 << 24) + 9)
    receipt = _receipt(network, handover, (1 << 24) + 4)
    assert network.contracts.handovers.handover_hash(handover) == handover.struct_hash()
    assert network.contracts.handovers.receipt_hash(receipt) == receipt.struct_hash()


def test_series_under_a_revoked_mark_is_refused(network: Network) -> None:
    network.send("office", network.contracts.marks.revoke(MARK))
    assert network.contracts.marks.mark_info(MARK).status is MarkStatus.REVOKED
    with pytest.raises(ContractRefused) as refused:
        network.send("brand", network.contracts.token.open_series(GTIN, 7, [MARK], 10))
    assert (refused.value.name, refused.value.arguments["mark"]) == ("MarkNotUsable", MARK)


def test_key_joins_an_account_only_with_its_own_consent(network: Network, make_signer) -> None:
    trust, key = network.contracts.trust, make_signer(77)
    consent = KeyConsent(network.at("brand"), key.address, KeyScope.SCAN, network.now, network.now + 1_000)
    message = consent.typed(network.connection.chain_id, trust.address)
    assert recover(message, key.sign_typed(message)) == key.address

    def added(signature: bytes) -> ContractCall:
        return trust.add_key(key.address, consent.scopes, consent.not_before, consent.not_after, signature)

    with pytest.raises(ContractRefused) as refused:
        network.send("brand", added(network.keys["brand"].sign_typed(message)))  # type: ignore[attr-defined]
    assert refused.value.name == "ConsentNotByKey"
    network.send("brand", added(key.sign_typed(message)))
    assert trust.account_for(key.address, KeyScope.SCAN) == network.at("brand")
    assert trust.key_info(key.address).scopes == KeyScope.SCAN
    assert not trust.is_key_for(network.at("brand"), key.address, KeyScope.CUSTODY)


def test_all_events_of_the_story_are_read_back_in_order(network: Network) -> None:
    first, last = _open(network)
    handover = _handover(network, first, last)
    network.send("carrier", _hand_over(network, handover, _receipt(network, handover, last)))
    head = network.connection.block_number()
    events = read_events(network.connection, network.deployment, network.deployment.block, head)
    places = [(event.block_number, event.log_index) for event in events]
    assert places == sorted(set(places))
    moves = [(e.from_account, e.to_account) for e in events if isinstance(e, Moved)]
    assert moves == [(ZERO, network.at("brand")), (network.at("brand"), network.at("carrier"))]
    grants = {(event.account, event.role, event.level) for event in events if isinstance(event, RoleGranted)}
    assert (network.at("carrier"), Role.CARRIER, Level.INTRODUCED) in grants
    assert (network.at("governor"), Role.GOVERNOR, Level.ACCREDITED) in grants


def test_reads_give_typed_values(network: Network) -> None:
    first, _ = _open(network)
    trust, token, brand = network.contracts.trust, network.contracts.token, network.at("brand")
    info, segment = token.series_info(first >> 24), token.segment_of(first)
    assert (info.brand, info.gtin, info.number, info.marks, info.issued) == (brand, GTIN, 1, (MARK,), 100)
    assert (segment.lot, segment.root, segment.first, segment.last) == ("LOT-1", WORD, first & 0xFFFFFF, 99)
    entry = trust.entry(network.at("governor"), Role.GOVERNOR)
    assert entry == RoleEntry(Level.ACCREDITED, 0, UINT64_MAX, 0, network.at("governor"))
    assert trust.roles_of(brand) == (Role.BRAND,)
    assert trust.grantable(Role.IP_OFFICE, Role.BRAND) is Level.ACCREDITED
    assert network.contracts.brands.is_within(brand, GTIN, 7)
    assert network.contracts.directory.current("Handovers") == network.deployment.address("Handovers")
    assert trust.credential_key(brand, WORD, WORD).valid_until == 0


def test_key_listings_and_hosts_can_be_read(network: Network) -> None:
    brands, brand = network.contracts.brands, network.at("brand")
    network.send("brand", brands.list_label_key(WORD, b"\x22" * 32, network.now, network.now + 99))
    network.send("brand", brands.list_host("id.example.com"))
    network.send("brand", brands.set_endpoint("https://node.example.com"))
    key = brands.label_key(brand, WORD, b"\x22" * 32)
    assert (key.valid_from, key.revoked_since) == (network.now, 0)
    assert brands.label_key(network.at("carrier"), WORD, b"\x22" * 32).valid_until == 0
    assert brands.is_host(brand, "id.example.com")
    assert brands.endpoint(brand) == "https://node.example.com"


def test_alert_shows_its_content_only_when_opened(network: Network) -> None:
    alerts = network.contracts.alerts
    raised = network.send("carrier", alerts.raise_alert(alert_commitment(WORD, b"\x33" * 32)))
    alert = one_event(raised, AlertRaised, network.deployment)
    assert not alerts.alert_info(alert.id).opened
    with pytest.raises(ContractRefused) as refused:
        network.send("carrier", alerts.open_alert(alert.id, b"\x00" * 32, b"\x33" * 32))
    assert refused.value.name == "CommitmentMismatch"
    opened = network.send("carrier", alerts.open_alert(alert.id, WORD, b"\x33" * 32))
    assert one_event(opened, AlertOpened, network.deployment).content_hash == b"\x33" * 32


def test_receipt_without_the_wanted_event_says_so(network: Network) -> None:
    receipt = network.send("brand", network.contracts.brands.list_host("id.example.com"))
    assert len(events_of(receipt, network.deployment)) == 1
    with pytest.raises(NotFound, match="without SeriesOpened"):
        one_event(receipt, SeriesOpened, network.deployment)


def test_every_event_of_the_contracts_has_a_type_and_every_type_an_event() -> None:
    erc721 = {"Transfer", "ConsecutiveTransfer", "Approval", "ApprovalForAll", "MetadataUpdate", "BatchMetadataUpdate"}
    standards = {*erc721, "EIP712DomainChanged"}
    emitted = {signature.name for name in CONTRACTS for signature in artifact(name).events.values()}
    assert emitted - standards == set(EVENT_TYPES)
