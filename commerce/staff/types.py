"""Staff, their roles and what these permit, inside and on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    AUDIT_VIEW = "audit.view"
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


Grants = Mapping[int | None, frozenset[str]]
"""What somebody holds, by shop; under None what they hold on the whole platform."""


class Level(StrEnum):
    """Where a role may be given."""

    ANY = "any"
    PLATFORM = "platform"
    SHOP = "shop"


class Grant(msgspec.Struct, frozen=True):
    """A role that somebody has, and where: in a shop, or for None on the whole platform."""

    shop_id: int | None
    role_id: int
    code: str
    name: str
    permissions: list[str]


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """A row of staff with their roles. ``shop_id`` is where they belong, None to the platform itself."""

    id: int
    account: str
    name: str
    password_hash: str
    password_temporary: bool
    shop_id: int | None
    otp_secret: bytes | None
    disabled_at: datetime | None
    created_at: datetime
    roles: list[Grant]

    @property
    def grants(self) -> Grants:
        """Return what their roles permit, by shop; where they belong is always among them."""
        found: dict[int | None, frozenset[str]] = {self.shop_id: frozenset()}
        for one in self.roles:
            found[one.shop_id] = found.get(one.shop_id, frozenset()) | held_in(one.shop_id, one.permissions)
        return found


class Colleague(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the list of staff. ``roles`` are (name, shop) for people."""

    id: int
    account: str
    name: str
    shop_id: int | None
    has_otp: bool
    disabled_at: datetime | None
    last_log_in: datetime | None
    roles: list[tuple[str, int | None]]


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A role. ``shop_id`` None: the platform made it, and it may be given in every shop that its level allows."""

    id: int
    code: str
    name: str
    note: str
    permissions: list[str]
    shop_id: int | None
    built_in: bool
    level: Level
    needs_otp: bool
    holders: int


class StaffLogIn(Body, frozen=True, kw_only=True):
    """Account and password; the one-time password too, where the account has a second factor."""

    account: Annotated[str, Meta(min_length=1, max_length=254)]
    password: Annotated[str, Meta(min_length=1, max_length=256)]
    otp: Annotated[str, Meta(max_length=12)] | None = None


class StaffPasswordChange(Body, frozen=True, kw_only=True):
    """The present password and the new one."""

    old: Annotated[str, Meta(max_length=256)]
    new: Annotated[str, Meta(max_length=256)]


class GrantView(View, frozen=True, kw_only=True):
    """What somebody holds where: in a shop, or for null on the whole platform."""

    shop_id: Id | None
    permissions: list[str]


class StaffView(View, frozen=True, kw_only=True):
    """Staff as they see themselves. ``shop_id`` null means the whole platform."""

    id: Id
    account: str
    name: str
    shop_id: Id | None
    roles: list[str]
    permissions: list[str]
    grants: list[GrantView]


class StaffSessionView(View, frozen=True, kw_only=True):
    """A new session. The token is shown this once."""

    token: str
    expires_at: Instant
    staff: StaffView


def held_in(shop_id: int | None, permissions: Iterable[str]) -> frozenset[str]:
    """Return what permissions come to where they are held: in a shop, nothing that concerns every shop at once."""
    named = frozenset(str(one) for one in permissions)
    if shop_id is None:
        return named
    everything = frozenset(str(one) for one in Permission) - {"*"}
    return (everything if "*" in named else named) - {str(one) for one in OF_THE_PLATFORM}


def held(staff: Staff) -> frozenset[str]:
    """Return the permissions that staff hold anywhere."""
    return frozenset[str]().union(*staff.grants.values())


def staff_view(staff: Staff) -> StaffView:
    """Return what staff are told of themselves."""
    return StaffView(
        id=str(staff.id),
        account=staff.account,
        name=staff.name,
        shop_id=None if staff.shop_id is None else str(staff.shop_id),
        roles=sorted({one.code for one in staff.roles}),
        permissions=sorted(held(staff)),
        grants=[
            GrantView(shop_id=None if shop is None else str(shop), permissions=sorted(held_there))
            for shop, held_there in staff.grants.items()
        ],
    )
