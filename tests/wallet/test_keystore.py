"""Wallets on disk: what opens them, what does not, and what their files give away."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from countermark.errors import CountermarkError, InputRefused, NotFound, NotPermitted
from countermark_wallet.keys import derivation
from countermark_wallet.keys.keystore import WalletKeystore

PASSWORD = "correct horse battery"


@pytest.fixture
def keystore(tmp_path: Path) -> WalletKeystore:
    return WalletKeystore(tmp_path / "home", work_factor=2)


def keystore_file(keystore: WalletKeystore, name: str = "brand") -> Path:
    return keystore.home / "wallets" / name / "keystore.json"


def test_created_wallet_unlocks_with_the_same_keys(keystore: WalletKeystore) -> None:
    made = keystore.create("brand", PASSWORD)
    opened = keystore.unlock("brand", PASSWORD)
    assert opened.address == made.address
    assert opened.signer(1).address == made.signer(1).address != made.address
    assert opened.label_key().public == made.label_key().public
    assert opened.credential_key().public == made.credential_key().public
    assert opened.series_secrets("04012345000016", 1).serial_key == made.series_secrets("04012345000016", 1).serial_key


@pytest.mark.parametrize("password", ["", "correct horse batter", "correct horse battery ", "Correct horse battery"])
def test_wrong_password_is_one_clear_refusal_and_changes_nothing(keystore: WalletKeystore, password: str) -> None:
    keystore.create("brand", PASSWORD)
    before = sorted(path.read_bytes() for path in keystore.home.rglob("*") if path.is_file())
    with pytest.raises(NotPermitted) as caught:
        keystore.unlock("brand", password)
    assert caught.value.reason == "wrong-password"
    assert "\n" not in caught.value.line()
    assert not password or password not in caught.value.line()
    assert sorted(path.read_bytes() for path in keystore.home.rglob("*") if path.is_file()) == before


def test_files_are_private_and_name_no_address(keystore: WalletKeystore) -> None:
    wallet = keystore.create("brand", PASSWORD)
    path = keystore_file(keystore)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent, keystore.home):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "address" not in json.loads(path.read_text())
    assert wallet.address[2:].lower() not in path.read_text().lower()
    assert [entry.name for entry in path.parent.iterdir()] == ["keystore.json"]


def test_representations_show_no_secret(keystore: WalletKeystore) -> None:
    entropy = bytes(range(1, 33))
    wallet = keystore.create("brand", PASSWORD, entropy=lambda count: entropy[:count])
    shown = f"{wallet!r} {wallet.signer()!r} {wallet.label_key()!r} {wallet.series_secrets('04012345000016', 1)!r}"
    seed = derivation.seed_of(entropy)
    for secret in (entropy, seed, derivation.account_secret(seed, 0)):
        assert secret.hex() not in shown
        assert repr(secret) not in shown


def test_existing_wallet_is_never_overwritten(keystore: WalletKeystore) -> None:
    keystore.create("brand", PASSWORD)
    before = keystore_file(keystore).read_bytes()
    with pytest.raises(NotPermitted) as caught:
        keystore.create("brand", "another password")
    assert caught.value.reason == "wallet-exists"
    assert keystore_file(keystore).read_bytes() == before


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "A", "a b", "-a", "a-", "a" * 33, "a\0", "ä", "a\n"])
def test_wallet_name_that_could_leave_its_folder_is_refused(keystore: WalletKeystore, name: str) -> None:
    for action in (keystore.create, keystore.unlock):
        with pytest.raises(InputRefused) as caught:
            action(name, PASSWORD)
        assert caught.value.reason == "bad-wallet-name"
    assert not keystore.home.exists()


def test_unknown_wallet_is_not_found_and_known_ones_are_named(keystore: WalletKeystore) -> None:
    keystore.create("brand", PASSWORD)
    with pytest.raises(NotFound, match="brand"):
        keystore.unlock("office", PASSWORD)
    assert keystore.names() == ("brand",)


def test_short_password_is_refused_and_nothing_is_written(keystore: WalletKeystore) -> None:
    with pytest.raises(NotPermitted) as caught:
        keystore.create("brand", "1234567")
    assert caught.value.reason == "weak-password"
    assert not keystore.home.exists()


def test_unusable_randomness_is_refused(keystore: WalletKeystore) -> None:
    for source in (lambda count: bytes(count), lambda count: b"\xff" * count, lambda count: b"\1" * (count - 1)):
        with pytest.raises(InputRefused) as caught:
            keystore.create("brand", PASSWORD, entropy=source)
        assert caught.value.reason == "bad-entropy"


def set_at(path: str, value: Any) -> Any:
    def change(document: dict[str, Any]) -> None:
        *parents, name = path.split(".")
        for parent in parents:
            document = document[parent]
        document[name] = value

    return change


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", 4),
        ("crypto", []),
        ("crypto.kdf", "pbkdf2"),
        ("crypto.cipher", "aes-256-gcm"),
        ("crypto.kdfparams.n", 1 << 30),
        ("crypto.kdfparams.n", 3),
        ("crypto.kdfparams.n", True),
        ("crypto.kdfparams.n", "2"),
        ("crypto.kdfparams.r", 1 << 20),
        ("crypto.kdfparams.p", 1 << 20),
        ("crypto.kdfparams.dklen", 1 << 30),
        ("crypto.mac", "zz"),
        ("crypto.ciphertext", ""),
        ("crypto.cipherparams", None),
    ],
)
def test_planted_keystore_cannot_exhaust_memory_or_time(keystore: WalletKeystore, path: str, value: Any) -> None:
    keystore.create("brand", PASSWORD)
    document = json.loads(keystore_file(keystore).read_text())
    set_at(path, value)(document)
    keystore_file(keystore).write_text(json.dumps(document))
    with pytest.raises(InputRefused) as caught:
        keystore.unlock("brand", PASSWORD)
    assert caught.value.reason == "bad-keystore"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b"[" * 15_000, b'{"version":3}'])
def test_damaged_keystore_is_refused(keystore: WalletKeystore, content: bytes) -> None:
    keystore.create("brand", PASSWORD)
    keystore_file(keystore).write_bytes(content)
    with pytest.raises(InputRefused):
        keystore.unlock("brand", PASSWORD)


@given(st.binary(max_size=200))
def test_random_keystore_never_leaks_another_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    keystore = WalletKeystore(tmp_path_factory.mktemp("fuzz"), work_factor=2)
    keystore_file(keystore).parent.mkdir(parents=True)
    keystore_file(keystore).write_bytes(content)
    with pytest.raises(CountermarkError):
        keystore.unlock("brand", PASSWORD)


def test_published_bip39_vector_gives_its_words_and_seed(wallet_vectors: dict[str, Any]) -> None:
    for vector in wallet_vectors["bip39"]:
        assert derivation.words_of(bytes.fromhex(vector["entropy"])) == vector["words"]


def test_account_key_follows_bip44_as_other_wallets_do(wallet_vectors: dict[str, Any]) -> None:
    for vector in wallet_vectors["bip44"]:
        seed = derivation.seed_of(bytes.fromhex(vector["entropy"]))
        for index, address in enumerate(vector["addresses"]):
            assert Account.from_key(derivation.account_secret(seed, index)).address == address


def test_secrets_of_different_purposes_are_different(keystore: WalletKeystore) -> None:
    wallet = keystore.create("brand", PASSWORD)
    keys = [
        wallet.label_key().public,
        wallet.label_key("second").public,
        wallet.label_key(period=2).public,
        wallet.credential_key().public,
        wallet.credential_key(2).public,
    ]
    assert len({(key.x, key.y) for key in keys}) == len(keys)
    series = {
        wallet.series_secrets(gtin, n).serial_key for gtin in ("04012345000016", "04012345000023") for n in (1, 2)
    }
    assert len(series) == 4


def test_derived_keys_stay_the_same_for_ever(wallet_vectors: dict[str, Any]) -> None:
    """Printed labels outlive releases: a changed derivation would orphan every label key."""
    frozen = wallet_vectors["frozen"]
    seed = derivation.seed_of(bytes.fromhex(frozen["entropy"]))
    for purpose, secret in frozen["secrets"].items():
        assert derivation.named_secret(seed, purpose, len(secret) // 2).hex() == secret


def test_unreadable_site_name_is_refused(keystore: WalletKeystore) -> None:
    with pytest.raises(InputRefused):
        keystore.create("brand", PASSWORD).label_key("../x")
