"""Pages for people: Jinja templates under a strict content security policy."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import msgspec
from aiohttp import web
from markupsafe import escape

from server.clock import now, shanghai
from server.errors import CsrfFailed, Problem
from server.http.access import Anyone
from server.http.call import Call
from server.http.routes import Key, Route
from server.http.session import Kind
from server.http.templates import MODULES, Templates, ago

if TYPE_CHECKING:
    from server.application import Application

POLICY = (
    "default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; media-src 'self' blob:; worker-src 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action {forms}"
)
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


BACK_OFFICE = "/backoffice"
"""Below it lies what is for staff."""
Pieces = tuple[bytes, ...]
"""A page's text and, between, the names of what is filled in for each answer."""
# Made anew in each process: no text of anybody's can hold them.
_GAPS = {name: f"{name}-{secrets.token_hex(12)}" for name in ("nonce", "csrf_token", "server_time", "referrer")}
_NONCE, _CSRF, _CLOCK, _REFERRER = (name.encode() for name in _GAPS.values())
_GAP = re.compile(f"({'|'.join(_GAPS.values())})")


async def _nothing(call: Call) -> None: ...


_STRAY = Route(
    method="GET",
    path="",
    access=Anyone(),
    realm=Kind.MEMBER,
    handler=_nothing,
    params={},
    body=None,
    query=None,
    result=None,
    status=404,
    also={},
    errors=(),
    key=Key.OWN,
    limit="",
    most=0,
    tag="",
    summary="",
    page=True,
    raw=False,
    deadline=5.0,
    kept=False,
)


class Page(msgspec.Struct, frozen=True):
    """A template with its values. ``forms`` lists further targets of form posts (a gateway's cashier)."""

    template: str
    values: dict[str, Any] = {}
    status: int = 200
    headers: dict[str, str] = {}
    forms: tuple[str, ...] = ()


class Redirect(msgspec.Struct, frozen=True):
    """Go there next; 303, so that a form is not sent twice."""

    location: str
    status: int = 303


class File(msgspec.Struct, frozen=True):
    """Bytes of another type than HTML."""

    body: bytes
    media_type: str
    headers: dict[str, str] = {}


