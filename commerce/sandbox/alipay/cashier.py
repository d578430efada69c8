"""The gateway's cashier: a page on which a tester chooses what the buyer does, and the same without a page."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import structlog
from msgspec import Meta

from commerce.sandbox.alipay import buyers, gateway, protocol, store
from commerce.sandbox.alipay.keys import SELLER_ID, Keys
from commerce.sandbox.alipay.notifier import Bell
from commerce.sandbox.alipay.types import AlreadyPaid, Outcome, Refusal, Trade, TradeStatus
from server.clock import now, wire
from server.database import Connection
from server.errors import Conflict, NotFound, Unavailable
from server.http import Anyone, Body, Call, Instant, Routes, View
from server.http.pages import Page, Redirect
from server.http.routes import Key
from server.money import yuan

routes = Routes("sandbox")
log = structlog.get_logger("sandbox")
LATE = 5.0
"""Seconds after its deadline that a late buyer pays."""


class Choice(StrEnum):
    """What a tester may choose on the page."""

    PAY = "pay"
    FAIL = "fail"
    LATE = "late"
    TWICE = "twice"
    WRONG = "wrong"


class ChoiceForm(Body, frozen=True, kw_only=True):
    """The page's form; ``amount`` is in yuan and only for the wrong sum."""

    choice: Choice
    amount: Annotated[str, Meta(max_length=200)] = ""


class RobotBody(Body, frozen=True, kw_only=True):
    """What a buyer shall do: ``amount`` in fen, in ``delay_s`` seconds, the shop told ``times`` times."""

    payment_no: Annotated[str, Meta(pattern="^[0-9]{1,32}$")]
    outcome: Outcome
    amount: Annotated[int, Meta(ge=1, le=99_999_999_999)] | None = None
    delay_s: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    times: Annotated[int, Meta(ge=1, le=10)] = 1


class RobotView(View, frozen=True, kw_only=True):
    """The buyer has been told; the platform hears of it by notification."""

    payment_no: str
    trade_no: str
    outcome: Outcome
    due_at: Instant


@routes.page("/sandbox/alipay", Anyone())
async def show_trades(call: Call) -> Page:
    """The gateway's newest trades."""
    async with call.database.snapshot() as connection:
        trades = await store.newest(connection, 50)
        refusals = await store.waiting_refusals(connection)
    return Page("sandbox/alipay_trades.html", {"trades": trades, "refusals": refusals})


@routes.page("/sandbox/alipay/cashier/{token}", Anyone())
async def show_cashier(call: Call, token: str) -> Page:
    """The cashier of one trade."""
    return await _cashier(call, token)


async def _cashier(call: Call, token: str, typed: str = "", fault: str = "") -> Page:
    """Return the cashier; ``fault`` says what is wrong with the sum that was ``typed``."""
    async with call.database.snapshot() as connection:
        trade = await _by_token_or_404(connection, token)
        due_at = await store.waiting_act(connection, trade.id)
    return Page(
        "sandbox/alipay_cashier.html",
        {
            "trade": trade,
            "due_at": due_at,
            "open": trade.status is TradeStatus.WAITING and due_at is None,
            "wrong": typed or yuan(max(1, trade.total_amount - 100)),
            "fault": fault,
            "back": _way_back(call, trade),
        },
        status=422 if fault else 200,
        forms=_origins(trade),
    )


