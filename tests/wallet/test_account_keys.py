"""Keys of an account: devices with scopes and an end, rotation, a lost key and its recovery."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import ContractRefused, CountermarkError, InputRefused, NotPermitted
from countermark.roles import KeyScope
from countermark_wallet.accounts.book import AccountBook, OwnKey, RemoteKey
from countermark_wallet.accounts.keys import AccountKeys, SignedConsent, keys_of
from countermark_wallet.keys.back_up import require_unshown, show_words
from countermark_wallet.keys.derivation import entropy_of, words_of
from countermark_wallet.keys.keystore import UnlockedWallet, WalletKeystore
from countermark_wallet.keys.passwords import ask_words
from countermark_wallet.ledger.connection import Ledger

if TYPE_CHECKING:
    from tests.wallet.conftest import Market

PASSWORD = "correct horse battery"


def ledger_of(market: Market, wallet: UnlockedWallet, index: int = 0) -> Ledger:
    return Ledger(market.connection, market.deployment, wallet.signer(index))


@pytest.fixture
def newcomer(market: Market, tmp_path: Path) -> UnlockedWallet:
    """An account of its own, registered."""
    wallet = WalletKeystore(tmp_path, work_factor=2).create("newcomer", PASSWORD)
    ledger = ledger_of(market, wallet)
    ledger.send(ledger.trust.register_account())
    return wallet


def test_device_acts_for_the_account_within_its_scopes_until_it_is_revoked(
    market: Market, newcomer: UnlockedWallet
) -> None:
    keeper, device = ledger_of(market, newcomer), ledger_of(market, newcomer, 1)
    signed = AccountKeys(device, market.clock).consent(keeper.account, KeyScope.SCAN | KeyScope.CUSTODY, days=3)
    AccountKeys(keeper).add(SignedConsent.from_json(signed.to_json().encode()))
    fresh = ledger_of(market, newcomer, 1)
    assert fresh.account == keeper.account != fresh.signer.address
    trust = keeper.trust
    assert trust.is_key_for(keeper.account, fresh.signer.address, KeyScope.CUSTODY)
    assert not trust.is_key_for(keeper.account, fresh.signer.address, KeyScope.OPERATE)
    with pytest.raises(ContractRefused, match="KeyNotValid"):
        fresh.send(fresh.trust.revoke_key(keeper.account))
    assert set(keys_of(keeper, keeper.account)) == {keeper.account, fresh.signer.address}
    AccountKeys(keeper).revoke(fresh.signer.address)
    assert not trust.is_key_for(keeper.account, fresh.signer.address, KeyScope.SCAN)
    assert keys_of(keeper, keeper.account)[fresh.signer.address].revoked_at


def test_key_is_rotated_and_the_account_stays(market: Market, newcomer: UnlockedWallet) -> None:
    old, new = ledger_of(market, newcomer), ledger_of(market, newcomer, 1)
    with pytest.raises(ContractRefused, match="LastAdminKey"):
        AccountKeys(old).revoke(old.account)
    AccountKeys(old).add(AccountKeys(new, market.clock).consent(old.account, KeyScope.ALL, days=None))
    successor = ledger_of(market, newcomer, 1)
    AccountKeys(successor).revoke(old.account)
    assert successor.account == old.account
    with pytest.raises(ContractRefused, match="KeyNotValid"):
        old.send(old.trust.set_recovery(market.account("brand")))


def test_consent_for_somebody_else_is_refused_before_anything_is_sent(market: Market, newcomer: UnlockedWallet) -> None:
    signed = AccountKeys(ledger_of(market, newcomer, 1), market.clock).consent(
        market.account("brand"), KeyScope.SCAN, days=1
    )
    with pytest.raises(NotPermitted) as caught:
        AccountKeys(ledger_of(market, newcomer)).add(signed)
    assert caught.value.reason == "consent-for-another"


def test_consent_with_more_scopes_than_were_signed_is_refused(market: Market, newcomer: UnlockedWallet) -> None:
    signed = AccountKeys(ledger_of(market, newcomer, 1), market.clock).consent(newcomer.address, KeyScope.SCAN, days=1)
    widened = replace(signed, consent=replace(signed.consent, scopes=KeyScope.ALL))
    with pytest.raises(NotPermitted) as caught:
        SignedConsent.from_json(widened.to_json().encode())
    assert caught.value.reason == "wrong-signature"


def test_recovery_takes_a_full_consent_and_the_owner_can_object(market: Market, newcomer: UnlockedWallet) -> None:
    lost, fresh = ledger_of(market, newcomer), ledger_of(market, newcomer, 1)
    lost.send(lost.trust.set_recovery(market.account("brand")))
    agent = AccountKeys(market.ledger("brand"), market.clock)
    narrow = AccountKeys(fresh, market.clock).consent(lost.account, KeyScope.CUSTODY, days=None)
    with pytest.raises(InputRefused) as caught:
        agent.propose_recovery(narrow)
    assert caught.value.reason == "consent-too-narrow"
    agent.propose_recovery(AccountKeys(fresh, market.clock).consent(lost.account, KeyScope.ALL, days=None))
    assert lost.trust.recovery_of(lost.account).new_key == fresh.signer.address
    with pytest.raises(ContractRefused, match="RecoveryTooEarly"):
        agent.ledger.send(lost.trust.execute_recovery(lost.account))
    lost.send(lost.trust.object_recovery())
    assert not int(lost.trust.recovery_of(lost.account).new_key, 16)


@pytest.mark.parametrize(
    "changes",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": "scan"},
        {"scopes": [1]},
        {"signature": "0x00"},
        {"signature": None},
        {"not_after": 5},
        {"chain_id": "1"},
        {"account": "0x0"},
        {"extra": 1},
        {"format": "countermark/key-consent/2"},
    ],
)
def test_damaged_consent_is_refused(market: Market, newcomer: UnlockedWallet, changes: dict[str, Any]) -> None:
    signed = AccountKeys(ledger_of(market, newcomer, 1), market.clock).consent(newcomer.address, KeyScope.SCAN, days=1)
    with pytest.raises(InputRefused):
        SignedConsent.from_json(json.dumps({**json.loads(signed.to_json()), **changes}).encode())


@given(st.binary(max_size=200))
def test_random_consent_never_leaks_another_error(raw: bytes) -> None:
    with pytest.raises(CountermarkError):
        SignedConsent.from_json(raw)


def test_wallet_from_its_words_has_the_same_keys(tmp_path: Path) -> None:
    keystore = WalletKeystore(tmp_path, work_factor=2)
    first = keystore.create("first", PASSWORD)
    again = keystore.restore("again", PASSWORD, "  " + first.words().upper().replace(" ", "\n") + "\n")
    assert again.address == first.address
    assert again.signer(3).address == first.signer(3).address
    assert again.label_key().public == first.label_key().public
    assert first.words() not in repr(first)


def test_published_words_give_their_entropy() -> None:
    """BIP-39's own test vector of 32 bytes 7f."""
    words = "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal "
    words += "winner thank year wave sausage worth title"
    assert entropy_of(words) == b"\x7f" * 32


