"""The statements about reservations, their releases and late payments."""

from __future__ import annotations

from collections.abc import Sequence

from flashsale.seckill.types import DueHold, LatePayment, OpenRelease, ReservationRow, Untold
from server.database import Connection, many, one, touched

_ROW = "id, item_id, member_id, request_id, qty, gen, epoch, status, pay_before, won_at"


async def reservation(connection: Connection, reservation_id: int) -> ReservationRow | None:
    """Return a reservation."""
    row = await connection.fetchrow(f"SELECT {_ROW} FROM fs_reservations WHERE id = $1", reservation_id)  # noqa: S608  # a constant
    return one(ReservationRow, row)


async def lock_reservation(connection: Connection, reservation_id: int) -> ReservationRow | None:
    """Return a reservation and lock its row; lock its item first."""
    row = await connection.fetchrow(f"SELECT {_ROW} FROM fs_reservations WHERE id = $1 FOR UPDATE", reservation_id)  # noqa: S608  # a constant
    return one(ReservationRow, row)


async def takers(connection: Connection, item_id: int) -> set[int]:
    """Return the members who have ever won units of a sale, whatever became of them."""
    rows = await connection.fetch("SELECT DISTINCT member_id FROM fs_reservations WHERE item_id = $1", item_id)
    return {row["member_id"] for row in rows}


async def by_keys(connection: Connection, item_id: int, keys: Sequence[tuple[int, str]]) -> list[ReservationRow]:
    """Return the reservations of members and request ids."""
    rows = await connection.fetch(
        """
        SELECT r.id, r.item_id, r.member_id, r.request_id, r.qty, r.gen, r.epoch, r.status, r.pay_before, r.won_at
        FROM unnest($2::bigint[], $3::text[]) AS w (member_id, request_id)
        JOIN fs_reservations AS r ON r.item_id = $1 AND r.member_id = w.member_id AND r.request_id = w.request_id
        """,
        item_id,
        [member for member, _ in keys],
        [rid for _, rid in keys],
    )
    return many(ReservationRow, rows)


async def of_item(connection: Connection, item_id: int) -> list[ReservationRow]:
    """Return every reservation of an item."""
    rows = await connection.fetch(f"SELECT {_ROW} FROM fs_reservations WHERE item_id = $1 ORDER BY id", item_id)  # noqa: S608  # a constant
    return many(ReservationRow, rows)


async def raise_epoch(connection: Connection, item_id: int, before: int) -> int | None:
    """Give the item its next epoch; None if it has not epoch ``before`` any more. Waits for settlements under way."""
    after: int | None = await connection.fetchval(
        """
        UPDATE fs_items SET epoch = greatest(epoch + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
        WHERE id = $1 AND epoch = $2
        RETURNING epoch
        """,
        item_id,
        before,
    )
    return after


async def due(
    connection: Connection, limit: int, asking: bool, paused: Sequence[int] = (), patience_s: float = 0.0
) -> list[DueHold]:
    """Return holds past their deadline with their orders, the longest overdue first.

    ``asking``: those with a payment that a gateway must be asked about; else those without. Orders of ``paused`` are
    left out until they are ``patience_s`` overdue.
    """
    rows = await connection.fetch(
        """
        SELECT r.id AS reservation_id, r.item_id, o.id AS order_id,
            extract(epoch FROM now() - r.pay_before)::float AS overdue_s
        FROM fs_reservations AS r JOIN orders AS o ON o.reservation_id = r.id
        WHERE r.status = 'held' AND r.pay_before < now()
            AND EXISTS (SELECT FROM payments AS p WHERE p.order_id = o.id AND p.status = 'pending') = $2
            AND (o.id <> ALL ($3::bigint[]) OR r.pay_before <= now() - make_interval(secs => $4))
        ORDER BY r.pay_before LIMIT $1
        """,
        limit,
        asking,
        paused,
        patience_s,
    )
    return many(DueHold, rows)


_UNTOLD = """
SELECT r.id AS reservation_id, r.item_id, r.member_id, r.status, o.order_no, o.created_at
FROM fs_reservations AS r JOIN orders AS o ON o.reservation_id = r.id
WHERE r.told_at IS NULL AND r.status <> 'void'
"""


async def untold(connection: Connection, limit: int) -> list[Untold]:
    """Lock and return reservations whose members have not been told; those that somebody holds are left out."""
    rows = await connection.fetch(f"{_UNTOLD} ORDER BY r.id LIMIT $1 FOR NO KEY UPDATE OF r SKIP LOCKED", limit)
    return many(Untold, rows)


async def untold_of(connection: Connection, item_id: int, member_id: int, request_id: str) -> Untold | None:
    """Lock and return the reservation of a key, None if its member has been told."""
    return one(
        Untold,
        await connection.fetchrow(
            f"{_UNTOLD} AND r.item_id = $1 AND r.member_id = $2 AND r.request_id = $3 FOR NO KEY UPDATE OF r",
            item_id,
            member_id,
            request_id,
        ),
    )


