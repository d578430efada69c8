"""A web process as `lingfeng web` runs it, with one bare handler more to measure by."""

from __future__ import annotations

import asyncio

import uvloop
from aiohttp import web

from server import application, observe, settings
from server.http.serve import serve

BARE = "/bench/bare"


async def bare(request: web.Request) -> web.Response:
    """Read a JSON body and answer with one: the least that any aiohttp handler of an attempt would do."""
    await request.json()
    return web.json_response({"error": {"code": "sold_out", "message": "sold out"}}, status=409)


def _extend(app: application.Application, site: web.Application) -> None:
    site.router.add_post(BARE, bare)


def main() -> None:
    """Serve until SIGTERM."""
    found = settings.load()
    observe.configure_logging(found)
    app = application.build(found)
    app.web_extensions.append(_extend)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(app))


if __name__ == "__main__":
    main()
