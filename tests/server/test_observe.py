"""Logs tell what happened and no secrets; metrics count it, for those who may read them."""

from __future__ import annotations

import io
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient
from prometheus_client.parser import text_string_to_metric_families

from server import logs
from server.application import Application
from server.errors import Conflict
from server.http import Anyone, Call, Routes
from server.http.web import web_app
from server.observe import Metrics
from server.settings import Settings

Client = TestClient[Any, Any]
Logged = list[dict[str, Any]]
routes = Routes("seen")


@routes.get("/api/v1/seen/{thing_id}", Anyone())
async def seen(call: Call, thing_id: int) -> dict[str, Any]:
    """Look."""
    structlog.get_logger("thing").info("looked", thing_id=thing_id)
    if thing_id == 9:
        raise Conflict
    if thing_id == 13:
        raise ZeroDivisionError("password=hunter2 for 13812345678")
    return {}


@routes.add("GET", "/api/v1/quick", Anyone(), raw=True)
async def quick(app: Application, request: web.Request) -> web.StreamResponse:
    """Be quick."""
    return web.Response(status=209)


class Log:
    """The lines that the process wrote, as JSON."""

    def __init__(self) -> None:
        self.out = io.StringIO()

    def lines(self) -> Logged:
        return [msgspec.json.decode(line) for line in self.out.getvalue().splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    """Logging as a process configures it, JSON, into memory."""
    made = Log()
    before, config = logging.getLogger().handlers[:], structlog.get_config()
    nowhere = Settings(
        home=Path("/nonexistent"),
        database_url="",
        database_direct_url="",
        redis_url="",
        secret=b"",
        log_json=True,
        log_level="debug",
    )
    logs.configure(nowhere, made.out)
    yield made
    logging.getLogger().handlers[:] = before
    structlog.configure(**config)
    structlog.contextvars.clear_contextvars()


@pytest.fixture
async def site(settings: Settings, log: Log, aiohttp_client: Any) -> tuple[Application, Client]:
    app = Application(msgspec.structs.replace(settings, metrics_token="for-the-scraper"), ("server",))
    app.add(routes)
    return app, await aiohttp_client(web_app(app))


async def test_a_request_leaves_one_line_with_its_id(site: tuple[Application, Client], log: Log) -> None:
    response = await site[1].get("/api/v1/seen/5?token=abc", headers={"X-Request-Id": "from-the-proxy-1"})
    assert response.headers["X-Request-Id"] == "from-the-proxy-1"
    looked, request = (line for line in log.lines() if line["logger"] in ("thing", "access"))
    assert looked["request_id"] == request["request_id"] == "from-the-proxy-1"
    assert (request["route"], request["path"], request["status"]) == (
        "GET /api/v1/seen/{thing_id}",
        "/api/v1/seen/5",
        200,
    )
    assert request["level"] == "debug", "what clients ask by the thousand stays out of the usual log"
    assert request["timestamp"].endswith("Z")
    assert "abc" not in log.out.getvalue()


async def test_ids_that_could_forge_lines_are_replaced(site: tuple[Application, Client], log: Log) -> None:
    for given in ("short", "x" * 65, 'with"quote-and space'):
        response = await site[1].get("/api/v1/seen/5", headers={"X-Request-Id": given})
        assert response.headers["X-Request-Id"] != given
        assert len(response.headers["X-Request-Id"]) == 16


async def test_the_purchase_path_is_counted_and_not_logged(site: tuple[Application, Client], log: Log) -> None:
    response = await site[1].get("/api/v1/quick")
    assert response.status == 209
    assert not [line for line in log.lines() if line["logger"] == "access"]
    assert sum(site[0].resource(Metrics).requests["GET /api/v1/quick", 209].counts) == 1


async def test_a_defect_is_logged_with_its_cause_and_without_secrets(
    site: tuple[Application, Client], log: Log
) -> None:
    assert (await site[1].get("/api/v1/seen/13")).status == 500
    defect = next(line for line in log.lines() if line["level"] == "error")
    assert "ZeroDivisionError" in defect["exception"]
    assert "hunter2" not in log.out.getvalue()
    assert "13812345678" not in log.out.getvalue()
    assert "138****5678" in defect["exception"]
    assert "only-for-tests" not in log.out.getvalue()  # the settings' secret, in reach as a local variable


@pytest.mark.parametrize(
    "fields",
    [
        {"token": "s3cr3t"},
        {"Authorization": "Bearer s3cr3t"},
        {"new_password": "s3cr3t"},
        {"headers": {"Cookie": "lf_member=s3cr3t"}},
        {"rows": [{"csrf_token": "s3cr3t"}]},
        {"error": "GET /x?access_token=s3cr3t&b=1"},
        {"error": "Authorization: Bearer s3cr3t"},
        {"error": "postgresql://shop:s3cr3t@db/lingfeng is down"},
        {"error": '{"password": "s3cr3t"}'},
        {"code": "482913"},
        {"phone": "13800001234"},
        {"to": "xiaoman.s3cr3t@example.com"},
        {"body": b"s3cr3t"},
    ],
)
def test_secrets_are_masked(log: Log, fields: dict[str, Any]) -> None:
    structlog.get_logger("x").warning("said", **fields)
    logging.getLogger("library").warning("library said %s", "password=s3cr3t")
    written = log.out.getvalue()
    assert len(written.splitlines()) == 2
    for secret in ("s3cr3t", "482913", "13800001234"):
        assert secret not in written


def test_what_is_no_secret_stays(log: Log) -> None:
    structlog.get_logger("x").info("refused", code="sold_out", order_no="202611220000000001", amount=1990)
    line = log.lines()[0]
    assert (line["code"], line["order_no"], line["amount"]) == ("sold_out", "202611220000000001", 1990)


async def test_metrics_count_requests_by_route_and_status(site: tuple[Application, Client]) -> None:
    app, client = site
    app.resource(Metrics).counter("test_wins", "Wins.", lambda: {("5",): 3.0}, ("item",))
    for thing in (5, 5, 9):
        await client.get(f"/api/v1/seen/{thing}")
    response = await client.get("/metrics")
    assert response.status == 200
    families = {family.name: family for family in text_string_to_metric_families(await response.text())}
    counts = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families["lingfeng_request_seconds"].samples
        if sample.name.endswith("_count")
    }
    assert counts["GET /api/v1/seen/{thing_id}", "200"] == 2
    assert counts["GET /api/v1/seen/{thing_id}", "409"] == 1
    wins = families["lingfeng_test_wins"].samples[0]
    assert (wins.value, wins.labels["item"]) == (3.0, "5")
    assert wins.labels["worker"].startswith("web-")
    assert "lingfeng_loop_lag_seconds" in families
    pool = {sample.labels["state"]: sample.value for sample in families["lingfeng_database_connections"].samples}
    assert pool["most"] == 10


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"X-Forwarded-For": "203.0.113.9"}, 403),
        ({"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer for-the-scraper"}, 200),
        ({"Authorization": "Bearer wrong"}, 403),
    ],
)
async def test_metrics_are_not_for_everybody(
    site: tuple[Application, Client], headers: dict[str, str], status: int
) -> None:
    assert (await site[1].get("/metrics", headers=headers)).status == status


