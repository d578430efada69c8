"""Footprints: what a member looked at, kept without a statement of the page's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from commerce.favourites import footprint_store
from commerce.favourites.trail import MOST, Trail, tidy
from server.application import Application
from server.clock import now, shanghai
from tests.commerce.favourites.test_favourites import more, page
from tests.commerce.orders.market import Market, Member

BASE = "/api/v1/me/footprints"


async def look(market: Market, member: Member | None, product_id: int | None = None) -> None:
    headers = {"Cookie": f"lf_member={member.token}"} if member is not None else {}
    answer = await market.client.get(f"/products/{product_id or market.product_id}", headers=headers)
    assert answer.status == 200


async def listed(market: Market, member: Member) -> list[int]:
    await market.app.resource(Trail).flush()
    answer = await market.call("GET", BASE, member)
    return [int(one["product_id"]) for one in (await answer.json())["items"]]


async def test_pages_that_a_member_opened_are_listed_once_a_day(market: Market) -> None:
    member, other = await market.member(), await market.member()
    [second] = await more(market, 1)
    for product_id in (market.product_id, second, market.product_id):
        await look(market, member, product_id)
    await look(market, None)
    assert await listed(market, member) == [market.product_id, second]
    assert await listed(market, other) == []
    answer = await market.call("GET", f"{BASE}?size=1&page=2", member)
    body = await answer.json()
    assert (body["total"], body["items"][0]["day"]) == (2, shanghai(now()).date().isoformat())


async def test_looking_costs_no_statement(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the page asks of PostgreSQL is the same with the trail and without it."""
    member = await market.member()
    written: list[Any] = []

    async def add(connection: Any, seen: Any) -> None:
        written.append(seen)

    monkeypatch.setattr(footprint_store, "add", add)
    await look(market, member)
    assert written == []
    await market.app.resource(Trail).flush()
    assert [(who, what) for who, what, _ in written[0]] == [(member.id, market.product_id)]


async def test_footprints_are_removed_one_by_one_by_day_and_all(market: Market) -> None:
    member, other = await market.member(), await market.member()
    ids = await more(market, 3)
    today, before = now(), now() - timedelta(days=2)
    async with market.app.database.connection() as connection:
        seen = [(who.id, one, at) for who in (member, other) for one in ids for at in (today, before)]
        await footprint_store.add(connection, seen)
    day = shanghai(before).date().isoformat()
    answer = await market.call("DELETE", f"{BASE}/{ids[0]}?day={day}", member)
    assert await answer.json() == {"removed": 1}
    assert (await market.call("DELETE", f"{BASE}/{ids[0]}?day={day}", member)).status == 404
    _, text = await page(market, "/me/footprints", member)
    assert "今天" in text
    assert text.count("<article") == 5
    await page(market, "/me/footprints/remove", member, day=day)
    assert sorted(await listed(market, member)) == ids
    await page(market, "/me/footprints/remove", member, product_id=str(ids[1]))
    assert sorted(await listed(market, member)) == [ids[0], ids[2]]
    assert await (await market.call("DELETE", BASE, member)).json() == {"removed": 2}
    assert "还没有足迹" in (await page(market, "/me/footprints", member))[1]
    assert len(await listed(market, other)) == 6


async def test_who_wants_none_has_none(market: Market) -> None:
    member = await market.member()
    await look(market, member)
    assert await listed(market, member) == [market.product_id]
    answer = await market.call("PUT", f"{BASE}/recording", member, {"on": False})
    assert await answer.json() == {"on": False}
    assert await listed(market, member) == []
    await look(market, member)
    assert await listed(market, member) == []
    assert "足迹已关闭" in (await page(market, "/me/footprints", member))[1]
    await page(market, "/me/footprints/recording", member, on="1")
    assert await (await market.call("GET", f"{BASE}/recording", member)).json() == {"on": True}
    await look(market, member)
    assert await listed(market, member) == [market.product_id]


async def test_old_and_surplus_footprints_are_removed(market: Market, app: Application) -> None:
    member = await market.member()
    ids = await more(market, MOST + 5)
    async with app.database.connection() as connection:
        await footprint_store.add(connection, [(member.id, one, now() - timedelta(minutes=one)) for one in ids])
        await footprint_store.add(connection, [(member.id, ids[0], now() - timedelta(days=91))])
    answer = await market.call("GET", f"{BASE}?size=100&page=4", member)
    assert (await answer.json())["total"] == MOST
    await tidy(app)
    assert await market.value("SELECT count(*) FROM footprints") == MOST


@pytest.mark.parametrize("fault", [ConnectionRefusedError("away"), asyncpg.ForeignKeyViolationError("deleted")])
async def test_the_trail_goes_on_after_a_fault(
    market: Market, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    member, trail = await market.member(), market.app.resource(Trail)
    trail.note(member.id, market.product_id)

    async def away(connection: Any, seen: Any) -> None:
        raise fault

    with monkeypatch.context() as broken:
        broken.setattr(footprint_store, "add", away)
        await trail.flush()
    assert await listed(market, member) == [market.product_id]
