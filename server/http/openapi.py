"""The OpenAPI 3.1 document, read from the declared routes, and a page that people can read.

What a route takes and gives stands in its signature, so the document cannot fall behind the code. A raw route, whose
signature says nothing, names its body with ``reads`` and its answers with the ``also`` of its declaration.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from server.errors import (
    BadJson,
    CsrfFailed,
    Forbidden,
    IdempotencyMismatch,
    Invalid,
    NotFound,
    Problem,
    RateLimited,
    TokenExpired,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from server.http.access import Anyone, LoggedIn, StaffWith
from server.http.bodies import Reply
from server.http.call import Call
from server.http.dispatch import DEFAULT_MOST
from server.http.openapi_page import groups, name_of
from server.http.pages import Page
from server.http.routes import Key, Route, Routes
from server.http.session import Kind
from server.i18n import Translator

if TYPE_CHECKING:
    from server.application import Application

H = TypeVar("H", bound=Callable[..., Any])
PREFIX = "/api/v1/"
_DESK = "back office: "
_REFERENCE = "#/components/schemas/{name}"
_SIGNS = re.compile(r"[^a-z0-9_]+")
_PLACE = re.compile(r"{[a-z_]+}")
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_bodies: dict[Callable[..., Any], type] = {}
_made: WeakKeyDictionary[Application, dict[str, dict[str, Any]]] = WeakKeyDictionary()
_digits = {"type": "string", "pattern": "^[0-9]{1,18}$"}

routes = Routes("documentation")


def reads(body: type) -> Callable[[H], H]:
    """Say what a raw handler reads from its request: ``@openapi.reads(AttemptBody)``."""

    def declare(handler: H) -> H:
        _bodies[handler] = body
        return handler

    return declare


@routes.get(f"{PREFIX}openapi.json", Anyone())
async def show_document(call: Call) -> dict[str, Any]:
    """Get this document."""
    return _kept(call)


@routes.page("/api/docs", Anyone())
async def read_document(call: Call) -> Page:
    """Read about every route of the API."""
    return Page("openapi.html", {"groups": groups(_kept(call))})


def _kept(call: Call) -> dict[str, Any]:
    """Return the document in the caller's language, made once: routes do not change while a process lives."""
    made = _made.setdefault(call.app, {})
    if call.tr.locale not in made:
        made[call.tr.locale] = document(call.app, call.tr)
    return made[call.tr.locale]


def document(app: Application, tr: Translator | None = None) -> dict[str, Any]:
    """Return the OpenAPI document of ``app``; refusals' messages in the language of ``tr``, else Chinese."""
    tr = tr or app.translations.source
    described = [route for route in app.routes if not route.page and route.path.startswith(PREFIX)]
    kinds = sorted({kind for route in described for kind in _kinds(route)}, key=repr)
    found, schemas = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    known = dict(zip(kinds, found, strict=True))
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in described:
        paths[route.path][route.method.lower()] = _operation(route, known, schemas, tr)
    for route in described:  # a query's struct is taken apart into parameters
        if route.query is not None:
            schemas.pop(name_of(known[route.query]), None)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lingfeng 凌峰",
            "version": _version(),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": app.settings.base_url}],
        "tags": [{"name": tag} for tag in sorted({group_of(route) for route in described})],
        "paths": dict(paths),
        "components": {"schemas": schemas | {"Refusal": _REFUSAL}, "securitySchemes": _SCHEMES},
    }


def group_of(route: Route) -> str:
    """Return the group that a route is listed in: its feature's, the back office's apart from the storefront's."""
    tag = route.tag.removeprefix(_DESK).replace("-", " ")
    return f"{_DESK}{tag}" if route.path.startswith(f"{PREFIX}backoffice/") else tag


def _operation(route: Route, known: dict[Any, Any], schemas: dict[str, Any], tr: Translator) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.method.lower() + _SIGNS.sub("_", route.path.removeprefix(PREFIX[:-1])).rstrip("_"),
        "tags": [group_of(route)],
        "summary": tr(route.summary),
        "security": _security(route),
        "x-access": _access(route),
        "parameters": _parameters(route, known, schemas),
        "responses": _answers(route, known, tr),
    }
    if isinstance(route.access, StaffWith):
        operation["x-permission"] = route.access.permission
    if route.limit:
        operation["x-rate-limit"] = route.limit
    body = _body(route)
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": known[body]}}}
    elif route.most > DEFAULT_MOST:
        file = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}, "required": ["file"]}
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": file}}}
    return operation


