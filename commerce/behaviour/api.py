"""Behaviour over JSON: what only a browser knows, and what somebody lets the shop keep."""

from __future__ import annotations

from commerce.behaviour.choose import choose, personalise, read
from commerce.behaviour.log import Log, note
from commerce.behaviour.types import Clicked, EventsBody, PrivacyBody, PrivacyView, Shown, TakenView
from commerce.behaviour.visit import visit_of
from server.errors import Unauthenticated
from server.http import Anyone, Call, Routes

routes = Routes("behaviour")


@routes.post("/api/v1/behaviour/events", Anyone(), limit="120/minute", most=16_384)
async def take(call: Call, body: EventsBody) -> TakenView:
    """Take clicks on lists and what came into sight. Without the caller's consent nothing is kept."""
    if visit_of(call) is None:
        return TakenView(taken=0, unknown_product_ids=[])
    named = {int(one.product_id) for one in body.clicks}
    named |= {int(one) for shown in body.shown for one in shown.product_ids}
    async with call.database.connection() as connection:
        known = await call.resource(Log).known(connection, sorted(named))
    clicks = [
        Clicked(product_id=int(one.product_id), source=one.source, position=one.position, shown_as=one.shown_as or "")
        for one in body.clicks
        if int(one.product_id) in known
    ]
    shown = [
        Shown(shown_as=one.shown_as, product_ids=tuple(there))
        for one in body.shown
        if (there := list(dict.fromkeys(int(each) for each in one.product_ids if int(each) in known)))
    ]
    note(call, *clicks, *shown)
    return TakenView(taken=len(clicks) + len(shown), unknown_product_ids=[str(one) for one in sorted(named - known)])


@routes.get("/api/v1/privacy", Anyone())
async def show(call: Call) -> PrivacyView:
    """Tell what the caller chose."""
    found = await read(call)
    return PrivacyView(recording=found.choice, personalised=found.personalised)


@routes.add("PUT", "/api/v1/privacy", Anyone(), errors=(Unauthenticated,), limit="60/minute")
async def change(call: Call, body: PrivacyBody) -> PrivacyView:
    """Choose what is kept and whether it chooses what one sees. A no to recording removes what was kept."""
    if body.personalised is not None:
        await personalise(call, body.personalised)
    if body.recording is not None:
        await choose(call, body.recording)
    found = await read(call)
    choice = body.recording or found.choice
    return PrivacyView(recording=choice, personalised=found.personalised)
