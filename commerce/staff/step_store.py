"""Every SQL statement about log-ins that wait for their second factor."""

from __future__ import annotations

import msgspec

from server.database import Connection, one, touched


class Step(msgspec.Struct, frozen=True):
    """A password was right: whose, and what the account was opened by then."""

    staff_id: int
    bound: bytes


async def begin(connection: Connection, digest: bytes, step: Step, seconds: int) -> None:
    """Keep a step for so many seconds, and forget those that are over."""
    await connection.execute("DELETE FROM staff_log_in_steps WHERE ends_at <= now()")
    await connection.execute(
        """
        INSERT INTO staff_log_in_steps (digest, staff_id, bound, ends_at)
        VALUES ($1, $2, $3, now() + make_interval(secs => $4))
        """,
        digest,
        step.staff_id,
        step.bound,
        seconds,
    )


async def step(connection: Connection, digest: bytes) -> Step | None:
    """Return a step that is not over."""
    row = await connection.fetchrow(
        "SELECT staff_id, bound FROM staff_log_in_steps WHERE digest = $1 AND ends_at > now()", digest
    )
    return one(Step, row)


async def use(connection: Connection, digest: bytes) -> bool:
    """Use a step up; False when it is over, or was used."""
    status = await connection.execute("DELETE FROM staff_log_in_steps WHERE digest = $1 AND ends_at > now()", digest)
    return touched(status) == 1
