"""The web application: routes, bounds, headers, problem documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import Lifespan

from countermark.limits import DEFAULT_LIMITS
from countermark_node.access.routes import router as access
from countermark_node.alerts.routes import router as alerts
from countermark_node.body_limit import BodyLimit, route_limits
from countermark_node.coverage.routes import router as coverage
from countermark_node.credentials.routes import router as credentials
from countermark_node.dpps.routes import router as dpps
from countermark_node.headers import Headers
from countermark_node.health.routes import router as health
from countermark_node.histories.routes import router as histories
from countermark_node.idempotency.middleware import Idempotency
from countermark_node.metrics.routes import router as metrics
from countermark_node.network.routes import router as network
from countermark_node.notifications.routes import router as notifications
from countermark_node.openapi.routes import router as openapi
from countermark_node.outbox.routes import router as outbox
from countermark_node.pages.routes import router as pages
from countermark_node.passports.routes import router as passports
from countermark_node.problems import add_problem_handlers
from countermark_node.resolver.routes import router as resolver
from countermark_node.rpc.routes import router as rpc
from countermark_node.scans.routes import router as scans
from countermark_node.segments.routes import router as segments
from countermark_node.services import NodeServices
from countermark_node.showings.routes import router as showings
from countermark_node.trademark_requests.routes import router as trademark_requests
from countermark_node.trust_bundle.routes import router as trust_bundle
from countermark_node.webhooks.routes import router as webhooks


def create_app(services: NodeServices) -> FastAPI:
    """The application over `services`, which it starts, unless its server did before, and stops."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if not app.state.started:
            await run_in_threadpool(services.start)
        try:
            yield
        finally:
            await run_in_threadpool(services.stop)

    app = routed_app(lifespan)
    app.state.services = services
    app.state.started = False
    add_problem_handlers(app)
    app.add_middleware(Idempotency, keys=services.idempotency, principal=services.principals.of)
    app.add_middleware(BodyLimit, limits=route_limits(DEFAULT_LIMITS))
    app.add_middleware(Headers, metrics=services.metrics)
    app.include_router(pages(services))
    return app


def routed_app(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """The routes for programs with nothing behind them: enough to describe them."""
    # No generated documentation pages: they would load scripts from elsewhere. docs/api.md describes the API.
    app = FastAPI(title="Countermark node", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    public = (health, metrics, network, rpc, segments, scans, showings, coverage, passports, trust_bundle, credentials)
    told = (alerts, notifications, webhooks)
    for router in (*public, dpps, resolver, *told, access, histories, trademark_requests, outbox, openapi):
        app.include_router(router)
    return app
