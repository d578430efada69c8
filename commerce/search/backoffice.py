"""Search for the people who keep it: words that mean the same, and which hot searches are shown."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from commerce.catalogue.words import cleaned, listed
from commerce.search import history_store
from commerce.search.hot import Searches
from commerce.staff import On, audit
from server.errors import Invalid, NotFound
from server.http import Body, Call, Kind, Routes, StaffWith
from server.http.pages import Page, Redirect

MANAGE = "catalogue.manage"
DESK = "/backoffice/search"
MOST_WORDS = 12
MOST_PICKS = 20
LONGEST = 30
_HOT = 50

routes = Routes("back office: search", realm=Kind.STAFF)


class SynonymsBody(Body, frozen=True, kw_only=True):
    """Words that mean the same, with commas between."""

    words: Annotated[str, Meta(max_length=400)] = ""


class PicksBody(Body, frozen=True, kw_only=True):
    """Words to offer before anything is typed, with commas between; none for none."""

    words: Annotated[str, Meta(max_length=800)] = ""


class HotBody(Body, frozen=True, kw_only=True):
    """Words to hide from the hot searches, or to show again."""

    words: Annotated[str, Meta(min_length=1, max_length=100)]
    hidden: str = ""


@routes.page(DESK, StaffWith(MANAGE))
async def desk(call: Call) -> Page:
    """Show synonyms and hot searches."""
    return await _desk(call)


@routes.page(DESK + "/synonyms", StaffWith(MANAGE), method="POST")
async def add_synonyms(call: Call) -> Page | Redirect:
    """Add words that mean the same."""
    form = await call.form(SynonymsBody)
    try:
        words = _words(form.words)
    except Invalid as fault:
        return await _desk(call, words=form.words, fault=fault.reason(call.tr))
    async with call.transaction() as connection:
        made = await history_store.add_synonyms(connection, words)
        await audit(
            connection, call.staff.id, "synonyms_added", On("synonyms", made), before={}, after={"words": words}
        )
    return Redirect(DESK)


@routes.page(DESK + "/synonyms/{synonyms_id}/remove", StaffWith(MANAGE), method="POST")
async def drop_synonyms(call: Call, synonyms_id: int) -> Redirect:
    """Let words mean the same no more."""
    async with call.transaction() as connection:
        words = await history_store.drop_synonyms(connection, synonyms_id)
        if words is None:
            raise NotFound
        gone = On("synonyms", synonyms_id)
        await audit(connection, call.staff.id, "synonyms_removed", gone, before={"words": words}, after={})
    return Redirect(DESK)


@routes.page(DESK + "/hot", StaffWith(MANAGE), method="POST")
async def hide(call: Call) -> Redirect:
    """Take words from the hot searches, or let them back."""
    form = await call.form(HotBody)
    async with call.transaction() as connection:
        words, hidden = cleaned(form.words), form.hidden == "1"
        was = await history_store.hide(connection, words, hidden)
        if was != hidden:  # else it was pressed twice
            on = On("words", words[:60], words)
            await audit(
                connection, call.staff.id, "hot_words_changed", on, before={"hidden": was}, after={"hidden": hidden}
            )
    call.resource(Searches).changed()
    return Redirect(DESK)


@routes.page(DESK + "/picks", StaffWith(MANAGE), method="POST")
async def pick(call: Call) -> Page | Redirect:
    """Say which words are offered before anything is typed."""
    form = await call.form(PicksBody)
    words = _listed(form.words)
    if len(words) > MOST_PICKS or any(len(word) > LONGEST for word in words):
        fault = Invalid("picks", "最多 20 个词，用逗号隔开，每个不超过 30 个字")
        return await _desk(call, picks=form.words, picks_fault=fault.reason(call.tr))
    async with call.transaction() as connection:
        before = await history_store.pick(connection, words)
        if before != words:
            await audit(
                connection,
                call.staff.id,
                "hot_words_changed",
                On("words", "picks", "推荐搜索"),
                before={"words": before},
                after={"words": words},
            )
    call.resource(Searches).changed()
    return Redirect(DESK)


async def _desk(call: Call, **values: Any) -> Page:
    async with call.database.connection() as connection:
        shown = {
            "words": "",
            "fault": None,
            "synonyms": await history_store.synonyms(connection),
            "hot": await history_store.hot(connection, _HOT, enough=1, hidden=True),
            "enough": history_store.ENOUGH,
            "picks": "，".join(await history_store.picks(connection)),
            "picks_fault": None,
        }
    wrong = values.get("fault") or values.get("picks_fault")
    return Page("search/desk.html", shown | values, status=422 if wrong else 200)


def _words(text: str) -> list[str]:
    """Return the words of a group. Raises Invalid."""
    words = _listed(text)
    if not 2 <= len(words) <= MOST_WORDS or any(len(word) > LONGEST for word in words):
        raise Invalid("words", "写二到十二个词，用逗号隔开，每个不超过 30 个字")
    return words


def _listed(text: str) -> list[str]:
    """Return words with commas of any script between."""
    return list(listed([text.replace("，", ",").replace("、", ",")]))
