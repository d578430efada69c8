"""Pages for people: Jinja templates under a strict content security policy."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import jinja2
import msgspec
from aiohttp import web
from jinja2.bccache import Bucket
from jinja2.environment import TemplateModule
from markupsafe import Markup, escape

from server.clock import now, shanghai, wire
from server.errors import CsrfFailed, Problem
from server.http.access import Anyone
from server.http.call import Call
from server.http.routes import Key, Route
from server.http.session import Kind
from server.i18n import Translator
from server.money import yuan
from server.pictures import sized

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
_MODULES = "_modules"
_LOOKED_AT = 1.0
"""Seconds that the address of a static file holds before the file is looked at again."""
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


class _Compiled(jinja2.BytecodeCache):
    """What templates became, kept in memory: compiling takes a page tenths of a second in which nobody is answered.

    The languages share it, and so do the applications of one process.
    """

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled from the same file with the same text."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


class _Template(jinja2.Template):
    """A template whose macros are made ready once for each page, not once for each import of them.

    So macros see what the page had when it first imported them: they are told by their arguments what differs.
    """

    def make_module(
        self,
        vars: dict[str, Any] | None = None,  # noqa: A002  # the names are jinja's
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,  # noqa: A002
    ) -> TemplateModule:
        """Return the module of this page, made by its first import."""
        made: dict[str | None, TemplateModule] | None = vars.get(_MODULES) if vars else None
        if made is None:
            return super().make_module(vars, shared, locals)
        if self.name not in made:
            made[self.name] = super().make_module(vars, shared, locals)
        return made[self.name]


class _Words:
    """The texts of one language for templates: looked up and marked as HTML once, not at every page."""

    def __init__(self, tr: Translator) -> None:
        self._tr = tr
        self._plain: dict[str, Markup] = {}
        self._known: dict[str, Markup] = {}

    def one(self, text: str, /, **values: Any) -> Markup:
        """Return a text with its places filled."""
        if not values:
            found = self._plain.get(text)
            if found is None:
                found = self._plain[text] = Markup(self._tr.gettext(text)) % {}  # noqa: S704  # our own texts
            return found
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = Markup(self._tr.gettext(text))  # noqa: S704  # our own texts
        return known % values

    def many(self, text: str, texts: str, n: int, /, **values: Any) -> Markup:
        """Return a text that counts."""
        values.setdefault("num", n)
        return Markup(self._tr.ngettext(text, texts, n)) % values  # noqa: S704  # our own texts


class Pages:
    """The template environment of one process."""

    def __init__(self, app: Application, folders: Sequence[Path], statics: Mapping[str, Path]) -> None:
        self._app = app
        self._statics = dict(statics)
        self._folders = [str(folder) for folder in folders]
        self._languages: dict[str, jinja2.Environment] = {}
        self._addresses: dict[str, tuple[str, float]] = {}

    def static(self, path: str) -> str:
        """Return the address of a static file with its digest, so that it may be cached for ever."""
        known = self._addresses.get(path)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        prefix, _, rest = path.partition("/")
        folder = self._statics.get(prefix)
        file = folder / rest if folder is not None else self._statics[""] / path
        address = f"/static/{path}?v={digest_of(file)}"
        self._addresses[path] = (address, time.monotonic() + _LOOKED_AT)
        return address

    def environment_for(self, locale: str) -> jinja2.Environment:
        """Return the environment whose texts are in ``locale``.

        Each language has its own: overlays of one would share their globals, and with them the last language's texts.
        """
        if locale not in self._languages:
            made = jinja2.Environment(
                loader=jinja2.FileSystemLoader(self._folders),
                autoescape=True,
                undefined=jinja2.StrictUndefined,
                extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
                trim_blocks=True,
                lstrip_blocks=True,
                auto_reload=False,
                bytecode_cache=_COMPILED,
            )
            made.policies["json.dumps_function"] = _json
            made.filters |= {"yuan": yuan, "wire": wire, "sized": sized}
            tr = self._app.translations.of(locale)
            made.install_gettext_callables(tr.gettext, tr.ngettext, newstyle=True)  # type: ignore[attr-defined]
            words = _Words(tr)
            made.globals |= {"_": words.one, "gettext": words.one, "ngettext": words.many}
            made.template_class = _Template
            self._languages[locale] = made
        return self._languages[locale]

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
            "ago": lambda moment: ago(call, moment),
            "settings": self._app.settings,
            "partial": "HX-Request" in call.request.headers,
            "parts": self._app.parts,
            _MODULES: {},
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
        if isinstance(problem, CsrfFailed):
            back = own_page_before(call)
            lapsed = call.session is None and not isinstance(call.route.access, Anyone)
            values |= {"back": back, "lapsed": lapsed, "door": _way_in(call, back)}
        return self.respond(call, Page("error.html", values, status=problem.status, headers=problem.headers))

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


def ago(call: Call, moment: datetime) -> Markup:
    """Return ``moment`` in people's words with the exact time on hover."""
    seconds = int((now() - moment).total_seconds())
    ahead, seconds = seconds < 0, abs(seconds)
    tr = call.tr
    if seconds < 60:
        words = tr("马上") if ahead else tr("刚刚")
    elif seconds < 3600:
        words = (tr("{n} 分钟后") if ahead else tr("{n} 分钟前")).format(n=seconds // 60)
    elif seconds < 86_400:
        words = (tr("{n} 小时后") if ahead else tr("{n} 小时前")).format(n=seconds // 3600)
    elif seconds < 30 * 86_400:
        words = (tr("{n} 天后") if ahead else tr("{n} 天前")).format(n=seconds // 86_400)
    else:
        words = shanghai(moment).strftime("%Y-%m-%d")
    exact = shanghai(moment).strftime("%Y-%m-%d %H:%M:%S")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(wire(moment), exact, words)


def _json(value: Any, **_: Any) -> str:
    return msgspec.json.encode(value).decode()


def digest_of(file: Path) -> str:
    """Return what names the content of a static file in its address. Raises OSError."""
    known = file.stat()
    return _digest(file, known.st_mtime_ns, known.st_size)


@lru_cache(maxsize=4096)
def _digest(file: Path, changed: int, size: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
