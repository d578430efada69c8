"""Identities, assembled."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from commerce.identities import api, belonging_store, go, pages
from commerce.identities.bind import rows
from commerce.identities.provider import Providers
from commerce.identities.providers.accounts import account
from commerce.identities.providers.qq import QQ
from commerce.identities.providers.wechat import WeChat
from commerce.identities.types import Party
from commerce.members.belongings import Belongings
from commerce.members.security_rows import SecurityRows
from server.application import Application
from server.jobs import Schedule


def setup(app: Application) -> None:
    """Register the providers that this installation has an account at, their routes and their buttons."""
    providers = Providers()
    app.provide(Providers, providers)
    if (wechat := account(app.settings, Party.WECHAT)) is not None:
        providers.register(WeChat(wechat))
        app.part("door", "identities/wechat.html")
    if (qq := account(app.settings, Party.QQ)) is not None:
        providers.register(QQ(qq))
        app.part("door", "identities/qq.html")

    @contextlib.asynccontextmanager
    async def connections(_: Application) -> AsyncIterator[None]:
        try:
            yield
        finally:
            for provider in providers.all():
                await provider.aclose()

    app.lifespan(connections)
    app.resource(SecurityRows).add(rows)
    app.resource(Belongings).add(belonging_store.BELONGING)
    app.add(api.routes, pages.routes)
    app.schedule(Schedule(name="identities.tidy", every=3600, run=go.tidy))
