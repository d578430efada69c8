"""The simulated gateway, assembled."""

from __future__ import annotations

from commerce.sandbox.alipay import cashier, gateway, notifier, refusals
from commerce.sandbox.alipay.keys import Keys
from commerce.sandbox.alipay.notifier import Bell
from server.application import Application


def setup(app: Application) -> None:
    """Join the application: an address for merchants, a cashier for buyers, a loop that notifies."""
    app.provide(Keys, Keys(app.settings.home))
    app.provide(Bell, Bell())
    app.add(gateway.routes, cashier.routes, refusals.routes)
    app.lifespan(notifier.running, "web")
