"""The statements that turn wins into reservations and orders (step 3 of the purchase path)."""

from __future__ import annotations

from collections.abc import Sequence

from flashsale.seckill.types import Fate, Settlement, Win
from server.clock import from_ms
from server.database import Connection, Row

_SETTLE = """
WITH f AS MATERIALIZED (
    SELECT id, shop_id, sku_id, product_id, title, specs, picture, price, list_price, pay_within_s
    FROM fs_items WHERE id = $1 AND epoch = $2
    FOR SHARE
), w AS MATERIALIZED (
    SELECT * FROM unnest($3::bigint[], $4::text[], $5::integer[], $6::timestamptz[], $7::text[])
        AS w (member_id, request_id, qty, won_at, order_no)
), i AS (
    INSERT INTO fs_reservations (item_id, member_id, request_id, qty, gen, epoch, status, pay_before, won_at)
    SELECT f.id, w.member_id, w.request_id, w.qty, 1, $2, 'held', now() + f.pay_within_s * interval '1 second', w.won_at
    FROM w CROSS JOIN f
    ON CONFLICT (item_id, member_id, request_id) DO NOTHING
    RETURNING id, member_id, request_id, qty, pay_before
), o AS (
    INSERT INTO orders (order_no, member_id, shop_id, source, reservation_id, amount, address, pay_before)
    SELECT w.order_no, i.member_id, f.shop_id, 'flash_sale', i.id, f.price * i.qty,
        coalesce(a.address, '{}'), i.pay_before
    FROM i
    JOIN w ON w.member_id = i.member_id AND w.request_id = i.request_id
    CROSS JOIN f
    LEFT JOIN LATERAL (
        SELECT jsonb_build_object(
            'id', a.id, 'name', a.name, 'phone', a.phone, 'region_code', a.region_code, 'region', a.region,
            'detail', a.detail
        ) AS address
        FROM addresses AS a WHERE a.member_id = i.member_id AND a.is_default AND a.deleted_at IS NULL
    ) AS a ON true
    RETURNING id, reservation_id, order_no, amount
), l AS (
    INSERT INTO order_lines
        (order_id, sku_id, product_id, title, specs, picture, unit_price, list_price, quantity, amount)
    SELECT o.id, f.sku_id, f.product_id, f.title, f.specs, f.picture, f.price, f.list_price, i.qty, o.amount
    FROM o JOIN i ON i.id = o.reservation_id CROSS JOIN f
)
SELECT i.member_id, i.request_id, i.qty, i.pay_before, o.order_no, o.amount
FROM i JOIN o ON o.reservation_id = i.id
"""

_OUTCOMES = """
SELECT r.member_id, r.request_id, r.qty, r.status, r.pay_before, o.order_no, o.amount
FROM unnest($2::bigint[], $3::text[]) AS w (member_id, request_id)
JOIN fs_reservations AS r ON r.item_id = $1 AND r.member_id = w.member_id AND r.request_id = w.request_id
LEFT JOIN orders AS o ON o.reservation_id = r.id
"""

Key = tuple[int, str]
"""Member and request id."""


async def settle(
    connection: Connection, item_id: int, epoch: int, wins: Sequence[Win], order_nos: Sequence[str]
) -> dict[Key, Settlement]:
    """Write down wins of one epoch, sorted by member and key, with their orders; return those that this call wrote.

    Missing from the answer are rows that were there already and, where the epoch is over, all of them. Holds the
    item's row FOR SHARE: a rebuild waits for it, and it for a rebuild.
    """
    rows = await connection.fetch(
        _SETTLE,
        item_id,
        epoch,
        [win.member_id for win in wins],
        [win.request_id for win in wins],
        [win.quantity for win in wins],
        [from_ms(win.won_ms) if win.won_ms else None for win in wins],
        order_nos,
    )
    return {(row["member_id"], row["request_id"]): _won(row) for row in rows}


async def outcomes(connection: Connection, item_id: int, keys: Sequence[Key]) -> dict[Key, Settlement]:
    """Return the stored outcome of those keys that have one, with a snapshot of its own."""
    rows = await connection.fetch(_OUTCOMES, item_id, [member for member, _ in keys], [rid for _, rid in keys])
    return {
        (row["member_id"], row["request_id"]): (
            _won(row) if row["status"] != "void" else Settlement(Fate.VOID, row["qty"])
        )
        for row in rows
    }


async def void(connection: Connection, item_id: int, win: Win) -> bool:
    """Write a win down as void, with the row that gives its units back; call it in a transaction.

    False: its epoch is over, or the key has a row. Holds the item's row FOR SHARE.
    """
    return (
        await connection.fetchval(
            """
            WITH f AS MATERIALIZED (
                SELECT id FROM fs_items WHERE id = $1 AND epoch = $2 FOR SHARE
            ), i AS (
                INSERT INTO fs_reservations (item_id, member_id, request_id, qty, gen, epoch, status, pay_before)
                SELECT f.id, $3, $4, $5, 1, $2, 'void', now() FROM f
                ON CONFLICT (item_id, member_id, request_id) DO NOTHING
                RETURNING id
            )
            INSERT INTO fs_releases (reservation_id, gen, epoch)
            SELECT id, 1, $2 FROM i
            RETURNING true
            """,
            item_id,
            win.epoch,
            win.member_id,
            win.request_id,
            win.quantity,
        )
        is True
    )


async def attempt(
    connection: Connection, item_id: int, member_id: int, request_id: str
) -> tuple[int, Settlement | None]:
    """Return the item's epoch (0 if there is no item) and the key's stored outcome, both of one snapshot."""
    row = await connection.fetchrow(
        """
        SELECT i.epoch, r.qty, r.status, r.pay_before, o.order_no, o.amount
        FROM fs_items AS i
        LEFT JOIN fs_reservations AS r ON r.item_id = i.id AND r.member_id = $2 AND r.request_id = $3
        LEFT JOIN orders AS o ON o.reservation_id = r.id
        WHERE i.id = $1
        """,
        item_id,
        member_id,
        request_id,
    )
    if row is None:
        return 0, None
    if row["status"] is None:
        return row["epoch"], None
    return row["epoch"], _won(row) if row["status"] != "void" else Settlement(Fate.VOID, row["qty"])


def _won(row: Row) -> Settlement:
    return Settlement(Fate.WON, row["qty"], row["order_no"], row["amount"], row["pay_before"])
