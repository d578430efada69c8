"""The statements of batches."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from commerce.merchandising.types import Change
from server.database import Connection, many, one, touched


class Kind(StrEnum):
    """Where a batch came from."""

    EDIT = "edit"
    IMPORT = "import"
    UNDO = "undo"


class State(StrEnum):
    """How far a batch is."""

    DRAFT = "draft"
    RUNNING = "running"
    DONE = "done"


class RowState(StrEnum):
    """What became of one row."""

    WAITING = "waiting"
    DONE = "done"
    SAME = "same"
    REFUSED = "refused"


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch with the counts of its rows. ``undone_by`` is the batch that takes it back; ``fresh`` within a day."""

    id: int
    kind: Kind
    staff_id: int
    staff: str
    shops: list[int] | None
    edit: dict[str, Any]
    state: State
    undoes: int | None
    undone_by: int | None
    created_at: datetime
    done_at: datetime | None
    fresh: bool
    total: int
    waiting: int
    done: int
    same: int
    refused: int

    @property
    def stamp(self) -> str:
        """Return what tells one edit from another."""
        return hashlib.sha256(msgspec.json.encode(self.edit.get("edit", {}), order="sorted")).hexdigest()[:16]

    @property
    def asks(self) -> bool:
        """Tell whether somebody said what it is to do; a file and what takes another back say it from the start."""
        return self.kind is not Kind.EDIT or any(
            value for name, value in self.edit.get("edit", {}).items() if name != "at"
        )

    @property
    def percent(self) -> int:
        """Return how much of it is done."""
        return 100 if not self.total else (self.total - self.waiting) * 100 // self.total


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """One product of a batch."""

    id: int
    position: int
    product_id: int | None
    label: str
    wanted: dict[str, Any] | None
    state: RowState
    field: str
    reason: str
    changes: list[Change]


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """What a SKU of a waiting row costs, and what a file wants it to; fen."""

    product_id: int
    title: str
    code: str
    price: int
    wanted: int | None


_BATCH = """
    SELECT
        b.id, b.kind, b.staff_id, s.name AS staff, b.shops, b.edit, b.state, b.undoes, u.id AS undone_by, b.created_at,
        b.done_at, coalesce(b.done_at > now() - interval '1 day', false) AS fresh,
        r.total, r.waiting, r.done, r.same, r.refused
    FROM product_batches AS b
    JOIN staff AS s ON s.id = b.staff_id
    LEFT JOIN product_batches AS u ON u.undoes = b.id
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS total, count(*) FILTER (WHERE state = 'waiting') AS waiting,
            count(*) FILTER (WHERE state = 'done') AS done, count(*) FILTER (WHERE state = 'same') AS same,
            count(*) FILTER (WHERE state = 'refused') AS refused
        FROM product_batch_rows WHERE batch_id = b.id
    ) AS r
    WHERE ($1::bigint[] IS NULL OR (b.shops IS NOT NULL AND b.shops <@ $1::bigint[]))
"""


def _shops(shops: Sequence[int] | None) -> list[int] | None:
    return None if shops is None else list(shops)


async def batch(connection: Connection, batch_id: int, shops: Sequence[int] | None) -> Batch | None:
    """Return a batch that staff of ``shops`` (None: the platform) may see."""
    return one(Batch, await connection.fetchrow(_BATCH + "AND b.id = $2", _shops(shops), batch_id))


async def batches(connection: Connection, shops: Sequence[int] | None, offset: int, size: int) -> list[Batch]:
    """Return a stretch of the batches that staff of ``shops`` may see, the last one first."""
    rows = await connection.fetch(_BATCH + "ORDER BY b.id DESC OFFSET $2 LIMIT $3", _shops(shops), offset, size)
    return many(Batch, rows)


async def visible(connection: Connection, batch_ids: Sequence[int], shops: Sequence[int] | None) -> set[int]:
    """Return which of those batches staff of ``shops`` may see."""
    rows = await connection.fetch(
        """
        SELECT id FROM product_batches
        WHERE id = ANY ($2::bigint[]) AND ($1::bigint[] IS NULL OR shops <@ $1::bigint[])
        """,
        _shops(shops),
        list(batch_ids),
    )
    return {row["id"] for row in rows}


async def add(
    connection: Connection, kind: Kind, staff_id: int, shops: Sequence[int] | None, edit: Any, undoes: int | None = None
) -> int:
    """Add a batch without rows and return its id."""
    made: int = await connection.fetchval(
        """
        INSERT INTO product_batches (kind, staff_id, shops, edit, undoes)
        VALUES ($1, $2, $3, $4::jsonb, $5)
        RETURNING id
        """,
        kind,
        staff_id,
        _shops(shops),
        edit,
        undoes,
    )
    return made


async def add_products(
    connection: Connection, batch_id: int, product_ids: Sequence[int], shops: Sequence[int] | None
) -> int:
    """Add a row for each of those products that belong to ``shops``, and return how many there are."""
    status = await connection.execute(
        """
        INSERT INTO product_batch_rows (batch_id, position, product_id, label)
        SELECT $1::bigint, row_number() OVER (ORDER BY p.id), p.id, p.title
        FROM products AS p
        WHERE p.id = ANY ($2::bigint[]) AND ($3::bigint[] IS NULL OR p.shop_id = ANY ($3::bigint[]))
        """,
        batch_id,
        list(product_ids),
        _shops(shops),
    )
    return touched(status)


class NewRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a file, good or refused already."""

    product_id: int | None
    label: str
    wanted: dict[str, Any] | None = None
    field: str = ""
    reason: str = ""


async def add_rows(connection: Connection, batch_id: int, rows: Sequence[NewRow]) -> None:
    """Add rows in their order; one with a reason is refused already."""
    await connection.executemany(
        """
        INSERT INTO product_batch_rows (batch_id, position, product_id, label, wanted, state, field, reason)
        VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8)
        """,
        [
            (
                batch_id,
                at,
                row.product_id,
                row.label[:200],
                row.wanted,
                RowState.REFUSED if row.reason else RowState.WAITING,
                row.field,
                row.reason,
            )
            for at, row in enumerate(rows, 1)
        ],
    )


async def add_undo_rows(connection: Connection, batch_id: int, undoes: int) -> None:
    """Add a row for each product that a batch changed."""
    await connection.execute(
        """
        INSERT INTO product_batch_rows (batch_id, position, product_id, label, wanted)
        SELECT $1::bigint, position, product_id, label, jsonb_build_object('changes', changes)
        FROM product_batch_rows
        WHERE batch_id = $2 AND state = 'done' AND product_id IS NOT NULL
        """,
        batch_id,
        undoes,
    )


async def rows(connection: Connection, batch_id: int, offset: int, size: int) -> list[BatchRow]:
    """Return a stretch of a batch's rows, those that were refused first."""
    found = await connection.fetch(
        """
        SELECT id, position, product_id, label, wanted, state, field, reason, changes
        FROM product_batch_rows
        WHERE batch_id = $1
        ORDER BY state <> 'refused', position
        OFFSET $2 LIMIT $3
        """,
        batch_id,
        offset,
        size,
    )
    return many(BatchRow, found)


async def prices(connection: Connection, batch_id: int) -> list[Priced]:
    """Return what the SKUs on sale of a batch's waiting rows cost."""
    found = await connection.fetch(
        """
        SELECT r.product_id, r.label AS title, k.code, k.price, NULL::bigint AS wanted
        FROM product_batch_rows AS r
        JOIN skus AS k ON k.product_id = r.product_id AND k.status = 'on'
        WHERE r.batch_id = $1 AND r.state = 'waiting'
        """,
        batch_id,
    )
    return many(Priced, found)


async def imported_prices(connection: Connection, batch_id: int) -> list[Priced]:
    """Return what the SKUs cost that a file gives another price."""
    found = await connection.fetch(
        """
        SELECT r.product_id, r.label AS title, k.code, k.price, (w.sku ->> 'price')::bigint AS wanted
        FROM product_batch_rows AS r
        CROSS JOIN LATERAL jsonb_array_elements(r.wanted -> 'skus') AS w (sku)
        JOIN skus AS k ON k.product_id = r.product_id AND k.code = w.sku ->> 'code'
        WHERE r.batch_id = $1 AND r.state = 'waiting' AND (w.sku ->> 'price')::bigint <> k.price
        """,
        batch_id,
    )
    return many(Priced, found)


async def discard(connection: Connection, batch_id: int) -> bool:
    """Remove a batch that was never begun, with its rows; False when it is no draft any more."""
    status = await connection.execute("DELETE FROM product_batches WHERE id = $1 AND state = 'draft'", batch_id)
    return touched(status) == 1


async def set_edit(connection: Connection, batch_id: int, edit: Any) -> bool:
    """Write what a draft is to do; False when it is no draft any more."""
    status = await connection.execute(
        "UPDATE product_batches SET edit = $2::jsonb WHERE id = $1 AND state = 'draft'", batch_id, edit
    )
    return touched(status) == 1


async def start(connection: Connection, batch_id: int, edit: Any) -> bool:
    """Take a batch out of its draft; False when somebody did, or asks for something else than ``edit`` by now."""
    status = await connection.execute(
        """
        UPDATE product_batches SET state = 'running', started_at = now()
        WHERE id = $1 AND state = 'draft' AND edit = $2::jsonb
        """,
        batch_id,
        edit,
    )
    return touched(status) == 1


async def finish(connection: Connection, batch_id: int) -> None:
    """Note that a batch is done once none of its rows waits."""
    await connection.execute(
        """
        UPDATE product_batches SET state = 'done', done_at = now()
        WHERE id = $1 AND state = 'running'
            AND NOT EXISTS (SELECT FROM product_batch_rows WHERE batch_id = $1 AND state = 'waiting')
        """,
        batch_id,
    )


async def next_row(connection: Connection, batch_id: int) -> BatchRow | None:
    """Lock and return the first row that waits and that nobody else is at."""
    row = await connection.fetchrow(
        """
        SELECT id, position, product_id, label, wanted, state, field, reason, changes
        FROM product_batch_rows
        WHERE batch_id = $1 AND state = 'waiting'
        ORDER BY position
        LIMIT 1
        FOR UPDATE SKIP LOCKED
        """,
        batch_id,
    )
    return one(BatchRow, row)


async def close_row(
    connection: Connection,
    row_id: int,
    state: RowState,
    changes: Sequence[Change] = (),
    *,
    product_id: int | None = None,
    field: str = "",
    reason: str = "",
) -> None:
    """Write down what became of a row."""
    await connection.execute(
        """
        UPDATE product_batch_rows
        SET state = $2, changes = $3::jsonb, product_id = coalesce($4, product_id), field = $5, reason = $6
        WHERE id = $1
        """,
        row_id,
        state,
        msgspec.to_builtins(list(changes)),
        product_id,
        field,
        reason,
    )
