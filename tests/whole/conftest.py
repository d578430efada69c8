"""One platform for each module."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import redis.asyncio as aioredis
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer, unused_port

from commerce.payments.check import check
from commerce.sandbox.alipay.keys import Keys
from commerce.search.feed import rest
from server import worker
from server.application import build
from server.database import prepare
from server.http.web import web_app
from server.settings import Settings
from tests import databases
from tests.databases import Addresses
from tests.whole.world import World

MOVING = {
    *("sessions", "staff", "roles", "staff_roles", "staff_audit", "idempotency_keys", "login_tries"),
    *("realtime_tokens_used", "behaviour_events", "search_marks", "fs_figures"),
}
"""What a walk of refusals may write: whom it makes to walk, their sessions, the keys of their requests, how
fresh the search is that it looks into, and the figures of sales that are noted as time goes by."""
ONE_OF_OURS = 32
"""Our logical databases of Valkey lie above those of single tests."""


@pytest.fixture(scope="module")
async def place(
    addresses: Addresses, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Settings]:
    """Settings of a platform with stores of its own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    port, name = unused_port(), await databases.create(addresses, template)
    redis_url = f"{addresses.redis_url}?db={ONE_OF_OURS + worker}"
    async with aioredis.from_url(redis_url) as client:
        await client.flushdb()
    made = Settings(
        home=tmp_path_factory.mktemp("whole"),
        database_url=addresses.database(name),
        database_direct_url=addresses.database(name),
        redis_url=redis_url,
        port=port,
        base_url=f"http://127.0.0.1:{port}",
        secret=b"only-for-tests-" * 3,
        sandboxes=True,
        limits=False,
    )
    Keys(made.home).publish()
    yield made
    await databases.drop(addresses, name)


@pytest.fixture(scope="module")
async def world(place: Settings) -> AsyncIterator[World]:
    """A platform with everything on it."""
    app = build(place)
    db: Any = await asyncpg.connect(place.database_url)
    await prepare(db)
    server = TestServer(web_app(app), port=place.port)
    async with TestClient(server, cookie_jar=DummyCookieJar()) as client:
        made = World(app, client, db)
        await made.settle()
        yield made
    await db.close()


@pytest.fixture(scope="module")
async def working(world: World, place: Settings) -> AsyncIterator[None]:
    """Keep a worker going beside the web process."""
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(build(place), stop))
    yield
    stop.set()
    await asyncio.wait_for(task, 15)


@pytest.fixture
async def untouched(world: World) -> AsyncIterator[None]:
    """Hold a test to leaving money, stock, orders and reservations as they are."""
    before = await world.books()
    yield
    after = await world.books()
    for table, rows in before.items():
        assert after[table] == rows, table
    await world.verified()
    async with world.app.database.connection() as connection:
        assert not await check(connection)


@pytest.fixture
async def still(world: World) -> AsyncIterator[None]:
    """Hold a test to changing no row of any table but those of people's rights, sessions and requests."""
    await rest(world.app.database)  # lists follow what was changed before, whenever they are asked
    before = await world.rows()
    yield
    after = await world.rows()
    assert {name for name, rows in after.items() if before.get(name) != rows} <= MOVING