async def test_every_process_answers_on_a_socket_of_its_own(settings: Settings, log: Log) -> None:
    app = Application(settings, ("server",))
    folder = settings.home / "run" / "metrics"
    async with app.running("worker"):
        (path,) = folder.iterdir()
        assert path.name.startswith("worker-")
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as http,
            http.get("http://worker/metrics") as answer,
        ):
            assert "lingfeng_loop_lag_seconds" in await answer.text()
    assert not list(folder.iterdir())


@pytest.mark.parametrize("piece", ["a-", "a", "token", "token ", "a@", "http://a:", "basic ", "sign", "a.b@c."])
def test_a_long_line_is_masked_without_holding_up_the_loop(piece: str) -> None:
    # Ten times what fits a request: in time that grows with the square this takes minutes, in line with the text none.
    text = piece * (80_000 // len(piece))
    began = time.process_time()
    logs.mask(None, "info", {"path": text})
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("access_token=abc&x=1", "access_token=•••&x=1"),
        ('{"password": "hunter2"}', '{"password": "•••"}'),
        ("sign_type=RSA2 rest", "sign_type=••• rest"),
        ("at redis://user:pw@host/0", "at redis://user:•••@host/0"),
        ("to li.lei+x@example.com now", "to •••@example.com now"),
        ("Bearer abc.def", "Bearer •••"),
    ],
)
def test_a_secret_within_a_text_is_masked(text: str, shown: str) -> None:
    assert logs.mask(None, "info", {"path": text})["path"] == shown


@pytest.mark.parametrize(
    ("role", "number", "name"), [("web", 3, "web-3"), ("worker", 2, "worker-2"), ("worker", 0, "")]
)
async def test_the_series_of_a_numbered_process_outlive_it(
    settings: Settings, role: str, number: int, name: str
) -> None:
    app = Application(msgspec.structs.replace(settings, worker=number), ("server",))
    async with app.running(role):
        text = app.resource(Metrics).text().decode()
    assert f'lingfeng_loop_lag_seconds_count{{worker="{name or f"{role}-{os.getpid()}"}"}}' in text
