"""Signed verdicts: what a node said stays what it said, and nobody else can have said it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermark import base64url
from countermark.credentials.account_id import AccountId
from countermark.credentials.did_key import key_id_of
from countermark.credentials.facts import OfficeKey
from countermark.credentials.gate import sign_token
from countermark.errors import CountermarkError, CredentialRefused
from countermark.p256 import ORDER, PrivateKey
from countermark_scanner.anomalies.scans import EvidenceClass
from countermark_scanner.signed_verdict import (
    TYPE,
    NodeTrust,
    SignedVerdict,
    check_verdict,
    named_key,
    read_verdict,
)

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
NODE = AccountId(1_337, "0x" + "00" * 19 + "01")
REGISTRY = "0x" + "00" * 19 + "02"
KEY = PrivateKey.from_secret(b"a node's credential key, a test's".ljust(48, b"."))
STRANGER = PrivateKey.from_secret(b"a stranger's credential key, too".ljust(48, b"."))


def evidence(world: Any) -> SignedVerdict:
    return SignedVerdict.of(
        world.verify(),
        node=NODE,
        trust_registry=REGISTRY,
        scan_id="scan-1",
        issued_at=NOW,
        raw=world.label.raw,
        occurred_at=NOW - timedelta(minutes=1),
        evidence_class=EvidenceClass.D,
    )


def trust(**changes: Any) -> NodeTrust:
    key = OfficeKey(KEY.public, NODE.address, NOW - timedelta(days=1), NOW + timedelta(days=1))
    return replace(NodeTrust([key], NOW - timedelta(days=1), NOW + timedelta(days=1)), **changes)


def refused(action: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(CredentialRefused) as error:
        action(*arguments, **named)
    return error.value.reason


def test_signed_verdict_reads_back_as_what_was_said(world: Any) -> None:
    said = evidence(world)
    token = said.sign(KEY)
    assert named_key(token) == KEY.public
    found = read_verdict(token, KEY.public)
    as_of = said.as_of
    assert as_of is not None
    assert found == replace(said, as_of=replace(as_of, time=as_of.time.replace(microsecond=0)))
    check_verdict(found, KEY.public, trust(), chain_id=1_337, registry=REGISTRY)


def test_verdict_that_another_key_signed_is_refused(world: Any) -> None:
    token = evidence(world).sign(STRANGER)
    assert refused(read_verdict, token, KEY.public) == "wrong-signature"
    found = read_verdict(token, STRANGER.public)
    check = {"chain_id": 1_337, "registry": REGISTRY}
    assert refused(check_verdict, found, STRANGER.public, trust(), **check) == "node-key-unknown"


def test_key_that_the_ledger_lists_for_another_account_signs_for_nobody_else(world: Any) -> None:
    found = read_verdict(evidence(world).sign(KEY), KEY.public)
    other = OfficeKey(KEY.public, REGISTRY, NOW - timedelta(days=1), NOW + timedelta(days=1))
    case = trust(keys=[other])
    assert refused(check_verdict, found, KEY.public, case, chain_id=1_337, registry=REGISTRY) == "node-key-unknown"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"operator_from": None}, "node-not-operator"),
        ({"operator_until": NOW}, "node-not-operator"),
        ({"operator_from": NOW + timedelta(seconds=1)}, "node-not-operator"),
        ({"keys": [OfficeKey(KEY.public, NODE.address, NOW - timedelta(days=9), NOW)]}, "node-key-out-of-period"),
        (
            {"keys": [OfficeKey(KEY.public, NODE.address, NOW - timedelta(1), NOW + timedelta(1), NOW)]},
            "node-key-out-of-period",
        ),
        ({"keys": []}, "node-key-unknown"),
    ],
)
def test_node_without_standing_at_that_time_is_refused(world: Any, changes: dict[str, Any], reason: str) -> None:
    found = read_verdict(evidence(world).sign(KEY), KEY.public)
    case = trust(**changes)
    assert refused(check_verdict, found, KEY.public, case, chain_id=1_337, registry=REGISTRY) == reason


def test_verdict_of_another_ledger_is_refused(world: Any) -> None:
    found = read_verdict(evidence(world).sign(KEY), KEY.public)
    for where in ({"chain_id": 1, "registry": REGISTRY}, {"chain_id": 1_337, "registry": NODE.address}):
        assert refused(check_verdict, found, KEY.public, trust(), **where) == "wrong-chain"


def resigned(world: Any, change: Any) -> str:
    claims = evidence(world).to_claims()
    change(claims)
    return sign_token(claims, typ=TYPE, key=KEY, kid=key_id_of(KEY.public))


@pytest.mark.parametrize(
    "change",
    [
        lambda claims: claims.update(verdict="genuine"),
        lambda claims: claims.update(verdict="caution"),
        lambda claims: claims["checks"].pop(),
        lambda claims: claims["checks"].reverse(),
        lambda claims: claims["checks"][0].update(outcome="fail"),
        lambda claims: claims["checks"][0].update(code="label-signed-by-angels"),
        lambda claims: claims["checks"][1].update(params={}),
        lambda claims: claims["checks"][1].update(extra=1),
        lambda claims: claims["checks"].append({}),
        lambda claims: claims["notices"].append({"code": "harmless", "params": {}}),
        lambda claims: claims.update(extra=1),
        lambda claims: claims.pop("jti"),
        lambda claims: claims.update(iat="now"),
        lambda claims: claims.update(iss="did:pkh:eip155:1:0x00"),
        lambda claims: claims.update(format="countermark/verdict/2"),
        lambda claims: claims["scan"].update(evidence_class="E"),
        lambda claims: claims.update(as_of={"block": -1, "time": "2026-06-01T12:00:00Z", "age_seconds": 1}),
        lambda claims: claims.update(checks={}),
    ],
)
def test_node_cannot_sign_what_the_written_table_does_not_give(world: Any, change: Any) -> None:
    assert refused(read_verdict, resigned(world, change), KEY.public) in {"bad-claim", "bad-account"}


def test_token_of_another_type_header_or_spelling_is_refused(world: Any) -> None:
    token = evidence(world).sign(KEY)
    claims = evidence(world).to_claims()
    assert refused(read_verdict, sign_token(claims, typ="vc+jwt", key=KEY), KEY.public) == "wrong-type"
    header, payload, signature = token.split(".")
    raw = base64url.decode(signature)
    assert raw is not None
    high = raw[:32] + (ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    assert refused(read_verdict, f"{header}.{payload}.{base64url.encode(high)}", KEY.public) == "high-s"
    jku = base64url.encode(json.dumps({"alg": "ES256", "typ": TYPE, "jku": "https://evil.example/"}).encode())
    assert refused(read_verdict, f"{jku}.{payload}.{signature}", KEY.public) == "header-not-allowed"
    assert refused(read_verdict, token + "A", KEY.public) in {"not-canonical", "bad-signature-form"}


@given(st.data())
def test_no_changed_token_is_accepted(data: st.DataObject) -> None:
    from countermark.gs1.label_text import read_label
    from countermark_scanner.checks.findings import CHECK_NAMES, FINDINGS, fold, result

    rows = [next(row for row in FINDINGS.values() if row.number == number) for number in CHECK_NAMES]
    checks = tuple(result(row.code, **dict.fromkeys(row.params, "x")) for row in rows)
    raw = "https://id.brand.example/01/09501101020917/21/A1"
    assert read_label(raw).raw == raw
    said = SignedVerdict(NODE, REGISTRY, "s", NOW, raw, NOW, EvidenceClass.D, fold(checks), checks, (), None)
    token = said.sign(KEY)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCabc019-_.="))
    changed = token[:place] + letter + token[place + 1 :]
    if changed == token:
        return
    with pytest.raises(CountermarkError):
        read_verdict(changed, KEY.public)
