"""How payments plug in."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from commerce.catalogue import DemoSteps
from commerce.members.belongings import Belongings
from commerce.orders import Refunds, Tills
from commerce.payments import api, ask, belonging_store, demo, desk, late, notify, pages, refund, refund_store, store
from commerce.payments.close import close_for_order
from commerce.payments.provider import Providers
from commerce.payments.providers.alipay import Alipay
from commerce.payments.providers.alipay_account import account
from commerce.staff import Tiles
from server.application import Application


def setup(app: Application) -> None:
    """Register payments: gateways, routes, jobs, and the closing of tills that orders ask for."""
    providers = Providers()
    app.provide(Providers, providers)
    if (found := account(app.settings)) is not None:
        alipay = Alipay(found, app.settings.base_url)
        providers.register(alipay)

        @contextlib.asynccontextmanager
        async def connections(_: Application) -> AsyncIterator[None]:
            try:
                yield
            finally:
                await alipay.aclose()

        app.lifespan(connections)
    app.resource(DemoSteps).add(demo.STEP)
    app.resource(Tills).register(close_for_order, store.pending_of)
    app.resource(Refunds).register(refund_store.of_order, "payments/of_order.html")
    app.resource(Belongings).add(belonging_store.BELONGING)
    app.resource(Tiles).add(desk.TILE)
    app.add(api.routes, notify.routes, pages.routes, desk.routes)
    if app.settings.sandboxes:
        app.add(pages.sandbox_routes)
    for job in (refund.JOB, ask.ASK, ask.SUPERSEDE):
        app.job(job)
    for schedule in (refund.SWEEP, ask.SWEEP, late.REMIND, notify.TIDY):
        app.schedule(schedule)
