"""What messages are made of, inside and on the wire."""

from __future__ import annotations

import string
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from server.database import Connection
from server.http import Body, Id, Instant, View
from server.i18n import Translator


class Category(StrEnum):
    """What a message is about; members choose by category how they hear of it."""

    ORDER = "order"
    PROMOTION = "promotion"
    SERVICE = "service"
    SYSTEM = "system"


class Way(StrEnum):
    """How a message reaches its member. The list in the message centre always comes first."""

    IN_APP = "in_app"
    SMS = "sms"
    EMAIL = "email"


class MessageKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of message. ``title`` and ``text`` are zh_CN msgids with ``{places}`` that the values fill.

    ``ways`` are those beyond the list that it may take. ``urgent`` kinds wait for no quiet hours and cannot be
    switched off (security). ``switch`` names a kind that members may switch off by itself. ``example`` fills previews.
    ``still`` is asked with the values before a message that may have waited goes out: what is no longer so is dropped.
    """

    code: str
    category: Category
    title: str
    text: str
    ways: tuple[Way, ...] = ()
    urgent: bool = False
    switch: str = ""
    example: Mapping[str, str] = {}
    still: Callable[[Connection, Mapping[str, str]], Awaitable[bool]] | None = None

    @property
    def places(self) -> frozenset[str]:
        """Return the names of what fills the texts."""
        parsed = (string.Formatter().parse(text) for text in (self.title, self.text))
        return frozenset(name for parts in parsed for _, name, _, _ in parts if name)

    def said(self, tr: Translator, facts: Mapping[str, str]) -> tuple[str, str]:
        """Return title and text in the language of ``tr``."""
        filled = _Lenient(facts)
        return tr(self.title).format_map(filled), tr(self.text).format_map(filled)


class _Lenient(dict[str, str]):
    """Leaves out what an old message does not know of."""

    def __missing__(self, key: str) -> str:
        return ""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A row of messages as its member sees it."""

    id: int
    member_id: int
    kind: str
    category: Category
    facts: dict[str, str]
    link: str
    picture: str
    created_at: datetime
    read_at: datetime | None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A way that a message has yet to go, with the message."""

    message: Message
    until: datetime | None


class Switches(Body, frozen=True, kw_only=True):
    """By which ways messages of a category come."""

    in_app: bool
    sms: bool
    email: bool


class Channels(Body, frozen=True, kw_only=True):
    """By which ways messages come, category by category.

    Orders' and the system's stay in the list, and the system's ways all stay on: they keep an account its owner's.
    Promotion goes by SMS and mail to those alone who said that it may.
    """

    order: Switches = Switches(in_app=True, sms=True, email=True)
    promotion: Switches = Switches(in_app=True, sms=False, email=False)
    service: Switches = Switches(in_app=True, sms=False, email=True)
    system: Switches = Switches(in_app=True, sms=True, email=True)


LOCKED = frozenset({(Category.ORDER, Way.IN_APP), *((Category.SYSTEM, way) for way in Way)})
"""What members cannot switch off."""

Clock = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description="A time of day in Shanghai.")]
Code = Annotated[str, Meta(pattern="^[a-z_]{1,40}\\.[a-z_]{1,40}$")]


class Quiet(Body, frozen=True, kw_only=True):
    """Hours in which no SMS, no mail and no promotional push goes out; they wait for the end."""

    on: bool = True
    start: Clock = "22:00"
    end: Clock = "08:00"


class Preferences(Body, frozen=True, kw_only=True):
    """What a member chose; what is left out takes its default. ``muted`` are codes of kinds switched off by
    themselves, ``language`` that of SMS and mail."""

    channels: Channels = Channels()
    muted: Annotated[list[Code], Meta(max_length=50)] = msgspec.field(default_factory=list)
    quiet: Quiet = Quiet()
    language: Literal["zh-CN", "en"] = "zh-CN"

    def wants(self, kind: MessageKind, way: Way) -> bool:
        """Tell whether the member wants a kind of message by ``way``."""
        if kind.urgent:
            return True
        if kind.switch and kind.code in self.muted:
            return False
        return (kind.category, way) in LOCKED or bool(getattr(getattr(self.channels, kind.category), way))


class SwitchView(View, frozen=True, kw_only=True):
    """A kind that may be switched off by itself."""

    code: str
    category: Category
    name: str
    on: bool


class PreferencesView(View, frozen=True, kw_only=True):
    """What a member chose, and what may be chosen beside the categories. ``locked`` cells cannot be switched off."""

    channels: Channels
    muted: list[str]
    quiet: Quiet
    language: str
    locked: list[str]
    kinds: list[SwitchView]


class MessageView(View, frozen=True, kw_only=True):
    """A message in the caller's language. ``link`` is a path of ours, empty for none."""

    id: Id
    kind: str
    category: Category
    title: str
    text: str
    link: str
    image: str
    created_at: Instant
    read: bool


class UnreadView(View, frozen=True, kw_only=True):
    """How many messages are unread, of each category and together."""

    total: int
    order: int
    promotion: int
    service: int
    system: int


Ids = Annotated[list[Id], Meta(min_length=1, max_length=100)]


class ReadBody(Body, frozen=True, kw_only=True):
    """Which messages have been read: those of a category, those of some ids, or all."""

    category: Category | None = None
    message_ids: Ids | None = None


class DeleteBody(Body, frozen=True, kw_only=True):
    """Which messages to delete."""

    message_ids: Ids


class DeletedView(View, frozen=True, kw_only=True):
    """How many messages were deleted, and how many are unread now."""

    deleted: int
    unread: UnreadView


class MessageTold(msgspec.Struct, frozen=True):
    """A new message lies in the message centre, where `unread` now are unread in all."""

    id: str
    code: str
    category: Category
    unread: int


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What staff told one member or everybody; ``told`` counts who has it."""

    id: int
    staff_id: int
    title: str
    text: str
    link: str
    member_id: int | None
    reached: int
    told: int
    created_at: datetime
    done_at: datetime | None


def unread_view(counts: Mapping[Any, int]) -> UnreadView:
    """Return unread counts for the wire."""
    by = {category: counts.get(category, 0) for category in Category}
    return UnreadView(
        total=sum(by.values()),
        order=by[Category.ORDER],
        promotion=by[Category.PROMOTION],
        service=by[Category.SERVICE],
        system=by[Category.SYSTEM],
    )
