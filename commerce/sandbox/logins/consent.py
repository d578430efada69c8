"""Where a provider asks a person whether they agree: a page on which a tester plays the person."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web
from msgspec import Meta

from commerce.sandbox.logins import store
from commerce.sandbox.logins.people import APPS, BY_CODE, PEOPLE, Choice, Party
from server.http import Body, Call
from server.http.pages import Page, Redirect

CODE_LASTS = 600
_TITLES = {Party.WECHAT: "微信", Party.QQ: "QQ"}
Text = Annotated[str, Meta(max_length=2000)]


class ConsentForm(Body, frozen=True, kw_only=True):
    """What the tester chose, and the request it answers."""

    person: Annotated[str, Meta(max_length=40)] = ""
    choice: Choice = Choice.AGREE
    app: Text = ""
    redirect_uri: Text = ""
    state: Text = ""


def ask(call: Call, party: Party, app: str, redirect_uri: str, state: str, action: str) -> Page:
    """Return the page that asks, or says what is wrong with the application's request."""
    values = {
        "party": party,
        "title": _TITLES[party],
        "people": PEOPLE,
        "app": app,
        "redirect_uri": redirect_uri,
        "state": state,
        "action": action,
        "fault": fault_of(call, party, app, redirect_uri),
    }
    return Page(
        "sandbox/consent.html",
        values,
        status=400 if values["fault"] else 200,
        forms=_origin(redirect_uri, values["fault"]),
    )


def fault_of(call: Call, party: Party, app: str, redirect_uri: str) -> str:
    """Return what the real provider would say of the request, empty when it is good."""
    if app != APPS[party]:
        return "AppID 参数错误" if party is Party.WECHAT else "client id is illegal(100008)"
    if not redirect_uri.startswith(call.app.settings.base_url + "/"):
        return "redirect_uri 参数错误" if party is Party.WECHAT else "redirect uri is illegal(100010)"
    return ""


def _origin(redirect_uri: str, fault: object) -> tuple[str, ...]:
    parts = urlsplit(redirect_uri)
    return (f"{parts.scheme}://{parts.netloc}",) if not fault else ()


async def decide(call: Call, party: Party, action: str) -> Page | Redirect:
    """Do what the tester chose and lead back to the application."""
    form = await call.form(ConsentForm)
    if fault_of(call, party, form.app, form.redirect_uri) or (
        form.person not in BY_CODE and form.choice is not Choice.REFUSE
    ):
        return ask(call, party, form.app, form.redirect_uri, form.state, action)
    if form.choice is Choice.REFUSE:
        told = {"state": form.state} if party is Party.WECHAT else {"usercancel": "1", "state": form.state}
        return Redirect(_with(form.redirect_uri, told))
    code = secrets.token_hex(16)
    async with call.transaction() as connection:
        lasts = CODE_LASTS if form.choice is Choice.AGREE else 0.0
        await store.add(connection, party, form.person, form.redirect_uri, code, lasts)
    return Redirect(_with(form.redirect_uri, {"code": code, "state": form.state}))


def _with(address: str, values: dict[str, str]) -> str:
    parts = urlsplit(address)
    return parts._replace(query=urlencode([*parse_qsl(parts.query), *values.items()])).geturl()


def answered(values: dict[str, object], status: int = 200) -> web.Response:
    """Return JSON the way these providers send it: as plain text."""
    return web.json_response(values, status=status, content_type="text/plain")
