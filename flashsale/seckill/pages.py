"""Flash sales for shoppers: the list by session, one sale, and the blocks on the home and product pages."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from commerce.catalogue import HomeBlock, Offer, Product, ProductBlock, Slot
from commerce.catalogue.store import product as catalogue_product
from commerce.members import AddressSnapshot, default_address
from commerce.members.targets import masked
from commerce.orders import ActorKind
from flashsale.seckill import pages_store, reminders, sessions, store, words
from flashsale.seckill.board import ROWS_FOR, Board, Seen, item_view, phase
from flashsale.seckill.pages_store import Own
from flashsale.seckill.tickets import OPENS_BEFORE_S
from flashsale.seckill.types import Phase, ReservationStatus
from server.clock import now, shanghai, wire
from server.errors import NotFound
from server.http import Anyone, Call, Kind, LoggedIn, Routes, View
from server.http.bodies import Instant
from server.http.pages import Page
from server.kept import LASTS

HOME_CARDS = 6
HOME_SESSIONS = 6
"""As many tabs as the stylesheet knows."""
routes = Routes("flash-sales")


class SendTo(View, frozen=True, kw_only=True):
    """Whom and where to a sale's parcel goes; the phone is masked, as orders show it."""

    name: str
    phone: str
    region: str
    detail: str


class OwnView(View, frozen=True, kw_only=True):
    """What a member has of a sale: ``taken`` units count against the limit; the rest is the last win, if any."""

    item_id: str
    taken: int
    has_address: bool
    reminder: bool
    status: ReservationStatus | None = None
    order_no: str = ""
    order_status: str = ""
    quantity: int = 0
    amount: int = 0
    pay_before: Instant | None = None
    cancelled_by: ActorKind | None = None
    """Of a win that expired: `member` and `staff` cancelled its order, `system` as it was not paid in time."""
    send_to: SendTo | None = None
    """Where the order of a win that is held goes, null while nobody has said; else the default address, to which the
    next would."""


@routes.get("/api/v1/flash-sales/{item_id}/mine", LoggedIn())
async def mine(call: Call, item_id: int) -> OwnView:
    """What the member has of a sale, and what is missing for buying it."""
    if await call.resource(Board).seen(item_id) is None:
        raise NotFound
    return await _own_view(call, item_id)


async def _own_view(call: Call, item_id: int) -> OwnView:
    member_id = call.member.id
    async with call.database.snapshot() as connection:
        own: Own | None = await pages_store.own(connection, item_id, member_id)
        taken = await pages_store.units_of(connection, item_id, member_id)
        address = await default_address(connection, member_id)
        has_address = address is not None
        reminder = item_id in await pages_store.reminded(connection, member_id, [item_id])
    if own is not None and own.status is ReservationStatus.HELD:
        address = own.address
    view = OwnView(
        item_id=str(item_id),
        taken=taken,
        has_address=has_address,
        reminder=reminder,
        send_to=_send_to(address) if address is not None else None,
    )
    if own is None:
        return view
    return msgspec.structs.replace(
        view,
        status=own.status,
        order_no=own.order_no,
        order_status=own.order_status,
        quantity=own.quantity,
        amount=own.amount,
        pay_before=wire(own.pay_before),
        cancelled_by=own.cancelled_by,
    )


def _send_to(address: AddressSnapshot) -> SendTo:
    return SendTo(name=address.name, phone=masked(address.phone), region=address.region, detail=address.detail)


@routes.page("/flash-sales", Anyone())
async def list_sales(call: Call) -> Page:
    """Sessions by the hour; `?at=` names one, `?day=` a day."""
    at = now()
    found = sessions.sessions_of(await call.resource(Board).shown(), at)
    today = shanghai(at).date()
    day = _day(call.request.query.get("day", ""))
    session = sessions.chosen(found, call.request.query.get("at", ""), day, at)
    reminded: set[int] = set()
    if session is not None and _is_member(call):
        ids = [one.seen.item.id for one in session.sales if one.phase is Phase.UPCOMING]
        if ids:
            async with call.database.connection() as connection:
                reminded = await pages_store.reminded(connection, call.member.id, ids)
    return Page(
        "seckill/list.html",
        {
            "session": session,
            "sales": [_lot(one.seen, one.phase) for one in session.sales] if session else [],
            "ribbon": sessions.ribbon(found, session, today),
            "calendar": sessions.calendar(found, today),
            "today": today,
            "tomorrow": today + timedelta(days=1),
            "day": session.day if session else day or today,
            "reminded": reminded,
            "data": {"texts": _texts(call), "sprite": _sprite(call), "member": _is_member(call)},
        },
    )


