"""Whose doing it is: the consent of a browser, its visitor id and its visit, kept in cookies of our own.

Without consent there is neither id nor visit. A visit ends after half an hour without a page. At a log-out, and when
another member logs in, the browser gets a new visitor id: what two people do is never taken for one's.
"""

from __future__ import annotations

import hashlib
import re
import time
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import msgspec
from aiohttp import web

from commerce.behaviour.types import Arrival, Choice, Device, Visit
from server.http import Call, Kind

CONSENT, VISITOR, VISIT = "lf_consent", "lf_trace", "lf_visit"
ACCOUNT = "account"
"""What the consent cookie holds where the account's yes counts: only as long as a member is logged in."""
CONSENT_S = 180 * 86_400
"""How long a choice holds before it is asked for again; the visitor id goes with it."""
VISIT_S = 1800
_TOUCH_S = 300
"""How exactly the end of a visit is known: its cookie is renewed no more often."""
_CRAWLER = re.compile(
    r"bot\b|bot[/_-]|spider|crawl|slurp|mediapartners|facebookexternalhit|embedly|preview|scanner|lighthouse|pingdom|"
    r"uptime|validator|feedfetcher",
    re.I,
)
_TABLET = re.compile(r"ipad|tablet|kindle|silk/|android(?!.*mobile)", re.I)
_PHONE = re.compile(r"mobi|iphone|ipod|android|windows phone", re.I)


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What a request brings: whose it is; ``arrival`` when a visit begins with it, ``claims`` when its visitor has
    become known as a member."""

    visit: Visit
    arrival: Arrival | None = None
    claims: bool = False


class Held(msgspec.Struct, frozen=True):
    """What was found out of a request once."""

    begun: Begun | None


HELD = web.RequestKey("behaviour", Held)
GREETED = web.RequestKey("behaviour_greeted", bool)
"""Whether the visit that begins with a request was noted."""


def answered(call: Call) -> Choice | None:
    """Return what was answered in this browser, None before that. A browser that says so answered for its owner."""
    told = call.request.cookies.get(CONSENT, "")
    if told in set(Choice):
        return Choice(told)
    return Choice.NECESSARY if call.request.headers.get("Sec-GPC") == "1" else None


def chosen(call: Call) -> Choice | None:
    """Return what holds in this browser: what was answered in it, else the yes of the account that is logged in."""
    here = answered(call)
    if here is None and _by_account(call) and member_of(call) is not None:
        return Choice.ALL
    return here


def follow(call: Call, account: Choice | None) -> None:
    """Have what an account says hold in the browser that logs in with it.

    A no wins wherever it was said, and stays after a log-out. An account's yes answers for a browser that was not
    asked, until the log-out: who sits there then has said nothing.
    """
    here = answered(call)
    if account is Choice.NECESSARY:
        if here is not Choice.NECESSARY:
            call.set_cookie(CONSENT, account.value, CONSENT_S)
        forget(call)
    elif here is None and account is Choice.ALL:
        call.set_cookie(CONSENT, ACCOUNT, CONSENT_S)
    elif _by_account(call):  # another account's
        call.set_cookie(CONSENT, None)


def lapse(call: Call) -> None:
    """Take an account's yes, and what it let be kept, from a browser where nobody is logged in any more."""
    if _by_account(call) and member_of(call) is None:
        call.set_cookie(CONSENT, None)
        forget(call)


def _by_account(call: Call) -> bool:
    return call.request.cookies.get(CONSENT, "") == ACCOUNT


def member_of(call: Call) -> int | None:
    """Return the member who calls, if it is one."""
    who = call.identity
    return who.id if who is not None and who.kind is Kind.MEMBER else None


@lru_cache(maxsize=512)
def crawler(agent: str) -> bool:
    """Tell whether a program says that it is a crawler, or does not say what it is."""
    return not agent or _CRAWLER.search(agent) is not None


def device_of(agent: str) -> Device:
    """Return the kind of device that a program says it runs on."""
    if _TABLET.search(agent):
        return Device.TABLET
    return Device.PHONE if _PHONE.search(agent) else Device.DESKTOP


def visit_of(call: Call) -> Visit | None:
    """Return whose doing the request is, None where nothing may be kept of it."""
    held = begun(call)
    return held.visit if held is not None else None


