"""From the scratch field to the ledger: a code that was printed claims its item, once, and no other."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from countermark.chain.contracts import Claims
from countermark.custody.claim import Claim, LeafProof
from countermark.custody.handover import RunLine
from countermark.errors import ContractRefused
from countermark.gs1 import ItemKey, read_label
from countermark.identifiers import index_of
from countermark.labels.claim_code import claim_secret
from countermark.labels.leaf import NO_CHIP
from countermark.labels.merkle import MerkleTree
from countermark.labels.packing_list import PackingList, read_packing_list
from countermark.nfc.keys import chip_value
from countermark_wallet.keys.signer import WalletSigner
from countermark_wallet.series.state import CommissionedSegment

if TYPE_CHECKING:
    from tests.wallet.conftest import Market


@dataclass
class Bought:
    """What a buyer has in hand (link and code, from two printers), and what any node has."""

    links: list[str]
    codes: list[str]
    segment: CommissionedSegment
    packing: PackingList

    def item(self, place: int) -> ItemKey:
        return read_label(self.links[place]).item

    def token(self, place: int) -> int:
        return self.segment.first + self.packing.serials.index(self.item(place).serial)

    def proof(self, place: int) -> LeafProof:
        at = self.token(place) - self.segment.first
        path = MerkleTree(self.packing.leaves()).path(at)
        address = WalletSigner(claim_secret(self.item(place), self.codes[place])).address
        return LeafProof(self.packing.serials[at], address, self.packing.salts[at], path)


def column(path: Path, name: str) -> list[str]:
    return [row[name] for row in csv.DictReader(io.StringIO(path.read_text("ascii")))]


@pytest.fixture
def bought(market: Market, tmp_path: Path) -> Bought:
    brand = market.series()
    state = brand.open(market.product(6), codes=True)
    made = brand.make_labels(state.gtin, state.number, tmp_path / "labels", codes_folder=tmp_path / "codes")
    assert made.codes is not None
    serials = column(made.print_line, "serial")
    segment = brand.commission(state.gtin, state.number, market.report([serials[n] for n in (4, 1, 0, 3, 2)]))
    with segment.packing_list.open(encoding="utf-8", newline="") as stream:
        packing = read_packing_list(stream, state.gtin)
    ledger = market.ledger("brand")
    ledger.send(ledger.handovers.release_to_sale([RunLine(segment.first, segment.last)]))
    return Bought(column(made.print_line, "link"), column(made.codes, "code"), segment, packing)


def send_claim(market: Market, bought: Bought, place: int, signer: WalletSigner, proof: LeafProof) -> str:
    """Claim the item at `place` for a fresh owner, relayed by somebody else; returns the owner."""
    ledger = market.ledger("stranger")
    claims = Claims(market.connection, market.deployment.address("Claims"))
    owner = WalletSigner(bytes([place + 1]) * 31 + bytes([market.ledger("brand").token.series_count()]))
    claim = Claim(bought.token(place), owner.address, 0, int(market.clock().timestamp()) + 3_600)
    typed = claim.typed(market.connection.chain_id, claims.address)
    ledger.send(claims.claim(claim, proof, signer.sign_typed(typed), owner.sign_typed(typed)))
    return owner.address


def test_printed_code_claims_its_item(market: Market, bought: Bought) -> None:
    assert index_of(bought.token(4)) == 0
    for place in (0, 4):
        signer = WalletSigner(claim_secret(bought.item(place), bought.codes[place].lower().replace("-", " ")))
        owner = send_claim(market, bought, place, signer, bought.proof(place))
        assert market.ledger("brand").token.owner_of(bought.token(place)) == owner


def test_code_is_spent_by_its_claim(market: Market, bought: Bought) -> None:
    signer = WalletSigner(claim_secret(bought.item(1), bought.codes[1]))
    send_claim(market, bought, 1, signer, bought.proof(1))
    with pytest.raises(ContractRefused, match="AlreadyClaimed") as refused:
        send_claim(market, bought, 1, signer, bought.proof(1))
    assert "tell the seller and the brand" in refused.value.next_step


def test_code_of_a_neighbour_claims_nothing(market: Market, bought: Bought) -> None:
    neighbour = WalletSigner(claim_secret(bought.item(2), bought.codes[3]))
    with pytest.raises(ContractRefused, match="ClaimKeyMismatch"):
        send_claim(market, bought, 2, neighbour, bought.proof(2))
    stolen = bought.proof(2)
    forged = LeafProof(stolen.serial, neighbour.address, stolen.salt, stolen.path)
    with pytest.raises(ContractRefused, match="LeafNotProved"):
        send_claim(market, bought, 2, neighbour, forged)


def test_claim_addresses_come_from_the_wallet_alone_when_its_files_are_lost(market: Market, tmp_path: Path) -> None:
    brand = market.series()
    state = brand.open(market.product(2), codes=True)
    made = brand.make_labels(state.gtin, state.number, tmp_path / "labels", codes_folder=tmp_path / "codes")
    files = brand.store.files(state.gtin, state.number)
    addresses = files.claim_addresses.read_bytes()
    files.leaves.unlink()
    files.claim_addresses.unlink()
    segment = brand.commission(state.gtin, state.number, market.report(column(made.print_line, "serial")))
    with segment.packing_list.open(encoding="utf-8", newline="") as stream:
        assert b"".join(read_packing_list(stream, state.gtin).claim_addresses) == addresses


def test_chip_and_code_of_one_label_stand_in_one_leaf(market: Market, tmp_path: Path) -> None:
    """The line reports a chip's UID beside the serial: from then on the leaf proves chip and code together."""
    brand = market.series()
    state = brand.open(market.product(2), codes=True)
    made = brand.make_labels(state.gtin, state.number, tmp_path / "labels", codes_folder=tmp_path / "codes")
    assert made.codes is not None
    serials, uid = column(made.print_line, "serial"), "04DE5F1EACC040"
    report = io.StringIO(f"serial,chip\n{serials[0]},{uid}\n{serials[1]},\n")
    segment = brand.commission(state.gtin, state.number, report)
    with segment.packing_list.open(encoding="utf-8", newline="") as stream:
        packing = read_packing_list(stream, state.gtin)
    assert packing.chips == (chip_value(bytes.fromhex(uid)), NO_CHIP)
    ledger = market.ledger("brand")
    ledger.send(ledger.handovers.release_to_sale([RunLine(segment.first, segment.last)]))
    bought = Bought(column(made.print_line, "link"), column(made.codes, "code"), segment, packing)
    signer, proof = WalletSigner(claim_secret(bought.item(0), bought.codes[0])), bought.proof(0)
    with pytest.raises(ContractRefused, match="LeafNotProved"):
        send_claim(market, bought, 0, signer, proof)
    owner = send_claim(market, bought, 0, signer, replace(proof, chip=packing.chips[0]))
    assert ledger.token.owner_of(segment.first) == owner