def _parameters(route: Route, known: dict[Any, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _digits if kind is int else {"type": "string"}}
        for name, kind in route.params.items()
    ]
    if route.query is not None:
        struct = schemas[name_of(known[route.query])]
        parameters += [
            {"name": name, "in": "query", "required": name in struct.get("required", ()), "schema": schema}
            for name, schema in struct["properties"].items()
        ]
    if route.key is not Key.OWN:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": route.key is not Key.OPTIONAL,
                "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,64}$"},
            }
        )
    return parameters


def _answers(route: Route, known: dict[Any, Any], tr: Translator) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    if not (route.raw and route.also):
        answers[str(route.status)] = _good(known.get(_shown(route.result)))
    for status, kind in route.also.items():
        answers[str(status)] = _good(known.get(_shown(kind)))
    refusals: dict[int, list[type[Problem]]] = defaultdict(list)
    for problem in dict.fromkeys((*route.errors, *_usual(route))):
        refusals[problem.status].append(problem)
    for status, problems in sorted(refusals.items()):
        told = {
            "description": ", ".join(problem.code for problem in problems),
            "content": {
                "application/json": {
                    "schema": {"$ref": _REFERENCE.format(name="Refusal")},
                    "examples": {problem.code: {"value": _example(problem, tr)} for problem in problems},
                }
            },
        }
        if status in (429, 503):
            told["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."}}
        answers[str(status)] = told
    return answers


def _usual(route: Route) -> Iterable[type[Problem]]:
    """Go through the refusals that a route has by what it takes, without its author saying so."""
    guest = isinstance(route.access, Anyone)
    yield from (Unauthenticated, TokenExpired)  # a bad bearer is refused everywhere
    if not guest:
        yield Forbidden
    if route.method in _WRITES:
        yield CsrfFailed
    if route.params:
        yield NotFound
    if _body(route) is not None:
        yield from (BadJson, UnsupportedMedia, Invalid)
    elif route.method in _WRITES and route.most <= DEFAULT_MOST and not route.raw:
        yield from (BadJson, Invalid)  # where nothing is asked for, fields are refused
    if route.method in _WRITES:
        yield TooLarge
    if route.query is not None:
        yield Invalid
    if route.key is not Key.OWN:
        yield from (Invalid, IdempotencyMismatch)
    if route.limit:
        yield RateLimited
    yield Unavailable


def _security(route: Route) -> list[dict[str, list[str]]]:
    kind = "staff" if route.realm is Kind.STAFF else "member"
    cookie: dict[str, list[str]] = {f"{kind}_cookie": []}
    if route.method in _WRITES:
        cookie["csrf"] = []
    ways: list[dict[str, list[str]]] = [{f"{kind}_bearer": []}, cookie]
    return [{}, *ways] if isinstance(route.access, Anyone) else ways


def _access(route: Route) -> str:
    match route.access:
        case LoggedIn():
            return "member"
        case StaffWith():
            return "staff"
        case _:
            return "anyone"


def _kinds(route: Route) -> Iterable[Any]:
    given = (_body(route), route.query, _shown(route.result), *(_shown(kind) for kind in route.also.values()))
    return (kind for kind in given if kind is not None)


def _body(route: Route) -> type | None:
    return route.body or _bodies.get(route.handler)


def _shown(kind: Any) -> Any:
    """Return the type of an answer, None for one without content or whose type is not declared."""
    if kind in (None, type(None), Any) or (isinstance(kind, type) and issubclass(kind, Reply)):
        return None
    return None if getattr(kind, "__module__", "").startswith("aiohttp") else kind


def _good(schema: Any) -> dict[str, Any]:
    if schema is None:
        return {"description": "Done."}
    return {"description": "Done.", "content": {"application/json": {"schema": schema}}}


def _example(problem: type[Problem], tr: Translator) -> dict[str, Any]:
    error: dict[str, Any] = {"code": problem.code, "message": _PLACE.sub("…", tr(problem.message))}
    if problem is IdempotencyMismatch:
        error["field"] = "Idempotency-Key"
    elif issubclass(problem, Invalid):
        error["field"] = "…"
    return {"error": error}


def _version() -> str:
    try:
        return version("lingfeng")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0"


_REFUSAL = {
    "title": "Refusal",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "Stable; made for programs."},
                "message": {"type": "string", "description": "For people, in the language of Accept-Language."},
                "field": {"type": "string", "description": "The input at fault."},
                "details": {},
            },
        }
    },
}
_SCHEMES = {
    "member_bearer": {"type": "http", "scheme": "bearer"},
    "member_cookie": {"type": "apiKey", "in": "cookie", "name": "lf_member"},
    "staff_bearer": {"type": "http", "scheme": "bearer"},
    "staff_cookie": {"type": "apiKey", "in": "cookie", "name": "lf_staff"},
    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
}
