"""What operators see of a process: its requests in the log, and its metrics.

Metrics are counted in plain numbers on the way and read out at ``/metrics``, so that a request pays well under a
microsecond for them. The purchase path is counted, not logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import os
import re
import secrets
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping

import msgspec
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from server.application import Application
from server.ending import end
from server.http.access import Anyone
from server.http.proxies import is_loopback
from server.http.ready import NAME
from server.http.routes import Route, Routes
from server.settings import Settings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Reading = float | Mapping[tuple[str, ...], float]
"""A number, or one for each combination of label values."""

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""
_LAG_EVERY = 0.5


class Timing:
    """A histogram of seconds in plain numbers; one event loop writes it."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(_BOUNDS, seconds)] += 1
        self.total += seconds


class _Reading(msgspec.Struct, frozen=True):
    family: type[GaugeMetricFamily | CounterMetricFamily]
    name: str
    text: str
    labels: tuple[str, ...]
    read: Callable[[], Reading]


class Metrics(Collector):
    """The metrics of one process. Features add readings that are taken when somebody asks."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self.requests: dict[tuple[str, int], Timing] = {}
        self.lag = Timing()
        self._readings: list[_Reading] = []
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def gauge(self, name: str, text: str, read: Callable[[], Reading], labels: tuple[str, ...] = ()) -> None:
        """Show what ``read()`` returns as ``lingfeng_<name>``: a number, or one for each tuple of label values."""
        self._readings.append(_Reading(GaugeMetricFamily, f"lingfeng_{name}", text, labels, read))

    def counter(self, name: str, text: str, read: Callable[[], Reading], labels: tuple[str, ...] = ()) -> None:
        """Show a total that only grows as ``lingfeng_<name>_total``."""
        self._readings.append(_Reading(CounterMetricFamily, f"lingfeng_{name}", text, labels, read))

    def text(self) -> bytes:
        """Return all of it in Prometheus' text form."""
        return generate_latest(self.registry)

    def collect(self) -> Iterable[Metric]:
        """Go through the families; called by the registry."""
        worker = self._worker()
        for reading in self._readings:
            family = reading.family(reading.name, reading.text, labels=("worker", *reading.labels))
            given = reading.read()
            for values, number in given.items() if isinstance(given, Mapping) else (((), given),):
                family.add_metric((worker, *values), number)
            yield family
        requests = HistogramMetricFamily(
            "lingfeng_request_seconds", "Answers by route and status.", labels=("worker", "route", "status")
        )
        for (route, status), timing in self.requests.items():
            _fill(requests, (worker, route, str(status)), timing)
        yield requests
        lag = HistogramMetricFamily(
            "lingfeng_loop_lag_seconds", "How late the loop runs what is due.", labels=("worker",)
        )
        _fill(lag, (worker,), self.lag)
        yield lag

    def _worker(self) -> str:
        """Name this process: by its number, which outlives a restart and with it the series, else by its pid."""
        number = self._app.settings.worker if self._app.role in ("web", "worker") else 0  # a command inherits it
        return f"{self._app.role or 'none'}-{number or os.getpid()}"

    def describe(self) -> Iterable[Metric]:
        """Name nothing ahead of time: what there is depends on what was asked of the process."""
        return ()


