"""The platform's applications at the providers: who it is there, with which secret, and where they answer.

A real one is described by ``identities/wechat.json`` or ``identities/qq.json`` in the data folder:

    {"app_id": "wx…", "secret": "…"}

Where the provider is reached by another way than its own addresses, ``authorize`` (seen by browsers) and ``api`` (seen
by the platform) name it. Without a file, and with the sandboxes on, the application is the sandbox's.
"""

from __future__ import annotations

import msgspec

from commerce.identities.types import Party
from server.settings import Settings, SettingsError

_SANDBOX_KEY = "sandbox-application-secret"
_SANDBOX_APPS = {Party.WECHAT: "wx5ab0x0000lingfeng", Party.QQ: "1019990001"}
_OWN = {
    Party.WECHAT: ("https://open.weixin.qq.com", "https://api.weixin.qq.com"),
    Party.QQ: ("https://graph.qq.com", "https://graph.qq.com"),
}


class Described(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file under ``identities/``."""

    app_id: str
    secret: str
    authorize: str = ""
    api: str = ""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An application at a provider; both addresses without a slash at the end."""

    app_id: str
    secret: str
    authorize: str
    api: str


def account(settings: Settings, party: Party) -> Account | None:
    """Return the application that this installation has, None for none. Raises SettingsError for a broken file."""
    path = settings.home / "identities" / f"{party}.json"
    authorize, api = _OWN[party]
    if path.exists():
        try:
            told = msgspec.json.decode(path.read_bytes(), type=Described)
        except msgspec.DecodeError as error:
            raise SettingsError(f"{path}: {error}") from None
        if not told.app_id or not told.secret:
            raise SettingsError(f"{path}: app_id and secret must not be empty")
        return Account(
            app_id=told.app_id,
            secret=told.secret,
            authorize=(told.authorize or authorize).rstrip("/"),
            api=(told.api or api).rstrip("/"),
        )
    if not settings.sandboxes:
        return None
    here = f"{settings.base_url}/sandbox/{party}"
    return Account(app_id=_SANDBOX_APPS[party], secret=_SANDBOX_KEY, authorize=here, api=here)