def begun(call: Call, arrived: Arrival | None = None) -> Begun | None:
    """Return what the request brings, the same however often one asks; None where nothing may be kept of it.

    Sets the cookies that it needs. ``arrived`` says how the visit began, on the request that gives consent.
    """
    if HELD not in call.request:
        call.request[HELD] = Held(_begin(call, arrived))
    return call.request[HELD].begun


def forget(call: Call) -> None:
    """Take visitor id and visit from the browser, and from what is known of the request."""
    for name in (VISITOR, VISIT):
        if name in call.request.cookies or any(set_name == name for set_name, _, _ in call.cookies):
            call.set_cookie(name, None)
    call.request[HELD] = Held(None)


def visitor_of(call: Call) -> UUID | None:
    """Return the visitor id that the browser has."""
    return _uuid(call.request.cookies.get(VISITOR, ""))


def arrival_of(call: Call, landing: str, referrer: str) -> Arrival:
    """Return how a visit begins that lands at ``landing`` (a path with its query) and came from ``referrer``."""
    try:
        split = urlsplit(landing)
        query = parse_qs(split.query, max_num_fields=50)
        host = (urlsplit(referrer).hostname or "").lower() if referrer else ""
    except ValueError:
        return Arrival(device=device_of(call.agent))
    ours = {call.request.host.partition(":")[0].lower(), urlsplit(call.app.settings.base_url).hostname}
    return Arrival(
        source=_text(query, "utm_source"),
        medium=_text(query, "utm_medium"),
        campaign=_text(query, "utm_campaign"),
        referrer="" if host in ours else _fit(host),
        landing=_fit(split.path, 200),
        device=device_of(call.agent),
    )


def _begin(call: Call, arrived: Arrival | None) -> Begun | None:
    if call.route.realm is Kind.STAFF or crawler(call.agent):
        return None
    member_id = member_of(call)
    if "Authorization" in call.request.headers:
        # A program without cookies: what its member chose is asked for when the event is written.
        return None if member_id is None else Begun(visit=Visit(visitor=None, visit_id=None, member_id=member_id))
    if arrived is None and chosen(call) is not Choice.ALL:
        return None
    cookies = call.request.cookies
    visitor = _uuid(cookies.get(VISITOR, ""))
    visit_id, stamp, owner = _read(cookies.get(VISIT, ""))
    mine = _owner(visitor, member_id)
    if visitor is None or (owner and owner != mine):
        visitor, visit_id, owner = uuid4(), None, ""
        mine = _owner(visitor, member_id)
        call.set_cookie(VISITOR, visitor.hex, CONSENT_S)
    at = int(time.time())
    arrival = None
    if visit_id is None or at - stamp > VISIT_S:
        visit_id = uuid4()
        referrer = call.request.headers.get("Referer", "")
        # What a page left open reports begins a visit on that page.
        arrival = arrived or arrival_of(call, call.request.path_qs if call.route.page else referrer, referrer)
    if arrival is not None or at - stamp > _TOUCH_S or owner != mine:
        call.set_cookie(VISIT, f"{visit_id.hex}.{at}.{mine}", CONSENT_S)
    visit = Visit(visitor=visitor, visit_id=visit_id, member_id=member_id)
    return Begun(visit=visit, arrival=arrival, claims=owner != mine)


def _read(cookie: str) -> tuple[UUID | None, int, str]:
    visit, _, rest = cookie.partition(".")
    stamp, _, owner = rest.partition(".")
    found = _uuid(visit)
    if found is None or not re.fullmatch("[0-9]{1,12}", stamp) or not re.fullmatch("[0-9a-f]{0,8}", owner):
        return None, 0, ""
    return found, int(stamp), owner


def _owner(visitor: UUID | None, member_id: int | None) -> str:
    """Return what tells a browser's member from another without naming them, nothing for a guest."""
    if visitor is None or member_id is None:
        return ""
    return hashlib.blake2b(f"{visitor.hex}:{member_id}".encode(), digest_size=4).hexdigest()


def _uuid(text: str) -> UUID | None:
    return UUID(hex=text) if re.fullmatch("[0-9a-f]{32}", text) else None


def _text(query: dict[str, list[str]], name: str) -> str:
    return _fit(query.get(name, [""])[0])


def _fit(text: str, most: int = 100) -> str:
    """Return text of strangers as PostgreSQL takes it."""
    return text.replace("\x00", "").encode(errors="replace").decode()[:most]
