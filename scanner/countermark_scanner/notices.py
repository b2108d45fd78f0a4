"""What a report says beside its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType

from countermark_scanner.checks.case import Case, VerifierSettings
from countermark_scanner.checks.marks import lapsed
from countermark_scanner.checks.status import expired
from countermark_scanner.sources import ItemFlag, ItemRecord, Showing
from countermark_scanner.verdict import AsOf, Notice, Verdict

NOTICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "recalled": (),
        "stolen": (),
        "retired": (),
        "held": (),
        "expired": ("date",),
        "copy-in-circulation": (),
        "mark-lapsed": ("mark",),
        "off-network": (),
        "claimed": (),
        "tap-again": (),
        "chip-not-checked": (),
        "offline": (),
        "label-can-be-copied": (),
        "data-age": ("minutes",),
    }
)
"""Every notice and the parameters of its sentence, in the order in which a report lists them."""

_ORDER: Mapping[str, int] = MappingProxyType({code: place for place, code in enumerate(NOTICES)})
_SECOND = timedelta(seconds=1)
_OFFLINE, _CAN_BE_COPIED = Notice("offline", {}), Notice("label-can-be-copied", {})
_COPYABLE = frozenset({Verdict.LABEL_GENUINE, Verdict.CAUTION})


def notices(case: Case, verdict: Verdict, as_of: AsOf | None, settings: VerifierSettings) -> tuple[Notice, ...]:
    """The notices of a case, gravest first."""
    found = list(_all(case, verdict, as_of, settings))
    if len(found) > 1:
        found.sort(key=lambda notice: _ORDER[notice.code])
    return tuple(found)


def _all(case: Case, verdict: Verdict, as_of: AsOf | None, settings: VerifierSettings) -> Iterator[Notice]:
    if case.record is not None:
        yield from _of_record(case, case.record)
    if case.context.showing is Showing.CHIP_TAPPED:
        yield Notice("tap-again", {})
    if case.context.showing is Showing.CHIP_UNCHECKED:
        yield Notice("chip-not-checked", {})
    if any(found.confirmed for found in case.contradictions or ()):
        yield Notice("copy-in-circulation", {})
    if case.state is not None and case.state.offline_until is not None:
        yield _OFFLINE
    if verdict in _COPYABLE:
        yield _CAN_BE_COPIED
    if as_of is not None and as_of.age_seconds >= settings.tell_age_after // _SECOND:
        yield Notice("data-age", {"minutes": str(as_of.age_seconds // 60)})


def _of_record(case: Case, record: ItemRecord) -> Iterator[Notice]:
    yield from (Notice(flag.value, {}) for flag in ItemFlag if flag in record.flags)
    if record.claimed and case.context.showing is not Showing.OWNER_KEY:
        yield Notice("claimed", {})
    if expired(case) and record.expiry is not None:
        yield Notice("expired", {"date": record.expiry.isoformat()})
    yield from (Notice("mark-lapsed", {"mark": mark.mark}) for mark in record.marks if lapsed(mark, case.now))
