"""Reviews: who may write them, once, what they come to."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from tests.commerce.orders.market import Market, Member


async def line_of(market: Market, member: Member, status: str = "completed", days: int = 1) -> int:
    """Return a line of a new order that the member received some days ago."""
    order = await market.order(member, status=status)
    await market.run(
        """
        INSERT INTO order_events (order_id, at, kind, from_status, to_status, actor_kind)
        SELECT $1, now() - make_interval(days => $2), 'completed', 'pending_receipt', 'completed', 'member'
        WHERE $3 = 'completed'
        """,
        order.id,
        days,
        status,
    )
    return int(await market.value("SELECT id FROM order_lines WHERE order_id = $1", order.id))


async def ask(
    market: Market, method: str, path: str, who: Any = None, json: Any = None, status: int | None = None
) -> Any:
    """Call the API and return the body; asserts the status."""
    answer = await market.call(method, path, who, json)
    text = await answer.text()
    good = (200, 201, 204) if status is None else (status,)
    assert answer.status in good, (answer.status, text)
    return await answer.json() if text else None


async def review(market: Market, member: Member, rating: int = 5, text: str = "好用", **more: Any) -> int:
    """Return the id of a new review of a new order's line."""
    line_id = await line_of(market, member)
    body = {"rating": rating, "text": text, **more}
    made = await ask(market, "POST", f"/api/v1/order-lines/{line_id}/review", member, body, 201)
    return int(made["remark"]["id"])


async def summary(market: Market) -> Any:
    return await ask(market, "GET", f"/api/v1/products/{market.product_id}/review-summary")


async def test_who_received_it_reviews_it_once(market: Market) -> None:
    member, other = await market.member(), await market.member()
    line_id = await line_of(market, member)
    pending = await ask(market, "GET", "/api/v1/me/reviews/pending", member)
    assert [(one["line_id"], one["spec"], one["days_left"]) for one in pending["items"]] == [(str(line_id), "松", 29)]
    assert (await ask(market, "GET", "/api/v1/me/reviews/pending", other))["total"] == 0
    path, body = f"/api/v1/order-lines/{line_id}/review", {"rating": 4, "text": "保温一整天"}
    await ask(market, "POST", path, other, body, 404)
    made = await ask(market, "POST", path, member, body, 201)
    assert (made["state"], made["remark"]["rating"], made["remark"]["spec"]) == ("shown", 4, "松")
    again = await ask(market, "POST", path, member, body, 409)
    assert again["error"]["code"] == "already_reviewed"
    assert (await ask(market, "GET", "/api/v1/me/reviews/pending", member))["total"] == 0
    listed = await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews")
    assert [one["text"] for one in listed["items"]] == ["保温一整天"]
    found = await summary(market)
    assert found.pop("stars") == {"one": 0, "two": 0, "three": 0, "four": 1, "five": 0}
    numbers = {"count": 1, "pictured": 0, "followed": 0, "good": 1, "middle": 0, "bad": 0, "questions": 0}
    assert found == {"average": "4.0", **numbers}


async def test_two_tabs_make_one_review(market: Market) -> None:
    member = await market.member()
    line_id = await line_of(market, member)
    answers = await asyncio.gather(
        *(
            market.call("POST", f"/api/v1/order-lines/{line_id}/review", member, {"rating": at % 5 + 1})
            for at in range(8)
        )
    )
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7
    assert (await summary(market))["count"] == 1


@pytest.mark.parametrize(
    ("status", "days", "code"),
    [
        ("pending_receipt", 0, "not_received"),
        ("pending_payment", 0, "not_received"),
        ("completed", 31, "review_closed"),
    ],
)
async def test_too_early_and_too_late(market: Market, status: str, days: int, code: str) -> None:
    member = await market.member()
    line_id = await line_of(market, member, status, days)
    answer = await ask(market, "POST", f"/api/v1/order-lines/{line_id}/review", member, {"rating": 5}, 409)
    assert answer["error"]["code"] == code
    assert (await ask(market, "GET", "/api/v1/me/reviews/pending", member))["total"] == 0


