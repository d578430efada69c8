"""The gateway's one address, ``gateway.do``: pages for buyers, signed answers for merchants."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from commerce.sandbox.alipay import protocol, trades
from commerce.sandbox.alipay.keys import Keys
from commerce.sandbox.alipay.types import Refusal, Trade
from server.application import Application
from server.http import Anyone, Routes
from server.http.forms import posted

routes = Routes("sandbox")
ADDRESS = "/sandbox/alipay/gateway.do"
CASHIER = "/sandbox/alipay/cashier/"
_ACTS = {"alipay.trade.query": trades.query, "alipay.trade.close": trades.close, "alipay.trade.refund": trades.refund}


@routes.get(ADDRESS, Anyone(), raw=True)
async def by_get(app: Application, request: web.Request) -> web.StreamResponse:
    """Answer a request in the address: a buyer who was sent here, or a merchant who asks."""
    return await _answered(app, dict(request.query))


@routes.post(ADDRESS, Anyone(), raw=True)
async def by_post(app: Application, request: web.Request) -> web.StreamResponse:
    """Answer a request in a form."""
    if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return web.Response(status=415, text="form expected")
    fields = {name: value for name, value in (await posted(request)).items() if isinstance(value, str)}
    return await _answered(app, dict(request.query) | fields)


async def accept(app: Application, values: Mapping[str, str]) -> Trade:
    """Open the trade that a signed page-pay request asks for. Raises Refusal."""
    method, content = protocol.opened(values, app.resource(Keys))
    if method != "alipay.trade.page.pay":
        raise Refusal("isv.invalid-method", "不存在的方法名", code="40002", msg="Invalid Arguments")
    async with app.database.transaction() as connection:
        return await trades.open_trade(connection, content, values.get("notify_url", ""), values.get("return_url", ""))


async def _answered(app: Application, values: Mapping[str, str]) -> web.StreamResponse:
    keys = app.resource(Keys)
    method = values.get("method", "")
    try:
        if method == "alipay.trade.page.pay":
            trade = await accept(app, values)
            return web.Response(status=302, headers={"Location": CASHIER + trade.token})
        method, content = protocol.opened(values, keys)
        async with app.database.transaction() as connection:
            node = await _ACTS[method](connection, content)
    except Refusal as refusal:
        if method == "alipay.trade.page.pay":
            return web.Response(status=400, text=f"{refusal.sub_msg}（{refusal.sub_code}）")
        node = protocol.refused(refusal)
    return web.Response(body=protocol.answer(method, node, keys), content_type="application/json", charset="utf-8")
