"""From a declared route to an aiohttp handler: who calls, may they, what did they send, what do they get."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import jinja2
import msgspec
import structlog
from aiohttp import web

from server import database as db
from server import redis
from server.errors import (
    BadRequest,
    CsrfFailed,
    Forbidden,
    Internal,
    NotFound,
    Problem,
    TokenExpired,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from server.http import keeping, origin
from server.http.access import LoggedIn, StaffWith
from server.http.bodies import Body, Reply, convert, decode_json, hold_text
from server.http.call import Call
from server.http.forms import posted
from server.http.idempotency import Stored, key_of, once, target_of
from server.http.pages import door
from server.http.routes import Key, Route
from server.http.session import COOKIES, Expired, Kind
from server.i18n import LOCALES, Translator

if TYPE_CHECKING:
    from server.application import Application

log = structlog.get_logger("http")
JSON = "application/json"
DEFAULT_MOST = 65_536
VISITOR = "lf_visitor"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_HANDLED = frozenset({Key.OWN, Key.DEMANDED})
_DIGITS = re.compile(r"[0-9]{1,18}")
_encode = msgspec.json.Encoder().encode


def handler(app: Application, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the aiohttp handler of ``route``."""
    if route.raw:

        async def answer_raw(request: web.Request) -> web.StreamResponse:
            try:
                return await route.handler(app, request)  # type: ignore[no-any-return]  # declared by the feature
            except Exception as error:
                return refusal(app, request, explain(error, request), route)

        return answer_raw

    async def answer(request: web.Request) -> web.StreamResponse:
        if route.most > DEFAULT_MOST:
            request = request.clone(client_max_size=route.most)
        call = Call(app, request, route)
        origin.begin(call.address, call.agent)
        try:
            async with asyncio.timeout(route.deadline):
                await identify(call)
                if route.limit:
                    await app.limits.check(route.limit, route.name, address=call.address)
                response = await (_page(call) if route.page else _api(call))
        except Exception as error:
            response = refusal(app, request, explain(error, request), route, call)
        finish(call, response)
        return response

    return answer


async def identify(call: Call) -> None:
    """Find out who calls and hold them to the route's access.

    Raises Unauthenticated, TokenExpired, Forbidden, CsrfFailed.
    """
    request, route = call.request, call.route
    authorization = request.headers.get("Authorization", "")
    if authorization:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated
        try:
            call.session = await call.app.sessions.find(token.strip())
        except Expired:
            raise TokenExpired from None
        if call.session is None:
            raise Unauthenticated
    elif token := request.cookies.get(COOKIES[route.realm], ""):
        try:
            call.session = await call.app.sessions.find(token)
        except Expired:
            call.session = None
        if call.session is None:
            call.set_cookie(COOKIES[route.realm], None)
        elif request.method not in _SAFE:
            await hold_csrf(call, token)
    if call.session is None and route.page and request.method not in _SAFE:
        await hold_csrf(call, request.cookies.get(VISITOR, ""))
    access = route.access
    if isinstance(access, LoggedIn):
        if call.session is None:
            raise Unauthenticated
        if call.session.identity.kind is not Kind.MEMBER:
            raise Forbidden
    elif isinstance(access, StaffWith):
        if call.session is None:
            raise Unauthenticated
        if call.session.identity.kind is not Kind.STAFF or not call.session.identity.may(access.permission):
            raise Forbidden
        narrowed = call.session.identity.within(access.permission)
        call.session = msgspec.structs.replace(call.session, identity=narrowed)


async def hold_csrf(call: Call, secret: str) -> None:
    """Raise CsrfFailed unless the request carries its page's token in the header or, for a form, in a field."""
    given = call.request.headers.get("X-CSRF-Token", "")
    if not given and call.route.page and call.request.content_type != JSON:
        given = str((await posted(call.request)).get("csrf_token", ""))
    if not secret or not call.app.sessions.csrf_holds(secret, given):
        raise CsrfFailed


async def _arguments(call: Call, raw: bytes) -> dict[str, Any]:
    """Return what the handler takes. Raises NotFound for a malformed id, Invalid and its like for the rest."""
    route, request = call.route, call.request
    arguments: dict[str, Any] = {}
    for name, kind in route.params.items():
        text = request.match_info[name]
        if kind is int:
            if not _DIGITS.fullmatch(text):
                raise NotFound
            arguments[name] = int(text)
        else:
            if "\x00" in text:
                raise NotFound
            arguments[name] = text
    hold_text(request.query.items())  # some pages read their query themselves
    if route.query is not None:
        arguments["query"] = convert(_asked(route, request), route.query)
    if route.body is not None:
        arguments["body"] = decode_json(raw, route.body)
    elif _takes_nothing(route, request) and raw.strip():
        decode_json(raw, _Nothing)
    return arguments