@routes.page("/sandbox/alipay/cashier/{token}", Anyone(), method="POST")
async def choose(call: Call, token: str) -> Page | Redirect:
    """Do what the tester chose and go back to the shop, as the real cashier does; or ask again for a sum."""
    form = await call.form(ChoiceForm)
    wrong = None
    if form.choice is Choice.WRONG and form.amount.strip():
        try:
            wrong = protocol.read_sum(form.amount.strip())
        except Refusal:
            return await _cashier(call, token, form.amount, call.tr("金额写成 12.34 这样"))
    async with call.transaction() as connection:
        trade = await _by_token_or_404(connection, token)
        match form.choice:
            case Choice.PAY:
                await buyers.decide(connection, trade, Outcome.PAID)
            case Choice.TWICE:
                await buyers.decide(connection, trade, Outcome.PAID, times=2)
            case Choice.FAIL:
                await buyers.decide(connection, trade, Outcome.FAILED)
            case Choice.WRONG:
                await buyers.decide(connection, trade, Outcome.PAID, amount=wrong or max(1, trade.total_amount - 100))
            case Choice.LATE:
                rest = (trade.expires_at - now() if trade.expires_at else timedelta()).total_seconds()
                await buyers.decide(connection, trade, Outcome.PAID, delay=max(0.0, rest) + LATE)
        after = await store.by_id(connection, trade.id)
    call.resource(Bell).ring()
    assert after is not None
    if form.choice is Choice.LATE or not after.return_url:
        return Redirect(gateway.CASHIER + token)
    return Redirect(_way_back(call, after))


@routes.post("/sandbox/alipay/pay", Anyone(), status=202, key=Key.OWN, errors=(NotFound, AlreadyPaid))
async def robot(call: Call, body: RobotBody) -> RobotView:
    """The cashier without a page: a robot buyer opens the shop's payment link and does as told."""
    async with call.database.connection() as connection:
        trade = await store.by_merchant(connection, body.payment_no)
    if trade is None:
        trade = await _walk_in(call, body.payment_no)
    async with call.transaction() as connection:
        await buyers.decide(connection, trade, body.outcome, body.amount, body.delay_s, body.times)
    call.resource(Bell).ring()
    return RobotView(
        payment_no=trade.out_trade_no,
        trade_no=trade.trade_no,
        outcome=body.outcome,
        due_at=wire(now() + timedelta(seconds=body.delay_s)),
    )


async def _walk_in(call: Call, payment_no: str) -> Trade:
    """Come to the cashier as a buyer's browser does: by the shop's link and its redirection to the gateway."""
    link = f"{call.app.settings.base_url}/payments/{payment_no}/open"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
            session.get(link, allow_redirects=False) as response,
        ):
            status, location = response.status, response.headers.get("Location", "")
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        log.warning("the shop does not answer", link=link, error=str(error))
        raise Unavailable from None
    if status == 404:
        raise NotFound
    if status not in (302, 303) or urlsplit(location).path != gateway.ADDRESS:
        log.warning("the shop's link leads elsewhere", link=link, status=status)
        raise Unavailable
    try:
        return await gateway.accept(call.app, dict(parse_qsl(urlsplit(location).query, keep_blank_values=True)))
    except Refusal as refusal:
        raise Conflict(details={"sub_code": refusal.sub_code, "sub_msg": refusal.sub_msg}) from None


async def _by_token_or_404(connection: Connection, token: str) -> Trade:
    trade = await store.by_token(connection, token)
    if trade is None:
        raise NotFound
    return trade


def _way_back(call: Call, trade: Trade) -> str:
    """Return the shop's return address with what the gateway says on the way, signed."""
    if not trade.return_url:
        return "/sandbox/alipay"
    values = {
        "app_id": trade.app_id,
        "charset": "utf-8",
        "method": "alipay.trade.page.pay.return",
        "out_trade_no": trade.out_trade_no,
        "seller_id": SELLER_ID,
        "sign_type": "RSA2",
        "timestamp": protocol.write_time(now()),
        "total_amount": protocol.write_sum(trade.total_amount),
        "trade_no": trade.trade_no,
        "version": "1.0",
    }
    mark = "&" if urlsplit(trade.return_url).query else "?"
    return f"{trade.return_url}{mark}{urlencode(protocol.signed(values, call.resource(Keys)))}"


def _origins(trade: Trade) -> tuple[str, ...]:
    parts = urlsplit(trade.return_url)
    return (f"{parts.scheme}://{parts.netloc}",) if parts.netloc else ()
