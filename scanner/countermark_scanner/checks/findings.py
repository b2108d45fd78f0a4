"""The written table: every way a check can end, and the best verdict that is still possible with it.

The fold takes the worst of the ten. Only check (3) tells `genuine` from `label-genuine`: its passes differ in whether a
copy could have given the same evidence. `docs/verification.md` prints this table; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from countermark_scanner.verdict import CheckResult, Outcome, Verdict

CHECK_NAMES: Mapping[int, str] = MappingProxyType(
    {
        1: "label",
        2: "host",
        3: "serial",
        4: "commissioned",
        5: "marks",
        6: "status",
        7: "custody",
        8: "passport",
        9: "scans",
        10: "data",
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One row: check number, code, outcome, the best verdict possible with it, the parameters of its sentence."""

    number: int
    code: str
    outcome: Outcome
    best: Verdict
    params: tuple[str, ...] = ()


_P, _F, _U = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
_BEST, _LABEL, _CAUTION, _UNSURE = Verdict.GENUINE, Verdict.LABEL_GENUINE, Verdict.CAUTION, Verdict.UNVERIFIABLE
_ACTIVE, _ISSUED, _FALSE = Verdict.NOT_ACTIVE, Verdict.NOT_ISSUED, Verdict.LABEL_NOT_GENUINE

_ROWS = (
    Finding(1, "label-link", _P, _BEST),
    Finding(1, "label-elements", _P, _BEST),
    Finding(1, "label-file", _P, _BEST),
    Finding(2, "host-registered", _P, _BEST, ("host",)),
    Finding(2, "host-not-carried", _P, _BEST),
    Finding(2, "host-foreign", _F, _FALSE, ("host",)),
    Finding(2, "host-none-registered", _U, _UNSURE, ("host",)),
    Finding(2, "host-brand-unknown", _U, _UNSURE, ("gtin",)),
    Finding(2, "host-data-old", _U, _UNSURE, ("host",)),
    Finding(3, "chip-fresh", _P, _BEST),
    Finding(3, "owner-key", _P, _BEST),
    Finding(3, "claim-code-unused", _P, _BEST),
    Finding(3, "chip-tapped", _P, _LABEL),
    Finding(3, "signature-valid", _P, _LABEL, ("key",)),
    Finding(3, "serial-in-packing-list", _P, _LABEL),
    Finding(3, "chip-replayed", _F, _CAUTION),
    Finding(3, "claim-code-spent", _F, _CAUTION),
    Finding(3, "chip-foreign", _F, _FALSE),
    Finding(3, "chip-wrong", _F, _FALSE),
    Finding(3, "signature-unreadable", _F, _FALSE),
    Finding(3, "signature-wrong", _F, _FALSE, ("key",)),
    Finding(3, "signature-key-unknown", _F, _FALSE, ("key",)),
    Finding(3, "signature-key-revoked", _F, _FALSE, ("key", "since")),
    Finding(3, "signature-data-old", _U, _UNSURE, ("key",)),
    Finding(3, "signature-brand-unknown", _U, _UNSURE, ("gtin",)),
    Finding(3, "signature-key-out-of-period", _U, _UNSURE, ("key",)),
    Finding(3, "serial-unproven", _U, _UNSURE),
    Finding(4, "commissioned", _P, _BEST, ("date",)),
    Finding(4, "commissioned-brand-lapsed", _P, _BEST, ("date",)),
    Finding(4, "commissioned-by-other-brand", _F, _CAUTION),
    Finding(4, "commissioned-without-accreditation", _F, _CAUTION, ("date",)),
    Finding(4, "not-commissioned", _F, _ACTIVE),
    Finding(4, "never-issued", _F, _ISSUED),
    Finding(4, "commissioned-brand-unknown", _U, _UNSURE, ("gtin",)),
    Finding(4, "commissioning-unknown", _U, _UNSURE),
    Finding(5, "marks-valid", _P, _BEST, ("marks",)),
    Finding(5, "marks-lapsed-since", _P, _BEST, ("mark",)),
    Finding(5, "marks-not-valid-then", _F, _CAUTION, ("mark",)),
    Finding(5, "marks-none-recorded", _U, _UNSURE),
    Finding(5, "marks-no-item", _U, _UNSURE),
    Finding(6, "status-clear", _P, _BEST),
    Finding(6, "status-recalled", _F, _CAUTION),
    Finding(6, "status-stolen", _F, _CAUTION),
    Finding(6, "status-retired", _F, _CAUTION),
    Finding(6, "status-held", _F, _CAUTION),
    Finding(6, "status-expired", _F, _CAUTION, ("date",)),
    Finding(6, "status-no-item", _U, _UNSURE),
    Finding(7, "custody-holder", _P, _BEST),
    Finding(7, "custody-brand", _P, _BEST),
    Finding(7, "custody-authority", _P, _BEST),
    Finding(7, "custody-taking-over", _P, _BEST),
    Finding(7, "custody-elsewhere", _F, _CAUTION),
    Finding(7, "custody-anonymous", _U, _BEST),
    Finding(7, "custody-no-item", _U, _UNSURE),
    Finding(8, "passport-matches", _P, _BEST),
    Finding(8, "passport-differs", _F, _CAUTION),
    Finding(8, "passport-lot-differs", _F, _CAUTION, ("printed",)),
    Finding(8, "passport-not-held", _U, _LABEL),
    Finding(8, "passport-no-item", _U, _UNSURE),
    Finding(9, "scans-consistent", _P, _BEST),
    Finding(9, "scans-copy-confirmed", _F, _CAUTION, ("distance_km", "minutes")),
    Finding(9, "scans-copy-suspected", _F, _CAUTION, ("distance_km", "minutes")),
    Finding(9, "scans-unknown", _U, _UNSURE),
    Finding(9, "scans-offline", _U, _LABEL),
    Finding(10, "data-current", _P, _BEST, ("block", "minutes")),
    Finding(10, "data-old", _F, _UNSURE, ("block", "minutes")),
    Finding(10, "data-clock-wrong", _U, _UNSURE, ("block",)),
    Finding(10, "data-none", _U, _UNSURE),
    Finding(10, "data-offline", _U, _LABEL, ("block", "minutes")),
)

