"""Every SQL statement about staff."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from commerce.staff.types import Grant, Staff
from server.database import Connection, many, touched


async def staff(connection: Connection, staff_id: int, *, lock: bool = False) -> Staff | None:
    """Return a member of staff with their roles; with ``lock`` held until the end of the transaction."""
    if lock:
        await connection.execute("SELECT FROM staff WHERE id = $1 FOR UPDATE", staff_id)
    row = await connection.fetchrow(
        """
        SELECT id, account::text, name, password_hash, password_temporary, shop_id, otp_secret, disabled_at, created_at
        FROM staff WHERE id = $1
        """,
        staff_id,
    )
    if row is None:
        return None
    return msgspec.convert({**row, "roles": await _roles_of(connection, staff_id)}, Staff)


async def _roles_of(connection: Connection, staff_id: int) -> list[Grant]:
    rows = await connection.fetch(
        """
        SELECT coalesce(sr.shop_id, s.shop_id) AS shop_id, r.id AS role_id, r.code, r.name, r.permissions
        FROM staff_roles sr JOIN staff s ON s.id = sr.staff_id JOIN roles r ON r.id = sr.role_id
        WHERE sr.staff_id = $1 ORDER BY sr.shop_id NULLS FIRST, r.id
        """,
        staff_id,
    )
    return many(Grant, rows)


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
        "UPDATE staff SET password_hash = $3, password_temporary = false WHERE id = $1 AND password_hash = $2",
        staff_id,
        old,
        new,
    )
    return touched(status) == 1


async def hold_proofs(connection: Connection, known: Staff) -> bool:
    """Lock an account and tell whether it still opens by what ``known`` has: the password, the second factor."""
    return bool(
        await connection.fetchval(
            """
            SELECT true FROM staff
            WHERE id = $1 AND password_hash = $2 AND otp_secret IS NOT DISTINCT FROM $3 AND disabled_at IS NULL
            FOR NO KEY UPDATE
            """,
            known.id,
            known.password_hash,
            known.otp_secret,
        )
    )


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
    """Let an account have exactly these roles where it belongs, named by code."""
    await connection.execute(
        """
        DELETE FROM staff_roles sr USING roles r
        WHERE sr.staff_id = $1 AND r.id = sr.role_id AND sr.shop_id IS NULL AND r.code <> ALL ($2::text[])
        """,
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


async def lend_role(connection: Connection, staff_id: int, role: str, shop_id: int) -> None:
    """Let an account have a role, named by code, in another shop than where it belongs."""
    await connection.execute(
        """
        INSERT INTO staff_roles (staff_id, role_id, shop_id) SELECT $1, id, $3 FROM roles WHERE code = $2
        ON CONFLICT DO NOTHING
        """,
        staff_id,
        role,
        shop_id,
    )
