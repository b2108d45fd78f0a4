"""Signed files as links and QR codes: any order, any channel, and no bomb inside."""

from __future__ import annotations

import io
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from countermark.base64url import encode
from countermark.custody.handover import RunLine
from countermark.errors import InputRefused, NotPermitted, Unavailable
from countermark_wallet.custody.handing_over import HandingOver, HandoverAcceptance, HandoverOffer
from countermark_wallet.custody.papers import CHARACTERS_IN_QR, from_links, qr_pictures, to_links
from countermark_wallet.ledger.connection import without_network

if TYPE_CHECKING:
    from tests.wallet.conftest import Command, Market


@given(st.binary(min_size=1, max_size=5_000), st.integers(16, 900), st.randoms())
def test_links_make_the_file_again_in_any_order(data: bytes, characters: int, order: object) -> None:
    links = to_links(data, characters=max(characters, 64))
    order.shuffle(links)  # type: ignore[attr-defined]
    assert from_links([*links, links[0]]) == data


def test_offer_passes_from_screen_to_camera_as_qr_codes(market: Market) -> None:
    offer = HandingOver(market.ledger("brand"), market.clock).offer(
        market.account("carrier"), [RunLine((1 << 24) + at * 4, (1 << 24) + at * 4 + 1) for at in range(32)]
    )
    links = to_links(offer.to_json().encode(), characters=CHARACTERS_IN_QR)
    read = []
    for picture in qr_pictures(links):
        codes = zxingcpp.read_barcodes(np.asarray(Image.open(io.BytesIO(picture)).convert("L")))
        read += [code.text for code in codes]
    assert len(links) > 1
    assert HandoverOffer.from_json(from_links(reversed(read))) == offer


def test_handover_without_a_network_is_submitted_by_whoever_is_back_first(
    command: Command, live_market: Market, tmp_path: Path
) -> None:
    """Giver and receiver reach no node, only links pass between them; a third party submits what it was shown."""
    for wallet in ("brand", "carrier"):
        command.json(wallet, "holdings")
    nowhere = type(command)(command.home, "http://127.0.0.1:9", command.capsys)
    state = live_market.series().open(live_market.product(3))
    report = live_market.report(live_market.serials(state, tmp_path / "labels"))
    segment = live_market.series().commission(state.gtin, state.number, report)
    carrier = live_market.account("carrier")
    nowhere.json(
        "brand",
        "handover",
        "offer",
        "--offline",
        carrier,
        "--items",
        f"{segment.first}-{segment.last}",
        "--out",
        tmp_path / "o",
    )
    links = nowhere.json("brand", "paper", "share", tmp_path / "o")["links"]
    nowhere.json("carrier", "paper", "gather", *links, "--out", tmp_path / "o2")
    nowhere.json(
        "carrier", "handover", "accept", "--offline", tmp_path / "o2", "--items", segment.first,
        "--exceptions", "two are missing", "--yes", "--out", tmp_path / "a",
    )  # fmt: skip
    shared = nowhere.json("carrier", "paper", "share", tmp_path / "a", "--qr", tmp_path / "codes")
    assert all(Path(path).read_bytes().startswith(b"\x89PNG") for path in shared["pictures"])
    command.json("stranger", "paper", "gather", *reversed(shared["links"]), "--out", tmp_path / "a2")
    document = HandoverAcceptance.from_json((tmp_path / "a2").read_bytes())
    assert document.note is not None
    assert command.json("stranger", "handover", "submit", tmp_path / "a2")["items"] == 1
    token = live_market.ledger("brand").token
    assert token.owner_of(segment.first) == carrier
    assert token.owner_of(segment.last) == live_market.account("brand")


def test_offline_offer_by_a_key_that_only_the_ledger_knows_is_refused(market: Market) -> None:
    carrier = without_network(market.deployment, market.wallets["carrier"].signer())
    device = market.wallets["brand"].signer(5)
    offer = HandingOver(market.ledger("brand"), market.clock).offer(carrier.account, [RunLine(1 << 24, 1 << 24)])
    forged = replace(offer, signature=device.sign_typed(offer.typed()))
    assert HandingOver(carrier, market.clock).accept(offer).receipt.items == 1
    with pytest.raises(NotPermitted) as caught:
        HandingOver(carrier, market.clock).accept(forged)
    assert caught.value.reason == "wrong-signature"


def test_offline_ledger_reaches_nothing(market: Market) -> None:
    ledger = without_network(market.deployment, market.wallets["carrier"].signer())
    with pytest.raises(Unavailable):
        ledger.token.balance_of(ledger.account)


def test_missing_part_is_named() -> None:
    links = to_links(bytes(range(256)) * 4, characters=64)
    with pytest.raises(InputRefused, match="missing: 2"):
        from_links([links[0], *links[2:]])


def test_parts_of_two_papers_are_not_mixed() -> None:
    with pytest.raises(InputRefused, match="parts of 2 papers"):
        from_links([*to_links(b"one"), *to_links(b"two")])


def test_changed_part_is_refused() -> None:
    one, two = to_links(b"one paper"), to_links(b"another paper")
    forged = one[0].rsplit("/", 1)[0] + "/" + two[0].rsplit("/", 1)[1]
    with pytest.raises(InputRefused):
        from_links([forged])


def test_paper_that_unpacks_to_gigabytes_is_refused_unread() -> None:
    bomb = encode(zlib.compress(bytes(50_000_000), 9))
    with pytest.raises(InputRefused, match="too long"):
        from_links([f"countermark:paper/1/{'0' * 16}/1/1/{bomb}"])


@given(st.lists(st.text(max_size=80), max_size=4))
def test_random_lines_never_leak_another_error(lines: list[str]) -> None:
    with pytest.raises(InputRefused):
        from_links(["countermark:paper/1/0123456789abcdef/1/1/" + "".join(lines), *lines])
