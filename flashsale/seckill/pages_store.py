"""The statements behind the pages of flash sales: reminders, and what a member has of a sale."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from commerce.members import AddressSnapshot
from commerce.orders import ActorKind
from flashsale.seckill.types import ReservationStatus
from server.database import Connection, many, one, touched


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """A member's last win of a sale and its order; ``amount`` is fen, ``cancelled_by`` who ended an order unpaid."""

    order_no: str
    order_status: str
    status: ReservationStatus
    quantity: int
    amount: int
    pay_before: datetime
    cancelled_by: ActorKind | None
    address: AddressSnapshot | None
    """Where the order goes; None while nobody has said."""


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A reminder to send."""

    item_id: int
    member_id: int
    title: str
    starts_at: datetime


async def own(connection: Connection, item_id: int, member_id: int) -> Own | None:
    """Return the member's last win of a sale; None if there is none."""
    return one(
        Own,
        await connection.fetchrow(
            """
            SELECT o.order_no, o.status AS order_status, r.status, r.qty AS quantity, o.amount, r.pay_before,
                nullif(o.address, '{}') AS address,
                (
                    SELECT e.actor_kind FROM order_events AS e
                    WHERE o.status = 'cancelled' AND e.order_id = o.id AND e.kind = 'cancelled'
                    ORDER BY e.id DESC LIMIT 1
                ) AS cancelled_by
            FROM fs_reservations AS r JOIN orders AS o ON o.reservation_id = r.id
            WHERE r.item_id = $1 AND r.member_id = $2
            ORDER BY r.id DESC LIMIT 1
            """,
            item_id,
            member_id,
        ),
    )


async def units_of(connection: Connection, item_id: int, member_id: int) -> int:
    """Return how many units of a sale a member holds or has paid."""
    units: int = await connection.fetchval(
        "SELECT coalesce(sum(qty), 0) FROM fs_reservations "
        "WHERE item_id = $1 AND member_id = $2 AND status IN ('held', 'paid')",
        item_id,
        member_id,
    )
    return units


async def add_reminder(connection: Connection, item_id: int, member_id: int) -> None:
    """Note that a member wants to be reminded; again is no change."""
    await connection.execute(
        "INSERT INTO fs_reminders (item_id, member_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", item_id, member_id
    )


async def drop_reminder(connection: Connection, item_id: int, member_id: int) -> bool:
    """Forget a reminder; False if there was none."""
    return (
        touched(
            await connection.execute(
                "DELETE FROM fs_reminders WHERE item_id = $1 AND member_id = $2", item_id, member_id
            )
        )
        > 0
    )


async def reminded(connection: Connection, member_id: int, item_ids: Sequence[int]) -> set[int]:
    """Return those of the sales that a member wants to be reminded of."""
    rows = await connection.fetch(
        "SELECT item_id FROM fs_reminders WHERE member_id = $1 AND item_id = ANY ($2::bigint[])",
        member_id,
        list(item_ids),
    )
    return {row["item_id"] for row in rows}


async def take_due(connection: Connection, ahead_s: int, most: int) -> list[Due]:
    """Mark reminders of sales that start within ``ahead_s`` seconds as sent and return them, by member.

    Rows that another worker is at are skipped. Sales that are paused or over remind nobody.
    """
    rows = await connection.fetch(
        """
        WITH due AS (
            SELECT r.item_id, r.member_id
            FROM fs_reminders AS r JOIN fs_items AS i ON i.id = r.item_id
            WHERE r.sent_at IS NULL AND i.state = 'published'
                AND i.starts_at > now() AND i.starts_at <= now() + make_interval(secs => $1)
            ORDER BY r.member_id, r.item_id
            LIMIT $2
            FOR UPDATE OF r SKIP LOCKED
        ), sent AS (
            UPDATE fs_reminders AS r SET sent_at = now()
            FROM due WHERE r.item_id = due.item_id AND r.member_id = due.member_id
            RETURNING r.item_id, r.member_id
        )
        SELECT s.item_id, s.member_id, i.title, i.starts_at
        FROM sent AS s JOIN fs_items AS i ON i.id = s.item_id
        ORDER BY s.member_id, s.item_id
        """,
        float(ahead_s),
        most,
    )
    return many(Due, rows)
