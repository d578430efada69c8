"""The tester's page of each simulated log-in provider: who agreed lately, and how the provider feels."""

from __future__ import annotations

from commerce.sandbox.logins import store
from commerce.sandbox.logins.people import BY_CODE, PEOPLE, Mood, Party, open_id
from server.http import Anyone, Body, Call, Routes
from server.http.pages import Page, Redirect

routes = Routes("sandbox")
SHOWN = 20
_TITLES = {Party.WECHAT: "模拟微信开放平台", Party.QQ: "模拟 QQ 互联"}


class MoodForm(Body, frozen=True, kw_only=True):
    """How the provider shall feel."""

    mood: Mood = Mood.WELL


@routes.page("/sandbox/wechat", Anyone())
async def show_wechat(call: Call) -> Page:
    """Show who agreed lately at the simulated WeChat."""
    return await _desk(call, Party.WECHAT)


@routes.page("/sandbox/qq", Anyone())
async def show_qq(call: Call) -> Page:
    """Show who agreed lately at the simulated QQ."""
    return await _desk(call, Party.QQ)


@routes.page("/sandbox/wechat", Anyone(), "POST")
async def set_wechat(call: Call) -> Redirect:
    """Have the simulated WeChat be well, down or slow."""
    return await _set(call, Party.WECHAT)


@routes.page("/sandbox/qq", Anyone(), "POST")
async def set_qq(call: Call) -> Redirect:
    """Have the simulated QQ be well, down or slow."""
    return await _set(call, Party.QQ)


async def _desk(call: Call, party: Party) -> Page:
    async with call.database.connection() as connection:
        grants = await store.newest(connection, party, SHOWN)
        mood = await store.mood(connection, party)
    values = {
        "party": party,
        "title": _TITLES[party],
        "mood": mood,
        "grants": grants,
        "names": {code: person.nickname for code, person in BY_CODE.items()},
        "people": [(person, open_id(party, person.code)) for person in PEOPLE],
    }
    return Page("sandbox/logins.html", values)


async def _set(call: Call, party: Party) -> Redirect:
    form = await call.form(MoodForm)
    async with call.transaction() as connection:
        await store.set_mood(connection, party, form.mood)
    return Redirect(f"/sandbox/{party}")
