"""Every SQL statement about the people of the back office as their superiors see and change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from commerce.staff.types import Colleague
from server.database import Connection, many, touched

_WHERE = """
    FROM staff s
    WHERE ($1::bigint[] IS NULL OR s.shop_id = ANY ($1)
           OR EXISTS (SELECT FROM staff_roles sr WHERE sr.staff_id = s.id AND sr.shop_id = ANY ($1)))
      AND ($2 = '' OR s.account::text ILIKE $2 OR s.name ILIKE $2)
      AND ($3::bigint IS NULL OR s.shop_id = $3
           OR EXISTS (SELECT FROM staff_roles sr WHERE sr.staff_id = s.id AND sr.shop_id = $3))
      AND ($4::bigint IS NULL OR EXISTS (SELECT FROM staff_roles sr WHERE sr.staff_id = s.id AND sr.role_id = $4))
"""


_COLLEAGUE = """
    SELECT s.id, s.account::text, s.name, s.shop_id, s.otp_secret IS NOT NULL AS has_otp, s.disabled_at,
           (SELECT max(at) FROM staff_audit a WHERE a.staff_id = s.id AND a.kind = 'log_in') AS last_log_in,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(r.name, coalesce(sr.shop_id, s.shop_id))
                                      ORDER BY sr.shop_id NULLS FIRST, r.id), '[]')
            FROM staff_roles sr JOIN roles r ON r.id = sr.role_id
            WHERE sr.staff_id = s.id
              AND ($1::bigint[] IS NULL OR coalesce(sr.shop_id, s.shop_id) = ANY ($1))) AS roles
"""


async def alone(connection: Connection) -> None:
    """Wait until nobody else changes rights, and keep others from it until the end of the transaction.

    Who may give what depends on what both hold; so does whether an owner is the last one. Rights change seldom.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('staff.rights', 0))")


async def colleagues(
    connection: Connection,
    shops: Sequence[int] | None,
    like: str = "",
    shop_id: int | None = None,
    role_id: int | None = None,
    offset: int = 0,
    size: int = 50,
) -> list[Colleague]:
    """Return a page of who works in ``shops`` (None: of all), the first hired first; ``like`` is a pattern."""
    rows = await connection.fetch(
        _COLLEAGUE + _WHERE + "ORDER BY s.id OFFSET $5 LIMIT $6", *_given(shops, like, shop_id, role_id), offset, size
    )
    return many(Colleague, rows)


async def count(
    connection: Connection,
    shops: Sequence[int] | None,
    like: str = "",
    shop_id: int | None = None,
    role_id: int | None = None,
) -> int:
    """Return how many people ``colleagues`` has."""
    total: int = await connection.fetchval("SELECT count(*)" + _WHERE, *_given(shops, like, shop_id, role_id))
    return total


def _given(shops: Sequence[int] | None, like: str, shop_id: int | None, role_id: int | None) -> tuple[Any, ...]:
    return None if shops is None else list(shops), like, shop_id, role_id


async def add(connection: Connection, account: str, name: str, password_hash: str, shop_id: int | None) -> int | None:
    """Add an account with a password that is to be replaced; None when the account is taken."""
    added: int | None = await connection.fetchval(
        """
        INSERT INTO staff (account, name, password_hash, shop_id, password_temporary) VALUES ($1, $2, $3, $4, true)
        ON CONFLICT (account) DO NOTHING RETURNING id
        """,
        account,
        name,
        password_hash,
        shop_id,
    )
    return added


async def rename(connection: Connection, staff_id: int, name: str) -> None:
    """Call somebody something else."""
    await connection.execute("UPDATE staff SET name = $2 WHERE id = $1", staff_id, name)


async def set_disabled(connection: Connection, staff_id: int, disabled: bool) -> bool:
    """Close an account or open it again; False when it is so already."""
    status = await connection.execute(
        """
        UPDATE staff SET disabled_at = CASE WHEN $2 THEN now() END
        WHERE id = $1 AND (disabled_at IS NOT NULL) <> $2
        """,
        staff_id,
        disabled,
    )
    return touched(status) == 1


async def give_password(connection: Connection, staff_id: int, password_hash: str) -> None:
    """Replace somebody's password with one that they are to replace in their turn."""
    await connection.execute(
        "UPDATE staff SET password_hash = $2, password_temporary = true WHERE id = $1", staff_id, password_hash
    )


async def drop_factor(connection: Connection, staff_id: int) -> bool:
    """Take a second factor away with its recovery codes; False when there was none."""
    await connection.execute("DELETE FROM staff_recovery_codes WHERE staff_id = $1", staff_id)
    status = await connection.execute(
        """
        UPDATE staff SET otp_secret = NULL, otp_pending = NULL, otp_used = 0
        WHERE id = $1 AND (otp_secret IS NOT NULL OR otp_pending IS NOT NULL)
        """,
        staff_id,
    )
    return touched(status) == 1


async def set_roles(connection: Connection, staff_id: int, shop_id: int | None, role_ids: Sequence[int]) -> None:
    """Let somebody have exactly these roles in a shop; for None where they belong."""
    await connection.execute(
        """
        DELETE FROM staff_roles
        WHERE staff_id = $1 AND shop_id IS NOT DISTINCT FROM $2 AND role_id <> ALL ($3::bigint[])
        """,
        staff_id,
        shop_id,
        list(role_ids),
    )
    await connection.execute(
        """
        INSERT INTO staff_roles (staff_id, shop_id, role_id) SELECT $1, $2, unnest($3::bigint[])
        ON CONFLICT DO NOTHING
        """,
        staff_id,
        shop_id,
        list(role_ids),
    )


async def owners(connection: Connection) -> int:
    """Return how many may do everything on the whole platform and are not closed out."""
    total: int = await connection.fetchval(
        """
        SELECT count(DISTINCT s.id) FROM staff s
        JOIN staff_roles sr ON sr.staff_id = s.id AND coalesce(sr.shop_id, s.shop_id) IS NULL
        JOIN roles r ON r.id = sr.role_id AND '*' = ANY (r.permissions)
        WHERE s.disabled_at IS NULL
        """
    )
    return total
