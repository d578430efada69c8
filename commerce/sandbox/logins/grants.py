"""What both simulated providers do alike behind their protocols: feel ill, and give a token for a code once."""

from __future__ import annotations

import asyncio
from enum import StrEnum

from aiohttp import web

from commerce.sandbox.logins import store
from commerce.sandbox.logins.people import Mood, Party
from commerce.sandbox.logins.store import Grant
from server.application import Application
from server.clock import now

SLOW = 15.0
"""Seconds that a slow provider takes."""


class Fault(StrEnum):
    """Why there is no token for a code. Each protocol has numbers of its own for it."""

    UNKNOWN = "unknown"
    USED = "used"
    ENDED = "ended"
    ELSEWHERE = "elsewhere"


async def weather(app: Application, party: Party) -> web.Response | None:
    """Return the answer of a provider that is ill, None for one that is well; a slow one first waits."""
    async with app.database.connection() as connection:
        mood = await store.mood(connection, party)
    if mood is Mood.SLOW:
        await asyncio.sleep(SLOW)
    return web.Response(status=503, text="Service Unavailable") if mood is Mood.DOWN else None


async def redeem(
    app: Application, party: Party, code: str, token: str, lasts: int, redirect_uri: str | None = None
) -> Grant | Fault:
    """Use a code up for ``token``, good for ``lasts`` seconds, and return whose it is, or why it is good for none.

    ``redirect_uri`` is given by protocols that want it said again: it must be the one of the question.
    """
    async with app.database.transaction() as connection:
        grant = await store.by_code(connection, party, code.replace("\x00", ""))
        if grant is None:
            return Fault.UNKNOWN
        if grant.used_at is not None:
            return Fault.USED
        if grant.code_ends_at <= now():
            return Fault.ENDED
        if redirect_uri is not None and redirect_uri != grant.redirect_uri:
            return Fault.ELSEWHERE
        await store.use(connection, grant.id, token, lasts)
    return grant


async def of_token(app: Application, party: Party, request: web.Request) -> Grant | None:
    """Return the grant of the request's live token."""
    async with app.database.connection() as connection:
        return await store.by_token(connection, party, request.query.get("access_token", "").replace("\x00", ""))
