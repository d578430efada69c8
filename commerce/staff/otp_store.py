"""Every SQL statement about second factors."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from server.database import Connection, many, one, touched


class Factor(msgspec.Struct, frozen=True, kw_only=True):
    """How the second factor of an account stands. ``needed`` says that one of its roles wants it."""

    secret: bytes | None
    pending: bytes | None
    needed: bool
    codes_left: int


class RoleNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """A role, whether it wants a second factor, and how many of its people have none."""

    code: str
    name: str
    needs_otp: bool
    without: int


async def factor(connection: Connection, staff_id: int) -> Factor | None:
    """Return how the second factor of an account stands."""
    row = await connection.fetchrow(
        """
        SELECT s.otp_secret AS secret, s.otp_pending AS pending,
               EXISTS (
                   SELECT FROM staff_roles sr JOIN roles r ON r.id = sr.role_id WHERE sr.staff_id = s.id AND r.needs_otp
               ) AS needed,
               (SELECT count(*) FROM staff_recovery_codes c WHERE c.staff_id = s.id AND c.used_at IS NULL) AS codes_left
        FROM staff s WHERE s.id = $1
        """,
        staff_id,
    )
    return one(Factor, row)


async def lacking(connection: Connection, staff_id: int) -> bool:
    """Tell whether an account wants a second factor and has none."""
    return bool(
        await connection.fetchval(
            """
            SELECT s.otp_secret IS NULL AND EXISTS (
                SELECT FROM staff_roles sr JOIN roles r ON r.id = sr.role_id WHERE sr.staff_id = s.id AND r.needs_otp
            ) FROM staff s WHERE s.id = $1
            """,
            staff_id,
        )
    )


async def set_pending(connection: Connection, staff_id: int, present: bytes | None, sealed: bytes) -> bool:
    """Keep a secret that waits to be confirmed; False when the second factor is no longer ``present``."""
    status = await connection.execute(
        "UPDATE staff SET otp_pending = $3 WHERE id = $1 AND otp_secret IS NOT DISTINCT FROM $2",
        staff_id,
        present,
        sealed,
    )
    return touched(status) == 1


async def confirm(connection: Connection, staff_id: int, pending: bytes, step: int) -> bool:
    """Make the secret that waited the second factor; False when another one waits by now."""
    status = await connection.execute(
        """
        UPDATE staff SET otp_secret = otp_pending, otp_pending = NULL, otp_used = $3
        WHERE id = $1 AND otp_pending = $2
        """,
        staff_id,
        pending,
        step,
    )
    return touched(status) == 1


async def replace_codes(connection: Connection, staff_id: int, macs: Sequence[bytes]) -> None:
    """Have these be the recovery codes of an account, and no others."""
    await connection.execute("DELETE FROM staff_recovery_codes WHERE staff_id = $1", staff_id)
    await connection.execute(
        "INSERT INTO staff_recovery_codes (staff_id, mac) SELECT $1, unnest($2::bytea[])", staff_id, list(macs)
    )


async def use_code(connection: Connection, staff_id: int, mac: bytes) -> bool:
    """Use a recovery code up; False when it is none, or was used."""
    status = await connection.execute(
        "UPDATE staff_recovery_codes SET used_at = now() WHERE staff_id = $1 AND mac = $2 AND used_at IS NULL",
        staff_id,
        mac,
    )
    return touched(status) == 1


async def roles(connection: Connection) -> list[RoleNeeds]:
    """Return every role with what it wants."""
    rows = await connection.fetch(
        """
        SELECT r.code, r.name, r.needs_otp,
               (SELECT count(*) FROM staff_roles sr JOIN staff s ON s.id = sr.staff_id
                WHERE sr.role_id = r.id AND s.otp_secret IS NULL AND s.disabled_at IS NULL) AS without
        FROM roles r ORDER BY r.id
        """
    )
    return many(RoleNeeds, rows)


async def set_needs(connection: Connection, codes: Sequence[str]) -> None:
    """Have exactly these roles want a second factor."""
    await connection.execute(
        "UPDATE roles SET needs_otp = NOT needs_otp WHERE needs_otp <> (code = ANY ($1::text[]))", list(codes)
    )
