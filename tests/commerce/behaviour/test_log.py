"""The log: what is written of whom, in batches, within bounds, and not for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from commerce.behaviour import Clicked, Favoured, Log, Ordered, Paid, Searched, Shown, Source, Viewed, Visit, store
from commerce.behaviour import log as logging
from commerce.behaviour.log import Noted, prune
from commerce.behaviour.visit import VISIT
from commerce.orders.types import OrderChanged, OrderStatus
from commerce.recommendations import heard
from server.application import Application, build
from server.clock import now
from tests.commerce.behaviour.browsing import Browser
from tests.commerce.favourites.test_favourites import more
from tests.commerce.orders.market import Market

EVENTS = "/api/v1/behaviour/events"


async def test_what_a_visitor_does_is_one_typed_log(market: Market) -> None:
    member = await market.member()
    browser = await Browser(market, member=member).agreed()
    [other] = await more(market, 1)
    await browser.open(f"/products/{market.product_id}")
    await browser.open("/search?q=保温杯&in_stock=1")
    await browser.send("/favourites", {"on": str(other), "back": "/"})
    click = {"product_id": str(other), "source": "recommendation", "position": 2, "shown_as": "guess"}
    shown = {"shown_as": "guess", "product_ids": [str(market.product_id), str(other), str(other)]}
    assert await browser.post(EVENTS, {"clicks": [click], "shown": [shown]}) == (
        200,
        {"taken": 2, "unknown_product_ids": []},
    )
    await market.app.resource(Log).flush()
    async with market.app.database.connection() as connection:
        found = [what for _, what in await store.of_member(connection, member.id, 100)]
    assert found[::-1] == [
        Viewed(product_id=market.product_id),
        Searched(words="保温杯", filters=("in_stock:1",), found=1),
        Favoured(product_id=other),
        Clicked(product_id=other, source=Source.RECOMMENDATION, position=2, shown_as="guess"),
        Shown(shown_as="guess", product_ids=(market.product_id, other)),
    ]
    async with market.app.database.connection() as connection:
        rows = await connection.fetch("SELECT * FROM behaviour_days")
    assert {(row["kind"], row["shown_as"], row["events"], row["products"]) for row in rows} == {
        ("view_product", "", 1, 1),
        ("search", "", 1, 0),
        ("favourite", "", 1, 1),
        ("click", "guess", 1, 1),
        ("impression", "guess", 1, 2),
    }


async def test_products_that_are_none_are_named_and_left_out(market: Market) -> None:
    browser = await Browser(market).agreed()
    clicks = [{"product_id": one, "source": "home", "position": 1} for one in ("999999", str(market.product_id))]
    status, answer = await browser.post(
        EVENTS, {"clicks": clicks, "shown": [{"shown_as": "also", "product_ids": ["7"]}]}
    )
    assert (status, answer["taken"], answer["unknown_product_ids"]) == (200, 1, ["7", "999999"])
    assert await browser.events() == [("click", market.product_id)]
    wrongs: list[dict[str, Any]] = [
        {"clicks": [{**clicks[0], "position": 0}]},
        {"clicks": [{**clicks[0], "source": "elsewhere"}]},
        {"clicks": clicks * 11},
        {"shown": [{"shown_as": "guess", "product_ids": ["1"] * 61}]},
        {"views": []},
    ]
    for wrong in wrongs:
        status, answer = await browser.post(EVENTS, wrong)
        assert (status, answer["error"]["code"]) == (422, "invalid"), wrong


async def test_an_order_is_told_as_placed_and_paid(market: Market, app: Application) -> None:
    member, silent = await market.member(), await market.member()
    await market.run("INSERT INTO behaviour_privacy (member_id, choice) VALUES ($1, 'all')", member.id)
    at = now() + timedelta(seconds=5)
    for who in (member, silent):
        order = await market.order(who, quantity=2, status="pending_shipment")
        event = OrderChanged(
            order_id=order.id,
            order_no=order.order_no,
            member_id=who.id,
            before=OrderStatus.PENDING_PAYMENT,
            status=OrderStatus.PENDING_SHIPMENT,
            at=at,
        )
        async with app.database.transaction() as connection:
            await heard.ordered(app, connection, event, 1)
            await heard.ordered(app, connection, msgspec.structs.replace(event, before=event.status), 2)
    number = await market.value("SELECT order_no FROM orders WHERE member_id = $1", member.id)
    async with app.database.connection() as connection:
        found = await store.of_member(connection, member.id, 10)
        assert await store.of_member(connection, silent.id, 10) == []
    assert [what for _, what in found] == [
        Paid(product_id=market.product_id, order_no=number, quantity=2),
        Ordered(product_id=market.product_id, order_no=number, quantity=2),
    ]
    placed = await market.value("SELECT created_at FROM orders WHERE member_id = $1", member.id)
    assert [moment for moment, _ in found] == [at, placed]


async def test_looking_costs_no_statement_and_the_rest_is_one_batch(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await Browser(market).agreed()
    batches: list[int] = []

    async def add(connection: Any, events: list[Noted]) -> int:
        batches.append(len(events))
        return len(events)

    monkeypatch.setattr(logging, "EVERY_S", 3600)
    monkeypatch.setattr(store, "add", add)
    await market.app.resource(Log).flush()
    batches.clear()
    for _ in range(5):
        await browser.open(f"/products/{market.product_id}")
    await market.app.resource(Log).flush()
    assert sum(batches) == 5
    assert len(batches) <= 2, "the process writes by itself once a second"


async def test_what_waits_is_bounded_and_waits_for_the_database(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = Visit(visitor=None, visit_id=None, member_id=(await market.member()).id)
    await market.run("INSERT INTO behaviour_privacy (member_id, choice) VALUES ($1, 'all')", visit.member_id)
    kept = Log(market.app.database)
    monkeypatch.setattr(logging, "ROOM", 10)
    for _ in range(4):
        kept.add(visit, *[Viewed(product_id=market.product_id)] * 3)
    assert (kept.waiting, kept.counts["shed",]) == (10, 2)

    async def away(*_: Any) -> int:
        raise asyncpg.CannotConnectNowError("starting up")

    with monkeypatch.context() as patch:
        patch.setattr(store, "add", away)
        await kept.flush()
    assert kept.waiting == 10

    async def away_while_more_comes(*_: Any) -> int:
        kept.add(visit, Viewed(product_id=market.product_id))
        raise asyncpg.CannotConnectNowError("starting up")

    with monkeypatch.context() as patch:
        patch.setattr(store, "add", away_while_more_comes)
        await kept.flush()
    assert (kept.waiting, kept.counts["shed",]) == (10, 3)
    await kept.flush()
    assert (kept.waiting, kept.counts["written",], kept.counts["refused",]) == (0, 10, 0)


async def test_a_clean_stop_writes_what_waits(settings: Any) -> None:
    app = build(settings)
    async with app.running("web"):
        async with app.database.transaction() as connection:
            member_id = await connection.fetchval(
                "INSERT INTO members (phone, nickname) VALUES ('13800000000', '甲') RETURNING id"
            )
            await connection.execute("INSERT INTO behaviour_privacy (member_id, choice) VALUES ($1, 'all')", member_id)
        app.resource(Log).add(Visit(visitor=None, visit_id=None, member_id=member_id), Viewed(product_id=1))
    after = build(settings)
    async with after.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM behaviour_events") == 1
    await after.database.close()


async def test_old_events_go_and_the_counts_of_days_stay(market: Market, app: Application) -> None:
    member = await market.member()
    await market.run("INSERT INTO behaviour_privacy (member_id, choice) VALUES ($1, 'all')", member.id)
    visit = Visit(visitor=None, visit_id=None, member_id=member.id)
    async with app.database.transaction() as connection:
        ages = [timedelta(days=days) for days in (0, 179, 181, 400)]
        await store.add(connection, [Noted(at=now() - age, visit=visit, what=Viewed(product_id=1)) for age in ages])
    await prune(app)
    assert await market.value("SELECT count(*) FROM behaviour_events") == 2
    assert await market.value("SELECT count(*) FROM behaviour_days") == 4


async def test_strangers_name_no_lists_of_their_own(market: Market) -> None:
    """The counts of days stay for years and are read whole: each name would be a row of them."""
    browser = await Browser(market).agreed()
    click = {"product_id": str(market.product_id), "source": "recommendation", "position": 1, "shown_as": "mine"}
    shown = {"shown_as": "mine", "product_ids": [str(market.product_id)]}
    bodies: list[dict[str, Any]] = [{"clicks": [click]}, {"shown": [shown]}, {"shown": [{**shown, "shown_as": ""}]}]
    for body in bodies:
        status, answer = await browser.post(EVENTS, body)
        assert (status, answer["error"]["code"]) == (422, "invalid"), body


async def test_visits_without_events_go_as_well(
    market: Market, app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks at the home page alone leaves a visit and no event."""
    monkeypatch.setattr(logging, "_AT_ONCE", 2)
    await market.run(
        """
        INSERT INTO behaviour_visits (id, visitor, began_at, device)
        SELECT gen_random_uuid(), gen_random_uuid(), now() - make_interval(days => 180 + n), 'phone'
        FROM generate_series(1, 6) AS n
        """
    )
    await prune(app)
    assert await market.value("SELECT count(*) FROM behaviour_visits") == 0


async def test_every_visit_that_events_name_is_told_of(market: Market) -> None:
    """Also one that begins on a page that asks who it is for, or with what a page left open reports."""
    browser = await Browser(market).agreed()
    click = {"product_id": str(market.product_id), "source": "home", "position": 1}
    landings = []
    for begins in ("/recommendations", "/", EVENTS):
        browser.cookies.pop(VISIT)
        if begins == EVENTS:
            browser.headers["Referer"] = str(market.client.make_url("/search?q=secret"))
        else:
            await browser.open(begins)
        assert (await browser.post(EVENTS, {"clicks": [click]}))[0] == 200
        await market.app.resource(Log).flush()
        landings.append(
            await market.value(
                """
                SELECT v.landing FROM behaviour_events AS e LEFT JOIN behaviour_visits AS v ON v.id = e.visit_id
                ORDER BY e.id DESC LIMIT 1
                """
            )
        )
    assert landings == ["/recommendations", "/", "/search"]
