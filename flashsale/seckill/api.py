"""JSON routes of flash sales: /api/v1/flash-sales and /api/v1/backoffice/flash-sales."""

from __future__ import annotations

from aiohttp import web
from msgspec.structs import asdict

from flashsale.seckill import admission, plan, store, verify, watch
from flashsale.seckill.attempt import Attempts
from flashsale.seckill.board import Board, Seen, item_view
from flashsale.seckill.problems import (
    AddressMissing,
    AttemptVoid,
    ChallengeFailed,
    Ended,
    IllegalMove,
    LimitReached,
    NotDraft,
    NotStarted,
    Paused,
    SoldOut,
    StockShort,
    TicketExpired,
    TicketInvalid,
)
from flashsale.seckill.tickets import Tickets
from flashsale.seckill.types import ItemState
from flashsale.seckill.views import (
    AttemptBody,
    AttemptView,
    FiguresView,
    ItemChange,
    ItemView,
    MovedView,
    NewItem,
    PlannedView,
    QueuedView,
    SalesView,
    TicketView,
    VerifyView,
    WonView,
)
from server.application import Application
from server.errors import IdempotencyMismatch, NotFound, Unavailable
from server.http import Anyone, Call, Listing, LoggedIn, Paging, Routes, StaffWith, openapi
from server.http.routes import Key
from server.http.session import Kind

routes = Routes("flash-sales")
backoffice = Routes("flash-sales", realm=Kind.STAFF)
_SALES, _BACKOFFICE = "/api/v1/flash-sales", "/api/v1/backoffice/flash-sales"
VIEW, MANAGE = StaffWith("flashsale.view"), StaffWith("flashsale.manage")


# First, because the router tries its routes in turn and nearly every request of a rush is for this one.
@routes.post(
    f"{_SALES}/{{item_id}}/attempts",
    LoggedIn(),
    status=201,
    also={202: QueuedView},
    key=Key.DEMANDED,
    raw=True,
    errors=(
        SoldOut,
        LimitReached,
        NotStarted,
        Ended,
        Paused,
        AddressMissing,
        AttemptVoid,
        TicketInvalid,
        TicketExpired,
        ChallengeFailed,
        IdempotencyMismatch,
        Unavailable,
    ),
)
@openapi.reads(AttemptBody)
async def attempt(app: Application, request: web.Request) -> WonView:
    """Try to buy. Only a win binds its Idempotency-Key: the same key gets the same 201 for ever."""
    return await app.resource(Attempts).answer(request)  # type: ignore[return-value]  # the document reads WonView


@routes.get(_SALES, Anyone())
async def sales(call: Call) -> SalesView:
    """Sales that are on, coming within a week, or just over, by window."""
    return await call.resource(Board).sales()


@routes.get(f"{_SALES}/{{item_id}}", Anyone())
async def item(call: Call, item_id: int) -> ItemView:
    """One sale."""
    seen = await call.resource(Board).seen(item_id)
    if seen is None:
        raise NotFound
    return item_view(seen)


@routes.post(f"{_SALES}/{{item_id}}/tickets", LoggedIn(), status=201, key=Key.OWN, errors=(NotStarted, Ended))
async def ticket(call: Call, item_id: int) -> TicketView:
    """Get a ticket, from ten minutes before the start; with it the captcha or proof of work that the sale demands."""
    assert call.session is not None
    return await admission.ticket(call.app, item_id, call.session)


@routes.get(f"{_SALES}/{{item_id}}/attempts/{{attempt_id}}", LoggedIn())
async def attempt_status(call: Call, item_id: int, attempt_id: str) -> AttemptView:
    """How a queued attempt stands."""
    async with call.database.connection() as connection:
        return await admission.attempt_view(connection, call.resource(Tickets), item_id, call.member.id, attempt_id)


