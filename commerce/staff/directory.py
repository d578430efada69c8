"""Who a staff session belongs to, and what they may do where."""

from __future__ import annotations

from commerce.staff import otp_store, store
from commerce.staff.types import Grants, Staff, held
from server.database import Connection
from server.http import Identity, Kind


async def directory(connection: Connection, staff_id: int) -> Identity | None:
    """Return staff as requests see them, None when the account is closed or gone.

    They may do nothing while their password is one that somebody else gave them, or while a role of theirs wants a
    second factor that they have not taken up.
    """
    staff = await store.staff(connection, staff_id)
    if staff is None or staff.disabled_at is not None:
        return None
    barred = staff.password_temporary or await otp_store.lacking(connection, staff_id)
    return identity_of(staff, barred=barred)


def identity_of(staff: Staff, *, barred: bool = False) -> Identity:
    """Return staff as requests see them; ``barred`` they belong where they do and may do nothing."""
    grants: Grants = dict.fromkeys(staff.grants, frozenset()) if barred else staff.grants
    return Identity(
        kind=Kind.STAFF,
        id=staff.id,
        name=staff.name,
        permissions=frozenset() if barred else held(staff),
        shops=None if None in grants else tuple(sorted(shop for shop in grants if shop is not None)),
        grants=grants,
    )
