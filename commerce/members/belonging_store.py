"""The account itself, its addresses and notices as what belongs to a member."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from commerce.members import merge_store
from commerce.members.belongings import Belonging
from server import uploads
from server.database import Connection


async def move(connection: Connection, keeper_id: int, other_id: int) -> None:
    """Give the other's addresses to the keeper. Its payment password ends: it is bound to the account.

    Who merges wants the account: a wish to have either deleted ends. Files of the other account end too.
    """
    await merge_store.move_addresses(connection, keeper_id, other_id)
    await uploads.hand_over(connection, f"member:{other_id}", f"member:{keeper_id}")
    await connection.execute("DELETE FROM pay_passwords WHERE member_id = $1", other_id)
    await connection.execute("DELETE FROM member_departures WHERE member_id IN ($1, $2)", keeper_id, other_id)
    await connection.execute(
        "UPDATE member_exports SET expires_at = now() - interval '1 second' WHERE member_id = $1", other_id
    )


async def tell(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return the account, its addresses, what was done to it, where it was logged in and what it uploaded."""
    account = await connection.fetch(
        "SELECT id, phone, email::text, nickname, avatar, status, created_at FROM members WHERE id = $1", member_id
    )
    addresses = await connection.fetch(
        """
        SELECT name, phone, region_code, region, detail, is_default, created_at, deleted_at
        FROM addresses WHERE member_id = $1 ORDER BY id
        """,
        member_id,
    )
    events = await connection.fetch(
        "SELECT at, kind, reason FROM member_events WHERE member_id = $1 ORDER BY id", member_id
    )
    sessions = await connection.fetch(
        """
        SELECT created_at, expires_at, revoked_at, address, agent FROM sessions
        WHERE kind = 'member' AND subject_id = $1 ORDER BY created_at
        """,
        member_id,
    )
    return {
        "account": [dict(row) for row in account],
        "addresses": [dict(row) for row in addresses],
        "account_events": [dict(row) for row in events],
        "log_ins": [dict(row) for row in sessions],
        "uploads": [{"address": each} for each in await uploads.owned(connection, f"member:{member_id}")],
    }


async def erase(connection: Connection, member_id: int) -> None:
    """Remove what names the person: the row stays, for what refers to it."""
    await connection.execute("DELETE FROM addresses WHERE member_id = $1", member_id)
    await connection.execute("DELETE FROM member_notice_heads WHERE member_id = $1", member_id)
    await connection.execute("DELETE FROM merge_offers WHERE keeper_id = $1 OR other_id = $1", member_id)
    await connection.execute("DELETE FROM pay_passwords WHERE member_id = $1", member_id)
    await connection.execute(
        "UPDATE member_exports SET expires_at = now() - interval '1 second' WHERE member_id = $1", member_id
    )
    await connection.execute("DELETE FROM idempotency_keys WHERE owner = 'member:' || $1::bigint", member_id)
    await connection.execute(
        "DELETE FROM login_codes USING members m WHERE m.id = $1 AND target IN (m.phone, m.email::text)", member_id
    )
    await connection.execute(
        "DELETE FROM login_tries USING members m WHERE m.id = $1 AND account IN (m.phone, m.email)", member_id
    )
    await connection.execute("DELETE FROM sessions WHERE kind = 'member' AND subject_id = $1", member_id)
    await connection.execute(
        """
        UPDATE members SET phone = NULL, email = NULL, nickname = '已注销用户', avatar = '', password_hash = NULL,
                           status = 'gone'
        WHERE id = $1
        """,
        member_id,
    )
    # Accounts that were merged into this one are emptied but for their name and face, and where they logged in from.
    await connection.execute(
        "UPDATE members SET nickname = '已注销用户', avatar = '' WHERE merged_into = $1 AND status = 'merged'",
        member_id,
    )
    await connection.execute(
        "DELETE FROM sessions USING members m WHERE m.merged_into = $1 AND kind = 'member' AND subject_id = m.id",
        member_id,
    )


async def shows(connection: Connection, addresses: Sequence[str]) -> set[str]:
    """Return which of these pictures are somebody's face."""
    rows = await connection.fetch(
        "SELECT avatar FROM members WHERE avatar = ANY ($1) AND avatar <> ''", list(addresses)
    )
    return {row["avatar"] for row in rows}


BELONGING = Belonging(
    name="members",
    tables=(
        *("addresses", "member_events", "member_notice_heads", "member_notices"),
        *("pay_passwords", "member_departures", "member_exports"),
    ),
    move=move,
    tell=tell,
    erase=erase,
    shows=shows,
)
