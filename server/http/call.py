"""One request as handlers see it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from server.database import Connection, Database
from server.errors import Unauthenticated, UnsupportedMedia
from server.http.bodies import convert, hold_text
from server.http.forms import posted
from server.http.session import COOKIES, LIFETIME, Identity, Issued, Kind, Session
from server.i18n import Translator
from server.kept import LASTS

if TYPE_CHECKING:
    from server.application import Application
    from server.http.routes import Route

T = TypeVar("T")


class Call:
    """The request, who makes it, and what the process offers to answer it."""

    __slots__ = (
        "_session_token",
        "app",
        "connection",
        "cookies",
        "every_time",
        "lasting",
        "nonce",
        "request",
        "route",
        "session",
        "topics",
        "tr",
    )

    def __init__(self, app: Application, request: web.Request, route: Route) -> None:
        self.app = app
        self.request = request
        self.route = route
        self.session: Session | None = None
        self._session_token = ""
        self.connection: Connection | None = None
        self.tr: Translator = app.translations.negotiate(request)
        self.nonce = ""
        self.cookies: list[tuple[str, str | None, int | None]] = []
        self.topics: set[str] = set()
        self.lasting = LASTS
        self.every_time: list[Callable[[Call], None]] = []

    @property
    def identity(self) -> Identity | None:
        """Who is logged in, if anybody."""
        return self.session.identity if self.session is not None else None

    @property
    def member(self) -> Identity:
        """The member who calls. Raises Unauthenticated."""
        if self.session is None or self.session.identity.kind is not Kind.MEMBER:
            raise Unauthenticated
        return self.session.identity

    @property
    def staff(self) -> Identity:
        """The staff who call. Raises Unauthenticated."""
        if self.session is None or self.session.identity.kind is not Kind.STAFF:
            raise Unauthenticated
        return self.session.identity

    @property
    def owner(self) -> str:
        """Whose idempotency keys these are: ``member:7``, ``staff:3``, or the address of a guest."""
        who = self.identity
        return who.owner if who is not None else f"guest:{self.address}"

    @property
    def address(self) -> str:
        """The client's address, seen through trusted proxies."""
        return self.app.proxies.client(self.request)

    @property
    def agent(self) -> str:
        """What the client's program says it is, fit to be kept: headers may hold bytes that no text of ours has."""
        given = self.request.headers.get("User-Agent", "").replace("\x00", "")
        return given.encode(errors="replace").decode()

    @property
    def database(self) -> Database:
        """The pool."""
        return self.app.database

    def resource(self, kind: type[T]) -> T:
        """Return what a feature offers under its type."""
        return self.app.resource(kind)

    def shows(self, *topics: str, lasts: float = LASTS) -> None:
        """Say what the page shows: whoever changes one of ``topics`` writes so to ``changes`` (server/kept.py).

        What changes with time alone ``lasts`` so many seconds; 0 keeps the page from being kept.
        """
        self.topics.update(topics)
        self.lasting = min(self.lasting, lasts)

    def each_time(self, work: Callable[[Call], None]) -> None:
        """Have ``work(call)`` done now, and for everybody else whom the page is shown to while it is kept."""
        work(self)
        self.every_time.append(work)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend the transaction of this call: with an idempotency key the one that also keeps the answer.

        Use it once for all that the call writes; an exception takes its writes back.
        """
        if self.connection is None:
            async with self.database.transaction() as connection:
                yield connection
        else:
            async with self.connection.transaction():
                yield self.connection

    async def form(self, kind: type[T]) -> T:
        """Return the posted form as a ``kind``, the CSRF field left out. Raises Invalid with the field at fault."""
        return convert(await self.fields(), kind)

    async def fields(self) -> dict[str, Any]:
        """Return the posted form's texts, empty ones left out; a name given more than once becomes a list.

        Raises Invalid for a text with a NUL.
        """
        if self.request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
            raise UnsupportedMedia
        form = await posted(self.request)
        values: dict[str, Any] = {}
        for name in form:
            given = [value for value in form.getall(name) if not (isinstance(value, str) and value.strip() == "")]
            if name != "csrf_token" and given:
                values[name] = given[0] if len(given) == 1 else given
        hold_text(values.items())
        return values

    def renew(self, issued: Issued) -> None:
        """Put a new session in the place of the one in the caller's cookie. A client with a bearer does it itself."""
        if "Authorization" not in self.request.headers:
            kind = self.route.realm
            self.set_cookie(COOKIES[kind], issued.token, int(LIFETIME[kind].total_seconds()))

    def set_cookie(self, name: str, value: str | None, seconds: int | None = None) -> None:
        """Set a cookie (HttpOnly, SameSite=Lax, Secure under TLS) on the answer; None removes it."""
        self.cookies.append((name, value, seconds))
