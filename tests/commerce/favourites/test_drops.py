"""Word of what costs less: to whom, how often, and when not."""

from __future__ import annotations

from typing import Any

import pytest

from commerce.catalogue.types import ProductChanged
from commerce.favourites.drops import AT_ONCE, Drop, tell_drop
from commerce.messages.deliver import deliver
from commerce.messages.tell import Deliver
from server.events import publish
from server.settings import Settings
from tests.commerce.orders.market import PRICE, Market, Member, until, working


async def keep(market: Market, member: Member) -> None:
    answer = await market.call("POST", "/api/v1/me/favourites", member, {"product_id": str(market.product_id)})
    assert answer.status == 201


async def costs(market: Market, price: int) -> None:
    """Change the price and look at it as the job does."""
    await market.run("UPDATE skus SET price = $1", price)
    await tell_drop(market.app, Drop(market.product_id))


async def told(market: Market, member: Member) -> list[str]:
    answer = await market.call("GET", "/api/v1/me/messages?category=promotion", member)
    return [one["text"] for one in (await answer.json())["items"]]


async def test_a_changed_price_reaches_who_keeps_the_product(market: Market, settings: Settings) -> None:
    member, other = await market.member(), await market.member()
    await keep(market, member)
    async with working(settings), market.app.database.transaction() as connection:
        await connection.execute("UPDATE skus SET price = 3990")
        await publish(connection, ProductChanged(product_id=market.product_id, what=("price",)))
    async with working(settings):

        async def heard() -> Any:
            return await told(market, member)

        await until(heard)
    assert await told(market, member) == ["你收藏的《山行保温杯》降价了 ¥49.90 → ¥39.90"]
    assert await told(market, other) == []
    answer = await market.call("GET", "/api/v1/me/messages", member)
    [message] = (await answer.json())["items"]
    assert (message["link"], message["kind"]) == (f"/products/{market.product_id}", "favourites.dropped")


async def test_once_a_day_and_then_only_below_what_was_told(market: Market) -> None:
    member = await market.member()
    await keep(market, member)
    await costs(market, PRICE + 100)
    await costs(market, PRICE)
    assert await told(market, member) == []
    await costs(market, 4500)
    await costs(market, 4500)
    await costs(market, 4000)
    assert len(await told(market, member)) == 1, "another fall on the same day waits"
    waits = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'favourites.tell_drop' AND execute_after > now()"
    assert await market.value(waits) == 1
    await market.run("UPDATE favourites SET told_at = now() - interval '25 hours'")
    await costs(market, 4600)
    assert len(await told(market, member)) == 1, "cheaper than at first, but dearer than told"
    await costs(market, 4000)
    assert (await told(market, member))[0] == "你收藏的《山行保温杯》降价了 ¥45.00 → ¥40.00"
    assert len(await told(market, member)) == 2


async def test_nobody_is_woken_with_a_price_of_yesterday(market: Market) -> None:
    """An SMS that waited for the morning says a price that holds, or is not sent."""
    sms = {"in_app": True, "sms": True, "email": False}
    asleep = {"on": True, "start": "00:00", "end": "23:59"}
    for until_morning, told_at_last in ((PRICE, False), (4000, True), (3900, True)):
        member = await market.member()
        chosen = {"channels": {"promotion": sms}, "quiet": asleep}
        assert (await market.call("PUT", "/api/v1/me/messages/preferences", member, chosen)).status == 200
        await market.run("UPDATE skus SET price = $1", PRICE)
        await keep(market, member)
        await costs(market, 4000)
        await market.run("UPDATE skus SET price = $1", until_morning)
        await market.run("UPDATE message_preferences SET quiet = jsonb_set(quiet, '{on}', 'false')")
        waiting = await market.value("SELECT max(message_id) FROM message_deliveries WHERE way = 'sms'")
        await deliver(market.app, Deliver(waiting, "sms"))
        row = await market.value(
            "SELECT to_jsonb(d) FROM message_deliveries d WHERE message_id = $1 AND way = 'sms'", waiting
        )
        assert (row["sent_at"] is not None, row["dropped"]) == (told_at_last, None if told_at_last else "no longer so")


@pytest.mark.parametrize("way", ["off the shelf", "switched off", "let go"])
async def test_who_is_not_to_be_told_is_not(market: Market, way: str) -> None:
    member = await market.member()
    await keep(market, member)
    if way == "off the shelf":
        await market.run("UPDATE products SET status = 'off'")
    elif way == "switched off":
        muted = {"muted": ["favourites.dropped"]}
        assert (await market.call("PUT", "/api/v1/me/messages/preferences", member, muted)).status == 200
    else:
        await market.call("DELETE", f"/api/v1/me/favourites/{market.product_id}", member)
    await costs(market, 100)
    assert await told(market, member) == []


async def test_many_are_told_each_once(market: Market) -> None:
    count = AT_ONCE * 2 + 1
    await market.run(
        """
        WITH made AS (
            INSERT INTO members (phone, nickname)
            SELECT '1' || n, '乙' FROM generate_series(5000000001, 5000000000 + $1) AS n
            RETURNING id
        )
        INSERT INTO favourites (member_id, product_id, price) SELECT id, $2, $3 FROM made
        """,
        count,
        market.product_id,
        PRICE,
    )
    await costs(market, 100)
    await costs(market, 100)
    assert await market.value("SELECT count(*) FROM messages WHERE kind = 'favourites.dropped'") == count