async def test_what_was_given_back_whole_is_not_reviewed(market: Market) -> None:
    member = await market.member()
    line_id = await line_of(market, member)
    await market.run("UPDATE orders SET refund_status = 'full'")
    await ask(market, "POST", f"/api/v1/order-lines/{line_id}/review", member, {"rating": 5}, 409)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rating"),
        ({"rating": 0}, "rating"),
        ({"rating": 6}, "rating"),
        ({"rating": "5"}, "rating"),
        ({"rating": 5, "text": "长" * 1001}, "text"),
        ({"rating": 5, "pictures": ["/media/u/no.webp"]}, "pictures"),
        ({"rating": 5, "pictures": [f"/media/u/aa/aa{'0' * 62}.webp"]}, "pictures"),
        ({"rating": 5, "pictures": ["https://evil.example/x.webp"]}, "pictures"),
        ({"rating": 5, "pictures": ["x"] * 10}, "pictures"),
        ({"rating": 5, "member_id": "1"}, "member_id"),
    ],
)
async def test_what_is_wrong_is_named(market: Market, body: dict[str, Any], field: str) -> None:
    member = await market.member()
    line_id = await line_of(market, member)
    answer = await ask(market, "POST", f"/api/v1/order-lines/{line_id}/review", member, body, 422)
    assert answer["error"]["field"].partition("[")[0] == field
    assert (await summary(market))["count"] == 0


