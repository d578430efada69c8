"""The page of privacy, and the banner that asks."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from commerce.behaviour.choose import choose, personalise, read
from commerce.behaviour.log import KEPT_DAYS, greet
from commerce.behaviour.types import Choice
from commerce.behaviour.visit import CONSENT_S, arrival_of, chosen, lapse
from commerce.credentials import local_path
from server.http import Anyone, Body, Call, Kind, LoggedIn, Routes
from server.http.pages import Page, Redirect

routes = Routes("privacy")
PRIVACY = "/privacy"
_AT_WORK = ("/me", "/orders", "/payments", "/login", "/register")
"""Where people have something to fill in, to check or to pay: nothing lies over it that can be asked elsewhere."""
_Text = Annotated[str, Meta(max_length=2000)]


class ChoiceForm(Body, frozen=True, kw_only=True):
    """A choice, the page that it was made on, and the one that led there."""

    choice: Choice
    back: _Text = PRIVACY
    referrer: _Text = ""


class PersonaliseForm(Body, frozen=True, kw_only=True):
    """Whether what a member did chooses what they see."""

    on: Annotated[str, Meta(max_length=1)] = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What every page knows of consent: whether to ask for it, and whether the browser may tell what it sees."""

    ask: bool
    recording: bool


def consent(call: Call) -> Asked:
    """Return whether the page asks for consent; one that has it begins or goes on with a visit."""
    if call.route.realm is Kind.STAFF:
        return Asked(ask=False, recording=False)
    lapse(call)
    path = call.route.path
    ask = chosen(call) is None and path != PRIVACY
    ask = ask and not any(path == one or path.startswith(one + "/") for one in _AT_WORK)
    return Asked(ask=ask, recording=greet(call) is not None)


@routes.page(PRIVACY, Anyone())
async def show(call: Call) -> Page:
    """Show what is kept of what one does, and let it be changed."""
    values: dict[str, Any] = {"privacy": await read(call), "kept_days": KEPT_DAYS, "asked_days": CONSENT_S // 86_400}
    return Page("behaviour/privacy.html", values)


@routes.page(PRIVACY, Anyone(), "POST", limit="60/minute")
async def decide(call: Call) -> Redirect:
    """Keep a choice and go back to the page that asked."""
    form = await call.form(ChoiceForm)
    back = local_path(form.back, PRIVACY)
    await choose(call, form.choice, arrival_of(call, back, form.referrer))
    return Redirect(back)


@routes.page(PRIVACY + "/personalised", LoggedIn(), "POST")
async def switch(call: Call) -> Redirect:
    """Let what a member did choose what they see, or not."""
    form = await call.form(PersonaliseForm)
    await personalise(call, form.on == "1")
    return Redirect(PRIVACY)
