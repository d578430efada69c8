"""Word of what is there again: asked for, told once, under every race, and to nobody who would find nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from commerce import stock
from commerce.catalogue.types import ProductChanged
from commerce.favourites import restock, restock_store
from commerce.favourites.belonging_store import BELONGING
from commerce.favourites.restock import AT_ONCE, look
from commerce.favourites.restock_types import MOST
from server.events import publish
from server.settings import Settings
from tests.commerce.favourites.test_favourites import body
from tests.commerce.favourites.waiting import BASE, TOLD, WAITING, crowd, heard, restocked, sell_out, tell, wait_for
from tests.commerce.orders.market import Market, until, working


async def test_a_sold_out_sku_is_waited_for_and_let_go(market: Market) -> None:
    member, other = await market.member(), await market.member()
    wanted = {"sku_id": str(market.sku_id)}
    status, answer = await body(market, "POST", BASE, member, wanted)
    assert (status, answer["error"]["code"]) == (409, "in_stock")
    await sell_out(market)
    for _ in range(2):
        assert await body(market, "POST", BASE, member, wanted) == (201, {**wanted, "on": True})
    _, listed = await body(market, "GET", BASE, member)
    [one] = listed["items"]
    assert (one["state"], one["available"], one["told_at"], one["specs"]) == ("waiting", 0, None, {"颜色": "松"})
    assert (await body(market, "GET", BASE, other))[1]["total"] == 0
    assert (await body(market, "DELETE", f"{BASE}/{market.sku_id}", other))[0] == 404
    assert await body(market, "DELETE", f"{BASE}/{market.sku_id}", member) == (200, {**wanted, "on": False})
    assert (await body(market, "DELETE", f"{BASE}/{market.sku_id}", member))[0] == 404
    await restocked(market)
    await tell(market)
    assert await heard(market, member) == []


async def test_what_is_not_there_cannot_be_waited_for(market: Market) -> None:
    member = await market.member()
    await sell_out(market)
    assert (await body(market, "POST", BASE, member, {"sku_id": "999999"}))[0] == 404
    await market.run("UPDATE skus SET status = 'off'")
    assert (await body(market, "POST", BASE, member, {"sku_id": str(market.sku_id)}))[0] == 404


async def test_a_member_waits_for_so_much_and_no_more_even_at_once(market: Market) -> None:
    member = await market.member()
    skus = await market.value(
        """
        WITH made AS (
            INSERT INTO skus (product_id, code, specs, price)
            SELECT $1, 'N-' || n, jsonb_build_object('颜色', n), 100 FROM generate_series(1, $2) AS n RETURNING id
        )
        SELECT array_agg(id) FROM made
        """,
        market.product_id,
        MOST + 4,
    )
    await market.run(
        "INSERT INTO restock_reminders (member_id, sku_id) SELECT $1, unnest($2::bigint[])", member.id, skus[: MOST - 1]
    )
    calls = [body(market, "POST", BASE, member, {"sku_id": str(one)}) for one in skus[MOST - 1 :]]
    answers = await asyncio.gather(*calls)
    assert sorted(status for status, _ in answers) == [201, *[409] * 4]
    assert {answer["error"]["code"] for status, answer in answers if status == 409} == {"too_many_reminders"}
    assert await market.value(WAITING) == MOST


async def test_staff_who_change_the_stock_are_heard_of(market: Market, settings: Settings) -> None:
    member = await market.member()
    await sell_out(market)
    await wait_for(market, member)
    async with market.app.database.transaction() as connection:
        await stock.receive(connection, market.sku_id, 3, "test", "test")
        await publish(connection, ProductChanged(product_id=market.product_id, what=("stock",)))
    async with working(settings):
        await until(lambda: heard(market, member))
    [message] = await heard(market, member)
    assert message["text"] == "《山行保温杯 松》到货了，¥49.90，数量有限"
    assert message["link"] == f"/products/{market.product_id}?sku={market.sku_id}"
    _, listed = await body(market, "GET", BASE, member)
    assert [one["state"] for one in listed["items"]] == ["told"]


@pytest.mark.parametrize("way", ["given back", "hold dropped", "hold expired", "put on the shelf"])
async def test_whatever_gives_units_back_is_found_by_looking(market: Market, way: str) -> None:
    member, held = await market.member(), None
    if way.startswith("hold"):
        async with market.app.database.transaction() as connection:
            held = await stock.hold(connection, market.sku_id, 100, "test", "test", 3600)
        assert held is not None
    else:
        await sell_out(market)
    await wait_for(market, member)
    jobs = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'favourites.tell_restocked'"
    await look(market.app)
    assert await market.value(jobs) == 0, "nothing is there yet"
    async with market.app.database.transaction() as connection:
        if way == "given back":
            await stock.release(connection, market.sku_id, 1, "test", "test")
        elif way == "hold dropped":
            assert await stock.drop(connection, held or 0)
        elif way == "hold expired":
            await connection.execute("UPDATE stock_holds SET expires_at = now() - interval '1 second'")
        else:
            await stock.receive(connection, market.sku_id, 1, "test", "test")
            await connection.execute("UPDATE products SET status = 'off'")
    if way == "put on the shelf":
        await look(market.app)
        await tell(market)
        assert await market.value(jobs) == 0
        assert await heard(market, member) == []
        await market.run("UPDATE products SET status = 'on'")
    await look(market.app)
    await look(market.app)
    assert await market.value(jobs) == 1
    await tell(market)
    assert len(await heard(market, member)) == 1


async def test_told_once_and_again_only_when_asked_again(market: Market) -> None:
    member = await market.member()
    await sell_out(market)
    await wait_for(market, member)
    for _ in range(2):
        await restocked(market)
        await tell(market)
    assert len(await heard(market, member)) == 1
    await sell_out(market)
    await restocked(market)
    await tell(market)
    assert len(await heard(market, member)) == 1
    await sell_out(market)
    await wait_for(market, member)
    await restocked(market)
    await tell(market)
    assert len(await heard(market, member)) == 2


async def test_sold_out_again_before_anybody_was_told_leaves_them_waiting(market: Market) -> None:
    member = await market.member()
    await sell_out(market)
    await wait_for(market, member)
    await restocked(market)
    await look(market.app)
    await sell_out(market)
    await tell(market)
    assert await heard(market, member) == []
    assert await market.value(WAITING) == 1
    await restocked(market)
    await tell(market)
    assert len(await heard(market, member)) == 1


async def test_sold_out_between_two_batches_keeps_the_rest_waiting(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sell_out(market)
    await crowd(market, 2 * AT_ONCE)
    await restocked(market)
    tell_some = restock._tell_some

    async def then_sold_out(*arguments: Any) -> int:
        done = await tell_some(*arguments)
        if done:
            await sell_out(market)
        return done

    monkeypatch.setattr(restock, "_tell_some", then_sold_out)
    await tell(market)
    assert (await market.value(TOLD), await market.value(WAITING)) == (AT_ONCE, AT_ONCE)


@pytest.mark.parametrize("at", ["offer", "take", "tell_all"])
async def test_a_worker_that_dies_on_the_way_tells_nobody_twice(
    market: Market, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    await sell_out(market)
    await crowd(market, 2 * AT_ONCE + 1)
    await restocked(market)
    whole = restock if at == "tell_all" else restock_store
    real, times = getattr(whole, at), 0

    async def dies(*arguments: Any) -> Any:
        nonlocal times
        times += 1
        done = await real(*arguments)
        if times == 2:
            raise RuntimeError("died")
        return done

    with monkeypatch.context() as patch:
        patch.setattr(whole, at, dies)
        with pytest.raises(RuntimeError, match="died"):
            await tell(market)
    assert (await market.value(TOLD), await market.value(WAITING)) == (AT_ONCE, AT_ONCE + 1)
    await tell(market)
    assert (await market.value(TOLD), await market.value(WAITING)) == (2 * AT_ONCE + 1, 0)


async def test_several_at_it_at_once_tell_each_once(market: Market) -> None:
    await sell_out(market)
    await crowd(market, 5 * AT_ONCE + 3)
    await restocked(market)
    await asyncio.gather(*(tell(market) for _ in range(4)))
    await tell(market)
    assert (await market.value(TOLD), await market.value(WAITING)) == (5 * AT_ONCE + 3, 0)
    assert await market.value("SELECT count(DISTINCT member_id) FROM messages") == 5 * AT_ONCE + 3


async def test_a_reminder_asked_for_while_units_come_in_is_not_forgotten(market: Market) -> None:
    member = await market.member()
    await sell_out(market)
    async with market.app.database.transaction() as connection:
        await stock.receive(connection, market.sku_id, 3, "test", "test")
        await publish(connection, ProductChanged(product_id=market.product_id, what=("stock",)))
        await wait_for(market, member)  # does not see the units, and the units' author does not see the reminder
    await tell(market)
    assert len(await heard(market, member)) == 1


async def test_who_switched_reminders_off_is_not_told(market: Market) -> None:
    member = await market.member()
    await sell_out(market)
    await wait_for(market, member)
    muted = {"muted": ["favourites.restocked"]}
    assert (await body(market, "PUT", "/api/v1/me/messages/preferences", member, muted))[0] == 200
    await restocked(market)
    await tell(market)
    assert await heard(market, member) == []


async def test_reminders_belong_to_their_member(market: Market) -> None:
    keeper, other = await market.member(), await market.member()
    await sell_out(market)
    await wait_for(market, keeper)
    await wait_for(market, other)
    await market.run("UPDATE restock_reminders SET told_at = now() WHERE member_id = $1", keeper.id)
    async with market.app.database.transaction() as connection:
        assert BELONGING.move is not None
        assert BELONGING.tell is not None
        assert BELONGING.erase is not None
        await BELONGING.move(connection, keeper.id, other.id)
        assert await restock_store.waits(connection, keeper.id, market.sku_id), "one of the two still waits"
        [told] = (await BELONGING.tell(connection, keeper.id))["restock_reminders"]
        assert (told["title"], told["specs"]) == ("山行保温杯", {"颜色": "松"})
        await BELONGING.erase(connection, keeper.id)
        assert await restock_store.count(connection, keeper.id) == 0


async def test_what_was_told_long_ago_leaves_the_list(market: Market) -> None:
    await sell_out(market)
    await crowd(market, 3)
    await market.run(
        "UPDATE restock_reminders SET told_at = now() - interval '31 days' "
        "WHERE member_id = (SELECT min(member_id) FROM restock_reminders)"
    )
    await restock.tidy(market.app)
    assert await market.value("SELECT count(*) FROM restock_reminders") == 2


@pytest.mark.slow
async def test_ten_thousand_are_told_in_batches(market: Market) -> None:
    await sell_out(market)
    await crowd(market, 10_000)
    await restocked(market)
    await tell(market)
    assert (await market.value(TOLD), await market.value(WAITING)) == (10_000, 0)
