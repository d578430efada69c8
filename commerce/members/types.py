"""Members and their addresses, inside and on the wire."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from server.clock import wire
from server.events import Event
from server.http import Body, Id, Instant, View

_PLAIN = r"^[^\x00-\x1f\x7f]*$"
Name = Annotated[str, Meta(min_length=1, max_length=40, pattern=_PLAIN)]
Phone = Annotated[str, Meta(min_length=5, max_length=20, pattern=r"^[0-9+\- ]+$")]
RegionCode = Annotated[str, Meta(pattern="^[0-9]{6}$", description="Six digits of GB/T 2260, down to the district.")]
Detail = Annotated[str, Meta(min_length=1, max_length=120, pattern=_PLAIN)]
Secret = Annotated[str, Meta(max_length=256)]


class Status(StrEnum):
    """What a member may do: everything, or nothing. Nobody logs in to what is merged or gone: it is an emptied row."""

    ACTIVE = "active"
    BANNED = "banned"
    MERGED = "merged"
    GONE = "gone"


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A row of members."""

    id: int
    phone: str | None
    email: str | None
    nickname: str
    avatar: str
    password_hash: str | None
    status: Status
    created_at: datetime


class Visitor(msgspec.Struct, frozen=True):
    """Where a log-in comes from: the client's address and what its browser says it is."""

    address: str
    agent: str


class Secured(Event, frozen=True, kw_only=True):
    """Something happened that the owner of an account should know of, in case it was not they who did it.

    ``what`` is one of new_device, password_set, pay_password_set, phone_added, phone_changed, email_added,
    email_changed, identity_bound, merged, leaving, export_ready; ``device`` and ``address`` say where from, where that
    is known; of an identity ``device`` is the provider.
    """

    kind: ClassVar[str] = "members.secured"
    member_id: int
    what: str
    device: str = ""
    address: str = ""


class AddressSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """An address as orders freeze it. ``region`` is in words."""

    id: int
    name: str
    phone: str
    region_code: str
    region: str
    detail: str


class Address(AddressSnapshot, frozen=True, kw_only=True):
    """A row of addresses."""

    member_id: int
    is_default: bool
    created_at: datetime
    deleted_at: datetime | None


class CodeRequest(Body, frozen=True, kw_only=True):
    """Where to send a code: a phone or a mail address."""

    phone: Annotated[str, Meta(max_length=40)] | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None


class CodeSent(View, frozen=True, kw_only=True):
    """The code is under way; another one may be asked for after ``retry_after`` seconds."""

    retry_after: int


class LogIn(Body, frozen=True, kw_only=True):
    """Either ``phone`` or ``email`` with ``code``, or ``account`` (phone or mail address) with ``password``."""

    phone: Annotated[str, Meta(max_length=40)] | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None
    code: Annotated[str, Meta(max_length=12)] | None = None
    account: Annotated[str, Meta(max_length=254)] | None = None
    password: Secret | None = None


class MemberView(View, frozen=True, kw_only=True):
    """A member as they see themselves."""

    id: Id
    nickname: str
    avatar: str
    phone: str | None
    email: str | None
    has_password: bool
    created_at: Instant


class MemberPatch(Body, frozen=True, kw_only=True):
    """What a member changes about themselves."""

    nickname: Annotated[str, Meta(min_length=1, max_length=80)]


class SessionView(View, frozen=True, kw_only=True):
    """A new session. The token is shown this once."""

    token: str
    expires_at: Instant
    member: MemberView


class AddressBody(Body, frozen=True, kw_only=True):
    """A new address. The first one of a member becomes the default whatever is asked."""

    name: Name
    phone: Phone
    region_code: RegionCode
    detail: Detail
    is_default: bool = False


class AddressPatch(Body, frozen=True, kw_only=True):
    """What changes of an address; the rest stays."""

    name: Name | UnsetType = UNSET
    phone: Phone | UnsetType = UNSET
    region_code: RegionCode | UnsetType = UNSET
    detail: Detail | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET


class PastedText(Body, frozen=True, kw_only=True):
    """A text with a name, a phone number and an address in any order."""

    text: Annotated[str, Meta(min_length=1, max_length=400)]


class ReadingView(View, frozen=True, kw_only=True):
    """What was read of a text; empty for what was not."""

    name: str
    phone: str
    region_code: str
    region: str
    detail: str


class AddressView(View, frozen=True, kw_only=True):
    """An address of the caller."""

    id: Id
    name: str
    phone: str
    region_code: str
    region: str
    detail: str
    is_default: bool
    created_at: Instant


def member_view(member: Member) -> MemberView:
    """Return what a member is told of themselves."""
    return MemberView(
        id=str(member.id),
        nickname=member.nickname,
        avatar=member.avatar,
        phone=member.phone,
        email=member.email,
        has_password=member.password_hash is not None,
        created_at=wire(member.created_at),
    )


def address_view(address: Address) -> AddressView:
    """Return an address for the wire."""
    return AddressView(
        id=str(address.id),
        name=address.name,
        phone=address.phone,
        region_code=address.region_code,
        region=address.region,
        detail=address.detail,
        is_default=address.is_default,
        created_at=wire(address.created_at),
    )
