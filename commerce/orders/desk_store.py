"""The statements by which staff find orders: each reads about a page, or what few can be meant by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from commerce.orders.types import Order, OrderStatus
from server.database import Connection, many


class Place(msgspec.Struct, frozen=True):
    """Where a page begins: below the order of this id, placed at this moment (UTC)."""

    at: datetime
    id: int


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders: ``shops`` None for all, else those of these shops alone. None elsewhere narrows nothing.

    ``since`` and ``until`` (UTC, itself not) are of when they were placed, ``paid_since`` of when they were paid.
    ``receiver_name`` is whole, ``receiver_phone`` its last eleven digits at most, of ``products`` one was bought.
    """

    shops: Sequence[int] | None
    statuses: Sequence[OrderStatus] = tuple(OrderStatus)
    since: datetime | None = None
    until: datetime | None = None
    paid_since: datetime | None = None
    order_no: str | None = None
    member_id: int | None = None
    receiver_name: str | None = None
    receiver_phone: str | None = None
    products: Sequence[int] | None = None


_ORDER = """
    SELECT o.id, o.order_no, o.member_id, o.shop_id, o.source, o.reservation_id, o.status, o.refund_status, o.amount,
           o.paid,
           '{"id": 0, "name": "", "phone": "", "region_code": "", "region": "", "detail": ""}'::jsonb
               || o.address AS address,
           o.note, o.pay_before, o.created_at, o.paid_at, o.cancelled_at, o.cancel_reason, o.receipt_before
"""
_NEWEST = " ORDER BY o.created_at DESC, o.id DESC LIMIT $1 "
_BELOW = """
    AND (o.created_at, o.id) < (coalesce($2::timestamptz, 'infinity'), coalesce($3::bigint, 0))
"""
_DAYS = """
    AND o.created_at >= coalesce($4::timestamptz, '-infinity') AND o.created_at < coalesce($5::timestamptz, 'infinity')
"""
# Each state, of each shop, is a run of an index: the newest of every run, and of these the newest.
_EACH_STATE = """
    FROM unnest($6::text[]) AS t (status)
    CROSS JOIN LATERAL (SELECT * FROM orders AS o WHERE o.status = t.status
"""
_EACH_STATE_OF_EACH_SHOP = """
    FROM unnest($7::bigint[]) AS s (id) CROSS JOIN unnest($6::text[]) AS t (status)
    CROSS JOIN LATERAL (SELECT * FROM orders AS o WHERE o.shop_id = s.id AND o.status = t.status
"""
_OF_ALL = _ORDER + _EACH_STATE + _DAYS + _BELOW + _NEWEST + ") AS o" + _NEWEST
_OF_SHOPS = _ORDER + _EACH_STATE_OF_EACH_SHOP + _DAYS + _BELOW + _NEWEST + ") AS o" + _NEWEST
_PHONE = "right(regexp_replace(o.address ->> 'phone', '[^0-9]', '', 'g'), 11) = $12::text"
_NAME = "o.address ->> 'name' = $11::text"
_NARROWED = f"""
    AND o.status = ANY ($6::text[]) AND ($7::bigint[] IS NULL OR o.shop_id = ANY ($7))
    AND ($8::timestamptz IS NULL OR o.paid_at >= $8)
    AND ($9::text IS NULL OR o.order_no = $9) AND ($10::bigint IS NULL OR o.member_id = $10)
    AND ($11::text IS NULL OR {_NAME}) AND ($12::text IS NULL OR {_PHONE})
"""
_BOUGHT = """
    AND (
        $13::bigint[] IS NULL
        OR EXISTS (SELECT FROM order_lines AS l WHERE l.order_id = o.id AND l.product_id = ANY ($13))
    )
"""
_OF_PAGE = ") " + _ORDER + "FROM page JOIN orders AS o ON o.id = page.id" + _NEWEST
_KEYS = "SELECT * FROM orders AS o WHERE "
_THE_PAGE = "), page AS (SELECT o.id FROM few AS o WHERE true"


def _few(*keys: str) -> str:
    """Return the statement for what ``keys`` find by an index each; nothing else that is given leads away from it."""
    found = " UNION ALL ".join(_KEYS + key for key in keys)
    narrowed = _NARROWED + _DAYS + _BOUGHT + _BELOW + _NEWEST
    return "WITH few AS MATERIALIZED (" + found + _THE_PAGE + narrowed + _OF_PAGE


