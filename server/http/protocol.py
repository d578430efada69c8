"""HTTP below the routes: what cannot be read as a request is refused in the same form as everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from server.errors import BadRequest, Internal, Problem, TooLarge, Unavailable
from server.http.dispatch import refusal
from server.http.ready import NAME

if TYPE_CHECKING:
    from server.application import Application

log = structlog.get_logger("http")


async def sign(request: web.Request, response: web.StreamResponse) -> None:
    """Put our name in the place of aiohttp's; a signal of its applications."""
    response.headers["Server"] = NAME


class Runner(web.AppRunner):
    """aiohttp's runner of a site, with connections of ours."""

    def __init__(self, app: Application, site: web.Application, **options: Any) -> None:
        super().__init__(site, **options)
        self._lingfeng = app

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(
            self._lingfeng,
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            **made._kwargs,
        )


class _Server(web.Server):
    def __init__(self, app: Application, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._app = app

    def __call__(self) -> RequestHandler:
        return _Connection(self._app, self, loop=self._loop, **self._kwargs)


class _Connection(RequestHandler):
    __slots__ = ("_app",)

    def __init__(self, app: Application, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._app = app

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the refusal of a request that could not be read, or that nothing else answered; then hang up."""
        if status < 500:  # strangers send all sorts of things: nothing to wake anybody for
            log.debug("unreadable request", address=request.remote, error=message)
        else:
            log.error("unhandled", path=request.path, method=request.method, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("part of another answer is on its way")
        response = self._told(request, status)
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer; what aiohttp refused before any route was asked is told in our form.

        A process that is about to stop hangs up after each, so that the next request goes elsewhere.
        """
        if isinstance(resp, web.HTTPException) and resp.status >= 400:
            resp = self._told(request, resp.status)
        if not self._app.leaving:
            return await super().finish_response(request, resp, start_time)
        resp.force_close()
        sent = await super().finish_response(request, resp, start_time)
        self.close()  # an answer that lay ready said nothing of it
        return sent

    def _told(self, request: web.BaseRequest, status: int) -> web.Response:
        problem: Problem
        if status == 413:
            problem = TooLarge()
        elif status < 500:
            problem = BadRequest()
        else:
            problem = Unavailable() if status == 504 else Internal()
        response = refusal(self._app, request, problem)
        response.headers["Server"] = NAME
        return response