def _asked(route: Route, request: web.Request) -> dict[str, str]:
    """Return the query. Of a page's what it knows: links come with what others have added to them."""
    given = dict(request.query)
    if route.page and route.query is not None:
        known = {field.encode_name for field in msgspec.structs.fields(route.query)}
        return {name: value for name, value in given.items() if name in known}
    return given


class _Nothing(Body, frozen=True):
    """What may be sent where nothing is asked for: a field would be a mistake that nobody hears."""


def _takes_nothing(route: Route, request: web.Request) -> bool:
    """Tell whether a request brings JSON to a route that takes no body, of JSON or of files."""
    return route.body is None and route.most <= DEFAULT_MOST and request.content_type == JSON


async def read_body(call: Call) -> bytes:
    """Return the JSON body's bytes, none where the handler may read for itself. Raises TooLarge, UnsupportedMedia."""
    request, most = call.request, call.route.most
    if request.content_length is not None and request.content_length > most:
        raise TooLarge
    if call.route.body is None and call.route.key in _HANDLED and not _takes_nothing(call.route, request):
        return b""
    if call.route.body is not None and request.content_type != JSON:
        raise UnsupportedMedia
    raw = await request.read()
    if len(raw) > most:
        raise TooLarge
    return raw


async def _api(call: Call) -> web.Response:
    route = call.route
    raw = await read_body(call) if call.request.method not in _SAFE else b""
    key = None
    if route.key is not Key.OWN:
        key = key_of(call.request, required=route.key is not Key.OPTIONAL)
    arguments = await _arguments(call, raw)
    if key is None or call.session is None or route.key in _HANDLED:
        stored = _store(route, await route.handler(call, **arguments))
    else:

        async def work(connection: db.Connection) -> Stored:
            call.connection = connection
            return _store(route, await route.handler(call, **arguments))

        stored = await once(
            call.database, call.owner, key, target_of(call.request), raw, work, lambda problem: refused(call, problem)
        )
    body = stored.told(call.tr.locale)
    return web.Response(status=stored.status, body=body, content_type=JSON if body else None, headers=stored.headers)


def _store(route: Route, result: Any) -> Stored:
    status, body, headers = (
        (result.status, result.body, result.headers) if isinstance(result, Reply) else (route.status, result, {})
    )
    return Stored(status, b"" if body is None else _encode(body), headers)


def refused(call: Call, problem: Problem) -> Stored:
    """Return a refusal as it is stored under a key: in every language, for whoever asks again."""
    messages = {locale: problem.told(call.app.translations.of(locale)) for locale in LOCALES}
    return Stored(problem.status, describe_in(call.tr, problem), problem.headers, messages)


async def _page(call: Call) -> web.Response:
    if call.request.content_length is not None and call.request.content_length > call.route.most:
        raise TooLarge
    arguments = await _arguments(call, b"")
    if call.route.kept and call.session is None:
        return await keeping.respond(call, lambda: call.route.handler(call, **arguments))
    return call.app.pages.respond(call, await call.route.handler(call, **arguments))


def explain(error: Exception, request: web.Request) -> Problem:
    """Return the refusal that an exception means. What no rule explains is a defect: logged, and told as no more."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return TooLarge()
    if isinstance(error, web.RequestPayloadError):  # chunks or a content coding that do not unpack
        return BadRequest()
    # A template that is missing is an OSError too, and no dependency of anybody.
    if isinstance(error, (*db.DOWN, *db.CONTENTION, *redis.DOWN)) and not isinstance(error, jinja2.TemplateError):
        log.warning("dependency down", path=request.path, error=f"{type(error).__name__}: {error}")
        return Unavailable()
    log.error("unhandled", path=request.path, method=request.method, exc_info=error)
    return Internal()


def describe_in(tr: Translator, problem: Problem) -> bytes:
    """Return the JSON of a refusal in the language of ``tr``."""
    error: dict[str, Any] = {"code": problem.code, "message": problem.told(tr)}
    if problem.field is not None:
        error["field"] = problem.field
    if problem.details is not None:
        error["details"] = problem.details
    return _encode({"error": error})


def refusal(
    app: Application, request: web.BaseRequest, problem: Problem, route: Route | None = None, call: Call | None = None
) -> web.Response:
    """Return the answer that tells a refusal: a page to people, JSON to clients."""
    if route is not None and route.page and call is not None:
        if isinstance(problem, Unauthenticated) and request.method in _SAFE and "HX-Request" not in request.headers:
            return web.Response(status=303, headers={"Location": door(call)})
        return app.pages.problem(call, problem)
    tr = call.tr if call is not None else app.translations.negotiate(request)
    return web.Response(
        status=problem.status, body=describe_in(tr, problem), content_type=JSON, headers=problem.headers
    )


def finish(call: Call, response: web.StreamResponse) -> None:
    """Add the cookies that the call set."""
    for name, value, seconds in call.cookies:
        if value is None:
            response.del_cookie(name, path="/")
        else:
            response.set_cookie(
                name, value, max_age=seconds, path="/", httponly=True, samesite="Lax", secure=call.app.settings.secure
            )
