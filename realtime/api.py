"""The door to Socket.IO: connection tokens, and the address that the client library speaks to."""

from __future__ import annotations

from aiohttp import web

from realtime import tokens
from realtime.hub import Hub
from realtime.types import TokenView
from server.application import Application
from server.clock import wire
from server.http import Anyone, Call, Routes
from server.http.routes import Key

routes = Routes("realtime")
PATH = "/socket.io/"


@routes.post("/api/v1/realtime/tokens", Anyone(), status=201, key=Key.OWN, limit="120/minute")
async def create_token(call: Call) -> TokenView:
    """Get a token that opens one Socket.IO connection within a minute; guests get one too."""
    token, expires_at = tokens.issue(call.app.settings.secret, tokens.visitor_of(call.session))
    return TokenView(token=token, expires_at=wire(expires_at))


@routes.add("GET", PATH, Anyone(), raw=True)
@routes.add("POST", PATH, Anyone(), raw=True)
@routes.add("OPTIONS", PATH, Anyone(), raw=True)
async def socket_io(app: Application, request: web.Request) -> web.StreamResponse:
    """Speak Engine.IO, over WebSocket or long polling."""
    return await app.resource(Hub).handle(request)
