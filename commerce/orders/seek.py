"""What staff look for among orders, as they ask for it and as it is sought."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from msgspec import Meta

from commerce.catalogue.words import cleaned, pattern
from commerce.members.targets import phone_of
from commerce.orders import desk_store
from commerce.orders.desk_store import Place, Sought
from commerce.orders.types import Order, OrderStatus
from commerce.staff import Permission
from server.clock import day, day_start
from server.database import Connection
from server.errors import Forbidden, Invalid
from server.http import Body, Id, Identity

MOST_PRODUCTS = 100
"""A title that more products have is too vague: what was bought of each is read."""
_LONGEST = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NUMBER = re.compile(r"[0-9]{18}")
_CALLED = re.compile(r"[0-9+() -]+")
Typed = Annotated[str, Meta(max_length=100)]
"""Longer than what is told at its field; all of them together fit into an address, which ends at 8,190 bytes."""


class SeekQuery(Body, frozen=True, kw_only=True):
    """Which orders to list; what is left out narrows nothing.

    ``q`` is an order's number, ``receiver`` the whole name or phone of who receives, for who sends the orders alone,
    ``phone`` that by which the buyer logs in, ``title`` a part of what a product is called now. ``since`` and ``until``
    are days in Shanghai, both included. ``paid`` leaves those paid today, ``member`` those of one. ``before`` is the
    ``next`` of the page before.
    """

    status: OrderStatus | None = None
    q: Typed = ""
    receiver: Typed = ""
    phone: Typed = ""
    title: Typed = ""
    shop: Annotated[str, Meta(max_length=18, pattern="^[0-9]*$")] = ""
    since: Typed = ""
    until: Typed = ""
    paid: Literal["today"] | None = None
    member: Id | None = None
    before: Annotated[str, Meta(max_length=35, pattern="^([0-9]{1,16}-[0-9]{1,18})?$")] = ""
    size: Annotated[int, Meta(ge=1, le=100)] = 20

    @property
    def below(self) -> Place | None:
        """Return where the page begins."""
        if not self.before:
            return None
        at, _, order_id = self.before.partition("-")
        return Place(_EPOCH + int(at) * _MICROSECOND, int(order_id))


def before(last: Order) -> str:
    """Return the ``before`` of the page after the one that ends with ``last``."""
    return f"{(last.created_at - _EPOCH) // _MICROSECOND}-{last.id}"


def faults(query: SeekQuery) -> dict[str, Invalid]:
    """Return what is wrong with what was typed, by field."""
    found: dict[str, Invalid] = {}
    since = until = None
    for read in (_number, _receiver, _phone, _title):
        try:
            read(query)
        except Invalid as problem:
            found[problem.field or ""] = problem
    try:
        since = _day(query.since, "since")
    except Invalid as problem:
        found["since"] = problem
    try:
        until = _day(query.until, "until")
    except Invalid as problem:
        found["until"] = problem
    if since and until and until < since:
        found["until"] = Invalid("until", "不能早于开始的那天")
    return found


async def sought(connection: Connection, query: SeekQuery, staff: Identity) -> Sought:
    """Return what ``query``, which has no faults, asks for within what ``staff`` may see.

    Raises Forbidden for the phone of a buyer and for a receiver, whom those who may not look for members, or not send
    orders, do not get to know this way either, try by try; Invalid for a title that too many products have.
    """
    shops = _both(staff.shops, (int(query.shop),) if query.shop else None)
    name, called = _receiver(query)
    if name or called:
        if not staff.may(Permission.ORDERS_MANAGE):
            raise Forbidden
        shops = _both(shops, staff.within(Permission.ORDERS_MANAGE).shops)
    member_id = int(query.member) if query.member else None
    if phone := _phone(query):
        if not staff.may(Permission.MEMBERS_VIEW):
            raise Forbidden
        found = await desk_store.member_of(connection, phone) or 0
        member_id = found if member_id in (None, found) else 0
    products = None
    if title := _title(query):
        products = await desk_store.products(connection, shops, pattern(title), MOST_PRODUCTS + 1)
        if len(products) > MOST_PRODUCTS:
            raise Invalid("title", "叫这个的商品太多，写得再具体些")
    return Sought(
        shops=shops,
        statuses=(query.status,) if query.status else tuple(OrderStatus),
        since=_day(query.since, "since"),
        until=_day(query.until, "until", 1),
        paid_since=day_start() if query.paid else None,
        order_no=_number(query) or None,
        member_id=member_id,
        receiver_name=name or None,
        receiver_phone=called or None,
        products=products,
    )


def _both(these: Sequence[int] | None, those: Sequence[int] | None) -> Sequence[int] | None:
    """Return the shops that are among both; None stands for every shop."""
    if these is None or those is None:
        return those if these is None else these
    return tuple(shop for shop in these if shop in those)


def _plain(text: str, field: str) -> str:
    """Return what was typed or copied: full-width signs made plain, needless spaces gone. Raises Invalid."""
    if len(text) > _LONGEST:
        raise Invalid(field, "最多 {limit} 个字符", limit=_LONGEST)
    return cleaned(unicodedata.normalize("NFKC", text))


def _number(query: SeekQuery) -> str:
    number = _plain(query.q, "q").replace(" ", "")
    if number and not _NUMBER.fullmatch(number):
        raise Invalid("q", "订单号是 18 位数字")
    return number


def _phone(query: SeekQuery) -> str:
    text = _plain(query.phone, "phone")
    return phone_of(text).value if text else ""


def _title(query: SeekQuery) -> str:
    return _plain(query.title, "title")


def _receiver(query: SeekQuery) -> tuple[str, str]:
    """Return the name, or the last eleven digits of the phone: how it is written differs."""
    text = _plain(query.receiver, "receiver")
    if _CALLED.fullmatch(text):
        digits = "".join(sign for sign in text if sign.isdigit())
        if len(digits) < 5:
            raise Invalid("receiver", "写完整的姓名或电话")
        return "", digits[-11:]
    if text and not any(sign.isalnum() for sign in text):  # the stars of who has left
        raise Invalid("receiver", "写完整的姓名或电话")
    return cleaned(query.receiver), ""  # as it was written down


def _day(text: str, field: str, more: int = 0) -> datetime | None:
    """Return when a day begins, or the one ``more`` days after it. Raises Invalid."""
    try:
        return day(text, more) if text else None
    except ValueError:
        raise Invalid(field, "日期不对") from None
