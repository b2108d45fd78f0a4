"""An item's history for one viewer: what the viewer is to the item decides which parts are made at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session

from countermark.errors import NotFound
from countermark.gs1.label import ScannedLabel
from countermark.roles import AUTHORITIES, Role
from countermark_node.access.permissions import Permission
from countermark_node.access.principal import Principal
from countermark_node.chain_sync.tables import ClaimRow, SegmentRow, SeriesRow
from countermark_node.database import Database
from countermark_node.histories.steps import Step, flags_of, sightings_of, steps_of, with_accounts, with_roles
from countermark_node.histories.visibility import Part, Viewer, parts_for
from countermark_node.scans.submission import SignedChallenge
from countermark_node.showings.possession import PossessionJudge
from countermark_node.times import rfc3339
from countermark_node.verification.service import VerificationService
from countermark_node.verification.sources import Packed, SqlSources
from countermark_scanner.messages import Language
from countermark_scanner.report import report_json
from countermark_scanner.sources import ANONYMOUS, Showing
from countermark_scanner.verdict import Verdict

_TELLS_STRANGERS_NOTHING = frozenset(
    {Verdict.UNVERIFIABLE, Verdict.NOT_ACTIVE, Verdict.NOT_ISSUED, Verdict.LABEL_NOT_GENUINE}
)


@dataclass(frozen=True, slots=True)
class Question:
    """A label, who asks, in which language the answer is to be, and perhaps the owner's signature."""

    label: ScannedLabel
    principal: Principal
    language: Language
    possession: SignedChallenge | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    session: Session
    packed: Packed
    steps: list[Step]
    segment: SegmentRow
    series: SeriesRow
    question: Question
    viewers: frozenset[Viewer] = frozenset()


class HistoryService:
    """`modules` gives the name of a contract by its address. All methods may be called from any thread."""

    def __init__(
        self,
        database: Database,
        verification: VerificationService,
        possession: PossessionJudge,
        modules: Mapping[str, str],
    ) -> None:
        self._database = database
        self._verification = verification
        self._possession = possession
        self._modules = modules

    def history(self, question: Question) -> dict[str, Any]:
        """The members of POST /v1/history. Raises NotFound (no-such-item), and for `possession` as scans do."""
        self._verification.freshen()
        if question.possession is None:
            with self._database.read() as session:
                return self._answer(session, question, owns=False)
        with self._database.write() as session:
            sources = self._verification.sources(session)
            shown = self._possession.judge(sources, question.label, question.possession)
            self._possession.challenges.use(session.connection(), question.possession.challenge, sources.now)
            return self._answer(session, question, owns=shown is Showing.OWNER_KEY)

    def _answer(self, session: Session, question: Question, *, owns: bool) -> dict[str, Any]:
        sources = self._verification.sources(session)
        packed = sources.chain.packed(question.label.item)
        if packed is None:
            raise _unknown(question.label)
        found = _found(sources, packed, question, self._modules)
        viewers = _viewers(found, owns=owns)
        found = replace(found, viewers=viewers)
        report = self._verification.verify_with(sources, question.label, ANONYMOUS)
        if viewers == {Viewer.STRANGER} and report.verdict in _TELLS_STRANGERS_NOTHING:
            # A guessed serial learns no more than an invented one.
            raise _unknown(question.label)
        shown = report_json(report, question.language)
        parts = {part.value: _PARTS[part](found) for part in Part if part in parts_for(viewers) and part in _PARTS}
        members = {name: shown[name] for name in ("verdict", "headline", "item", "product", "notices", "as_of")}
        return {**members, "viewer": sorted(viewers), **parts}


def _found(sources: SqlSources, packed: Packed, question: Question, modules: Mapping[str, str]) -> _Found:
    session = sources.session
    segment = session.get_one(SegmentRow, (packed.series, packed.segment))
    series = session.get_one(SeriesRow, packed.series)
    return _Found(session, packed, steps_of(session, packed, modules), segment, series, question)


def _viewers(found: _Found, *, owns: bool) -> frozenset[Viewer]:
    principal, packed = found.question.principal, found.packed
    account = principal.account if Permission.HISTORY in principal.permissions else None
    roles = principal.roles if account is not None else frozenset()
    claim = found.session.get(ClaimRow, (packed.series, packed.item_index))
    holds = account is not None and account == packed.holder
    claimed = claim is not None and claim.claimed
    named = {
        Viewer.FORMER: account is not None and any(account in (step.giver, step.receiver) for step in found.steps),
        Viewer.CUSTODIAN: holds and not claimed,
        Viewer.OWNER: owns or (holds and claimed),
        Viewer.BRAND: "brand" in principal.desks or (Role.BRAND in roles and account == found.series.brand),
        Viewer.AUTHORITY: "customs" in principal.desks or bool(roles & AUTHORITIES),
    }
    return frozenset(viewer for viewer, applies in named.items() if applies) or frozenset({Viewer.STRANGER})


def _making(found: _Found) -> dict[str, Any]:
    segment = found.segment
    return {
        "lot": segment.lot or None,
        "expiry": rfc3339(segment.expiry)[:10] if segment.expiry else None,
        "commissioned_at": rfc3339(segment.commissioned_at),
        "brand": found.series.brand,
    }


def _own_steps(found: _Found) -> list[dict[str, Any]]:
    account = found.question.principal.account
    own = (step for step in found.steps if account is not None and account in (step.giver, step.receiver))
    return [with_accounts(found.session, step) for step in own]


def _custody(found: _Found) -> dict[str, Any]:
    return {"holder": found.packed.holder, "steps": [with_accounts(found.session, step) for step in found.steps]}


def _sightings(found: _Found) -> list[dict[str, Any]]:
    """A brand need not know which officer looked at its goods, or which competitor: authorities alone see accounts."""
    item = found.question.label.item
    return sightings_of(found.session, item.gtin, item.serial, accounts=Viewer.AUTHORITY in found.viewers)


_PARTS: Mapping[Part, Callable[[_Found], Any]] = {
    Part.MAKING: _making,
    Part.OWN_STEPS: _own_steps,
    Part.JOURNEY: lambda found: [with_roles(found.session, step) for step in found.steps],
    Part.FLAGS: lambda found: flags_of(found.session, found.packed),
    Part.CUSTODY: _custody,
    Part.SIGHTINGS: _sightings,
}
"""How each part is made; product and notices are the verdict's."""


def _unknown(label: ScannedLabel) -> NotFound:
    return NotFound(
        got=label.item.text,
        expected="a label that verifies, of an item whose packing list is here",
        next_step="ask the brand's own node, or scan the label (POST /v1/scans) to see what is wrong with it",
        reason="no-such-item",
    )
