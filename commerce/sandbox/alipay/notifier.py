"""The loop that carries notifications to merchants, again and again until they say ``success``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiohttp
import structlog

from commerce.sandbox.alipay import buyers, protocol, store
from commerce.sandbox.alipay.keys import Keys
from commerce.sandbox.alipay.types import Delivery
from server import database as db
from server.application import Application
from server.ending import end

log = structlog.get_logger("sandbox")
BACKOFF = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0)
"""Seconds between attempts. The real gateway takes 25 hours over its eight retries."""
TIMEOUT = 5.0
PERIOD = 0.4


class Bell:
    """Wakes the loop of this process before its period is over."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Something is to be sent now."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Wait until the bell rings, at most ``seconds``."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)
        self._rung.clear()


@contextlib.asynccontextmanager
async def running(app: Application) -> AsyncIterator[None]:
    """Keep the loop going while the application runs."""
    task = asyncio.create_task(_loop(app), name="sandbox.alipay")
    try:
        yield
    finally:
        await end(task)


async def _loop(app: Application) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT)) as session:
        while True:
            try:
                await turn(app, session)
            except (*db.DOWN, *db.CONTENTION) as error:
                log.warning("the sandbox gateway waits", error=f"{type(error).__name__}: {error}")
            except Exception as error:  # the loop is the gateway: it goes on whatever one turn met
                log.error("the sandbox gateway stumbled", exc_info=error)
            await app.resource(Bell).wait(PERIOD)


async def turn(app: Application, session: aiohttp.ClientSession) -> int:
    """Do what is due and send what is due; returns how many notifications were sent."""
    while True:
        async with app.database.transaction() as connection:
            if not await buyers.act_due(connection):
                break
    async with app.database.transaction() as connection:
        await buyers.expire(connection)
        due = await store.claim_deliveries(connection, TIMEOUT + 5, 50)
    await asyncio.gather(*(_send(app, session, delivery) for delivery in due))
    return len(due)


async def _send(app: Application, session: aiohttp.ClientSession, delivery: Delivery) -> None:
    form = protocol.signed(delivery.payload, app.resource(Keys))
    try:
        async with session.post(delivery.url, data=form, allow_redirects=False) as response:
            answer = (await response.text())[:200]
            good = response.status == 200 and answer.strip() == "success"
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        answer, good = f"{type(error).__name__}: {error}", False
    async with app.database.transaction() as connection:
        if good:
            await store.delivered(connection, delivery.id)
        else:
            again = BACKOFF[delivery.attempts - 1] if delivery.attempts <= len(BACKOFF) else None
            await store.put_off(connection, delivery.id, answer, again)
