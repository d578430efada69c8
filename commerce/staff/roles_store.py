"""Every SQL statement about roles."""

from __future__ import annotations

from collections.abc import Sequence

from commerce.staff.types import Level, Role
from server.database import Connection, many, one

_COLUMNS = """
    SELECT r.id, r.code, r.name, r.note, r.permissions, r.shop_id, r.built_in, r.level, r.needs_otp,
           (SELECT count(DISTINCT sr.staff_id) FROM staff_roles sr WHERE sr.role_id = r.id) AS holders
    FROM roles r
"""


async def roles(connection: Connection, shops: Sequence[int] | None) -> list[Role]:
    """Return the platform's roles and those of ``shops`` (None: of all), the built-in ones first."""
    rows = await connection.fetch(
        _COLUMNS
        + """
        WHERE r.shop_id IS NULL OR $1::bigint[] IS NULL OR r.shop_id = ANY ($1)
        ORDER BY r.built_in DESC, r.shop_id NULLS FIRST, r.id LIMIT 500
        """,
        None if shops is None else list(shops),
    )
    return many(Role, rows)


async def role(connection: Connection, role_id: int) -> Role | None:
    """Return a role."""
    return one(Role, await connection.fetchrow(_COLUMNS + "WHERE r.id = $1", role_id))


async def by_codes(connection: Connection, codes: Sequence[str]) -> list[Role]:
    """Return the roles of these codes."""
    return many(Role, await connection.fetch(_COLUMNS + "WHERE r.code = ANY ($1) ORDER BY r.id", list(codes)))


async def needing_otherwise(connection: Connection, codes: Sequence[str]) -> list[Role]:
    """Return the roles that want a second factor though they are not of ``codes``, or do not though they are."""
    rows = await connection.fetch(_COLUMNS + "WHERE r.needs_otp <> (r.code = ANY ($1)) ORDER BY r.id", list(codes))
    return many(Role, rows)


async def made(connection: Connection, shop_id: int | None) -> int:
    """Return how many roles a shop has made (None: the platform)."""
    total: int = await connection.fetchval(
        "SELECT count(*) FROM roles WHERE shop_id IS NOT DISTINCT FROM $1 AND NOT built_in", shop_id
    )
    return total


async def name_taken(connection: Connection, name: str, shop_id: int | None, but: int) -> bool:
    """Tell whether another role that people of the same place see is called so."""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM roles WHERE name = $1 AND (shop_id IS NULL OR shop_id = $2) AND id <> $3)",
            name,
            shop_id,
            but,
        )
    )


async def add(
    connection: Connection,
    code: str,
    name: str,
    note: str,
    permissions: Sequence[str],
    shop_id: int | None,
    level: Level,
) -> int:
    """Add a role and return its id."""
    added: int = await connection.fetchval(
        """
        INSERT INTO roles (code, name, note, permissions, shop_id, level) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
        """,
        code,
        name,
        note,
        list(permissions),
        shop_id,
        level,
    )
    return added


async def write(
    connection: Connection, role_id: int, name: str, note: str, permissions: Sequence[str], level: Level
) -> None:
    """Change a role that is not built in."""
    await connection.execute(
        "UPDATE roles SET name = $2, note = $3, permissions = $4, level = $5 WHERE id = $1 AND NOT built_in",
        role_id,
        name,
        note,
        list(permissions),
        level,
    )


async def remove(connection: Connection, role_id: int) -> None:
    """Remove a role that nobody has."""
    await connection.execute("DELETE FROM roles WHERE id = $1 AND NOT built_in", role_id)


async def held_outside(connection: Connection, role_id: int, level: Level) -> bool:
    """Tell whether somebody has a role where one of ``level`` cannot be given."""
    return bool(
        await connection.fetchval(
            """
            SELECT EXISTS (
                SELECT FROM staff_roles sr JOIN staff s ON s.id = sr.staff_id
                WHERE sr.role_id = $1
                  AND CASE WHEN coalesce(sr.shop_id, s.shop_id) IS NULL THEN $2 = 'shop' ELSE $2 = 'platform' END
            )
            """,
            role_id,
            level,
        )
    )
