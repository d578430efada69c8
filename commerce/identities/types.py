"""Who people are at other sites, inside and on the wire, and what they are refused."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from server.errors import Conflict, NotFound, Problem
from server.http import Instant, View


class Party(StrEnum):
    """Who vouches for people."""

    WECHAT = "wechat"
    QQ = "qq"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of a person. ``union_id`` is None where the application belongs to no group of its owner."""

    provider: Party
    app_id: str
    open_id: str
    union_id: str | None
    nickname: str


class Bound(Profile, frozen=True, kw_only=True):
    """A row of member_identities."""

    id: int
    member_id: int
    created_at: datetime


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that was sent to a provider: to bind ``member_id``, or to log in; ``way`` is where it goes then."""

    member_id: int | None
    way: str


class Arrival(Profile, frozen=True, kw_only=True):
    """Somebody whom a provider vouched for and who has yet to prove a phone."""

    way: str


class ProviderView(View, frozen=True, kw_only=True):
    """A provider that one may log in with: a browser is sent to ``url``."""

    provider: Party
    title: str
    url: str


class ProvidersView(View, frozen=True, kw_only=True):
    """The providers of this installation."""

    items: list[ProviderView]


class IdentityView(View, frozen=True, kw_only=True):
    """An identity that is bound to the caller's account."""

    provider: Party
    title: str
    nickname: str
    bound_at: Instant


class IdentitiesView(View, frozen=True, kw_only=True):
    """Every identity that is bound to the caller's account."""

    items: list[IdentityView]


class ProviderMissing(NotFound):
    """This installation has no account at the provider."""


class ProviderDown(Problem):
    """The provider does not answer, or not as it promised."""

    code, status, message = "provider_down", 503, "{title}没有回应，请过一会儿再试，或换一种方式登录"


class LogInRefused(Problem):
    """The person did not agree, took too long, or came back with what is not theirs."""

    code, status, message = "log_in_refused", 400, "授权被取消或已过期，请再试一次"


class ArrivalEnded(Problem):
    """Too long ago, or done already."""

    code, status, message = "arrival_ended", 410, "停留太久，授权已失效，请重新登录"


class OtherBound(Conflict):
    """The account has another identity of the same provider."""

    code, message = "other_bound", "这个账号已绑定另一个{title}，先到账户安全里解绑"


class IdentityTaken(Conflict):
    """It opens another account."""

    code, message = (
        "identity_taken",
        "它现在登录的是另一个账号。两个都是你的，就合并成一个：验证那个账号的手机号或邮箱，订单和收藏都会归到一起",
    )


class LastWayIn(Conflict):
    """Without it nobody could log in any more."""

    code, message = "last_way_in", "这是登录这个账号的唯一方式，先绑定手机号再解绑"