class Pages(Templates):
    """What one process answers people with."""

    def __init__(self, app: Application, folders: Sequence[Path], statics: Mapping[str, Path]) -> None:
        super().__init__(app.translations, folders, statics)
        self._app = app

    def companions(self, call: Call) -> dict[str, Any]:
        """Return what features tell the templates of every page."""
        return {name: tell(call) for name, tell in self._app.companions.items()}

    def render(self, call: Call, template: str, values: Mapping[str, Any]) -> str:
        """Return the template's text with the call's globals: nonce, csrf_token, me, staff, locale, path …"""
        identity = call.identity
        call.nonce = call.nonce or secrets.token_urlsafe(16)
        shared = {
            "nonce": call.nonce,
            "csrf_token": self._csrf(call),
            "me": identity if identity is not None and identity.kind is Kind.MEMBER else None,
            "staff": identity if identity is not None and identity.kind is Kind.STAFF else None,
            "locale": call.tr.locale,
            "path": call.request.path,
            "path_qs": call.request.path_qs,
            "query": call.request.query,
            "referrer": _referrer(call),
            "now": now(),
            "server_time": int(time.time() * 1000),
            "static": self.static,
            "shanghai": shanghai,
            "ago": lambda moment: ago(call.tr, moment),
            "settings": self._app.settings,
            "partial": "HX-Request" in call.request.headers,
            "parts": self._app.parts,
            MODULES: {},
        }
        shared |= self.companions(call)
        return self.environment_for(call.tr.locale).get_template(template).render(shared | dict(values))

    def respond(self, call: Call, result: Any) -> web.Response:
        """Return the answer to a page route's result."""
        match result:
            case Page():
                text = self.render(call, result.template, result.values)
                headers = self._headers(call, " ".join(("'self'", *result.forms)))
                return web.Response(
                    status=result.status, text=text, content_type="text/html", headers=headers | result.headers
                )
            case Redirect():
                return web.Response(status=result.status, headers={"Location": result.location})
            case File():
                return web.Response(
                    body=result.body,
                    headers={"Content-Type": result.media_type, "X-Content-Type-Options": "nosniff"} | result.headers,
                )
            case web.Response():
                return result
            case _:
                raise TypeError(f"{call.route.name} returned {type(result).__name__}: return a Page, Redirect or File")

    def _headers(self, call: Call, forms: str = "'self'") -> dict[str, str]:
        return GUARDS | {
            "Content-Security-Policy": POLICY.format(nonce=call.nonce, forms=forms),
            "Cache-Control": "no-store" if call.identity else "private, no-cache",
            "Vary": "Cookie, Accept-Language",
        }

    def cut(self, call: Call, page: Page, told: Mapping[str, Any]) -> Pieces:
        """Return the page in pieces, without what is each answer's own; ``told`` are the companions."""
        text = self.render(call, page.template, page.values | dict(told) | _GAPS)
        return tuple(piece.encode() for piece in _GAP.split(text))

    def fill(self, call: Call, pieces: Pieces) -> web.Response:
        """Return the answer made of a page's pieces."""
        call.nonce = secrets.token_urlsafe(16)
        own = {
            _NONCE: call.nonce.encode(),
            _CSRF: self._csrf(call).encode(),
            _CLOCK: b"%d" % (time.time() * 1000),
            _REFERRER: escape(_referrer(call)).encode(),
        }
        body = b"".join([own.get(piece, piece) for piece in pieces])
        return web.Response(body=body, headers=self._headers(call) | {"Content-Type": "text/html; charset=utf-8"})

    def problem(self, call: Call, problem: Problem) -> web.Response:
        """Return a refusal as a page."""
        values: dict[str, Any] = {"problem": problem, "message": problem.shown_as(call.tr), "status": problem.status}
        values |= {"door": door(call), "layout": _layout(call), "back": "", "lapsed": False}
        values |= {
            "again": call.request.method == "GET" and bool(call.request.query_string),
            "above": self._above(call) if problem.status == 404 else "",
        }
        if isinstance(problem, CsrfFailed):
            back = own_page_before(call)
            lapsed = call.session is None and not isinstance(call.route.access, Anyone)
            values |= {"back": back, "lapsed": lapsed, "door": _way_in(call, back)}
        return self.respond(call, Page("error.html", values, status=problem.status, headers=problem.headers))

    def _above(self, call: Call) -> str:
        """Return the page of the back office that stands over the one asked for: the list of something that is gone."""
        path = call.request.path
        if _layout(call) != "console.html":
            return ""
        pages = {route.path for route in self._app.routes if route.page and route.method == "GET" and not route.params}
        while (path := path.rpartition("/")[0]).startswith(BACK_OFFICE + "/"):
            if path in pages:
                return path
        return ""

    def stray(self, request: web.Request) -> Call:
        """Return the call of an address that does not exist: of the back office below its own, else of the shop."""
        behind = request.path == BACK_OFFICE or request.path.startswith(BACK_OFFICE + "/")
        return Call(self._app, request, msgspec.structs.replace(_STRAY, realm=Kind.STAFF) if behind else _STRAY)

    def _csrf(self, call: Call) -> str:
        """Return the page's token: the session's, or for a guest that of a visitor cookie, made here if need be."""
        from_cookie = call.request.cookies
        cookie = "lf_staff" if call.route.realm is Kind.STAFF else "lf_member"
        secret = from_cookie.get(cookie, "") if call.session is not None else from_cookie.get("lf_visitor", "")
        if not secret:
            secret = secrets.token_urlsafe(18)
            call.set_cookie("lf_visitor", secret, 365 * 86_400)
        return self._app.sessions.csrf(secret)


def door(call: Call) -> str:
    """Return the address of the log-in form for the route's people; it leads back to the page that they see."""
    request = call.request
    whole = request.method in ("GET", "HEAD") and "HX-Request" not in request.headers
    return _way_in(call, request.path_qs if whole else page_before(request))


def _way_in(call: Call, back: str) -> str:
    way = "/backoffice/login" if call.route.realm is Kind.STAFF else "/login"
    return f"{way}?next={quote(back, safe='')}" if back else way


def _layout(call: Call) -> str:
    """Return the page that a refusal stands in: staff keep their console, who is none of them sees no shop there."""
    if call.route.realm is not Kind.STAFF:
        return "base.html"
    return "console.html" if call.identity is not None and call.identity.kind is Kind.STAFF else "bare.html"


def own_page_before(call: Call) -> str:
    """Return path and query of the page of ours that a request was made on; empty when another site's was."""
    headers = call.request.headers
    try:
        seen = urlsplit(headers.get("HX-Current-URL") or headers.get("Referer") or "").netloc.lower()
    except ValueError:
        return ""
    ours = (call.request.host.lower(), urlsplit(call.app.settings.base_url).netloc.lower())
    return page_before(call.request) if seen in ours else ""


def page_before(request: web.Request) -> str:
    """Return path and query of the page that a request was made on, as its headers tell; empty when they do not."""
    told = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    if not told.isascii():  # browsers write addresses in ASCII; bytes of anything else need not be text at all
        return ""
    try:
        seen = urlsplit(told)
    except ValueError:
        return ""
    if not seen.path:
        return ""
    # Browsers read a path that begins with two slashes of either kind as another site.
    return "/" + seen.path.lstrip("/\\") + (f"?{seen.query}" if seen.query else "")


def _referrer(call: Call) -> str:
    """Return the page that led to this one, as the browser tells."""
    told = call.request.headers.get("Referer", "")[:2000].replace("\x00", "")
    return told if told.isascii() else ""
