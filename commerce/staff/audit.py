"""The audit log: who changed what, from what to what, when, where from, for which shop. It is only ever added to.

Whoever writes for staff calls ``audit`` in the transaction of the change, so that there is neither without the other.
Where a request stands behind it, its address, program and id come along by themselves (server/http/origin.py).
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from commerce.staff import audit_store
from commerce.staff.types import Staff
from server.database import Connection
from server.http.origin import origin

MASK = "•••"
_SECRET = re.compile(r"(password|secret|token|recovery)\S*$|^otp$|_hash$|^mac$", re.IGNORECASE)
"""Fields that are not kept. What stands before a space is the code of a SKU, chosen by whoever has it."""
_LONGEST = 2000


class On(msgspec.Struct, frozen=True):
    """What was changed: its kind (``product``), its id or number, and what people call it."""

    kind: str
    id: int | str
    name: str = ""


def account(staff: Staff) -> On:
    """Return somebody's account as what was changed."""
    return On("staff", staff.id, staff.account)


async def audit(
    connection: Connection,
    staff_id: int | None,
    kind: str,
    on: On | None = None,
    *,
    shop_id: int | None = None,
    before: Any = None,
    after: Any = None,
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Write down in the caller's transaction what somebody did (None: nobody who works here); ``kind`` is its name.

    ``before`` and ``after`` are the fields that differ, as structs, dicts or plain values; what is secret is masked.
    ``shop_id`` None: no shop's business but the platform's. ``detail`` is what is no difference (a batch's size).
    """
    place = origin()
    await audit_store.add(
        connection,
        audit_store.Entry(
            staff_id=staff_id,
            kind=kind,
            shop_id=shop_id,
            object_kind=on.kind if on is not None else "",
            object_id=str(on.id) if on is not None else "",
            object_name=on.name[:200] if on is not None else "",
            before=masked(before),
            after=masked(after),
            reason=reason[:500],
            detail=masked(detail or {}),
            address=place.address[:64],
            agent=place.agent[:300],
            request_id=place.request_id[:64],
        ),
    )


def masked(value: Any, name: str = "") -> Any:
    """Return a value fit to be kept: plain data, secrets masked by their field's name, texts of bounded length."""
    plain = msgspec.to_builtins(value)
    if name and plain is not None and not isinstance(plain, bool) and _SECRET.search(name):
        return MASK
    if isinstance(plain, dict):
        return {str(key): masked(one, str(key)) for key, one in plain.items()}
    if isinstance(plain, list):
        return [masked(one) for one in plain]
    if isinstance(plain, str):
        return plain.replace("\x00", "")[:_LONGEST]
    return plain


def differing(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields of both that are not the same, so that a record holds what changed and nothing else."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: before[name] for name in names if name in before}, {n: after[n] for n in names if n in after}
