"""QQ Connect for web sites: oauth2.0/authorize, oauth2.0/token, oauth2.0/me, user/get_user_info."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import urlencode

from aiohttp import web
from msgspec import Meta

from commerce.sandbox.logins import consent
from commerce.sandbox.logins.consent import answered
from commerce.sandbox.logins.grants import Fault, of_token, redeem, weather
from commerce.sandbox.logins.people import APP_KEY, APPS, BY_CODE, Party, open_id, union_id
from server.application import Application
from server.http import Anyone, Body, Call, Routes
from server.http.pages import Page, Redirect

routes = Routes("sandbox")
HERE = "/sandbox/qq"
TOKEN_LASTS = 7_776_000
_OF_CODES = {
    Fault.UNKNOWN: (100019, "code to access token error"),
    Fault.USED: (100020, "code is reused error"),
    Fault.ENDED: (100019, "code to access token error"),
    Fault.ELSEWHERE: (100010, "redirect uri is illegal"),
}
Text = Annotated[str, Meta(max_length=2000)]


class Asked(Body, frozen=True, kw_only=True):
    """What an application asks authorize with."""

    client_id: Text = ""
    redirect_uri: Text = ""
    response_type: Text = ""
    scope: Text = ""
    state: Text = ""


@routes.page(f"{HERE}/oauth2.0/authorize", Anyone())
async def show_authorize(call: Call, query: Asked) -> Page:
    """Ask a person whether they agree."""
    return consent.ask(call, Party.QQ, query.client_id, query.redirect_uri, query.state, f"{HERE}/oauth2.0/authorize")


@routes.page(f"{HERE}/oauth2.0/authorize", Anyone(), method="POST")
async def decide(call: Call) -> Page | Redirect:
    """Do what the tester chose."""
    return await consent.decide(call, Party.QQ, f"{HERE}/oauth2.0/authorize")


@routes.get(f"{HERE}/oauth2.0/token", Anyone(), raw=True)
async def token(app: Application, request: web.Request) -> web.StreamResponse:
    """Give a token for a code, once: as a form, or as JSON where `fmt=json` asks for it."""
    given = request.query
    if (ill := await weather(app, Party.QQ)) is not None:
        return ill
    if given.get("client_id") != APPS[Party.QQ]:
        return _fault(100008, "client id is illegal")
    if given.get("client_secret") != APP_KEY:
        return _fault(100009, "client secret is illegal")
    if given.get("grant_type") != "authorization_code":
        return _fault(100004, "grant type is illegal")
    made = secrets.token_hex(16).upper()
    uri = given.get("redirect_uri", "")
    grant = await redeem(app, Party.QQ, given.get("code", ""), made, TOKEN_LASTS, uri)
    if isinstance(grant, Fault):
        return _fault(*_OF_CODES[grant])
    values: dict[str, object] = {"access_token": made, "expires_in": str(TOKEN_LASTS), "refresh_token": made[::-1]}
    if given.get("fmt") == "json":
        return answered(values)
    return web.Response(text=urlencode({name: str(value) for name, value in values.items()}))


@routes.get(f"{HERE}/oauth2.0/me", Anyone(), raw=True)
async def me(app: Application, request: web.Request) -> web.StreamResponse:
    """Tell the ids of the person of a token."""
    if (ill := await weather(app, Party.QQ)) is not None:
        return ill
    grant = await of_token(app, Party.QQ, request)
    if grant is None:
        return _fault(100016, "access token check failed")
    told: dict[str, object] = {"client_id": APPS[Party.QQ], "openid": open_id(Party.QQ, grant.person)}
    if request.query.get("unionid") == "1":
        told["unionid"] = union_id(Party.QQ, grant.person)
    return answered(told)


@routes.get(f"{HERE}/user/get_user_info", Anyone(), raw=True)
async def get_user_info(app: Application, request: web.Request) -> web.StreamResponse:
    """Tell who the person of a token is."""
    if (ill := await weather(app, Party.QQ)) is not None:
        return ill
    grant = await of_token(app, Party.QQ, request)
    if grant is None or request.query.get("openid") != open_id(Party.QQ, grant.person):
        return answered({"ret": -23, "msg": "token is invalid"})
    if request.query.get("oauth_consumer_key") != APPS[Party.QQ]:
        return answered({"ret": -1, "msg": "client request's parameters are invalid, invalid openid"})
    person = BY_CODE[grant.person]
    return answered(
        {
            "ret": 0,
            "msg": "",
            "is_lost": 0,
            "nickname": person.nickname,
            "gender": {1: "男", 2: "女"}.get(person.gender, ""),
            "figureurl_qq_1": "",
            "figureurl_qq_2": "",
        }
    )


def _fault(code: int, text: str) -> web.Response:
    return answered({"error": code, "error_description": text})
