"""Status lists: the published example, limits, bombs, and who may speak."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark import base64url
from countermark.credentials.account_id import AccountId
from countermark.credentials.claims import Claims
from countermark.credentials.did_key import did_of, key_id_of
from countermark.credentials.facts import AnchoredMark, Finding, OfficeKey
from countermark.credentials.gate import open_token, sign_token
from countermark.credentials.status_list import (
    LEAST_ENTRIES,
    StatusEntry,
    StatusList,
    StatusListCredential,
    entries_of,
    issue_status_list,
    list_limits,
    read_status_list,
)
from countermark.credentials.trademark import Trademark, credential_hash, issue_trademark_credential
from countermark.credentials.trust import check_credential
from countermark.errors import CountermarkError, CredentialRefused, InputRefused, TooLarge
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
KEY = PrivateKey.from_secret(bytes(range(48)))
OFFICE = "0x" + "11" * 20
REVOKED = "https://office.example/v1/status-lists/a/revocation"
SUSPENDED = "https://office.example/v1/status-lists/a/suspension"


def packed(data: bytes) -> str:
    return "u" + base64url.encode(gzip.compress(data, mtime=0))


def published(
    url: str = REVOKED,
    purpose: str = "revocation",
    indexes: tuple[int, ...] = (),
    key: PrivateKey = KEY,
    **changes: Any,
) -> str:
    credential = StatusListCredential(
        url, did_of(key.public), purpose, NOW - timedelta(hours=1), NOW + timedelta(days=1), 300_000,
        StatusList.empty().with_bits(indexes),
    )  # fmt: skip
    return issue_status_list(replace(credential, **changes), key=key, kid=key_id_of(key.public))


# The list itself


def test_published_list_is_an_empty_one_of_the_least_length(status_list_vectors: dict[str, Any]) -> None:
    for vector in status_list_vectors["lists"]:
        statuses = StatusList.decode(vector["encodedList"])
        assert len(statuses.bits) * 8 == vector["entries"]
        assert [index for index in range(vector["entries"]) if statuses.is_set(index)] == vector["set"]


@given(st.sets(st.integers(0, LEAST_ENTRIES - 1), max_size=50))
def test_bits_come_back_where_they_were_set(indexes: set[int]) -> None:
    statuses = StatusList.decode(StatusList.empty().with_bits(indexes).encode())
    assert sum(byte.bit_count() for byte in statuses.bits) == len(indexes)
    assert all(statuses.is_set(index) for index in indexes)


def test_first_entry_is_the_highest_bit_of_the_first_byte() -> None:
    assert StatusList.empty().with_bits([0]).bits[0] == 0x80
    assert StatusList.empty().with_bits([LEAST_ENTRIES - 1]).bits[-1] == 0x01


def bomb() -> str:
    """64 KB that unpack to 64 MB."""
    squeezing = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    return "u" + base64url.encode(b"".join(squeezing.compress(zeros) for _ in range(64)) + squeezing.flush())


def test_status_list_bomb_is_refused_without_unpacking_it() -> None:
    text = bomb()
    tracemalloc.start()
    with pytest.raises(TooLarge) as caught:
        StatusList.decode(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.reason == "status-list-too-large"
    assert peak < 2_000_000


def test_signed_bomb_in_a_status_list_credential_is_refused() -> None:
    claims = dict(open_token(published(), typ="vc+jwt", key=KEY.public).claims)
    claims["credentialSubject"]["encodedList"] = bomb()
    with pytest.raises(TooLarge):
        read_status_list(resigned(claims), KEY.public, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "u",
        packed(bytes(LEAST_ENTRIES // 8))[1:],
        "z" + packed(bytes(LEAST_ENTRIES // 8))[1:],
        packed(bytes(LEAST_ENTRIES // 8)) + "=",
        packed(bytes(LEAST_ENTRIES // 8 - 1)),
        "u" + base64url.encode(zlib.compress(bytes(LEAST_ENTRIES // 8))),
        "u" + base64url.encode(gzip.compress(bytes(LEAST_ENTRIES // 8), mtime=0)[:-1]),
        "u" + base64url.encode(gzip.compress(bytes(LEAST_ENTRIES // 8), mtime=0) + b"x"),
        "u" + base64url.encode(gzip.compress(bytes(LEAST_ENTRIES // 8), mtime=0) * 2),
        "u" + base64url.encode(bytes(LEAST_ENTRIES // 8)),
    ],
)
def test_list_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(InputRefused) as caught:
        StatusList.decode(text)
    assert caught.value.reason == "bad-status-list"


@pytest.mark.parametrize("index", [-1, LEAST_ENTRIES, 10**11])
def test_entry_outside_of_the_list_is_refused(index: int) -> None:
    with pytest.raises(InputRefused) as caught:
        StatusList.empty().is_set(index)
    assert caught.value.reason == "status-index-out-of-range"


def test_list_that_takes_a_revocation_back_is_noticed() -> None:
    before, after = StatusList.empty().with_bits([5]), StatusList.empty().with_bits([5, 9])
    assert not after.clears(before)
    assert before.clears(after)
    assert before.clears(StatusList.empty(LEAST_ENTRIES * 2).with_bits([5]))
    assert not StatusList.empty(LEAST_ENTRIES * 2).with_bits([5]).clears(before)


# The signed list


def resigned(claims: dict[str, Any], key: PrivateKey = KEY) -> str:
    return sign_token(claims, typ="vc+jwt", key=key, kid=key_id_of(key.public), limits=list_limits(DEFAULT_LIMITS))


def test_list_reads_back_with_its_address_purpose_and_time_to_live() -> None:
    read = read_status_list(published(indexes=(7,)), KEY.public, NOW)
    assert (read.url, read.purpose, read.ttl_ms) == (REVOKED, "revocation", 300_000)
    assert read.statuses.is_set(7)
    assert not read.statuses.is_set(8)


def test_fullest_list_of_the_greatest_length_fits_its_limit() -> None:
    limits = Limits()
    statuses = StatusList(b"".join(bytes([n * 167 % 251]) for n in range(limits.status_list_bytes)))
    assert read_status_list(published(statuses=statuses), KEY.public, NOW).statuses == statuses


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("type", ["VerifiableCredential"], "bad-claim"),
        ("type", "BitstringStatusListCredential", "bad-claim"),
        ("validUntil", None, "bad-claim"),
        ("validFrom", "2026-06-02T00:00:00Z", "not-yet-valid"),
        ("validUntil", "2026-06-01T12:00:00Z", "expired"),
        ("credentialSubject.type", "StatusList2021", "bad-claim"),
        ("credentialSubject.encodedList", "u", "bad-status-list"),
        ("credentialSubject.encodedList", 5, "bad-claim"),
        ("credentialSubject.statusSize", 2, "bad-claim"),
        ("credentialSubject.statusSize", True, "bad-claim"),
        ("credentialSubject.ttl", 0, "bad-claim"),
        ("credentialSubject.ttl", -1, "bad-claim"),
        ("credentialSubject.ttl", "300000", "bad-claim"),
        ("credentialSubject.statusPurpose", None, "bad-claim"),
    ],
)
def test_signed_but_wrong_list_is_refused(path: str, value: Any, reason: str, set_member: Callable[..., Any]) -> None:
    claims = dict(open_token(published(), typ="vc+jwt", key=KEY.public).claims)
    set_member(path, value)(claims)
    with pytest.raises(CountermarkError) as caught:
        read_status_list(resigned(claims), KEY.public, NOW)
    assert caught.value.reason == reason


# Entries of credentials


ENTRY = StatusEntry("revocation", 94_567, REVOKED)


def test_entry_is_written_as_the_specification_has_it() -> None:
    claims = ENTRY.to_claims()
    assert claims["type"] == "BitstringStatusListEntry"
    assert claims["statusListIndex"] == "94567"
    assert entries_of(Claims({"credentialStatus": claims}, "c")) == (ENTRY,)
    assert entries_of(Claims({"credentialStatus": [claims]}, "c")) == (ENTRY,)
    assert entries_of(Claims({}, "c")) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"type": "StatusList2021Entry"},
        {"statusPurpose": "message"},
        {"statusPurpose": None},
        {"statusListIndex": 94567},
        {"statusListIndex": "-1"},
        {"statusListIndex": "094567"},
        {"statusListIndex": "1" * 13},
        {"statusListIndex": "٣"},
        {"statusListCredential": ["https://office.example"]},
        {"statusSize": 2},
    ],
)
def test_entry_that_is_read_in_two_ways_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CredentialRefused):
        entries_of(Claims({"credentialStatus": {**ENTRY.to_claims(), **change}}, "c"))


@pytest.mark.parametrize("value", [[], 5, [5], None, [{}] * 5])
def test_status_that_is_no_entry_is_refused(value: Any) -> None:
    with pytest.raises(CredentialRefused):
        entries_of(Claims({"credentialStatus": value}, "c"))


# What a list says of a credential


@pytest.fixture(scope="module")
def with_status(issued: Callable[..., str]) -> str:
    return issued(status=(StatusEntry("revocation", 5, REVOKED), StatusEntry("suspension", 5, SUSPENDED)))


def listed(key: PrivateKey = KEY, account: str = OFFICE) -> OfficeKey:
    return OfficeKey(key.public, account, datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))


def judged(token: str, lists: dict[str, str], holder: AccountId, *more: OfficeKey) -> tuple[Finding, ...]:
    anchor = AnchoredMark(
        "EM500000012345678", OFFICE, holder.address, credential_hash(token), "active",
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return check_credential(
        token, keys=[listed(), *more], anchor=anchor, chain_id=holder.chain_id, now=NOW, status_lists=lists
    ).findings


def test_clear_bits_say_nothing_and_set_ones_revoke_or_suspend(with_status: str, holder: AccountId) -> None:
    clear = {REVOKED: published(indexes=(4, 6)), SUSPENDED: published(SUSPENDED, "suspension")}
    assert judged(with_status, clear, holder) == ()
    revoked = {**clear, REVOKED: published(indexes=(5,))}
    assert [finding.code for finding in judged(with_status, revoked, holder)] == ["credential-revoked"]
    suspended = {**clear, SUSPENDED: published(SUSPENDED, "suspension", (5,))}
    assert [finding.code for finding in judged(with_status, suspended, holder)] == ["credential-suspended"]


def reasons(token: str, holder: AccountId, revocation: str | None, *more: OfficeKey) -> list[str]:
    lists = {SUSPENDED: published(SUSPENDED, "suspension")} | ({} if revocation is None else {REVOKED: revocation})
    found = judged(token, lists, holder, *more)
    assert {finding.code for finding in found} <= {"status-unknown"}
    return [str(finding.params["reason"]) for finding in found]


def test_list_that_cannot_be_had_or_used_leaves_the_status_unknown(with_status: str, holder: AccountId) -> None:
    assert reasons(with_status, holder, None) == ["no-status-list"]
    assert reasons(with_status, holder, "nonsense") == ["not-a-token"]
    assert reasons(with_status, holder, published(SUSPENDED, "suspension")) == ["wrong-list"]
    assert reasons(with_status, holder, published(REVOKED, "suspension")) == ["wrong-purpose"]
    stale = published(valid_from=NOW - timedelta(days=3), valid_until=NOW - timedelta(days=2))
    assert reasons(with_status, holder, stale) == ["expired"]


def test_list_signed_by_a_stranger_or_another_listed_account_is_not_believed(
    with_status: str, holder: AccountId
) -> None:
    stranger = PrivateKey.from_secret(b"\x09" * 48)
    forged = published(key=stranger)
    assert reasons(with_status, holder, forged) == ["issuer-key-unknown"]
    assert reasons(with_status, holder, forged, listed(stranger, "0x" + "22" * 20)) == ["issuer-key-unknown"]


def test_list_by_the_offices_next_key_is_believed(with_status: str, holder: AccountId) -> None:
    rotated = PrivateKey.from_secret(b"\x08" * 48)
    assert reasons(with_status, holder, published(key=rotated), listed(rotated)) == []


def test_list_by_a_key_that_was_revoked_before_is_not_believed(with_status: str, holder: AccountId) -> None:
    burnt = PrivateKey.from_secret(b"\x08" * 48)
    entry = replace(listed(burnt), revoked_since=NOW - timedelta(days=5))
    assert reasons(with_status, holder, published(key=burnt), entry) == ["issuer-key-out-of-period"]


def test_entry_beyond_the_list_leaves_the_status_unknown(
    trademark: Trademark, office_key: PrivateKey, holder: AccountId
) -> None:
    token = issue_trademark_credential(
        trademark, office_name="O", key=office_key, holder=holder, holder_name="N",
        valid_from=datetime(2026, 1, 1, tzinfo=UTC), valid_until=datetime(2027, 1, 1, tzinfo=UTC),
        credential_id="urn:uuid:1", status=(StatusEntry("revocation", LEAST_ENTRIES, REVOKED),),
    )  # fmt: skip
    found = judged(token, {REVOKED: published()}, holder)
    assert [finding.params["reason"] for finding in found] == ["status-index-out-of-range"]


@given(st.text(max_size=100) | st.binary(max_size=200).map(lambda raw: "u" + base64url.encode(raw)))
def test_random_list_raises_nothing_but_our_errors(text: str) -> None:
    with pytest.raises(CountermarkError):
        StatusList.decode(text)


@given(st.integers(0, 150), st.integers(0, 255))
def test_changed_byte_of_a_list_never_gives_other_bits(place: int, value: int) -> None:
    raw = bytearray(gzip.compress(bytes(LEAST_ENTRIES // 8), mtime=0))
    place %= len(raw)
    raw[place] = value
    try:
        assert StatusList.decode("u" + base64url.encode(bytes(raw))) == StatusList.empty()
    except CountermarkError:
        return
