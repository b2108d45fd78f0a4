"""Verdicts as evidence: what a node answered about a label, signed, so that it can be shown to somebody else later.

A compact JWS (RFC 7515, ES256) of type `countermark-verdict+jwt`, behind the same strict gate as credentials. It says
what one node saw at one time: whoever believes it believes that node, whose key the ledger lists. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from countermark.credentials.account_id import AccountId
from countermark.credentials.claims import Claims, instant
from countermark.credentials.did_key import key_id_of, key_of
from countermark.credentials.facts import OfficeKey
from countermark.credentials.gate import open_token, read_header, sign_token
from countermark.errors import CredentialRefused
from countermark.gs1.label_text import read_label
from countermark.limits import DEFAULT_LIMITS, Limits
from countermark.p256 import PrivateKey, PublicKey
from countermark_scanner.anomalies.scans import EvidenceClass
from countermark_scanner.checks.findings import CHECK_NAMES, FINDINGS, fold, result
from countermark_scanner.notices import NOTICES
from countermark_scanner.verdict import AsOf, CheckResult, Notice, Verdict, VerdictReport

TYPE = "countermark-verdict+jwt"
FORMAT = "countermark/verdict/1"
_MEMBERS = frozenset(
    {"format", "iss", "iat", "jti", "trust_registry", "label", "scan", "verdict", "checks", "notices", "as_of"}
)
_MOST_NOTICES = 32


@dataclass(frozen=True, slots=True)
class SignedVerdict:
    """One answer of a node. `raw` is the label as it was read, `as_of` the state of the chain that was looked at."""

    node: AccountId
    trust_registry: str
    scan_id: str
    issued_at: datetime
    raw: str
    occurred_at: datetime
    evidence_class: EvidenceClass
    verdict: Verdict
    checks: tuple[CheckResult, ...]
    notices: tuple[Notice, ...]
    as_of: AsOf | None

    @classmethod
    def of(
        cls,
        report: VerdictReport,
        *,
        node: AccountId,
        trust_registry: str,
        scan_id: str,
        issued_at: datetime,
        raw: str,
        occurred_at: datetime,
        evidence_class: EvidenceClass,
    ) -> SignedVerdict:
        """The evidence of a report."""
        return cls(
            node=node,
            trust_registry=trust_registry,
            scan_id=scan_id,
            issued_at=issued_at,
            raw=raw,
            occurred_at=occurred_at,
            evidence_class=evidence_class,
            verdict=report.verdict,
            checks=report.checks,
            notices=report.notices,
            as_of=report.as_of,
        )

    def sign(self, key: PrivateKey) -> str:
        """The token. The key must be listed on the ledger by the node's account."""
        return sign_token(self.to_claims(), typ=TYPE, key=key, kid=key_id_of(key.public))

    def to_claims(self) -> dict[str, Any]:
        """What is signed."""
        as_of = self.as_of
        return {
            "format": FORMAT,
            "iss": self.node.did,
            "iat": int(self.issued_at.timestamp()),
            "jti": self.scan_id,
            "trust_registry": self.trust_registry,
            "label": self.raw,
            "scan": {"occurred_at": instant(self.occurred_at), "evidence_class": self.evidence_class.value},
            "verdict": self.verdict.value,
            "checks": [
                {"number": each.number, "outcome": each.outcome.value, "code": each.code, "params": dict(each.params)}
                for each in self.checks
            ],
            "notices": [{"code": each.code, "params": dict(each.params)} for each in self.notices],
            "as_of": as_of and {"block": as_of.block, "time": instant(as_of.time), "age_seconds": as_of.age_seconds},
        }


@dataclass(frozen=True, slots=True)
class NodeTrust:
    """What the ledger says of the account that a verdict names as its node."""

    keys: Sequence[OfficeKey]
    operator_from: datetime | None
    operator_until: datetime | None


def read_verdict(token: str, key: PublicKey, limits: Limits = DEFAULT_LIMITS) -> SignedVerdict:
    """The evidence in a token that `key` signed. Raises CredentialRefused (the gate's reasons, bad-claim), TooLarge.

    The verdict must be what the ten checks fold to by the written table: no node can sign a better one.
    """
    claims = Claims(open_token(token, typ=TYPE, key=key, limits=limits).claims, "verdict")
    if claims.members.keys() != _MEMBERS:
        raise claims.refused("members", ", ".join(sorted(_MEMBERS)))
    claims.must_equal("format", FORMAT)
    checks, scan = _read_checks(claims), claims.object("scan")
    verdict = fold(checks)
    claims.must_equal("verdict", verdict.value)
    evidence = scan.text("evidence_class")
    if evidence not in EvidenceClass._value2member_map_:
        raise scan.refused("evidence_class", "A, B, C or D")
    raw = claims.text("label")
    read_label(raw, limits)
    return SignedVerdict(
        node=AccountId.from_did(claims.text("iss")),
        trust_registry=claims.text("trust_registry"),
        scan_id=claims.text("jti"),
        issued_at=claims.seconds("iat"),
        raw=raw,
        occurred_at=scan.instant("occurred_at"),
        evidence_class=EvidenceClass(evidence),
        verdict=verdict,
        checks=checks,
        notices=_read_notices(claims),
        as_of=_read_as_of(claims),
    )


