"""A web process whose stores are away as it starts serves what it can, says what is missing, and recovers."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer

from server.application import build
from server.engines import Engines
from server.http.web import web_app
from server.settings import Settings

Client = TestClient[Any, Any]
SOON = 12.0
"""Seconds within which anything is answered: a route's own deadline and a little."""


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Client]:
    server = TestServer(web_app(build(settings)), port=settings.port)
    async with TestClient(server, cookie_jar=DummyCookieJar()) as client:
        yield client


@pytest.fixture
def engines() -> Iterator[Engines]:
    """Engines of this test's own, none of them started."""
    with tempfile.TemporaryDirectory(prefix="lf-boot-") as home:
        made = Engines(Path(home))
        yield made
        made.close()


async def ready(client: Client) -> dict[str, str]:
    async with client.get("/readyz") as response:
        missing: dict[str, str] = (await response.json())["missing"]
        assert (response.status == 200) == (not missing)
        return missing


async def answers(client: Client, path: str) -> int:
    began = time.monotonic()
    async with client.get(path) as response:
        await response.read()
        assert time.monotonic() - began < SOON, path
        if response.status == 503:
            assert response.headers["Retry-After"]
        return response.status


async def until_ready(client: Client, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while await ready(client):
            await asyncio.sleep(0.1)


PUBLIC = ("/", "/flash-sales", "/categories", "/api/v1/flash-sales", "/api/v1/products", "/login", "/api/docs")


async def test_without_redis_the_shop_is_open_and_the_gate_is_shut(settings: Settings, engines: Engines) -> None:
    away = msgspec.structs.replace(settings, redis_url=engines.valkey.url)
    async with serving(away) as client:
        assert await answers(client, "/healthz") == 200
        assert "redis" in await ready(client)
        for path in PUBLIC:
            assert await answers(client, path) == 200, path
        engines.valkey.start()
        await until_ready(client, 20)
        for path in PUBLIC:
            assert await answers(client, path) == 200, path


async def test_redis_that_takes_connections_and_says_nothing_costs_seconds_not_the_shop(settings: Settings) -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    hole = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = hole.sockets[0].getsockname()[1]
    silent = msgspec.structs.replace(settings, redis_url=f"redis://127.0.0.1:{port}/0", limits=True)
    async with hole, serving(silent) as client:
        assert await answers(client, "/healthz") == 200
        assert "redis" in await ready(client)
        for path in PUBLIC:
            assert await answers(client, path) == 200, path


async def test_without_postgresql_everything_says_so_and_comes_back(settings: Settings, engines: Engines) -> None:
    away = msgspec.structs.replace(
        settings, database_url=engines.postgres.url, database_direct_url=engines.postgres.url
    )
    async with serving(away) as client:
        assert await answers(client, "/healthz") == 200
        assert "postgresql" in await ready(client)
        for path in PUBLIC:
            assert await answers(client, path) in (200, 503), path
        engines.postgres.start()
        async with asyncio.timeout(20):
            while "migrations are missing" not in (await ready(client)).get("postgresql", ""):
                await asyncio.sleep(0.1)