async def test_something_is_added_once_and_in_time(market: Market) -> None:
    member, other = await market.member(), await market.member()
    review_id = await review(market, member)
    path = f"/api/v1/me/reviews/{review_id}/follow-up"
    await ask(market, "POST", path, other, {"text": "别人的"}, 404)
    await ask(market, "POST", path, member, {"text": " \n "}, 422)
    answers = await asyncio.gather(*(market.call("POST", path, member, {"text": "还是很好"}) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert (await summary(market))["followed"] == 1
    [listed] = (await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews?show=followed"))["items"]
    assert listed["follow_up"]["text"] == "还是很好"
    late = await review(market, member)
    await market.run("UPDATE order_events SET at = now() - interval '181 days'")
    answer = await ask(market, "POST", f"/api/v1/me/reviews/{late}/follow-up", member, {"text": "晚了"}, 409)
    assert answer["error"]["code"] == "review_closed"


async def test_who_wrote_it_takes_it_back_for_good(market: Market) -> None:
    member, other = await market.member(), await market.member()
    review_id = await review(market, member, text="写错了")
    await ask(market, "POST", f"/api/v1/me/reviews/{review_id}/follow-up", member, {"text": "也写错了"})
    await ask(market, "DELETE", f"/api/v1/me/remarks/{review_id}", other, status=404)
    await ask(market, "DELETE", f"/api/v1/me/remarks/{review_id}", member)
    await ask(market, "DELETE", f"/api/v1/me/remarks/{review_id}", member, status=404)
    found = await summary(market)
    assert (found["count"], found["followed"], found["average"]) == (0, 0, None)
    assert await market.value("SELECT count(*) FROM remarks WHERE text <> ''") == 0
    line_id = await market.value("SELECT line_id FROM remarks WHERE id = $1", review_id)
    await ask(market, "POST", f"/api/v1/order-lines/{line_id}/review", member, {"rating": 1}, 409)
    assert (await ask(market, "GET", "/api/v1/me/reviews", member))["total"] == 0


async def test_names_are_masked_for_who_wants_it(market: Market) -> None:
    member = await market.member()
    await review(market, member, anonymous=True)
    [one] = (await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews"))["items"]
    assert (one["author"], one["avatar"]) == ("林***满", "")
    await market.run("UPDATE members SET nickname = '林'")
    [one] = (await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews"))["items"]
    assert one["author"] == "林***"
    await market.run("UPDATE members SET nickname = '林满'")
    [one] = (await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews"))["items"]
    assert one["author"] == "林***", "first and last sign would be the whole name"


async def test_votes_are_exact_however_they_come(market: Market) -> None:
    writer = await market.member()
    review_id = await review(market, writer)
    voters = [await market.member() for _ in range(6)]
    path = f"/api/v1/remarks/{review_id}/vote"
    refused = await ask(market, "PUT", path, writer, status=409)
    assert refused["error"]["code"] == "own_remark"
    chance = random.Random(3)
    calls = [(who, chance.choice(("PUT", "PUT", "DELETE"))) for who in voters * 4]
    await asyncio.gather(*(ask(market, method, path, who) for who, method in calls))
    useful, votes = (
        await market.value("SELECT useful FROM remarks"),
        await market.value("SELECT count(*) FROM remark_votes"),
    )
    assert useful == votes
    for who in voters:
        assert (await ask(market, "PUT", path, who))["voted"] is True
    assert (await ask(market, "PUT", path, voters[0]))["useful"] == 6
    assert (await ask(market, "DELETE", path, voters[0])) == {"useful": 5, "voted": False}
    [one] = (await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews", voters[1]))["items"]
    assert (one["useful"], one["voted"]) == (5, True)


async def test_sums_equal_a_count_after_whatever_happens(market: Market) -> None:
    """A random run of all that changes a review, by several at once: the kept sums are those of a fresh count."""
    chance = random.Random(17)
    members = [await market.member() for _ in range(3)]
    staff = await market.staff(["reviews.moderate"])
    await market.run("INSERT INTO watched_words (word) VALUES ('坏词')")
    made: list[tuple[Member, int]] = []

    async def act() -> None:
        member = chance.choice(members)
        what = chance.random()
        if what < 0.45 or not made:
            text = chance.choice(("好", "好", "一般", "坏 词"))
            made.append((member, await review(market, member, chance.randint(1, 5), text)))
            return
        owner, review_id = chance.choice(made)
        if what < 0.6:
            path, json = f"/api/v1/me/reviews/{review_id}/follow-up", {"text": chance.choice(("再说", "坏词"))}
            answer = await market.call("POST", path, owner, json)
        elif what < 0.7:
            answer = await market.call("DELETE", f"/api/v1/me/remarks/{review_id}", owner)
        else:
            ids = range(1, review_id + 4)
            state = chance.choice(("shown", "hidden"))
            path = f"/api/v1/backoffice/remarks/queue/{chance.choice(ids)}/decision"
            answer = await market.call("POST", path, staff, {"state": state, "reason": "看过了"})
        assert answer.status < 500, await answer.text()

    for _ in range(12):
        answers = await asyncio.gather(*(act() for _ in range(5)), return_exceptions=True)
        assert not [one for one in answers if one is not None]
        same = await market.value(
            """
            SELECT (s.ones, s.twos, s.threes, s.fours, s.fives, s.pictured, s.followed, s.questions) = (
                SELECT
                    count(*) FILTER (WHERE rating = 1)::integer, count(*) FILTER (WHERE rating = 2)::integer,
                    count(*) FILTER (WHERE rating = 3)::integer, count(*) FILTER (WHERE rating = 4)::integer,
                    count(*) FILTER (WHERE rating = 5)::integer,
                    count(*) FILTER (WHERE r.pictures <> '[]')::integer,
                    count(*) FILTER (WHERE EXISTS (
                        SELECT FROM remarks AS f WHERE f.parent_id = r.id AND f.state = 'shown'
                    ))::integer, 0
                FROM remarks AS r WHERE kind = 'review' AND state = 'shown'
            ) FROM review_sums AS s
            """
        )
        assert same is True
    shown = await summary(market)
    listed = await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews?size=100&sort=newest")
    assert listed["total"] == len(listed["items"]) == shown["count"] > 3
    for show in ("good", "middle", "bad", "followed"):
        page = await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews?size=100&show={show}")
        assert page["total"] == len(page["items"]) == shown[show], show


async def test_the_way_to_add_to_a_review_ends_when_its_time_does(market: Market) -> None:
    member = await market.member()
    review_id = await review(market, member)
    path = f'href="/me/reviews/{review_id}/follow-up"'
    async with market.client.get("/me/reviews?show=written", headers=member.headers) as response:
        assert path in await response.text()
    await market.run("UPDATE remarks SET created_at = now() - interval '160 days'")
    await market.run("UPDATE order_events SET at = now() - interval '181 days'")
    async with market.client.get("/me/reviews?show=written", headers=member.headers) as response:
        assert path not in await response.text()
