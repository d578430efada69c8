"""WeChat's open platform for web sites: qrconnect, sns/oauth2/access_token, sns/userinfo."""

from __future__ import annotations

import secrets
from typing import Annotated

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
HERE = "/sandbox/wechat"
TOKEN_LASTS = 7200
_OF_CODES = {
    Fault.UNKNOWN: (40029, "invalid code"),
    Fault.USED: (40163, "code been used"),
    Fault.ENDED: (42003, "code expired"),
}
Text = Annotated[str, Meta(max_length=2000)]


class Asked(Body, frozen=True, kw_only=True):
    """What an application asks qrconnect with."""

    appid: Text = ""
    redirect_uri: Text = ""
    response_type: Text = ""
    scope: Text = ""
    state: Text = ""


@routes.page(f"{HERE}/connect/qrconnect", Anyone())
async def show_qrconnect(call: Call, query: Asked) -> Page:
    """Ask a person whether they agree."""
    return consent.ask(call, Party.WECHAT, query.appid, query.redirect_uri, query.state, f"{HERE}/connect/qrconnect")


@routes.page(f"{HERE}/connect/qrconnect", Anyone(), method="POST")
async def decide(call: Call) -> Page | Redirect:
    """Do what the tester chose."""
    return await consent.decide(call, Party.WECHAT, f"{HERE}/connect/qrconnect")


@routes.get(f"{HERE}/sns/oauth2/access_token", Anyone(), raw=True)
async def access_token(app: Application, request: web.Request) -> web.StreamResponse:
    """Give a token for a code, once."""
    given = request.query
    if (ill := await weather(app, Party.WECHAT)) is not None:
        return ill
    if given.get("appid") != APPS[Party.WECHAT]:
        return _fault(40013, "invalid appid")
    if given.get("secret") != APP_KEY:
        return _fault(40125, "invalid appsecret")
    if given.get("grant_type") != "authorization_code":
        return _fault(40002, "invalid grant_type")
    token = secrets.token_urlsafe(48)
    grant = await redeem(app, Party.WECHAT, given.get("code", ""), token, TOKEN_LASTS)
    if isinstance(grant, Fault):
        return _fault(*_OF_CODES[grant])
    return answered(
        {
            "access_token": token,
            "expires_in": TOKEN_LASTS,
            "refresh_token": secrets.token_urlsafe(48),
            "openid": open_id(Party.WECHAT, grant.person),
            "scope": "snsapi_login",
            "unionid": union_id(Party.WECHAT, grant.person),
        }
    )


@routes.get(f"{HERE}/sns/userinfo", Anyone(), raw=True)
async def userinfo(app: Application, request: web.Request) -> web.StreamResponse:
    """Tell who the person of a token is."""
    given = request.query
    if (ill := await weather(app, Party.WECHAT)) is not None:
        return ill
    grant = await of_token(app, Party.WECHAT, request)
    if grant is None:
        return _fault(40001, "invalid credential, access_token is invalid or not latest")
    if given.get("openid") != open_id(Party.WECHAT, grant.person):
        return _fault(40003, "invalid openid")
    person = BY_CODE[grant.person]
    return answered(
        {
            "openid": open_id(Party.WECHAT, grant.person),
            "nickname": person.nickname,
            "sex": person.gender,
            "language": "",
            "city": "",
            "province": "",
            "country": "",
            "headimgurl": "",
            "privilege": [],
            "unionid": union_id(Party.WECHAT, grant.person),
        }
    )


def _fault(code: int, text: str) -> web.Response:
    return answered({"errcode": code, "errmsg": text})