@backoffice.post(_BACKOFFICE, MANAGE, status=201, key=Key.REQUIRED)
async def create(call: Call, body: NewItem) -> PlannedView:
    """Draft a sale."""
    async with call.transaction() as connection:
        return watch.planned_view(await plan.create(connection, body, call.staff))


@backoffice.get(_BACKOFFICE, VIEW)
async def planned(call: Call, query: Paging) -> Listing[PlannedView]:
    """Sales of the caller's shops, newest first."""
    async with call.database.connection() as connection:
        items, total = await store.planned_items(connection, call.staff.shops, query.offset, query.size)
    return Listing(items=[watch.planned_view(one) for one in items], total=total, page=query.page, size=query.size)


@backoffice.get(f"{_BACKOFFICE}/{{item_id}}", VIEW)
async def figures(call: Call, item_id: int) -> FiguresView:
    """One sale with its live figures."""
    async with call.database.connection() as connection:
        found = plan.own(await store.item(connection, item_id), call.staff)
    return await watch.figures(call.app, found)


@backoffice.patch(f"{_BACKOFFICE}/{{item_id}}", MANAGE, errors=(NotDraft,))
async def change(call: Call, item_id: int, body: ItemChange) -> PlannedView:
    """Change a draft."""
    async with call.transaction() as connection:
        return watch.planned_view(await plan.change(connection, item_id, body, call.staff))


# Publishing and its like act on Redis after their commit, so their answers are not stored with it. They are made
# again without harm: a sale that is already where it should go answers the same.


@backoffice.post(f"{_BACKOFFICE}/{{item_id}}/publish", MANAGE, key=Key.DEMANDED, errors=(IllegalMove, StockShort))
async def publish(call: Call, item_id: int) -> MovedView:
    """Move the units out of the SKU's free stock and open the sale to its window."""
    return await _moved(call, item_id, await plan.publish(call.app, item_id, call.staff))


@backoffice.post(f"{_BACKOFFICE}/{{item_id}}/pause", MANAGE, key=Key.DEMANDED, errors=(IllegalMove,))
async def pause(call: Call, item_id: int) -> MovedView:
    """Refuse attempts until the sale is resumed; what was won stays won."""
    return await _move(call, item_id, ItemState.PAUSED)


@backoffice.post(f"{_BACKOFFICE}/{{item_id}}/resume", MANAGE, key=Key.DEMANDED, errors=(IllegalMove,))
async def resume(call: Call, item_id: int) -> MovedView:
    """Go on with a paused sale."""
    return await _move(call, item_id, ItemState.PUBLISHED)


@backoffice.post(f"{_BACKOFFICE}/{{item_id}}/end", MANAGE, key=Key.DEMANDED, errors=(IllegalMove,))
async def end(call: Call, item_id: int) -> MovedView:
    """End the sale for good and give back to the SKU what it has not given away."""
    return await _move(call, item_id, ItemState.ENDED)


@backoffice.get(f"{_BACKOFFICE}/{{item_id}}/verify", VIEW, deadline=30.0)
async def verify_item(call: Call, item_id: int) -> VerifyView:
    """Whether the sale's books balance, and every invariant that does not hold."""
    async with call.database.connection() as connection:
        plan.own(await store.item(connection, item_id), call.staff)
    return await verify.verify(call.app, item_id)


async def _move(call: Call, item_id: int, target: ItemState) -> MovedView:
    return await _moved(call, item_id, await plan.move(call.app, item_id, call.staff, target))


async def _moved(call: Call, item_id: int, warnings: list[str]) -> MovedView:
    board = call.resource(Board)
    board.forget(item_id)
    seen = await board.seen(item_id)
    if seen is None:
        raise NotFound
    return moved_view(seen, [call.tr(warning) for warning in warnings])


def moved_view(seen: Seen, warnings: list[str]) -> MovedView:
    """Return a sale after a move of its staff."""
    return MovedView(**asdict(item_view(seen)), status=seen.item.state, warnings=warnings)