def _fill(family: HistogramMetricFamily, labels: tuple[str, ...], timing: Timing) -> None:
    total, buckets = 0, []
    for bound, count in zip((*map(str, _BOUNDS), "+Inf"), timing.counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    family.add_metric(labels, buckets, timing.total)


# Requests

SLOW_S = 1.0
"""Seconds from which any answer is logged."""
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
log = structlog.get_logger("access")


def watched(app: Application, route: Route, handler: Handler) -> Handler:
    """Return ``handler`` with its answers counted, and logged unless the route is raw.

    A logged request has an id: the proxy's X-Request-Id or a new one, in every line logged meanwhile and in the answer.
    """
    requests, name = app.resource(Metrics).requests, route.name
    clock = time.perf_counter

    async def count(request: web.Request) -> web.StreamResponse:
        began = clock()
        status = 499  # the client went away
        try:
            response = await handler(request)
            status = response.status
            return response
        finally:
            timing = requests.get((name, status))
            if timing is None:
                timing = requests[name, status] = Timing()
            timing.add(clock() - began)

    async def count_and_log(request: web.Request) -> web.StreamResponse:
        began = clock()
        given = request.headers.get("X-Request-Id", "")
        number = given if _ID.fullmatch(given) else secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=number)
        status = 499
        try:
            response = await count(request)
            status = response.status
            if not response.prepared:
                response.headers["X-Request-Id"] = number
            return response
        finally:
            took = clock() - began
            # A line costs as much as a small request, and hides the others: what goes well is left to the metrics.
            worth = status >= 500 or took > SLOW_S
            if worth or logging.root.isEnabledFor(logging.DEBUG):
                (log.info if worth else log.debug)(
                    "request",
                    method=request.method,
                    path=request.path,  # without the query, which may carry what is nobody's business
                    route=name,
                    status=status,
                    ms=round(took * 1000, 2),
                    address=app.proxies.client(request),
                )

    return count if route.raw else count_and_log


# Registration

routes = Routes("operations")


def setup(app: Application) -> None:
    """Register the metrics of the process and the ways to read them."""
    metrics = Metrics(app)
    app.provide(Metrics, metrics)
    metrics.gauge(
        "database_connections",
        "Connections of the pool.",
        lambda: {
            ("open",): app.database.usage[0],
            ("in_use",): app.database.usage[1],
            ("most",): app.database.usage[2],
        },
        ("state",),
    )
    app.add(routes)
    app.lifespan(_measure)


@routes.add("GET", "/metrics", Anyone(), raw=True)
async def show_metrics(app: Application, request: web.Request) -> web.StreamResponse:
    """Show this process's metrics to this machine, or to who has the metrics token."""
    if not may_read(app.settings, request):
        return web.Response(status=403, text="from this machine, or with LINGFENG_METRICS_TOKEN as bearer\n")
    return web.Response(body=app.resource(Metrics).text(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


def may_read(settings: Settings, request: web.Request) -> bool:
    """Tell whether a request may read metrics. What came through a proxy is not from this machine."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if settings.metrics_token and scheme.lower() == "bearer":
        return hmac.compare_digest(token.encode(errors="replace"), settings.metrics_token.encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    return not request.remote or is_loopback(request.remote)


@contextlib.asynccontextmanager
async def _measure(app: Application) -> AsyncIterator[None]:
    """Measure the loop's lag, and answer for this process on a socket of its own: a worker has no other door."""
    metrics = app.resource(Metrics)
    task = asyncio.create_task(_lag(metrics), name="loop lag")
    try:
        if app.role not in ("web", "worker"):
            yield
            return
        async with _own_door(app, metrics):
            yield
    finally:
        await end(task)


async def _lag(metrics: Metrics) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _LAG_EVERY
        await asyncio.sleep(_LAG_EVERY)
        metrics.lag.add(max(0.0, loop.time() - due))


@contextlib.asynccontextmanager
async def _own_door(app: Application, metrics: Metrics) -> AsyncIterator[None]:
    """Serve ``HOME/run/metrics/<role>-<pid>.sock``, readable by the owner of the data folder alone."""

    async def show(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4, "Server": NAME})

    path = app.settings.home / "run" / "metrics" / f"{app.role}-{os.getpid()}.sock"
    runner = web.ServerRunner(web.Server(show))
    await runner.setup()
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.unlink(missing_ok=True)
            await web.UnixSite(runner, str(path)).start()
        except OSError as error:  # a read-only home, or a path too long for a socket: the process works all the same
            structlog.get_logger("metrics").warning("no socket for metrics", path=str(path), error=str(error))
        yield
    finally:
        await runner.cleanup()
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
