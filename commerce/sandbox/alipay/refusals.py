"""Refunds that the gateway refuses because a tester wants it: the next ones, or those of one trade."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from commerce.sandbox.alipay import store
from commerce.sandbox.alipay.types import RefusalReason
from server.errors import NotFound
from server.http import Anyone, Body, Call, Routes, View
from server.http.pages import Redirect
from server.http.routes import Key

routes = Routes("sandbox")
MOST = 10


class Change(StrEnum):
    """What a tester may choose on the page of trades."""

    REFUSE = "refuse"
    FORGET = "forget"


class RefusalForm(Body, frozen=True, kw_only=True):
    """Refuse the next refund, whosever it is, or forget what was to be refused."""

    choice: Change
    reason: RefusalReason = RefusalReason.NOT_ALLOWED


class RefusalBody(Body, frozen=True, kw_only=True):
    """How many refunds of ``payment_no``, whose cashier was opened, to refuse, and why."""

    payment_no: Annotated[str, Meta(pattern="^[0-9]{1,32}$")]
    reason: RefusalReason = RefusalReason.NOT_ALLOWED
    times: Annotated[int, Meta(ge=1, le=MOST)] = 1


class RefusalView(View, frozen=True, kw_only=True):
    """How many refusals wait for a refund now, of all trades together."""

    waiting: int


@routes.page("/sandbox/alipay", Anyone(), method="POST")
async def choose(call: Call) -> Redirect:
    """Do what the tester chose on the page of trades."""
    form = await call.form(RefusalForm)
    async with call.transaction() as connection:
        if form.choice is Change.REFUSE:
            await store.insert_refusals(connection, None, form.reason, 1)
        else:
            await store.forget_refusals(connection)
    return Redirect("/sandbox/alipay")


@routes.post("/sandbox/alipay/refusals", Anyone(), status=202, key=Key.OWN, errors=(NotFound,))
async def refuse(call: Call, body: RefusalBody) -> RefusalView:
    """Have the gateway refuse refunds of a trade that are asked for from now on."""
    async with call.transaction() as connection:
        if await store.by_merchant(connection, body.payment_no) is None:
            raise NotFound
        await store.insert_refusals(connection, body.payment_no, body.reason, body.times)
        return RefusalView(waiting=await store.waiting_refusals(connection))
