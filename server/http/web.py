"""The aiohttp application of a web process: routes, static files, health."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from server import observe
from server.database import DOWN
from server.ending import end
from server.errors import MethodNotAllowed, NotFound, Problem
from server.http import dispatch
from server.http.dispatch import explain, finish, identify, refusal
from server.http.protocol import sign
from server.http.revocation import listen
from server.http.static import show

if TYPE_CHECKING:
    from server.application import Application

APPLICATION: web.AppKey[Application] = web.AppKey("lingfeng", object)  # type: ignore[arg-type]  # the class would be a circle


def web_app(app: Application, *, run: bool = True) -> web.Application:
    """Return the aiohttp application of ``app``; with ``run`` it opens and closes ``app`` as its own life goes."""
    app.hold_permissions()
    site = web.Application(client_max_size=65_536)
    site[APPLICATION] = app
    for route in app.routes:
        handler = observe.watched(app, route, dispatch.handler(app, route))
        site.router.add_route(route.method, route.path, handler)
        if route.method == "GET" and not route.raw:
            site.router.add_route("HEAD", route.path, handler)  # link previews and health checks ask so
    site.router.add_get("/static/{path:.+}", partial(show, app.static_folders))
    site.router.add_get("/healthz", _healthz)
    site.router.add_get("/readyz", _readyz)
    site.router.add_get("/favicon.ico", _favicon)
    site.middlewares.append(_strays)
    site.on_response_prepare.append(sign)
    if run:
        site.cleanup_ctx.append(_life)
    for extend in app.web_extensions:
        extend(app, site)
    return site


async def _life(site: web.Application) -> AsyncIterator[None]:
    app = site[APPLICATION]
    async with app.running("web"):
        listener = asyncio.create_task(listen(app.database, app.sessions))
        try:
            yield
        finally:
            await end(listener)


@web.middleware
async def _strays(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer what no route took. Routes answer for themselves and never raise."""
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as error:
        problem = MethodNotAllowed()
        problem.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return refusal(request.app[APPLICATION], request, problem)
    except web.HTTPNotFound:
        return await _not_found(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return refusal(request.app[APPLICATION], request, explain(error, request))


async def _not_found(request: web.Request) -> web.Response:
    app = request.app[APPLICATION]
    if "text/html" in request.headers.get("Accept", "") and not request.path.startswith("/api/"):
        call = app.pages.stray(request)
        with contextlib.suppress(Problem, *DOWN):  # who nobody can be made out to be is shown the page too
            await identify(call)
        response = app.pages.problem(call, NotFound())
        finish(call, response)
        return response
    return refusal(app, request, NotFound())


async def _favicon(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/static/img/brand.svg")


async def _healthz(request: web.Request) -> web.Response:
    """The process lives."""
    return web.json_response({"status": "ok"})


async def _readyz(request: web.Request) -> web.Response:
    """The process can sell, or what is missing for it, or it is about to stop."""
    app = request.app[APPLICATION]
    if app.leaving:
        return web.json_response({"status": "stopping", "missing": {}}, status=503)
    missing = await app.missing()
    return web.json_response(
        {"status": "unready" if missing else "ready", "missing": missing}, status=503 if missing else 200
    )