async def mark_told(connection: Connection, reservations: Sequence[int]) -> None:
    """Note that the members of these reservations have been told."""
    await connection.execute("UPDATE fs_reservations SET told_at = now() WHERE id = ANY($1)", reservations)


async def expire(connection: Connection, reservation_id: int, epoch: int) -> bool:
    """Move a hold to expired and write the row that gives its units back. False if it is not held."""
    return (
        await connection.fetchval(
            """
            WITH r AS (
                UPDATE fs_reservations SET status = 'expired' WHERE id = $1 AND status = 'held' RETURNING id, gen
            )
            INSERT INTO fs_releases (reservation_id, gen, epoch) SELECT id, gen, $2 FROM r
            RETURNING true
            """,
            reservation_id,
            epoch,
        )
        is True
    )


async def pay(connection: Connection, reservation_id: int) -> bool:
    """Move a hold to paid, past its deadline too. False if it is not held."""
    status = await connection.execute(
        "UPDATE fs_reservations SET status = 'paid' WHERE id = $1 AND status = 'held'", reservation_id
    )
    return touched(status) == 1


async def rewin(connection: Connection, reservation_id: int, generation: int) -> bool:
    """Move an expired reservation to paid under the next generation. False if that is not what it waits for."""
    status = await connection.execute(
        "UPDATE fs_reservations SET status = 'paid', gen = $2 WHERE id = $1 AND status = 'expired' AND gen = $2 - 1",
        reservation_id,
        generation,
    )
    return touched(status) == 1


async def add_release(connection: Connection, reservation_id: int, generation: int, epoch: int) -> None:
    """Write the row that gives the units of one generation back, once."""
    await connection.execute(
        "INSERT INTO fs_releases (reservation_id, gen, epoch) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        reservation_id,
        generation,
        epoch,
    )


async def open_releases(connection: Connection, limit: int) -> list[OpenRelease]:
    """Return release rows that Redis has not confirmed, by item.

    Where there are more than ``limit``, every item has its share, those of its earlier epochs first: an item whose
    rows have to wait holds up no other.
    """
    rows = await connection.fetch(
        """
        SELECT * FROM (
            SELECT e.reservation_id, r.item_id, r.member_id, r.request_id, e.gen, e.epoch
            FROM fs_releases AS e JOIN fs_reservations AS r ON r.id = e.reservation_id
            WHERE e.done_at IS NULL
            ORDER BY row_number() OVER (PARTITION BY r.item_id ORDER BY e.epoch, e.reservation_id, e.gen) LIMIT $1
        ) AS o
        ORDER BY item_id, reservation_id, gen
        """,
        limit,
    )
    return many(OpenRelease, rows)


async def finish_releases(connection: Connection, rows: Sequence[OpenRelease]) -> None:
    """Note that Redis has dealt with these rows."""
    await connection.execute(
        """
        UPDATE fs_releases AS e SET done_at = now()
        FROM unnest($1::bigint[], $2::integer[]) AS w (reservation_id, gen)
        WHERE e.reservation_id = w.reservation_id AND e.gen = w.gen AND e.done_at IS NULL
        """,
        [row.reservation_id for row in rows],
        [row.gen for row in rows],
    )


async def add_late(connection: Connection, payment_id: int, reservation_id: int, order_id: int) -> None:
    """Note a late payment, once."""
    await connection.execute(
        """
        INSERT INTO fs_late_payments (payment_id, reservation_id, order_id) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING
        """,
        payment_id,
        reservation_id,
        order_id,
    )


async def undecided(connection: Connection, limit: int) -> list[LatePayment]:
    """Return late payments that nobody has decided about, every sale's oldest first, then every sale's second."""
    rows = await connection.fetch(
        """
        SELECT f.payment_id, f.reservation_id, r.item_id, f.order_id, f.decision
        FROM fs_late_payments AS f LEFT JOIN fs_reservations AS r ON r.id = f.reservation_id
        WHERE f.decision IS NULL
        ORDER BY row_number() OVER (PARTITION BY r.item_id ORDER BY f.payment_id), f.payment_id LIMIT $1
        """,
        limit,
    )
    return many(LatePayment, rows)


async def lock_undecided(connection: Connection, reservation_id: int) -> list[LatePayment]:
    """Return a reservation's undecided late payments, locked, oldest first; lock the reservation first."""
    rows = await connection.fetch(
        """
        SELECT f.payment_id, f.reservation_id, r.item_id, f.order_id, f.decision
        FROM fs_late_payments AS f JOIN fs_reservations AS r ON r.id = f.reservation_id
        WHERE f.reservation_id = $1 AND f.decision IS NULL ORDER BY f.payment_id FOR UPDATE OF f
        """,
        reservation_id,
    )
    return many(LatePayment, rows)


async def decide(connection: Connection, payment_id: int, decision: str) -> bool:
    """Decide about a late payment, once. False if it was decided before."""
    status = await connection.execute(
        "UPDATE fs_late_payments SET decision = $2, decided_at = now() WHERE payment_id = $1 AND decision IS NULL",
        payment_id,
        decision,
    )
    return touched(status) == 1
