"""Choose what may be kept, and take it back: then what was kept goes."""

from __future__ import annotations

from commerce.behaviour import privacy_store, store
from commerce.behaviour.log import greet
from commerce.behaviour.types import Arrival, Choice, Privacy
from commerce.behaviour.visit import CONSENT, CONSENT_S, chosen, follow, forget, member_of, visitor_of
from server.errors import Unauthenticated
from server.http import Call


async def read(call: Call) -> Privacy:
    """Return what holds for the caller: a member's own no before what the browser says, else the browser's choice.

    A program has no browser's, for it the member's holds.
    """
    here = chosen(call)
    member_id = member_of(call)
    if member_id is None:
        return Privacy(choice=here, personalised=here is Choice.ALL)
    async with call.database.connection() as connection:
        kept = await privacy_store.privacy(connection, member_id)
    choice = kept.choice if kept.choice is Choice.NECESSARY or "Authorization" in call.request.headers else here
    return Privacy(choice=choice, personalised=kept.personalised)


async def choose(call: Call, choice: Choice, arrived: Arrival | None = None) -> None:
    """Keep the caller's choice: in the browser, and a member's with the account. A no removes all that was kept.

    ``arrived`` says how the visit began that a yes lets be kept.
    """
    member_id = member_of(call)
    visitor = visitor_of(call)
    async with call.transaction() as connection:
        if choice is Choice.NECESSARY:
            await store.hold_alone(connection)
        if member_id is not None:
            await privacy_store.choose(connection, member_id, choice=choice)
        if choice is Choice.NECESSARY:
            if visitor is not None:
                await store.forget_visitor(connection, visitor)
            if member_id is not None:
                await store.forget_member(connection, member_id)
    if "Authorization" in call.request.headers:
        return  # a program without cookies
    call.set_cookie(CONSENT, choice.value, CONSENT_S)
    if choice is Choice.NECESSARY:
        forget(call)  # what processes still hold of them is left out as it comes to be written
    elif arrived is not None and chosen(call) is not Choice.ALL:
        greet(call, arrived)


async def come_in(call: Call, member_id: int) -> None:
    """Have what a member's account says hold in the browser that they log in with."""
    async with call.database.connection() as connection:
        kept = await privacy_store.privacy(connection, member_id)
    follow(call, kept.choice)


async def personalise(call: Call, on: bool) -> None:
    """Let what a member did choose what they see, or not. Raises Unauthenticated."""
    member_id = member_of(call)
    if member_id is None:
        raise Unauthenticated
    async with call.transaction() as connection:
        await privacy_store.choose(connection, member_id, personalised=on)
