"""Lists of people and of records read what they show, however much has been recorded."""

from __future__ import annotations

from typing import Any

import pytest

from commerce.staff import audit_store, people_store
from commerce.staff.audit_store import Sought
from server.application import Application
from server.database import Connection

RECORDS = 60_000


@pytest.fixture
async def recorded(app: Application) -> Application:
    """Thirty people with two thousand records each, and one with twenty, the oldest."""
    async with app.database.connection() as connection:
        await connection.execute(
            "INSERT INTO staff (account, name, password_hash) SELECT 'p' || n, '', '' FROM generate_series(1, 31) AS n"
        )
        await connection.execute(
            """
            WITH first AS (SELECT min(id) AS id FROM staff)
            INSERT INTO staff_audit (staff_id, kind, shop_id, object_kind, object_id)
            SELECT
                first.id + CASE WHEN n <= 20 THEN 30 ELSE n % 30 END,
                CASE WHEN n <= 20 THEN 'brand_added' WHEN n % 10 = 3 THEN 'log_in' ELSE 'product_changed' END,
                CASE WHEN n <= 20 THEN 77 ELSE n % 20 END,
                CASE WHEN n <= 20 THEN 'brand' ELSE 'product' END,
                (n % 5000)::text
            FROM first, generate_series(1, $1::int) AS n
            """,
            RECORDS,
        )
        await connection.execute("ANALYZE staff_audit")
    return app


async def read(connection: Connection) -> int:
    """Return how many records this transaction has read."""
    return int(
        await connection.fetchval(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'staff_audit'"
        )
    )


async def test_few_are_found_among_many(recorded: Application) -> None:
    sought: list[tuple[dict[str, Any], int]] = [
        ({}, 51),
        ({"account": "p31"}, 20),
        ({"account": "nobody"}, 0),
        ({"kind": "brand_added"}, 20),
        ({"object_kind": "brand"}, 20),
        ({"object_kind": "product", "object_id": "7"}, 11),
        ({"shop_id": 77}, 20),
        ({"shops": [77]}, 20),
        ({"shops": [77], "shop_id": 3}, 0),
    ]
    async with recorded.database.transaction() as connection:
        for fields, found in sought:
            for _ in range(8):  # PostgreSQL may plan anew what it was asked five times
                before = await read(connection)
                entries = await audit_store.found(connection, Sought(**{"shops": None, **fields}), None, 51)
                assert len(entries) == found, fields
                assert await read(connection) - before < 500, fields
        before = await read(connection)
        people = await people_store.colleagues(connection, None)
        assert sum(one.last_log_in is not None for one in people) == 3
        assert await read(connection) - before < 1000, "nor are all records of people read for their last log-in"