FINDINGS: Mapping[str, Finding] = MappingProxyType({row.code: row for row in _ROWS})

_NONE: Mapping[str, str] = MappingProxyType({})
_READY: Mapping[str, CheckResult] = MappingProxyType(
    {
        row.code: CheckResult(row.number, CHECK_NAMES[row.number], row.outcome, row.code, _NONE)
        for row in _ROWS
        if not row.params
    }
)
"""Results without parameters, made once: ten of them are needed for every label."""
_VERDICTS = tuple(Verdict)
_RANKS: Mapping[str, int] = MappingProxyType({row.code: row.best.rank for row in _ROWS})


def result(code: str, **params: object) -> CheckResult:
    """The check result of a row of the table; its parameters are those that the row names."""
    ready = _READY.get(code)
    if ready is not None:
        return ready
    row = FINDINGS[code]
    given = {name: str(params[name]) for name in row.params}
    return CheckResult(row.number, CHECK_NAMES[row.number], row.outcome, code, given)


def fold(results: Iterable[CheckResult]) -> Verdict:
    """The worst of what each finding still allows; without any finding nothing is verified."""
    return _VERDICTS[max((_RANKS[each.code] for each in results), default=Verdict.UNVERIFIABLE.rank)]


def decisive(results: Iterable[CheckResult], verdict: Verdict) -> tuple[CheckResult, ...]:
    """Those of `results` that brought a verdict about which is no good one; none for a good one."""
    if verdict is _LABEL or verdict is _BEST:
        return ()
    rank = verdict.rank
    return tuple(each for each in results if _RANKS[each.code] == rank)
