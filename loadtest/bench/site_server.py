"""A web process as `lingfeng web` runs it, with two bare handlers more to measure by."""

from __future__ import annotations

import asyncio

import uvloop
from aiohttp import web

from server import application, logs, settings
from server.http.serve import serve

BARE = "/bench/bare"
BARE_PAGE = "/bench/page"


async def bare(request: web.Request) -> web.Response:
    """Read a JSON body and answer with one: the least that any aiohttp handler of an attempt would do."""
    await request.json()
    return web.json_response({"error": {"code": "sold_out", "message": "sold out"}}, status=409)


async def bare_page(request: web.Request) -> web.Response:
    """Answer with HTML of ``size`` bytes: the least that any aiohttp handler of a page would do."""
    return web.Response(text="x" * int(request.query["size"]), content_type="text/html")


def _extend(app: application.Application, site: web.Application) -> None:
    site.router.add_post(BARE, bare)
    site.router.add_get(BARE_PAGE, bare_page)


def main() -> None:
    """Serve until SIGTERM."""
    found = settings.load()
    logs.configure(found)
    app = application.build(found)
    app.web_extensions.append(_extend)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(app))


if __name__ == "__main__":
    main()
