"""QQ Connect for web sites: oauth2.0/authorize, oauth2.0/token, oauth2.0/me, user/get_user_info."""

from __future__ import annotations

from urllib.parse import urlencode

from commerce.identities.providers.asking import Site, text
from commerce.identities.types import LogInRefused, Party, Profile

_OF_THE_CODE = {100019, 100020}
"""Error codes that blame the code: it is none or has ended, or was used."""


class QQ(Site):
    """The provider ``qq``."""

    party = Party.QQ
    title = "QQ"

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        """Return the page that asks the person."""
        asked = {
            "response_type": "code",
            "client_id": self._account.app_id,
            "redirect_uri": redirect_uri,
            "scope": "get_user_info",
            "state": state,
        }
        return f"{self._account.authorize}/oauth2.0/authorize?{urlencode(asked)}"

    async def profile(self, code: str, redirect_uri: str) -> Profile:
        """Return who the person of a code is."""
        address = f"{self._account.api}/oauth2.0/token"
        told = await self._asking.get(
            address,
            {
                "grant_type": "authorization_code",
                "client_id": self._account.app_id,
                "client_secret": self._account.secret,
                "code": code,
                "redirect_uri": redirect_uri,
                "fmt": "json",
            },
        )
        if _number(told.get("error")) in _OF_THE_CODE:
            raise LogInRefused(title=self.title)
        token = text(told, "access_token")
        if not token:
            raise self._asking.down(address, f"error {told.get('error')}")
        address = f"{self._account.api}/oauth2.0/me"
        ids = await self._asking.get(address, {"access_token": token, "unionid": "1", "fmt": "json"})
        open_id = text(ids, "openid")
        if not open_id or text(ids, "client_id") != self._account.app_id:
            raise self._asking.down(address, f"error {ids.get('error')}")
        address = f"{self._account.api}/user/get_user_info"
        person = await self._asking.get(
            address, {"access_token": token, "oauth_consumer_key": self._account.app_id, "openid": open_id}
        )
        if _number(person.get("ret")) != 0:
            raise self._asking.down(address, f"ret {person.get('ret')}")
        return Profile(
            provider=self.party,
            app_id=self._account.app_id,
            open_id=open_id,
            union_id=text(ids, "unionid") or None,
            nickname=text(person, "nickname"),
        )


def _number(value: object) -> int | None:
    """Return a code that comes as a number or as its digits."""
    if isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return value if isinstance(value, int) else None