@given(st.binary(min_size=32, max_size=32))
def test_words_and_entropy_are_one_to_one(entropy: bytes) -> None:
    assert entropy_of(words_of(entropy)) == entropy


@pytest.mark.parametrize("change", ["swap", "short", "strange", "empty"])
def test_words_with_a_slip_are_refused_without_repeating_them(change: str) -> None:
    words = words_of(bytes(range(32))).split()
    given_words = {
        "swap": [words[1], words[0], *words[2:]],
        "short": words[:12],
        "strange": [*words[:-1], "qwertz"],
        "empty": [],
    }[change]
    with pytest.raises(InputRefused) as caught:
        entropy_of(" ".join(given_words))
    assert caught.value.reason == "bad-words"
    assert not any(word in caught.value.line().split() for word in words)


def test_words_are_shown_once_on_a_descriptor(tmp_path: Path) -> None:
    read, write = os.pipe()
    show_words("alpha beta", write, tmp_path)
    os.close(write)
    with os.fdopen(read) as stream:
        assert stream.read() == "alpha beta\n"
    with pytest.raises(NotPermitted) as caught:
        require_unshown(tmp_path)
    assert caught.value.reason == "words-shown"


def test_words_that_could_not_be_shown_count_as_unseen(tmp_path: Path) -> None:
    with pytest.raises(NotPermitted):
        show_words("alpha beta", 999, tmp_path)
    require_unshown(tmp_path)


def test_words_are_asked_for_on_the_terminal_or_a_descriptor_only() -> None:
    assert ask_words(None, prompt=lambda _text: "typed", interactive=lambda: True) == "typed"
    with pytest.raises(NotPermitted):
        ask_words(None, prompt=lambda _text: "typed", interactive=lambda: False)
    with pytest.raises(NotPermitted):
        ask_words(999, prompt=lambda _text: "typed", interactive=lambda: True)


def test_named_accounts_are_the_wallets_next_keys(tmp_path: Path) -> None:
    book = AccountBook(tmp_path)
    assert book.all() == {"main": OwnKey(0)}
    far = RemoteKey("https://signer.example/", "0x" + "11" * 20)
    assert book.add("north") == OwnKey(1)
    assert book.add("hardware", far) == far
    assert book.add("south") == OwnKey(2)
    assert AccountBook(tmp_path).all() == {"main": OwnKey(0), "north": OwnKey(1), "hardware": far, "south": OwnKey(2)}
    with pytest.raises(NotPermitted):
        book.add("north")
    with pytest.raises(InputRefused):
        book.add("../north")


@pytest.mark.parametrize("text", ["", "[]", '{"format":"countermark/account-book/1","accounts":{"a":{"key":-1}}}'])
def test_damaged_list_of_accounts_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "accounts.json").write_text(text)
    with pytest.raises(InputRefused) as caught:
        AccountBook(tmp_path).all()
    assert caught.value.reason == "bad-account-book"
