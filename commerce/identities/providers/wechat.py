"""WeChat's open platform for web sites (snsapi_login): qrconnect, sns/oauth2/access_token, sns/userinfo."""

from __future__ import annotations

from urllib.parse import urlencode

from commerce.identities.providers.asking import Site, text
from commerce.identities.types import LogInRefused, Party, Profile

_OF_THE_CODE = {40029, 40163, 42003}
"""Error codes that blame the code: it is none, was used, or has ended."""


class WeChat(Site):
    """The provider ``wechat``."""

    party = Party.WECHAT
    title = "微信"

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        """Return the page with the QR code."""
        asked = {
            "appid": self._account.app_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": "snsapi_login",
            "state": state,
        }
        return f"{self._account.authorize}/connect/qrconnect?{urlencode(asked)}#wechat_redirect"

    async def profile(self, code: str, redirect_uri: str) -> Profile:
        """Return who the person of a code is."""
        address = f"{self._account.api}/sns/oauth2/access_token"
        told = await self._asking.get(
            address,
            {
                "appid": self._account.app_id,
                "secret": self._account.secret,
                "code": code,
                "grant_type": "authorization_code",
            },
        )
        if told.get("errcode") in _OF_THE_CODE:
            raise LogInRefused(title=self.title)
        token, open_id = text(told, "access_token"), text(told, "openid")
        if not token or not open_id:
            raise self._asking.down(address, f"errcode {told.get('errcode')}")
        address = f"{self._account.api}/sns/userinfo"
        person = await self._asking.get(address, {"access_token": token, "openid": open_id, "lang": "zh_CN"})
        if text(person, "openid") != open_id:
            raise self._asking.down(address, f"errcode {person.get('errcode')}")
        return Profile(
            provider=self.party,
            app_id=self._account.app_id,
            open_id=open_id,
            union_id=text(person, "unionid") or text(told, "unionid") or None,
            nickname=text(person, "nickname"),
        )
