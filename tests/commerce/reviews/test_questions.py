"""Questions: who hears of them, who answers, in which order."""

from __future__ import annotations

from typing import Any

import pytest

from commerce.orders.types import OrderChanged, OrderStatus
from commerce.reviews.jobs import Reminder, received, remind
from commerce.reviews.letters import Later, tell_now
from server.clock import now
from tests.commerce.orders.market import Market, Member
from tests.commerce.reviews.test_moderation import decide, told
from tests.commerce.reviews.test_reviews import ask, line_of, summary


async def buyer(market: Market) -> Member:
    """Return a member who has received the product, as the event of it tells."""
    member = await market.member()
    line_id = await line_of(market, member)
    order_id = await market.value("SELECT order_id FROM order_lines WHERE id = $1", line_id)
    order_no = await market.value("SELECT order_no FROM orders WHERE id = $1", order_id)
    event = OrderChanged(
        order_id=order_id,
        order_no=order_no,
        member_id=member.id,
        before=OrderStatus.PENDING_RECEIPT,
        status=OrderStatus.COMPLETED,
        at=now(),
    )
    async with market.app.database.transaction() as connection:
        await received(market.app, connection, event, 1)
    return member


async def question(market: Market, member: Member, text: str = "保温几个小时？") -> int:
    made = await ask(market, "POST", f"/api/v1/products/{market.product_id}/questions", member, {"text": text}, 201)
    return int(made["remark"]["id"])


async def listed(market: Market, who: Any = None) -> list[Any]:
    return list((await ask(market, "GET", f"/api/v1/products/{market.product_id}/questions", who))["items"])


async def test_buyers_and_the_shop_answer(market: Market) -> None:
    asker, one, stranger = await market.member(), await buyer(market), await market.member()
    question_id = await question(market, asker)
    assert await told(market, one) == ["《山行保温杯》：保温几个小时？"]
    assert await told(market, stranger) == []
    path = f"/api/v1/questions/{question_id}/answers"
    refused = await ask(market, "POST", path, stranger, {"text": "我猜六个"}, 403)
    assert refused["error"]["code"] == "not_a_buyer"
    await ask(market, "POST", path, one, {"text": "八个小时"}, 201)
    assert await told(market, asker) == ["保温几个小时？ – 八个小时"]
    shop = await market.staff(["reviews.reply"], market.shop_id)
    await ask(market, "POST", f"/api/v1/backoffice/remarks/{question_id}/reply", shop, {"text": "标称六小时"}, 201)
    answers = (await ask(market, "GET", path))["items"]
    assert [(a["text"], a["by_shop"], a["bought"]) for a in answers] == [
        ("标称六小时", True, False),
        ("八个小时", False, True),
    ]
    [first] = await listed(market)
    assert (first["question"]["answers"], first["answer"]["text"]) == (2, "标称六小时")
    assert (await summary(market))["questions"] == 1


async def test_buyers_are_asked_once_a_day(market: Market) -> None:
    asker, one = await market.member(), await buyer(market)
    for text in ("热吗？", "重吗？", "漏吗？"):
        await question(market, asker, text)
    assert await told(market, one) == ["《山行保温杯》：热吗？"]
    assert await told(market, asker) == []


async def test_at_most_ten_buyers_are_asked(market: Market) -> None:
    await market.run(
        """
        WITH made AS (
            INSERT INTO members (phone, nickname)
            SELECT '1' || n, '乙' FROM generate_series(5000000001, 5000000025) AS n
            RETURNING id
        )
        INSERT INTO product_buyers (product_id, member_id, at) SELECT $1, id, now() FROM made
        """,
        market.product_id,
    )
    await question(market, await market.member())
    assert await market.value("SELECT count(*) FROM messages WHERE kind = 'reviews.asked'") == 10


async def test_a_question_that_waits_is_nobodys_yet(market: Market) -> None:
    await market.run("INSERT INTO watched_words (word) VALUES ('返现')")
    asker, one, staff = await market.member(), await buyer(market), await market.staff(["reviews.moderate"])
    question_id = await question(market, asker, "有返现吗")
    assert await listed(market) == []
    assert await told(market, one) == []
    for path in (f"/api/v1/questions/{question_id}/answers",):
        await ask(market, "GET", path, status=404)
        await ask(market, "POST", path, one, {"text": "没有"}, 404)
    await ask(market, "PUT", f"/api/v1/remarks/{question_id}/vote", one, status=404)
    await decide(market, staff, question_id, "shown")
    assert await market.value("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'reviews.tell_shown'") == 1
    for _ in range(2):
        await tell_now(market.app, Later(question_id))
    assert len(await listed(market)) == 1
    assert await told(market, one) == ["《山行保温杯》：有返现吗"]
    assert await told(market, asker) == ["关于《山行保温杯》，现在大家都能看到了"]
    made = await ask(market, "POST", f"/api/v1/questions/{question_id}/answers", one, {"text": "返·现没有"}, 201)
    assert made["state"] == "waiting"
    assert (await listed(market))[0]["question"]["answers"] == 0
    await decide(market, staff, int(made["remark"]["id"]), "shown")
    assert (await listed(market))[0]["question"]["answers"] == 1


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u2060", "长" * 201, "？", "吗？？！", "好好好", "ok?"])
async def test_what_is_no_question_is_refused(market: Market, text: str) -> None:
    path = f"/api/v1/products/{market.product_id}/questions"
    answer = await ask(market, "POST", path, await market.member(), {"text": text}, 422)
    assert answer["error"]["field"] == "text"


async def test_off_the_shelf_nothing_is_asked_or_read(market: Market) -> None:
    question_id = await question(market, await market.member())
    await market.run("UPDATE products SET status = 'off'")
    base = f"/api/v1/products/{market.product_id}"
    for path in (f"{base}/questions", f"{base}/reviews", f"{base}/review-summary"):
        await ask(market, "GET", path, status=404)
    await ask(market, "GET", f"/api/v1/questions/{question_id}/answers", status=404)
    await ask(market, "POST", f"{base}/questions", await market.member(), {"text": "还卖吗"}, 404)


async def test_the_reminder_speaks_of_what_is_left(market: Market) -> None:
    member = await buyer(market)
    assert await market.value("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'reviews.remind'") == 1
    order_no = await market.value("SELECT order_no FROM orders")
    for _ in range(2):
        await remind(market.app, Reminder(order_no))
    assert await told(market, member) == ["说说《山行保温杯》，还有 29 天可以评价"]
    other = await market.member()
    line_id = await line_of(market, other)
    await ask(market, "POST", f"/api/v1/order-lines/{line_id}/review", other, {"rating": 5})
    await remind(market.app, Reminder(await market.value("SELECT max(order_no) FROM orders")))
    assert await told(market, other) == []
