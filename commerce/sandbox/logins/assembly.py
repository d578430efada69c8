"""The simulated log-in providers, assembled."""

from __future__ import annotations

from commerce.sandbox.logins import desk, qq, store, wechat
from server.application import Application
from server.jobs import Schedule


def setup_wechat(app: Application) -> None:
    """Join the application as WeChat's open platform."""
    app.add(wechat.routes, desk.routes)
    app.schedule(Schedule(name="sandbox.tidy_logins", every=3600, run=tidy))


def setup_qq(app: Application) -> None:
    """Join the application as QQ Connect."""
    app.add(qq.routes)


async def tidy(app: Application) -> None:
    """Remove old grants."""
    async with app.database.connection() as connection:
        await store.tidy(connection)
