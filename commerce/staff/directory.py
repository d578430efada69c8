"""Who a staff session belongs to, and what they may do."""

from __future__ import annotations

from commerce.staff import otp_store, store
from commerce.staff.types import held
from server.database import Connection
from server.http import Identity, Kind


async def directory(connection: Connection, staff_id: int) -> Identity | None:
    """Return staff as requests see them, None when the account is closed or gone.

    They may do nothing while a role of theirs wants a second factor that they have not taken up.
    """
    staff = await store.staff(connection, staff_id)
    if staff is None or staff.disabled_at is not None:
        return None
    return Identity(
        kind=Kind.STAFF,
        id=staff.id,
        name=staff.name,
        permissions=frozenset() if await otp_store.lacking(connection, staff_id) else held(staff),
        shops=None if staff.shop_id is None else (staff.shop_id,),
    )
