"""Every SQL statement about addresses. Each is bound to its member: another one's address is not found."""

from __future__ import annotations

from commerce.members.types import Address, AddressSnapshot
from server.database import Connection, many, one, touched


async def hold_member(connection: Connection, member_id: int) -> None:
    """Lock the member's row: changes of one member's addresses happen one after the other."""
    await connection.execute("SELECT FROM members WHERE id = $1 FOR NO KEY UPDATE", member_id)


async def page(connection: Connection, member_id: int, offset: int, size: int) -> list[Address]:
    """Return addresses of a member, the default first, then the newest."""
    rows = await connection.fetch(
        """
        SELECT id, member_id, name, phone, region_code, region, detail, is_default, created_at, deleted_at
        FROM addresses WHERE member_id = $1 AND deleted_at IS NULL
        ORDER BY is_default DESC, id DESC OFFSET $2 LIMIT $3
        """,
        member_id,
        offset,
        size,
    )
    return many(Address, rows)


async def count(connection: Connection, member_id: int) -> int:
    """Return how many addresses a member has."""
    total: int = await connection.fetchval(
        "SELECT count(*) FROM addresses WHERE member_id = $1 AND deleted_at IS NULL", member_id
    )
    return total


async def find(connection: Connection, member_id: int, address_id: int, *, deleted: bool = False) -> Address | None:
    """Return one address of a member; with ``deleted`` one that was removed."""
    row = await connection.fetchrow(
        """
        SELECT id, member_id, name, phone, region_code, region, detail, is_default, created_at, deleted_at
        FROM addresses WHERE id = $2 AND member_id = $1 AND (deleted_at IS NOT NULL) = $3
        """,
        member_id,
        address_id,
        deleted,
    )
    return one(Address, row)


async def add(
    connection: Connection,
    member_id: int,
    *,
    name: str,
    phone: str,
    region_code: str,
    region: str,
    detail: str,
    is_default: bool,
) -> Address:
    """Add an address."""
    row = await connection.fetchrow(
        """
        INSERT INTO addresses (member_id, name, phone, region_code, region, detail, is_default)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        RETURNING id, member_id, name, phone, region_code, region, detail, is_default, created_at, deleted_at
        """,
        member_id,
        name,
        phone,
        region_code,
        region,
        detail,
        is_default,
    )
    added = one(Address, row)
    assert added is not None
    return added


async def save(connection: Connection, address: Address) -> None:
    """Write what people can change of an address."""
    await connection.execute(
        """
        UPDATE addresses SET name = $3, phone = $4, region_code = $5, region = $6, detail = $7, is_default = $8
        WHERE id = $2 AND member_id = $1 AND deleted_at IS NULL
        """,
        address.member_id,
        address.id,
        address.name,
        address.phone,
        address.region_code,
        address.region,
        address.detail,
        address.is_default,
    )


async def clear_default(connection: Connection, member_id: int) -> None:
    """Leave a member without a default address for the moment."""
    await connection.execute(
        "UPDATE addresses SET is_default = false WHERE member_id = $1 AND is_default AND deleted_at IS NULL", member_id
    )


async def promote_newest(connection: Connection, member_id: int) -> None:
    """Make the newest address the default one."""
    await connection.execute(
        """
        UPDATE addresses SET is_default = true WHERE id = (
            SELECT id FROM addresses WHERE member_id = $1 AND deleted_at IS NULL ORDER BY id DESC LIMIT 1
        )
        """,
        member_id,
    )


async def remove(connection: Connection, member_id: int, address_id: int) -> bool:
    """Mark an address as removed; False when there is none to remove."""
    status = await connection.execute(
        "UPDATE addresses SET deleted_at = now() WHERE id = $2 AND member_id = $1 AND deleted_at IS NULL",
        member_id,
        address_id,
    )
    return touched(status) == 1


async def restore(connection: Connection, member_id: int, address_id: int) -> bool:
    """Bring a removed address back; False when there is none."""
    status = await connection.execute(
        "UPDATE addresses SET deleted_at = NULL WHERE id = $2 AND member_id = $1 AND deleted_at IS NOT NULL",
        member_id,
        address_id,
    )
    return touched(status) == 1


async def default_address(connection: Connection, member_id: int) -> AddressSnapshot | None:
    """Return the member's default address, None when they have none."""
    row = await connection.fetchrow(
        """
        SELECT id, name, phone, region_code, region, detail FROM addresses
        WHERE member_id = $1 AND is_default AND deleted_at IS NULL
        """,
        member_id,
    )
    return one(AddressSnapshot, row)


async def address_of(connection: Connection, member_id: int, address_id: int) -> AddressSnapshot | None:
    """Return an address of this member, None for a removed one and for another member's."""
    row = await connection.fetchrow(
        """
        SELECT id, name, phone, region_code, region, detail FROM addresses
        WHERE id = $2 AND member_id = $1 AND deleted_at IS NULL
        """,
        member_id,
        address_id,
    )
    return one(AddressSnapshot, row)
