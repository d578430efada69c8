"""Refunds for staff: those of their shops, what became of them, and another attempt of those that failed."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from msgspec import Meta

from commerce.credentials import local_path
from commerce.orders import RefundState
from commerce.payments import refund_store
from commerce.payments.retry import retry
from commerce.payments.types import ListedRefund, NotFailed, RefundTooMuch
from commerce.staff import Figure, Tile
from server.clock import wire
from server.database import Connection
from server.http import Body, Call, Id, Instant, Kind, Listing, Paging, Routes, StaffWith, View
from server.http.pages import Page, Redirect
from server.http.routes import Key

routes = Routes("back office: refunds", realm=Kind.STAFF)
VIEW, REFUND = StaffWith("payments.view"), StaffWith("payments.refund")
LIST = "/backoffice/refunds"
TITLES = {RefundState.FAILED: "退款失败", RefundState.PENDING: "退款中", RefundState.DONE: "退款成功"}


async def figures(connection: Connection, shops: Sequence[int] | None) -> list[Figure]:
    """Return the refunds that somebody has to see to, and those on their way."""
    counts = await refund_store.counts_of_shops(connection, shops, (RefundState.FAILED, RefundState.PENDING))
    return [
        Figure(
            position=20 if state is RefundState.FAILED else 50,
            label="失败的退款" if state is RefundState.FAILED else "在途的退款",
            value=counts.get(state, 0),
            href=f"{LIST}?status={state}",
            waits=state is RefundState.FAILED,
        )
        for state in (RefundState.FAILED, RefundState.PENDING)
    ]


TILE = Tile(
    title="退款",
    text="退回的钱走到哪一步",
    href=LIST,
    icon="undo",
    permission="payments.view",
    figures=figures,
)


class RefundsQuery(Paging, frozen=True, kw_only=True):
    """Which refunds to list."""

    status: RefundState | None = None


class RetryForm(Body, frozen=True, kw_only=True):
    """Where to go on from the question."""

    next: Annotated[str, Meta(max_length=2000)] = ""


class StaffRefundView(View, frozen=True, kw_only=True):
    """A refund as staff read it; ``amount`` in fen.

    ``reason`` is late, double, mismatch or another feature's own; ``attempt`` counts from 1, one more for each time
    that staff began it anew; ``error`` is what the gateway said when it last refused.
    """

    refund_no: str
    payment_no: str
    order_no: str
    shop_id: Id
    method: str
    amount: int
    status: RefundState
    reason: str
    attempt: int
    error: str | None
    created_at: Instant
    failed_at: Instant | None
    done_at: Instant | None


@routes.get("/api/v1/backoffice/refunds", VIEW)
async def list_refunds(call: Call, query: RefundsQuery) -> Listing[StaffRefundView]:
    """List the refunds of one's shops, the newest first."""
    async with call.database.snapshot() as connection:
        counts = await refund_store.counts_of_shops(connection, call.staff.shops)
        found = await refund_store.page_of_shops(connection, call.staff.shops, query.status, query.offset, query.size)
    total = _total(counts, query.status)
    return Listing(items=[view(refund) for refund in found], total=total, page=query.page, size=query.size)


@routes.post(
    "/api/v1/backoffice/refunds/{refund_no}/retry",
    REFUND,
    status=202,
    key=Key.REQUIRED,
    errors=(NotFailed, RefundTooMuch),
)
async def retry_refund(call: Call, refund_no: str) -> StaffRefundView:
    """Ask the gateway again for a refund that it refused, under the same number: it pays it once at most."""
    async with call.transaction() as connection:
        return view(await retry(connection, call.staff.shops, refund_no, call.staff.id))


@routes.page(LIST, VIEW)
async def show_refunds(call: Call, query: RefundsQuery) -> Page:
    """Refunds of the shops that the caller works for, by state; those that failed come first."""
    shops = call.staff.shops
    async with call.database.snapshot() as connection:
        counts = await refund_store.counts_of_shops(connection, shops)
        found = await refund_store.page_of_shops(connection, shops, query.status, query.offset, query.size)
    total = _total(counts, query.status)
    kept = ({"status": query.status} if query.status else {}) | ({"size": query.size} if query.size != 20 else {})
    tabs = [
        (call.tr(title), f"{LIST}?{urlencode({'status': state})}", query.status is state, counts.get(state, 0))
        for state, title in TITLES.items()
    ]
    everything = (call.tr("全部"), LIST, query.status is None, sum(counts.values()))
    failed, rest = tabs[0], tabs[1:]
    return Page(
        "payments/desk_refunds.html",
        {
            "refunds": found,
            "tabs": [failed, everything, *rest] if counts.get(RefundState.FAILED) else [everything, *rest, failed],
            "status": query.status,
            "total": total,
            "page": query.page,
            "pages": -(-total // query.size),
            "href": lambda n: f"{LIST}?{urlencode(kept | {'page': n})}",
            "way": f"{LIST}?{urlencode(kept | {'page': query.page})}",
        },
    )


def _total(counts: dict[RefundState, int], status: RefundState | None) -> int:
    return sum(number for each, number in counts.items() if status in (None, each))


@routes.page(LIST + "/{refund_no}/retry", REFUND, method="POST")
async def retry_by_form(call: Call, refund_no: str) -> Redirect:
    """Try a refund again, from the question that a page asks, and go back to that page.

    Whoever presses twice, or after a colleague, is shown how it stands: what they want is under way.
    """
    form = await call.form(RetryForm)
    with contextlib.suppress(NotFailed):
        async with call.transaction() as connection:
            await retry(connection, call.staff.shops, refund_no, call.staff.id)
    return Redirect(local_path(form.next, LIST))


def view(refund: ListedRefund) -> StaffRefundView:
    """Return a refund as staff read it."""
    return StaffRefundView(
        refund_no=refund.refund_no,
        payment_no=refund.payment_no,
        order_no=refund.order_no,
        shop_id=str(refund.shop_id),
        method=refund.method,
        amount=refund.amount,
        status=refund.status,
        reason=refund.reason,
        attempt=refund.attempt,
        error=refund.error,
        created_at=wire(refund.created_at),
        failed_at=wire(refund.failed_at) if refund.failed_at else None,
        done_at=wire(refund.done_at) if refund.done_at else None,
    )