def named_key(token: str, limits: Limits = DEFAULT_LIMITS) -> PublicKey:
    """The key that a token names, for looking it up: it proves nothing. Raises CredentialRefused, TooLarge."""
    return key_of(str(read_header(token, typ=TYPE, limits=limits).get("kid", "")).partition("#")[0])


def check_verdict(found: SignedVerdict, key: PublicKey, trust: NodeTrust, *, chain_id: int, registry: str) -> None:
    """Whether the ledger stands behind the node that signed. Raises CredentialRefused (wrong-chain, node-key-unknown,
    node-key-out-of-period, node-not-operator).
    """
    if (found.node.chain_id, found.trust_registry) != (chain_id, registry):
        raise _refused(
            "wrong-chain",
            f"a verdict about chain {found.node.chain_id} and registry {found.trust_registry}",
            f"chain {chain_id} and registry {registry}",
        )
    listed = next((each for each in trust.keys if each.key == key and each.account == found.node.address), None)
    if listed is None:
        raise _refused(
            "node-key-unknown", f"key {key.key_id.hex()}", f"a credential key that {found.node.address} listed"
        )
    if not listed.covers(found.issued_at):
        raise _refused("node-key-out-of-period", instant(found.issued_at), "a time at which the key was in use")
    begins, ends = trust.operator_from, trust.operator_until
    if begins is None or ends is None or not begins <= found.issued_at < ends:
        raise _refused("node-not-operator", found.node.address, "an account with the role node-operator at that time")


def _read_checks(claims: Claims) -> tuple[CheckResult, ...]:
    checks = tuple(_read_check(claims, each) for each in _objects(claims, "checks", most=len(CHECK_NAMES)))
    if [check.number for check in checks] != list(CHECK_NAMES):
        raise claims.refused("checks", "the ten checks in order")
    return checks


def _read_check(claims: Claims, given: Mapping[str, Any]) -> CheckResult:
    row = FINDINGS.get(str(given.get("code")))
    params = _texts(given.get("params"), row.params if row else ())
    if row is None or params is None:
        raise claims.refused("checks", "codes and parameters of the written table")
    check = result(row.code, **params)
    as_written = {"number": row.number, "outcome": row.outcome.value, "code": row.code, "params": params}
    if given != as_written:
        raise claims.refused("checks", "numbers and outcomes as in the written table")
    return check


def _read_notices(claims: Claims) -> tuple[Notice, ...]:
    found = []
    for given in _objects(claims, "notices", most=_MOST_NOTICES):
        code = str(given.get("code"))
        params = _texts(given.get("params"), NOTICES.get(code, ()))
        if given.keys() != {"code", "params"} or code not in NOTICES or params is None:
            raise claims.refused("notices", "notices that are known, with their parameters")
        found.append(Notice(code, params))
    return tuple(found)


def _texts(params: object, names: Sequence[str]) -> dict[str, str] | None:
    """`params` if it holds a text for each of `names` and nothing else."""
    if not isinstance(params, dict) or params.keys() != set(names):
        return None
    return params if all(isinstance(value, str) for value in params.values()) else None


def _read_as_of(claims: Claims) -> AsOf | None:
    if claims.members["as_of"] is None:
        return None
    given = claims.object("as_of")
    block, age = given.members.get("block"), given.members.get("age_seconds")
    if type(block) is not int or type(age) is not int or block < 0 or age < 0:
        raise claims.refused("as_of", "block and age_seconds as whole numbers")
    return AsOf(block, given.instant("time"), age)


def _objects(claims: Claims, name: str, *, most: int) -> list[dict[str, Any]]:
    value = claims.members.get(name)
    if not isinstance(value, list) or len(value) > most or not all(isinstance(each, dict) for each in value):
        raise claims.refused(name, f"a list of at most {most} objects")
    return value


def _refused(reason: str, got: str, expected: str) -> CredentialRefused:
    return CredentialRefused(
        got=got,
        expected=expected,
        next_step="do not rely on it; scan the label again with a node that you trust",
        reason=reason,
    )