@routes.page("/flash-sales/{item_id}", Anyone())
async def show_sale(call: Call, item_id: int) -> Page:
    """One sale, readable as it stands; its island takes over where real time begins."""
    seen = await call.resource(Board).seen(item_id)
    if seen is None:
        raise NotFound
    item = seen.item
    async with call.database.connection() as connection:
        product = await catalogue_product(connection, item.product_id, off_shelf=True)
    own = await _own_view(call, item_id) if _is_member(call) else None
    others = [
        _lot(one, phase(one, now()))
        for one in await call.resource(Board).shown()
        if one.item.id != item_id and phase(one, now()) is Phase.RUNNING
    ]
    view = item_view(seen)
    opens = item.starts_at - timedelta(seconds=OPENS_BEFORE_S)
    pictures = [item.picture, *(product.pictures if product else [])]
    return Page(
        "seckill/item.html",
        {
            **_lot(seen, view.phase),
            "unpaid": view.unpaid if view.unpaid is not msgspec.UNSET else 0,
            "product": product,
            "pictures": list(dict.fromkeys(filter(None, pictures))) or [_no_picture(call)],
            "own": own,
            "holds": own is not None and own.status is ReservationStatus.HELD,
            "pay_before": _instant(own),
            "full": own is not None and own.taken >= item.limit_per_member,
            "opens_before": OPENS_BEFORE_S // 60,
            "opens": opens,
            "opened": now() >= opens,
            "others": others[:5],
            "data": {
                "item": view,
                "own": own,
                "member": str(call.member.id) if _is_member(call) else "",
                "opens_before": OPENS_BEFORE_S,
                "texts": _texts(call),
                "sprite": _sprite(call),
                "blank": _no_picture(call),
                **{name: call.app.pages.static(f"seckill/{name}.mjs") for name in ("faces", "press", "pow")},
            },
        },
    )


async def on_now(call: Call) -> dict[str, Any] | None:
    """Return the home page's block: the sessions that are on, and the next one."""
    at = now()
    found = sessions.sessions_of(await call.resource(Board).shown(), at)
    shown = sessions.on_now(found, at, HOME_SESSIONS)
    call.shows(lasts=ROWS_FOR)
    if not shown:
        return None
    return {
        "sessions": [
            {"session": one, "sales": [_lot(sale.seen, sale.phase) for sale in one.sales[:HOME_CARDS]]} for one in shown
        ],
        "today": shanghai(at).date(),
    }


async def on_product(call: Call, product: Product) -> dict[str, Any] | None:
    """Return the product page's block: the product's sales that are on, and the next one within a week.

    ``nearest`` of them is where one can buy now, or else will be able to the soonest.
    """
    async with call.database.connection() as connection:
        items = await store.items_of_product(connection, product.id)
    # Not out of the board's memory: the page may be kept for longer, and is made again only as their rows change.
    shown = [await call.resource(Board).look(item) for item in items]
    _lasts(call, shown, now())
    lots = [_lot(seen, phase(seen, now())) for seen in shown]
    coming = [lot for lot in lots if lot["phase"] is Phase.UPCOMING]
    lots = [lot for lot in lots if lot["phase"] not in (Phase.UPCOMING, Phase.ENDED)] + coming[:1]
    return {"sales": lots, "nearest": min(lots, key=lambda lot: sessions.ORDER.index(lot["phase"]))} if lots else None


def offered(values: dict[str, Any]) -> list[Offer]:
    """Return what of a product can be bought in its sales now, for search engines."""
    running = [lot["item"] for lot in values["sales"] if lot["phase"] is Phase.RUNNING]
    return [
        Offer(sku_id=item.sku_id, price=item.price, href=f"/flash-sales/{item.id}", ends_at=item.ends_at)
        for item in running
    ]


def _lasts(call: Call, shown: list[Seen], at: datetime) -> None:
    """Keep a page that tells of sales until one starts or ends, and while one runs as long as the board keeps rows."""
    turns = [(moment - at).total_seconds() for seen in shown for moment in (seen.item.starts_at, seen.item.ends_at)]
    runs = [ROWS_FOR] if any(seen.item.starts_at <= at for seen in shown) else []
    call.shows(lasts=min([LASTS, *runs, *(turn for turn in turns if turn > 0)]))


HOME = HomeBlock(name="seckill", position=10, template="seckill/home.html", values=on_now)
PRODUCT = ProductBlock(
    name="seckill",
    position=10,
    slot=Slot.OFFER,
    template="seckill/product.html",
    values=on_product,
    others=((Slot.BAR, "seckill/buy.html"),),
    offers=offered,
)


def _lot(seen: Seen, where: Phase) -> dict[str, Any]:
    """Return what templates read of a sale."""
    view = item_view(seen)
    return {
        "item": seen.item,
        "phase": where,
        "level": view.stock_level,
        "taken": view.taken_percent,
        "word": sessions.WORDS[where],
        "soon": where is Phase.UPCOMING and seen.item.starts_at - now() <= timedelta(seconds=reminders.AHEAD_S),
    }


def _is_member(call: Call) -> bool:
    return call.identity is not None and call.identity.kind is Kind.MEMBER


def _instant(own: OwnView | None) -> datetime | None:
    return datetime.fromisoformat(own.pay_before) if own is not None and own.pay_before else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _texts(call: Call) -> dict[str, str]:
    return {text: call.tr(text) for text in words.TEXTS} if call.tr.locale != "zh-CN" else {}


def _no_picture(call: Call) -> str:
    return call.app.pages.static("catalogue/no-picture.svg")


def _sprite(call: Call) -> str:
    return call.app.pages.static("img/icons.svg")
