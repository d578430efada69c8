"""Staff, their roles and what these permit, inside and on the wire."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from server.http import Body, Id, Instant, View


class Permission(StrEnum):
    """What a role may permit. Routes name these in StaffWith."""

    FLASHSALE_VIEW = "flashsale.view"
    FLASHSALE_MANAGE = "flashsale.manage"
    ORDERS_VIEW = "orders.view"
    ORDERS_MANAGE = "orders.manage"
    PAYMENTS_VIEW = "payments.view"
    PAYMENTS_REFUND = "payments.refund"
    PRODUCTS_VIEW = "products.view"
    PRODUCTS_MANAGE = "products.manage"
    CATALOGUE_MANAGE = "catalogue.manage"
    MEMBERS_VIEW = "members.view"
    MEMBERS_MANAGE = "members.manage"
    STAFF_MANAGE = "staff.manage"
    LEDGER_VIEW = "ledger.view"
    MESSAGES_SEND = "messages.send"
    REVIEWS_REPLY = "reviews.reply"
    REVIEWS_MODERATE = "reviews.moderate"
    EVERYTHING = "*"


OF_THE_PLATFORM = frozenset(
    {
        Permission.MEMBERS_VIEW,
        Permission.MEMBERS_MANAGE,
        Permission.LEDGER_VIEW,
        Permission.MESSAGES_SEND,
        Permission.CATALOGUE_MANAGE,
        Permission.REVIEWS_MODERATE,
    }
)
"""What concerns every shop at once: staff of one shop never hold it, whatever their roles say."""


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """A row of staff with what its roles permit together. ``shop_id`` None means the whole platform."""

    id: int
    account: str
    name: str
    password_hash: str
    shop_id: int | None
    otp_secret: bytes | None
    disabled_at: datetime | None
    roles: list[str]
    permissions: list[str]


class Colleague(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the list of staff. ``roles`` are names for people."""

    id: int
    account: str
    name: str
    shop_id: int | None
    has_otp: bool
    disabled_at: datetime | None
    last_log_in: datetime | None
    roles: list[str]


class StaffLogIn(Body, frozen=True, kw_only=True):
    """Account and password; the one-time password too, where the account has a second factor."""

    account: Annotated[str, Meta(min_length=1, max_length=254)]
    password: Annotated[str, Meta(min_length=1, max_length=256)]
    otp: Annotated[str, Meta(max_length=12)] | None = None


class StaffPasswordChange(Body, frozen=True, kw_only=True):
    """The present password and the new one."""

    old: Annotated[str, Meta(max_length=256)]
    new: Annotated[str, Meta(max_length=256)]


class StaffView(View, frozen=True, kw_only=True):
    """Staff as they see themselves. ``shop_id`` null means the whole platform."""

    id: Id
    account: str
    name: str
    shop_id: Id | None
    roles: list[str]
    permissions: list[str]


class StaffSessionView(View, frozen=True, kw_only=True):
    """A new session. The token is shown this once."""

    token: str
    expires_at: Instant
    staff: StaffView


def held(staff: Staff) -> frozenset[str]:
    """Return the permissions that staff hold: those of their roles, and for staff of a shop what a shop may see."""
    if staff.shop_id is None:
        return frozenset(staff.permissions)
    everything = Permission.EVERYTHING in staff.permissions
    granted = frozenset(Permission) - {Permission.EVERYTHING} if everything else frozenset(staff.permissions)
    return frozenset(str(one) for one in granted - OF_THE_PLATFORM)


def staff_view(staff: Staff) -> StaffView:
    """Return what staff are told of themselves."""
    return StaffView(
        id=str(staff.id),
        account=staff.account,
        name=staff.name,
        shop_id=None if staff.shop_id is None else str(staff.shop_id),
        roles=staff.roles,
        permissions=sorted(held(staff)),
    )
