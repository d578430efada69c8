"""The gateways' notifications: raw, verified, compared with the database, kept, answered as the gateway demands."""

from __future__ import annotations

import asyncpg
import structlog
from aiohttp import web

from commerce.payments import store
from commerce.payments.capture import REFUSED, Disagreement, take
from commerce.payments.provider import Providers
from commerce.payments.types import Forged, GatewayDown, MethodUnavailable
from server.application import Application
from server.errors import BadRequest, Conflict, NotFound, RateLimited, UnsupportedMedia
from server.http import Anyone, Routes
from server.http.routes import Key
from server.jobs import Schedule

routes = Routes("payments")
log = structlog.get_logger("payments")
MOST = 16_384
"""Bytes of a notification; Alipay's have about 1,200."""
KEPT_DAYS = 30
FORGERIES = "60/minute"
"""Notifications with a wrong signature that one address may send before they are no longer kept."""


@routes.post(
    "/api/v1/payments/alipay/notify",
    Anyone(),
    key=Key.OWN,
    raw=True,
    errors=(BadRequest, NotFound, Conflict, UnsupportedMedia, RateLimited),
)
async def alipay_notify(app: Application, request: web.Request) -> web.StreamResponse:
    """Take a notification of Alipay: answers ``success`` once it is dealt with for good, else ``fail``."""
    return await _notified(app, request, "alipay")


async def _notified(app: Application, request: web.Request, method: str) -> web.StreamResponse:
    try:
        provider = app.resource(Providers).of(method)
    except MethodUnavailable:
        return _answer("fail", 404)
    if request.content_type != "application/x-www-form-urlencoded":
        return _answer("fail", 415)
    if request.content_length is not None and request.content_length > MOST:
        return _answer("fail", 413)
    body = await request.content.read(MOST + 1)
    while len(body) <= MOST and (more := await request.content.read(MOST + 1 - len(body))):
        body += more
    if len(body) > MOST:
        return _answer("fail", 413)
    address = app.proxies.client(request)
    try:
        trade = provider.notification(body)
    except GatewayDown as error:
        log.warning("notification waits", error=str(error))
        return _answer("fail", 503)
    except Forged as error:
        log.warning("notification refused", method=method, address=address, reason=str(error))
        await app.limits.check(FORGERIES, "payments.forgeries", address=address)
        async with app.database.transaction() as connection:
            await store.insert_message(connection, method, body, False, None, f"forged: {error}"[:200], address)
        return _answer("fail", 400)
    try:
        outcome = await take(app, trade)
    except (asyncpg.UniqueViolationError, Disagreement) as error:
        # Two trades or two payments at the same moment: the one that lost is judged anew when it is sent again.
        log.error("notification not taken", payment_no=trade.payment_no, error=str(error))
        return _answer("fail", 409)
    async with app.database.transaction() as connection:
        await store.insert_message(connection, method, body, True, trade.payment_no, outcome, address)
    return _answer("fail" if outcome in REFUSED else "success", 200)


async def tidy(app: Application) -> None:
    """Remove forged notifications once nobody will look for them any more."""
    async with app.database.connection() as connection:
        await store.drop_forgeries(connection, KEPT_DAYS)


TIDY = Schedule(name="payments.tidy", every=3600, run=tidy)


def _answer(text: str, status: int) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/plain")
