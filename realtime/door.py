"""Who is let in, and how a refusal is told. The platform's door is here; another may stand in its place (echo.py)."""

from __future__ import annotations

import time
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from realtime import tokens
from realtime.errors import TokenInvalid
from realtime.types import Visitor
from server import database as db
from server.application import Application
from server.errors import Problem, Unavailable
from server.http.proxies import is_loopback
from server.i18n import Translator

log = structlog.get_logger("realtime")


class Door(Protocol):
    """What the hub asks about strangers."""

    def address(self, request: web.Request) -> str:
        """Return the client's own address."""

    def language(self, request: web.Request) -> Translator | None:
        """Return what refusals to this client are told in."""

    def origin(self, request: web.Request) -> bool:
        """Tell whether pages of the request's origin may connect."""

    def limited(self, address: str) -> bool:
        """Tell whether the limits on connections hold for this address."""

    async def admit(self, auth: dict[str, Any]) -> Visitor:
        """Return who comes in with these credentials. Raises TokenInvalid, Unavailable."""

    def refusal(self, problem: Problem, language: Translator | None) -> dict[str, Any]:
        """Return what a refused CONNECT is told."""


class PlatformDoor:
    """One-use tokens, our own origins, and the platform's words."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def address(self, request: web.Request) -> str:
        """Return the client's address, as trusted proxies tell it."""
        return self._app.proxies.client(request)

    def language(self, request: web.Request) -> Translator | None:
        """Return the translator for the language that the client asks for."""
        return self._app.translations.negotiate(request)

    def origin(self, request: web.Request) -> bool:
        """Let our own pages in, and programs, which send no Origin."""
        return allowed_origin(request, self._app.settings.base_url)

    def limited(self, address: str) -> bool:
        """Limit everybody but, where the settings say so, ourselves."""
        settings = self._app.settings
        return settings.limits and (settings.limit_loopback or not is_loopback(address))

    async def admit(self, auth: dict[str, Any]) -> Visitor:
        """Use up the token in ``auth``."""
        try:
            visitor = await tokens.use(self._app.database, self._app.settings.secret, auth.get("token"))
        except db.DOWN as error:
            log.warning("nobody let in", error=str(error) or type(error).__name__)
            raise Unavailable from None
        if visitor.session and (self._app.sessions.revoked(visitor.session) or visitor.session_ends <= time.time()):
            raise TokenInvalid
        return visitor

    def refusal(self, problem: Problem, language: Translator | None) -> dict[str, Any]:
        """Return ``message`` and ``data`` with the code."""
        told = answer_of(problem, language)
        del told["ok"]
        return {"message": told.pop("message"), "data": told}


def answer_of(problem: Problem, language: Translator | None) -> dict[str, Any]:
    """Return a refusal as clients read it: ``ok`` false, ``code``, ``message``, perhaps more."""
    told: dict[str, Any] = {
        "ok": False,
        "code": problem.code,
        "message": problem.message if language is None else problem.told(language),
    }
    if problem.field is not None:
        told["field"] = problem.field
    if problem.details is not None:
        told["details"] = problem.details
    if retry := problem.headers.get("Retry-After"):
        told["retry_after"] = int(retry)
    return told


def allowed_origin(request: web.Request, base_url: str) -> bool:
    """Tell whether a browser's request comes from our own pages; programs send no Origin and are let through."""
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    try:
        given = urlsplit(origin)
    except ValueError:
        return False
    if given.scheme not in ("http", "https") or not given.netloc:
        return False
    ours = urlsplit(base_url)
    return (given.scheme, given.netloc.lower()) == (ours.scheme, ours.netloc.lower()) or (
        given.netloc.lower() == request.headers.get("Host", "").lower()
    )
