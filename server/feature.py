"""What the ground floor itself brings: readiness, event delivery, the style guide, the language switch."""

from __future__ import annotations

import asyncio

from server import database as db
from server import migrations, observe, redis, uploads
from server.application import Application
from server.events import JOB, tidy
from server.http import Anyone, Call, Routes, openapi
from server.http.pages import Page, Redirect, page_before
from server.i18n import COOKIE, LOCALES
from server.jobs import Schedule

routes = Routes("site")


def setup(app: Application) -> None:
    """Register the ground floor."""
    app.add(routes, openapi.routes)
    uploads.setup(app)
    observe.setup(app)
    app.job(JOB)
    app.schedule(Schedule(name="server.tidy", every=3600, run=tidy))
    app.check("postgresql", _postgresql)
    app.check("redis", _redis)


async def _postgresql(app: Application) -> str | None:
    try:
        async with asyncio.timeout(2), app.database.connection() as connection:
            missing = await migrations.pending(connection, app.packages)
    except db.DOWN as error:
        return f"down: {type(error).__name__}"
    return f"{len(missing)} migrations are missing: run `lingfeng migrate`" if missing else None


async def _redis(app: Application) -> str | None:
    try:
        async with asyncio.timeout(2):
            await app.redis.ping()
    except redis.DOWN as error:
        return f"down: {type(error).__name__}"
    return None


@routes.page("/styleguide", Anyone())
async def styleguide(call: Call) -> Page:
    """Show every component with all its states."""
    return Page("styleguide.html")


@routes.page("/language/{locale}", Anyone())
async def language(call: Call, locale: str) -> Redirect:
    """Choose a language and go back."""
    if locale in LOCALES:
        call.set_cookie(COOKIE, locale, 365 * 86_400)
    return Redirect(page_before(call.request) or "/")
