"""The numbers of one node, in a registry of its own: two nodes in one process do not mix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from countermark.errors import CountermarkError

Reading = Callable[[], "float | Mapping[str, float] | None"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True)
class _Gauge:
    name: str
    help: str
    read: Reading
    label: str


class _Readings(Collector):
    """Gauges that are read when somebody looks. One that cannot be read is left out: a wrong zero would be worse."""

    def __init__(self) -> None:
        self.gauges: list[_Gauge] = []

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """All that can be read now."""
        unread = 0
        for gauge in self.gauges:
            try:
                found = gauge.read()
            except (CountermarkError, SQLAlchemyError, OSError):
                unread += 1
                continue
            if found is not None:
                yield _family(gauge, found)
        yield GaugeMetricFamily("countermark_readings_failed", "Gauges that could not be read now.", value=unread)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing is read before somebody looks."""
        return ()


def _family(gauge: _Gauge, found: float | Mapping[str, float]) -> GaugeMetricFamily:
    if not isinstance(found, Mapping):
        return GaugeMetricFamily(gauge.name, gauge.help, value=float(found))
    family = GaugeMetricFamily(gauge.name, gauge.help, labels=[gauge.label])
    for name, value in sorted(found.items()):
        family.add_metric([name], float(value))
    return family


class NodeMetrics:
    """Counts requests, and reads the rest when it is asked. All methods may be called from any thread.

    Labels have few values: methods of HTTP that are known, routes as they are declared, methods of JSON-RPC that are
    served.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        Info("countermark_build", "The release.", registry=self.registry).info({"version": version("countermark")})
        self._requests = Counter(
            "countermark_http_requests", "HTTP requests.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "countermark_http_request_seconds",
            "Seconds until an answer began.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._running = Gauge(
            "countermark_http_requests_in_progress", "HTTP requests that are answered now.", registry=self.registry
        )
        self._rpc = Counter(
            "countermark_rpc_calls", "JSON-RPC requests.", ["method", "outcome"], registry=self.registry
        )
        self._readings = _Readings()
        self.registry.register(self._readings)

    def begun(self) -> None:
        """A request came."""
        self._running.inc()

    def ended(self, method: str, route: str, status: int, seconds: float) -> None:
        """It was answered; `route` is its template, `seconds` those until the answer began."""
        self._running.dec()
        known = method if method in _METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def rpc_call(self, method: str, refused: bool) -> None:
        """One JSON-RPC request was answered; `method` is one that is served, or `other`."""
        self._rpc.labels(method, "refused" if refused else "answered").inc()

    def gauge_from(self, name: str, help_text: str, read: Reading, *, label: str = "") -> None:
        """Add a gauge that `read` gives when somebody looks: a number, several by `label`, or None for nothing now.

        `name` is without `countermark_`. An error of ours, of the database or the system leaves it out.
        """
        self._readings.gauges.append(_Gauge(f"countermark_{name}", help_text, read, label))

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)
