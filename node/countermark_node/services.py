"""All services of a node, put together once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy import URL
from starlette.requests import HTTPConnection

from countermark.credentials.account_id import AccountId
from countermark.errors import CountermarkError
from countermark_node.access.building import build_access
from countermark_node.access.service import AccessService
from countermark_node.alerts.committing import AlertCommitter
from countermark_node.alerts.hub import AlertHub
from countermark_node.alerts.raising import AlertMaker
from countermark_node.alerts.replaced import wait_again
from countermark_node.alerts.service import AlertService
from countermark_node.alerts.watching import ReplicaWatcher
from countermark_node.background import Worker, end_all
from countermark_node.chain_sync.projector import Projector
from countermark_node.coverage.service import CoverageService
from countermark_node.database import Database
from countermark_node.database.ownership import belong
from countermark_node.failures import FailureLog
from countermark_node.gathering import Gathering
from countermark_node.health.database_file import DatabaseFile
from countermark_node.health.service import HealthService
from countermark_node.histories.service import HistoryService
from countermark_node.idempotency.principals import Principals
from countermark_node.idempotency.store import IdempotencyKeys, KeyPolicy
from countermark_node.installation import Installation
from countermark_node.leadership.service import Leadership
from countermark_node.metrics.key import MetricsKey
from countermark_node.metrics.readings import (
    read_database,
    read_leader,
    read_ledger,
    read_lines,
    read_outbox,
    read_webhooks,
    read_work,
)
from countermark_node.metrics.registry import NodeMetrics
from countermark_node.notifications.building import Notifications
from countermark_node.outbox.service import OutboxService
from countermark_node.passports.service import PassportService
from countermark_node.rate_limit import RateLimiter
from countermark_node.resolver.service import ResolverService
from countermark_node.rpc.building import Members, build_gateway
from countermark_node.rpc.gateway import Gateway
from countermark_node.scans.counting import hourly_bounds
from countermark_node.scans.evidence import EvidenceJudge
from countermark_node.scans.evidence_tokens import EvidenceSigner
from countermark_node.scans.gate_service import GateLimits, GateService
from countermark_node.scans.intake import RecordedScan, ScanPolicy
from countermark_node.scans.page_nonces import PageNonces
from countermark_node.scans.retention import Retention, retention_policy
from countermark_node.scans.service import SCANS_AT_ONCE, ScanRequest, ScanService
from countermark_node.segments.replaced import drop_foreign_list
from countermark_node.segments.service import SegmentService
from countermark_node.settings import NodeSettings
from countermark_node.showings.challenges import Challenges
from countermark_node.showings.chips import ChipVault
from countermark_node.showings.judge import ShowingJudge
from countermark_node.showings.possession import PossessionJudge
from countermark_node.times import Clock, utc_now
from countermark_node.trademark_requests.service import Desk, TrademarkRequestService
from countermark_node.verification.service import VerificationService
from countermark_node.verification.signed_serials import SignedSerials
from countermark_node.waiting_line import WaitingLine
from countermark_scanner.decode_workers import DecodeWorkers

_WATCH_SECONDS = 0.25
"""Within which streams here see what another replica wrote: an alert has a second to reach a desk."""


@dataclass(frozen=True)
class Limiters:
    """Request rates per network."""

    scans: RateLimiter
    gates: RateLimiter
    signatures: RateLimiter
    pictures: RateLimiter
    rpc: RateLimiter
    strangers: RateLimiter
    packing_lists: RateLimiter
    passports: RateLimiter
    logins: RateLimiter
    log_ins: RateLimiter
    relayed: RateLimiter

    @classmethod
    def of(cls, settings: NodeSettings) -> Self:
        """As the settings say."""

        def limiter(what: str, per_minute: int) -> RateLimiter:
            return RateLimiter(what, per_minute, networks=settings.networks_remembered)

        return cls(
            scans=limiter("scans", settings.public_scans_per_minute),
            gates=RateLimiter("lines of gates", settings.gate_scans_per_minute, whose="account"),
            signatures=limiter("wrong signatures", settings.wrong_signatures_per_minute),
            pictures=limiter("pictures", settings.pictures_per_minute),
            rpc=limiter("ledger calls", settings.rpc_per_minute),
            strangers=limiter("transactions without a role", settings.rpc_strangers_per_minute),
            packing_lists=limiter("packing lists", settings.packing_lists_per_minute),
            passports=limiter("passports", settings.public_scans_per_minute),
            logins=limiter("wrong access keys", settings.failed_logins_per_minute),
            log_ins=limiter("failed log-ins", settings.log_ins_per_minute),
            relayed=limiter("requests without log-in", settings.relayed_per_minute),
        )


@dataclass(frozen=True)
class Lines:
    """Where slow work waits, each kind by itself."""

    pictures: WaitingLine
    ledger: WaitingLine
    packing_lists: WaitingLine
    pings: WaitingLine

    @classmethod
    def of(cls, settings: NodeSettings) -> Self:
        """As the settings say. The ledger does one thing at a time; packing lists take memory, and pings a while."""
        return cls(
            pictures=WaitingLine(
                "pictures",
                at_once=settings.pictures_at_once,
                waiting=settings.pictures_waiting,
                share=settings.pictures_waiting_per_network,
            ),
            ledger=WaitingLine(
                "ledger calls",
                at_once=2,
                waiting=settings.rpc_waiting,
                share=settings.rpc_waiting_per_network,
            ),
            packing_lists=WaitingLine("packing lists", at_once=1, waiting=16, share=8),
            pings=WaitingLine("pings of webhooks", at_once=8, waiting=8, share=2, whose="account"),
        )


@dataclass(frozen=True)
class NodeServices:
    """What routes, pages and commands work with. `start` and `stop` surround the time in which requests come."""

    settings: NodeSettings
    clock: Clock
    installation: Installation
    database: Database
    leadership: Leadership
    limiters: Limiters
    lines: Lines
    decoders: DecodeWorkers
    challenges: Challenges
    page_nonces: PageNonces
    evidence: EvidenceSigner
    coverage: CoverageService
    projector: Projector
    verification: VerificationService
    segments: SegmentService
    passports: PassportService
    resolver: ResolverService
    scans: ScanService
    scan_line: Gathering[ScanRequest, list[RecordedScan | CountermarkError]]
    gates: GateService
    alerts: AlertService
    alert_hub: AlertHub
    committer: AlertCommitter
    notifications: Notifications
    access: AccessService
    histories: HistoryService
    trademark_requests: TrademarkRequestService
    gateway: Gateway
    metrics: NodeMetrics
    metrics_key: MetricsKey
    outbox: OutboxService
    idempotency: IdempotencyKeys
    principals: Principals
    health: HealthService
    workers: tuple[Worker, ...]

    def __post_init__(self) -> None:
        """Whatever is here can be watched."""
        read_ledger(self.metrics, self.projector, self.clock)
        read_database(self.metrics, self.projector)
        read_work(self.metrics, self.committer, self.alert_hub, self.workers)
        read_lines(
            self.metrics,
            {
                "pictures": self.lines.pictures,
                "ledger": self.lines.ledger,
                "packing-lists": self.lines.packing_lists,
                "pings": self.lines.pings,
            },
        )
        read_outbox(self.metrics, self.outbox)
        read_leader(self.metrics, self.leadership)
        read_webhooks(self.metrics, self.notifications.sender)

    @classmethod
    def build(cls, installation: Installation, *, settings: NodeSettings | None = None, clock: Clock = utc_now) -> Self:
        """Put a node together over an opened installation. Raises Unavailable when the database cannot be used."""
        settings = settings or NodeSettings(home=installation.home)
        place = installation.database_place(settings)
        database = _database(place, installation.salt)
        leadership = Leadership(database.leader_lock())
        limiters, metrics, failures = Limiters.of(settings), NodeMetrics(), FailureLog(clock=clock)
        notifications = Notifications.build(
            database, installation, settings, leadership, clock=clock, failures=failures
        )
        projector = Projector(
            database,
            installation.connection,
            installation.deployment,
            window=settings.replaced_blocks,
            rewound=(wait_again,),
            applied=(drop_foreign_list, notifications.applied),
            clock=clock,
        )
        verification = VerificationService(database, projector, clock=clock, follow=installation.chain is not None)
        hub = AlertHub(settings.streams_at_once)
        outbox = OutboxService.build(
            database,
            installation,
            settings,
            catch_up=projector.catch_up,
            accepted=lambda: sending.wake(),
            ended=lambda: committing.wake(),
            clock=clock,
        )
        committer = AlertCommitter(
            database, projector, installation, notifications.log, sender=outbox, committed=hub.wake, clock=clock
        )
        committing = Worker(
            "alert-committer", leadership.only(committer.run), seconds=settings.commit_retry_seconds, failures=failures
        )
        access = build_access(
            installation, database, settings, limiter=limiters.logins, freshen=verification.freshen, clock=clock
        )
        idempotency = IdempotencyKeys(
            database,
            KeyPolicy(
                settings.idempotency_hours * 3_600,
                settings.idempotency_keys_per_principal,
                settings.idempotency_bytes_per_principal,
                settings.idempotency_keys,
            ),
            clock=clock,
        )
        pruning = Worker("idempotency-keys", leadership.only(idempotency.prune), seconds=600, failures=failures)
        sending = Worker(
            "outbox", leadership.only(outbox.sender.run), seconds=settings.outbox_poll_seconds, failures=failures
        )
        following = Worker(
            "chain-follower",
            leadership.only(projector.catch_up, projector.watch),
            seconds=settings.chain_poll_seconds,
            failures=failures,
        )

        passports = PassportService(database, projector, clock=clock)
        deployment, challenges = installation.deployment, Challenges(installation.salt)
        claims_address = deployment.address("Claims")

        def hint() -> None:
            hub.wake()
            committing.wake()

        judge = EvidenceJudge(deployment.chain_id, deployment.address("TrustRegistry"))
        possession = PossessionJudge(challenges, deployment.chain_id, claims_address)
        showings = ShowingJudge(ChipVault(installation.salt), possession, settings.chip_tap_seconds)
        page_nonces = PageNonces(installation.salt)
        scans = ScanService(
            database,
            verification,
            judge,
            showings,
            AlertMaker(hint, notifications.log, per_item=settings.alerts_per_item, clock=clock),
            limiter=limiters.scans,
            signatures=limiters.signatures,
            policy=ScanPolicy(
                installation.salt, settings.signals_per_item, hourly_bounds(settings), settings.place_grid_degrees
            ),
            pages=page_nonces,
            clock=clock,
        )
        retention = Retention(database, retention_policy(settings), clock=clock)
        keeping = Worker(
            "retention", leadership.only(retention.run), seconds=settings.retention_seconds, failures=failures
        )
        gate_limits = GateLimits(limiters.gates, limiters.signatures)

        watching = Worker(
            "replica-watcher", ReplicaWatcher(database, hub).run, seconds=_WATCH_SECONDS, failures=failures
        )
        workers = (following, committing, keeping, sending, pruning, watching, *notifications.workers)
        return cls(
            settings=settings,
            clock=clock,
            installation=installation,
            database=database,
            leadership=leadership,
            limiters=limiters,
            lines=Lines.of(settings),
            decoders=DecodeWorkers(settings.pictures_at_once),
            challenges=challenges,
            page_nonces=page_nonces,
            evidence=EvidenceSigner(
                AccountId(deployment.chain_id, installation.account),
                deployment.address("TrustRegistry"),
                installation.credential_key,
            ),
            projector=projector,
            verification=verification,
            coverage=CoverageService(database, verification, clock=clock),
            segments=SegmentService(database, projector, clock=clock),
            passports=passports,
            resolver=ResolverService(database, passports, SignedSerials(verification)),
            scans=scans,
            scan_line=Gathering(scans.record_all, size=ScanRequest.size, most=SCANS_AT_ONCE),
            gates=GateService(database, verification, judge, showings, scans, gate_limits),
            alerts=AlertService(database),
            alert_hub=hub,
            committer=committer,
            notifications=notifications,
            access=access,
            histories=HistoryService(
                database,
                verification,
                possession,
                {address: name for name, address in deployment.addresses.items()},
            ),
            trademark_requests=TrademarkRequestService(
                database,
                verification,
                Desk(deployment.chain_id, deployment.address("TrademarkRegistry")),
                clock=clock,
            ),
            gateway=build_gateway(
                installation,
                settings,
                Members(database, verification.freshen, clock),
                limiters.strangers,
                metrics.rpc_call,
            ),
            metrics=metrics,
            metrics_key=MetricsKey.of(installation.home / "node"),
            outbox=outbox,
            idempotency=idempotency,
            principals=Principals(access, installation.salt),
            health=HealthService(
                projector,
                leadership,
                committer,
                outbox.depth,
                workers,
                clock=clock,
                follower=following if installation.chain is None else None,
                file=DatabaseFile.of(place) if isinstance(place, Path) else None,
            ),
            workers=workers,
        )

    def start(self) -> None:
        """Read the chain up to its head, unless another process does; then begin background work.

        Raises WrongChain, Unavailable.
        """
        self.leadership.only(self.projector.catch_up, self.projector.watch)()
        if self.leadership.holds():
            self.idempotency.interrupted()
        self.alert_hub.open()
        for worker in self.workers:
            worker.start()

    def stop(self) -> None:
        """End streams and background work; whatever was cut off is resumed by the next start."""
        self.alert_hub.close()
        end_all(self.workers)

    def close(self) -> None:
        """Let lead and database go, and end the processes that decode pictures."""
        self.decoders.close()
        self.leadership.release()
        self.database.close()


def _database(place: Path | URL, salt: bytes) -> Database:
    database = Database(place)
    try:
        belong(database, salt)
    except CountermarkError:
        database.close()
        raise
    return database


def services_of(request: HTTPConnection) -> NodeServices:
    """The services behind a request."""
    services: NodeServices = request.app.state.services
    return services
