"""Typed routes: what a handler takes and gives is read from its signature, and the OpenAPI document from the same.

    routes = Routes("orders")

    @routes.post("/api/v1/orders/{order_no}/cancel", LoggedIn(), key=Key.REQUIRED, errors=(NotCancellable,))
    async def cancel(call: Call, order_no: str, body: Cancel) -> OrderView: ...

A parameter named in the path is an ``int`` (digits, else 404) or a ``str``; ``body`` and ``query`` are structs derived
from Body. Pages return a Page or a Redirect (server/http/pages.py).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, get_type_hints

import msgspec

from server.errors import Problem
from server.http.access import Access, StaffWith
from server.http.session import Kind

Handler = Callable[..., Awaitable[Any]]
_PARAM = re.compile(r"{([a-z_]+)}")


class Key(StrEnum):
    """What a route does with the Idempotency-Key header."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    OWN = "own"
    """The handler deals with it, or the answer must not be stored."""
    DEMANDED = "demanded"
    """Required, and the handler deals with it: what it does reaches beyond one transaction."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One route as declared. ``limit`` is a rate by client address such as ``20/minute``; ``most`` bytes of body."""

    method: str
    path: str
    access: Access
    realm: Kind
    handler: Handler
    params: dict[str, type]
    body: type | None
    query: type | None
    result: Any
    status: int
    also: dict[int, Any]
    errors: tuple[type[Problem], ...]
    key: Key
    limit: str
    most: int
    tag: str
    summary: str
    page: bool
    raw: bool
    deadline: float
    kept: bool

    @property
    def name(self) -> str:
        """Return method and path, which no two routes share."""
        return f"{self.method} {self.path}"


class Routes:
    """The routes of one feature. ``realm`` says whose cookie is read where anyone may call."""

    def __init__(self, tag: str, *, realm: Kind = Kind.MEMBER) -> None:
        self.tag = tag
        self.realm = realm
        self.routes: list[Route] = []

    def get(self, path: str, access: Access, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a JSON GET; options as in ``add``."""
        return self.add("GET", path, access, **options)

    def post(self, path: str, access: Access, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a JSON POST; options as in ``add``."""
        return self.add("POST", path, access, **options)

    def patch(self, path: str, access: Access, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a JSON PATCH; options as in ``add``."""
        return self.add("PATCH", path, access, **options)

    def delete(self, path: str, access: Access, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a DELETE; options as in ``add``."""
        return self.add("DELETE", path, access, **options)

    def page(self, path: str, access: Access, method: str = "GET", **options: Any) -> Callable[[Handler], Handler]:
        """Declare a page for people; options as in ``add``."""
        return self.add(method, path, access, page=True, **options)

    def add(
        self,
        method: str,
        path: str,
        access: Access,
        *,
        status: int = 200,
        also: dict[int, Any] | None = None,
        errors: tuple[type[Problem], ...] = (),
        key: Key | None = None,
        limit: str = "",
        most: int = 65_536,
        page: bool = False,
        raw: bool = False,
        deadline: float = 10.0,
        kept: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Declare a route.

        ``also`` maps further good statuses to their types, ``errors`` lists the refusals beyond the usual ones,
        ``raw`` hands the bare request to ``handler(app, request)`` (the purchase path), ``deadline`` is seconds.
        ``kept`` is for pages that guests all see alike: the handler says with ``call.shows`` what they depend on.
        """

        def declare(handler: Handler) -> Handler:
            hints = get_type_hints(handler, include_extras=True)
            named = _PARAM.findall(path)
            if not isinstance(access, Access):
                raise TypeError(f"{method} {path}: nothing says who may call it")
            if not raw and set(inspect.signature(handler).parameters) - {"call", "body", "query"} != set(named):
                raise TypeError(f"{method} {path}: the handler's parameters are not those of the path")
            self.routes.append(
                Route(
                    method=method,
                    path=path,
                    access=access,
                    realm=Kind.STAFF if isinstance(access, StaffWith) else self.realm,
                    handler=handler,
                    params={name: hints.get(name, str) for name in named},
                    body=hints.get("body"),
                    query=hints.get("query"),
                    result=hints.get("return"),
                    status=status,
                    also=also or {},
                    errors=errors,
                    key=key or (Key.OPTIONAL if method == "POST" and not page else Key.OWN),
                    limit=limit,
                    most=most,
                    tag=self.tag,
                    summary=(inspect.getdoc(handler) or "").partition("\n")[0],
                    page=page,
                    raw=raw,
                    deadline=deadline,
                    kept=kept,
                )
            )
            return handler

        return declare
