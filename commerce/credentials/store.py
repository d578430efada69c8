"""Every SQL statement of the counted tries."""

from __future__ import annotations

from server.database import Connection


async def count(connection: Connection, realm: str, account: str, most: int, window: int) -> int:
    """Count one try and return 0, or, when ``most`` were made within ``window`` seconds, the seconds still to wait."""
    counted = await connection.fetchval(
        """
        INSERT INTO login_tries AS held (realm, account) VALUES ($1, $2)
        ON CONFLICT (realm, account) DO UPDATE SET
            tries = CASE WHEN held.since < now() - make_interval(secs => $4) THEN 1 ELSE held.tries + 1 END,
            since = CASE WHEN held.since < now() - make_interval(secs => $4) THEN now() ELSE held.since END
        WHERE held.tries < $3 OR held.since < now() - make_interval(secs => $4)
        RETURNING tries
        """,
        realm,
        account,
        most,
        window,
    )
    if counted is not None:
        return 0
    wait = await connection.fetchval(
        """
        SELECT ceil(extract(epoch FROM since + make_interval(secs => $3) - now()))::int
        FROM login_tries WHERE realm = $1 AND account = $2
        """,
        realm,
        account,
        window,
    )
    return max(1, wait or 1)


async def clear(connection: Connection, realm: str, account: str) -> None:
    """Forget the tries of an account that has logged in."""
    await connection.execute("DELETE FROM login_tries WHERE realm = $1 AND account = $2", realm, account)


async def tidy(connection: Connection, window: int) -> None:
    """Remove rows that no longer count."""
    await connection.execute("DELETE FROM login_tries WHERE since < now() - make_interval(secs => $1)", window)
