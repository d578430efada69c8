"""Every SQL statement of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from commerce.ledger.types import Balance, DayTotal, Entry, Posting, Sought
from server.database import Connection, many

RECENT_DAYS = 60
"""How far back the last days are looked for first."""


async def insert_transaction(connection: Connection, kind: str, ref: str, at: datetime | None) -> int | None:
    """Return the id of a new transaction, None when ``kind`` and ``ref`` were posted before."""
    found: int | None = await connection.fetchval(
        """
        INSERT INTO ledger_transactions (kind, ref, at) VALUES ($1, $2, coalesce($3, now()))
        ON CONFLICT (kind, ref) DO NOTHING RETURNING id
        """,
        kind,
        ref,
        at,
    )
    return found


async def transaction_id(connection: Connection, kind: str, ref: str) -> int | None:
    """Return the id of the transaction of ``kind`` and ``ref``."""
    found: int | None = await connection.fetchval(
        "SELECT id FROM ledger_transactions WHERE kind = $1 AND ref = $2", kind, ref
    )
    return found


async def insert_entries(connection: Connection, transaction: int, entries: Sequence[Entry]) -> None:
    """Write the entries of a transaction."""
    await connection.execute(
        """
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT $1, * FROM unnest($2::text[], $3::bigint[])
        """,
        transaction,
        [entry.account for entry in entries],
        [entry.amount for entry in entries],
    )


async def entries_of(connection: Connection, transaction: int) -> list[Entry]:
    """Return the entries of a transaction in the order they were given."""
    rows = await connection.fetch(
        "SELECT account, amount FROM ledger_entries WHERE transaction_id = $1 ORDER BY id", transaction
    )
    return many(Entry, rows)


async def balances(connection: Connection) -> list[Balance]:
    """Return every account with its sums in fen, by name."""
    rows = await connection.fetch(
        """
        SELECT account, coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::bigint AS debit,
               coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)::bigint AS credit,
               sum(amount)::bigint AS balance, count(*) AS entries
        FROM ledger_entries GROUP BY account ORDER BY account
        """
    )
    return many(Balance, rows)


async def unbalanced(connection: Connection) -> list[tuple[int, str, str, int, int]]:
    """Return the transactions that do not balance: id, kind, ref, sum in fen, number of entries."""
    rows = await connection.fetch(
        """
        SELECT t.id, t.kind, t.ref, coalesce(sum(e.amount), 0)::bigint AS total, count(e.id) AS entries
        FROM ledger_transactions t LEFT JOIN ledger_entries e ON e.transaction_id = t.id
        GROUP BY t.id HAVING coalesce(sum(e.amount), 0) <> 0 OR count(e.id) < 2 ORDER BY t.id
        """
    )
    return [(row["id"], row["kind"], row["ref"], row["total"], row["entries"]) for row in rows]


async def total(connection: Connection) -> int:
    """Return the sum of all entries in fen."""
    found: int = await connection.fetchval("SELECT coalesce(sum(amount), 0)::bigint FROM ledger_entries")
    return found


_SHOWN = """
    SELECT t.id, t.kind, t.ref, t.at,
           (SELECT jsonb_agg(jsonb_build_object('account', e.account, 'amount', e.amount) ORDER BY e.id)
            FROM ledger_entries e WHERE e.transaction_id = t.id) AS entries
"""
_COUNTED = "SELECT count(*)"
_SOUGHT = """
    FROM ledger_transactions t
    WHERE ($1::text IS NULL OR t.id IN (SELECT transaction_id FROM ledger_entries WHERE account = $1))
      AND ($2::text IS NULL OR t.ref = $2)
      AND ($3::timestamptz IS NULL OR t.at >= $3) AND ($4::timestamptz IS NULL OR t.at < $4)
"""
_PAGED = "ORDER BY t.id DESC OFFSET $5 LIMIT $6"


async def postings(connection: Connection, sought: Sought, offset: int, size: int) -> tuple[list[Posting], int]:
    """Return one page of the transactions sought, newest first, and how many there are."""
    narrowed = (sought.account, sought.ref, sought.since, sought.until)
    rows = await connection.fetch(_SHOWN + _SOUGHT + _PAGED, *narrowed, offset, size)
    count: int = await connection.fetchval(_COUNTED + _SOUGHT, *narrowed)
    return many(Posting, rows), count


async def by_day(connection: Connection, sought: Sought, most: int) -> list[DayTotal]:
    """Return the last ``most`` days on which something sought was posted: of one account, or of all gateways'."""
    if sought.since is None:
        # Nearly always these are enough, and all that ever was need not be read.
        found = await _by_day(connection, sought, most, RECENT_DAYS)
        if len(found) >= most:
            return found
    return await _by_day(connection, sought, most, None)


_RECENT = """
    AND t.at >= date_trunc('day', coalesce($3, now()), 'Asia/Shanghai') - make_interval(days => $5)
    AND t.at < coalesce($3, 'infinity')
"""


async def _by_day(connection: Connection, sought: Sought, most: int, back: int | None) -> list[DayTotal]:
    """Return days, of the last ``back`` whole ones before the end alone where that is given."""
    # Two statements: a plan for both would read everything. A range closed on both sides is taken for a narrow one.
    near = "" if back is None else _RECENT
    rows = await connection.fetch(
        f"""
        SELECT (t.at AT TIME ZONE 'Asia/Shanghai')::date AS day,
               coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0)::bigint AS debit,
               coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0)::bigint AS credit,
               count(DISTINCT t.id) AS transactions
        FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
        WHERE CASE WHEN $1::text IS NULL THEN e.account LIKE 'gateway:%' ELSE e.account = $1 END
          AND ($2::timestamptz IS NULL OR t.at >= $2) AND ($3::timestamptz IS NULL OR t.at < $3)
          {near}
        GROUP BY 1 ORDER BY 1 DESC LIMIT $4
        """,  # noqa: S608  # a constant
        sought.account,
        sought.since,
        sought.until,
        most,
        *([] if back is None else [back]),
    )
    return many(DayTotal, rows)
