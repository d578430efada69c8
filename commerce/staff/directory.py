"""Who a staff session belongs to, and what they may do."""

from __future__ import annotations

from commerce.staff import store
from commerce.staff.types import held
from server.database import Connection
from server.http import Identity, Kind


async def directory(connection: Connection, staff_id: int) -> Identity | None:
    """Return staff as requests see them, None when the account is closed or gone."""
    staff = await store.staff(connection, staff_id)
    if staff is None or staff.disabled_at is not None:
        return None
    return Identity(
        kind=Kind.STAFF,
        id=staff.id,
        name=staff.name,
        permissions=held(staff),
        shops=None if staff.shop_id is None else (staff.shop_id,),
    )