_UNPAID, _PAID = "o.status = 'pending_payment' AND ", "o.status <> 'pending_payment' AND "
_BY_NUMBER = _few("o.order_no = $9::text")
_BY_MEMBER = _few("o.member_id = $10::bigint")
# The indices of receivers leave out what waits for its payment: there are few of these.
_BY_PHONE = _few(_PAID + _PHONE, _UNPAID + _PHONE)
_BY_NAME = _few(_PAID + _NAME, _UNPAID + _NAME)
# A day's orders are many, and put in order by little of each.
_DAY = """
    WITH few AS MATERIALIZED (SELECT o.id, o.created_at FROM orders AS o WHERE o.paid_at >= $8::timestamptz
"""
_BY_PAYMENT = _DAY + _NARROWED + _DAYS + _BOUGHT + _BELOW + _THE_PAGE + _NEWEST + _OF_PAGE
# What sells best has too many lines to put them in order: theirs is that of the orders.
_LINES = """
    WITH page AS (
        SELECT DISTINCT x.created_at, x.id FROM unnest($13::bigint[]) AS p (id) CROSS JOIN LATERAL (
            SELECT l.created_at, l.id FROM (
                SELECT DISTINCT o.placed_at AS created_at, o.order_id AS id FROM order_lines AS o
                WHERE o.product_id = p.id
                    AND o.placed_at >= coalesce($4::timestamptz, '-infinity')
                    AND o.placed_at < coalesce($5::timestamptz, 'infinity')
                    AND (o.placed_at, o.order_id) < (coalesce($2::timestamptz, 'infinity'), coalesce($3::bigint, 0))
                ORDER BY o.placed_at DESC, o.order_id DESC
            ) AS l JOIN orders AS o ON o.id = l.id
            WHERE true
"""
_OF_LINES = """
            ORDER BY l.created_at DESC, l.id DESC LIMIT $1
        ) AS x ORDER BY x.created_at DESC, x.id DESC LIMIT $1
"""
_BY_PRODUCT = _LINES + _NARROWED + _OF_LINES + _OF_PAGE


async def found(connection: Connection, sought: Sought, below: Place | None, size: int) -> list[Order]:
    """Return the orders sought, the newest first: ``size`` of those below ``below``. Pages stay put as orders come.

    In a transaction: what is given decides which index serves, so no plan is kept for all.
    """
    await connection.execute("SET LOCAL plan_cache_mode = 'force_custom_plan'")
    window = (size, below.at if below else None, below.id if below else None, sought.since, sought.until)
    statuses = list(sought.statuses)
    few = (
        sought.shops,
        sought.paid_since,
        sought.order_no,
        sought.member_id,
        sought.receiver_name,
        sought.receiver_phone,
        sought.products,
    )
    if not any(each is not None for each in few[1:]):
        if sought.shops is None:
            return many(Order, await connection.fetch(_OF_ALL, *window, statuses))
        return many(Order, await connection.fetch(_OF_SHOPS, *window, statuses, sought.shops))
    return many(Order, await connection.fetch(_narrowest(sought), *window, statuses, *few))


def _narrowest(sought: Sought) -> str:
    """Return the statement that begins with what finds the fewest."""
    if sought.order_no is not None:
        return _BY_NUMBER
    if sought.member_id is not None:
        return _BY_MEMBER
    if sought.receiver_phone is not None:
        return _BY_PHONE
    if sought.receiver_name is not None:
        return _BY_NAME
    return _BY_PAYMENT if sought.products is None else _BY_PRODUCT


async def products(connection: Connection, shops: Sequence[int] | None, pattern: str, most: int) -> list[int]:
    """Return products of these shops (None: of all) whose title is ILIKE ``pattern`` now, at most ``most``."""
    rows = await connection.fetch(
        "SELECT id FROM products WHERE title ILIKE $2 AND ($1::bigint[] IS NULL OR shop_id = ANY ($1)) LIMIT $3",
        shops,
        pattern,
        most,
    )
    return [row["id"] for row in rows]


async def member_of(connection: Connection, phone: str) -> int | None:
    """Return who logs in with this phone."""
    found: int | None = await connection.fetchval("SELECT id FROM members WHERE phone = $1", phone)
    return found


async def counts(
    connection: Connection, shops: Sequence[int] | None, statuses: Sequence[OrderStatus], most: int
) -> dict[OrderStatus, int]:
    """Return how many orders of these shops (None: of all) stand in each of ``statuses``; none is counted past
    ``most``."""
    rows = await connection.fetch(
        """
        SELECT t.status, (SELECT count(*) FROM (
            SELECT FROM orders AS o
            WHERE o.status = t.status AND ($1::bigint[] IS NULL OR o.shop_id = ANY ($1)) LIMIT $3
        ) AS c) AS orders
        FROM unnest($2::text[]) AS t (status)
        """,
        shops,
        list(statuses),
        most,
    )
    return {OrderStatus(row["status"]): row["orders"] for row in rows}


async def of_member(
    connection: Connection, shops: Sequence[int] | None, member_id: int, most: int
) -> tuple[list[Order], int]:
    """Return a member's last orders in these shops (None: in any), at most ``most``, and how many there are."""
    rows = await connection.fetch(
        f"""
        {_ORDER} FROM orders AS o WHERE o.member_id = $2 AND ($1::bigint[] IS NULL OR o.shop_id = ANY ($1))
        ORDER BY o.id DESC LIMIT $3
        """,
        shops,
        member_id,
        most,
    )
    total: int = await connection.fetchval(
        "SELECT count(*) FROM orders WHERE member_id = $2 AND ($1::bigint[] IS NULL OR shop_id = ANY ($1))",
        shops,
        member_id,
    )
    return many(Order, rows), total
