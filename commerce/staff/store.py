"""Every SQL statement about staff."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from commerce.staff.types import Colleague, Staff
from server.database import Connection, many, one, touched


async def staff(connection: Connection, staff_id: int) -> Staff | None:
    """Return a member of staff with roles and permissions."""
    row = await connection.fetchrow(
        """
        SELECT s.id, s.account::text, s.name, s.password_hash, s.shop_id, s.otp_secret, s.disabled_at,
               coalesce(array_agg(DISTINCT r.code) FILTER (WHERE r.id IS NOT NULL), '{}') AS roles,
               coalesce(array_agg(DISTINCT p) FILTER (WHERE p IS NOT NULL), '{}') AS permissions
        FROM staff s
        LEFT JOIN staff_roles sr ON sr.staff_id = s.id
        LEFT JOIN roles r ON r.id = sr.role_id
        LEFT JOIN unnest(r.permissions) AS p ON true
        WHERE s.id = $1 GROUP BY s.id
        """,
        staff_id,
    )
    return one(Staff, row)


async def staff_id_of(connection: Connection, account: str) -> int | None:
    """Return the id of an account; letters may be large or small."""
    found: int | None = await connection.fetchval("SELECT id FROM staff WHERE account = $1", account)
    return found


async def password_of(connection: Connection, account: str) -> str | None:
    """Return the password hash of an account, None when there is no such account."""
    kept: str | None = await connection.fetchval("SELECT password_hash FROM staff WHERE account = $1", account)
    return kept


async def replace_password(connection: Connection, staff_id: int, old: str, new: str) -> bool:
    """Replace the password hash of an account; False when it is no longer ``old``."""
    status = await connection.execute(
        "UPDATE staff SET password_hash = $3 WHERE id = $1 AND password_hash = $2", staff_id, old, new
    )
    return touched(status) == 1


async def colleagues(connection: Connection, shops: Sequence[int] | None, offset: int, size: int) -> list[Colleague]:
    """Return a page of the staff of ``shops``, of the whole platform for None, the first hired first."""
    rows = await connection.fetch(
        """
        SELECT s.id, s.account::text, s.name, s.shop_id, s.otp_secret IS NOT NULL AS has_otp, s.disabled_at,
               (SELECT max(at) FROM staff_audit a WHERE a.staff_id = s.id AND a.kind = 'log_in') AS last_log_in,
               ARRAY(
                   SELECT r.name FROM staff_roles sr JOIN roles r ON r.id = sr.role_id
                   WHERE sr.staff_id = s.id ORDER BY r.id
               ) AS roles
        FROM staff s WHERE $1::bigint[] IS NULL OR s.shop_id = ANY ($1) ORDER BY s.id OFFSET $2 LIMIT $3
        """,
        None if shops is None else list(shops),
        offset,
        size,
    )
    return many(Colleague, rows)


async def count(connection: Connection, shops: Sequence[int] | None) -> int:
    """Return how many staff ``colleagues`` has."""
    total: int = await connection.fetchval(
        "SELECT count(*) FROM staff WHERE $1::bigint[] IS NULL OR shop_id = ANY ($1)",
        None if shops is None else list(shops),
    )
    return total


async def names(connection: Connection, staff_ids: Collection[int]) -> dict[int, str]:
    """Return what these people are called; whoever is not there is left out."""
    if not staff_ids:
        return {}
    rows = await connection.fetch("SELECT id, name FROM staff WHERE id = ANY ($1)", list(staff_ids))
    return {row["id"]: row["name"] for row in rows}


async def use_otp(connection: Connection, staff_id: int, step: int) -> bool:
    """Use up the one-time password of a time step; False when it, or a later one, was used."""
    status = await connection.execute("UPDATE staff SET otp_used = $2 WHERE id = $1 AND otp_used < $2", staff_id, step)
    return touched(status) == 1


async def note(
    connection: Connection, staff_id: int, kind: str, address: str, agent: str, detail: dict[str, Any] | None = None
) -> None:
    """Write down what somebody did."""
    await connection.execute(
        "INSERT INTO staff_audit (staff_id, kind, address, agent, detail) VALUES ($1, $2, $3, $4, $5)",
        staff_id,
        kind,
        address[:64],
        agent[:300],
        detail or {},
    )


async def hire(connection: Connection, account: str, name: str, password_hash: str, shop_id: int | None) -> int:
    """Add an account, or bring the one there is to this state, and return its id."""
    hired: int = await connection.fetchval(
        """
        INSERT INTO staff (account, name, password_hash, shop_id) VALUES ($1, $2, $3, $4)
        ON CONFLICT (account) DO UPDATE
        SET name = excluded.name, password_hash = excluded.password_hash, shop_id = excluded.shop_id
        RETURNING id
        """,
        account,
        name,
        password_hash,
        shop_id,
    )
    return hired


async def give_roles(connection: Connection, staff_id: int, roles: Sequence[str]) -> None:
    """Let an account have exactly these roles, named by code."""
    await connection.execute(
        "DELETE FROM staff_roles USING roles r WHERE staff_id = $1 AND r.id = role_id AND r.code <> ALL ($2::text[])",
        staff_id,
        list(roles),
    )
    await connection.execute(
        """
        INSERT INTO staff_roles (staff_id, role_id) SELECT $1, id FROM roles WHERE code = ANY ($2::text[])
        ON CONFLICT DO NOTHING
        """,
        staff_id,
        list(roles),
    )


async def set_otp(connection: Connection, staff_id: int, sealed: bytes | None) -> None:
    """Give an account a second factor, or take it away."""
    await connection.execute("UPDATE staff SET otp_secret = $2, otp_used = 0 WHERE id = $1", staff_id, sealed)
