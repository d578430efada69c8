"""Watched words, reports and decisions: what people see meanwhile, who hears of it, what is kept."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from commerce.reviews import store
from commerce.reviews.letters import tell_shown
from tests.commerce.orders.market import Market, Member
from tests.commerce.reviews.test_reviews import ask, line_of, review, summary

QUEUE = "/api/v1/backoffice/remarks/queue"


async def decide(
    market: Market, staff: Any, remark_id: int, state: str, reason: str = "", status: int | None = None
) -> Any:
    path = f"{QUEUE}/{remark_id}/decision"
    return await ask(market, "POST", path, staff, {"state": state, "reason": reason}, status)


async def told(market: Market, member: Member) -> list[str]:
    listed = await ask(market, "GET", "/api/v1/me/messages", member)
    return [one["text"] for one in listed["items"] if one["kind"].startswith("reviews.")]


async def queued(market: Market, staff: Any, show: str = "all") -> list[int]:
    return [int(one["remark"]["id"]) for one in (await ask(market, "GET", f"{QUEUE}?show={show}", staff))["items"]]


async def test_a_watched_word_has_a_review_wait_for_somebody(market: Market) -> None:
    member, staff = await market.member(), await market.staff(["reviews.moderate"])
    words = await ask(market, "POST", "/api/v1/backoffice/watched-words", staff, {"words": "加微信，ＡＤ\n刷 单"})
    assert [one["word"] for one in words] == ["ad", "刷单", "加微信"]
    line_id = await line_of(market, member)
    body = {"rating": 5, "text": "便宜的请 加·微 信"}
    made = await ask(market, "POST", f"/api/v1/order-lines/{line_id}/review", member, body, 201)
    assert made["state"] == "waiting"
    review_id = int(made["remark"]["id"])
    assert (await summary(market))["count"] == 0
    assert (await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews"))["items"] == []
    [mine] = (await ask(market, "GET", "/api/v1/me/reviews", member))["items"]
    assert mine["state"] == "waiting"
    assert await queued(market, staff) == await queued(market, staff, "words") == [review_id]
    await decide(market, staff, review_id, "shown")
    assert (await summary(market))["count"] == 1
    assert await told(market, member) == ["关于《山行保温杯》，现在大家都能看到了"]
    assert await queued(market, staff) == []


@pytest.mark.parametrize(
    ("text", "held"),
    [("a glass of water", False), ("an AD here", True), ("ａｄ!", True), ("add", False), ("好", False)],
)
async def test_latin_words_stand_by_themselves(market: Market, text: str, held: bool) -> None:
    member = await market.member()
    await market.run("INSERT INTO watched_words (word) VALUES ('ad'), ('ass')")
    line_id = await line_of(market, member)
    body = {"rating": 5, "text": text}
    made = await ask(market, "POST", f"/api/v1/order-lines/{line_id}/review", member, body)
    assert (made["state"] == "waiting") is held


async def test_what_is_hidden_counts_no_more_and_its_writer_knows_why(market: Market) -> None:
    member, staff = await market.member(), await market.staff(["reviews.moderate"])
    bad, good = await review(market, member, 1, "差"), await review(market, member, 5)
    assert (await summary(market))["average"] == "3.0"
    await decide(market, staff, bad, "hidden", status=422)
    await decide(market, staff, bad, "hidden", "辱骂他人")
    assert (await summary(market))["average"] == "5.0"
    listed = await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews")
    assert [int(one["id"]) for one in listed["items"]] == [good]
    assert await told(market, member) == ["关于《山行保温杯》，原因：辱骂他人"]
    mine = (await ask(market, "GET", "/api/v1/me/reviews", member))["items"]
    assert [(one["state"], one["reason"]) for one in mine] == [("shown", ""), ("hidden", "辱骂他人")]
    refused = await ask(market, "POST", f"/api/v1/me/reviews/{bad}/follow-up", member, {"text": "凭什么"}, 409)
    assert refused["error"]["code"] == "not_standing"
    await decide(market, staff, bad, "hidden", "再一次", 409)
    await decide(market, staff, bad, "shown")
    assert (await summary(market))["count"] == 2
    [kept] = (await ask(market, "GET", f"{QUEUE}?show=decided", staff))["items"] or [None]
    assert kept is None


async def test_every_decision_is_kept_and_none_can_be_changed(market: Market) -> None:
    member, staff = await market.member(), await market.staff(["reviews.moderate"])
    review_id = await review(market, member)
    await decide(market, staff, review_id, "hidden", "广告")
    await decide(market, staff, review_id, "shown")
    rows = await market.value(
        "SELECT array_agg(from_state || '>' || to_state || ':' || reason ORDER BY id) FROM remark_decisions"
    )
    assert rows == ["shown>hidden:广告", "hidden>shown:"]
    assert await market.value("SELECT count(*) FROM remark_decisions WHERE staff_id IS NOT NULL") == 2
    with pytest.raises(asyncpg.RestrictViolationError):
        await market.run("UPDATE remark_decisions SET reason = 'x'")


async def test_reports_come_once_each_and_come_back_to_the_queue(market: Market) -> None:
    writer, staff = await market.member(), await market.staff(["reviews.moderate"])
    review_id = await review(market, writer)
    path, body = f"/api/v1/remarks/{review_id}/report", {"reason": "false"}
    refused = await ask(market, "POST", path, writer, body, 409)
    assert refused["error"]["code"] == "own_remark"
    one, two = await market.member(), await market.member()
    answers = await asyncio.gather(*(market.call("POST", path, who, body) for who in (one, two, one, one)))
    assert sorted(answer.status for answer in answers) == [204, 204, 409, 409]
    assert (await summary(market))["count"] == 1, "a report alone hides nothing"
    [waits] = (await ask(market, "GET", f"{QUEUE}?show=reported", staff))["items"]
    assert [report["reason"] for report in waits["reports"]] == ["false", "false"]
    await decide(market, staff, review_id, "shown")
    assert await queued(market, staff) == []
    assert await told(market, writer) == [], "it stands: nothing has changed for its writer"
    await ask(market, "POST", path, await market.member(), {"reason": "other", "note": "还是不对"})
    assert await queued(market, staff, "reported") == [review_id]
    await ask(market, "POST", path, await market.member(), {"reason": "other"}, 422)


async def test_pictures_are_shown_and_looked_at(market: Market) -> None:
    member, staff = await market.member(), await market.staff(["reviews.moderate"])
    digest = "ab" + "c" * 62
    await market.run(
        "INSERT INTO uploads (digest, media_type, size, width, height, owner) VALUES ($1, 'image/webp', 1, 1, 1, 'x')",
        digest,
    )
    url = f"/media/u/ab/{digest}.webp"
    review_id = await review(market, member, pictures=[url, url])
    assert (await summary(market))["pictured"] == 1
    [one] = (await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews?show=pictured"))["items"]
    assert one["images"] == [url]
    assert await queued(market, staff, "pictures") == [review_id]
    await decide(market, staff, review_id, "shown")
    assert await queued(market, staff) == []


async def test_a_shop_replies_once_to_its_own(market: Market) -> None:
    member = await market.member()
    review_id = await review(market, member)
    own = await market.staff(["reviews.reply"], market.shop_id)
    other_shop = await market.value("INSERT INTO shops (slug, name) VALUES ('o', '乙店') RETURNING id")
    foreign = await market.staff(["reviews.reply"], other_shop)
    path = f"/api/v1/backoffice/remarks/{review_id}/reply"
    await ask(market, "POST", path, foreign, {"text": "谢谢"}, 404)
    assert (await ask(market, "GET", "/api/v1/backoffice/remarks?show=reviews", foreign))["total"] == 0
    await ask(market, "POST", path, await market.staff(["orders.view"], market.shop_id), {"text": "谢谢"}, 403)
    answers = await asyncio.gather(*(market.call("POST", path, own, {"text": "谢谢喜欢"}) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert await told(market, member) == ["关于《山行保温杯》：谢谢喜欢"]
    [one] = (await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews"))["items"]
    assert one["reply"]["text"] == "谢谢喜欢"
    await ask(market, "GET", QUEUE, own, status=403)
    await decide(market, own, review_id, "hidden", "不喜欢", 403)


async def test_the_list_of_words_is_bounded(market: Market) -> None:
    staff = await market.staff(["reviews.moderate"])
    await market.run("INSERT INTO watched_words (word) SELECT '词' || n FROM generate_series(1, 2000) AS n")
    answer = await ask(market, "POST", "/api/v1/backoffice/watched-words", staff, {"words": "多一个"}, 409)
    assert answer["error"]["code"] == "too_many_words"
    for words in (" ,\n", "长" * 41):
        await ask(market, "POST", "/api/v1/backoffice/watched-words", staff, {"words": words}, 422)
    word_id = await market.value("SELECT min(id) FROM watched_words")
    await ask(market, "DELETE", f"/api/v1/backoffice/watched-words/{word_id}", staff)
    await ask(market, "DELETE", f"/api/v1/backoffice/watched-words/{word_id}", staff, status=404)


async def test_what_waits_unseen_comes_first(market: Market) -> None:
    member, staff = await market.member(), await market.staff(["reviews.moderate"])
    await market.run("INSERT INTO watched_words (word) VALUES ('坏词')")
    reported = await review(market, member)
    unseen = await review(market, member, text="坏词")
    path = f"/api/v1/remarks/{reported}/report"
    await ask(market, "POST", path, await market.member(), {"reason": "abuse"})
    assert await queued(market, staff) == [unseen, reported]


async def test_what_was_added_to_what_is_hidden_is_hidden_too(market: Market) -> None:
    member, other = await market.member(), await market.member()
    staff, shop = await market.staff(["reviews.moderate"]), await market.staff(["reviews.reply"], market.shop_id)
    made = await review(market, member)
    body = {"text": "后来坏了，店主电话 13800000000"}
    added = await ask(market, "POST", f"/api/v1/me/reviews/{made}/follow-up", member, body, 201)
    added_id = int(added["remark"]["id"])
    path = f"/remarks/{added_id}/report"
    assert (await market.call("GET", path, other)).status == 200
    await decide(market, staff, made, "hidden", "泄露隐私")
    assert (await market.call("GET", path, other)).status == 404
    await ask(market, "POST", f"/api/v1/remarks/{added_id}/report", other, {"reason": "false"}, 404)
    assert (await ask(market, "GET", "/api/v1/backoffice/remarks?show=reviews", shop))["items"] == []
    await ask(market, "POST", f"/api/v1/backoffice/remarks/{added_id}/reply", shop, {"text": "抱歉"}, 409)
    await decide(market, staff, made, "shown")
    [listed] = (await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews"))["items"]
    assert listed["follow_up"]["text"] == body["text"]


async def test_answers_to_what_is_hidden_lead_nowhere(market: Market) -> None:
    asker, one = await market.member(), await market.member()
    staff = await market.staff(["reviews.moderate"])
    await market.run("INSERT INTO watched_words (word) VALUES ('坏词')")
    await market.run("INSERT INTO product_buyers VALUES ($1, $2, now())", market.product_id, one.id)
    path = f"/api/v1/products/{market.product_id}/questions"
    question = int((await ask(market, "POST", path, asker, {"text": "怎么样？"}, 201))["remark"]["id"])
    answers = f"/api/v1/questions/{question}/answers"
    shown = int((await ask(market, "POST", answers, one, {"text": "不错"}, 201))["remark"]["id"])
    waits = int((await ask(market, "POST", answers, one, {"text": "坏词"}, 201))["remark"]["id"])
    async with market.client.get("/me/questions?show=answers", headers=one.headers) as response:
        assert (await response.text()).count(f'href="/questions/{question}"') == 1
    await decide(market, staff, question, "hidden", "广告")
    await ask(market, "PUT", f"/api/v1/remarks/{shown}/vote", asker, status=404)
    assert (await market.call("GET", f"/remarks/{shown}/report", asker)).status == 404
    async with market.client.get("/me/questions?show=answers", headers=one.headers) as response:
        assert f'href="/questions/{question}"' not in await response.text()
    before = await told(market, asker)
    await decide(market, staff, waits, "shown")
    async with market.app.database.transaction() as connection:
        remark = await store.remark(connection, waits)
        assert remark is not None
        await tell_shown(connection, remark)
    assert await told(market, asker) == before


async def test_of_each_remark_some_reports_are_told_however_many_another_has(market: Market) -> None:
    member, staff = await market.member(), await market.staff(["reviews.moderate"])
    many, few = await review(market, member), await review(market, member)
    await market.run(
        """
        WITH crowd AS (
            INSERT INTO members (phone, nickname) SELECT 19000000000 + n, 'm' FROM generate_series(1, 600) AS n
            RETURNING id
        )
        INSERT INTO remark_reports (remark_id, member_id, reason) SELECT $1, id, 'false' FROM crowd
        """,
        many,
    )
    await market.run("UPDATE remarks SET reports = 600 WHERE id = $1", many)
    path = f"/api/v1/remarks/{few}/report"
    await ask(market, "POST", path, await market.member(), {"reason": "abuse"})
    found = (await ask(market, "GET", f"{QUEUE}?show=reported", staff))["items"]
    assert [(int(one["remark"]["id"]), len(one["reports"])) for one in found] == [(many, 20), (few, 1)]


async def post(market: Market, path: str, staff: Any, **fields: Any) -> tuple[int, str]:
    """Post a form of the back office and return the answer's status and page."""
    async with market.client.post(path, data=fields, headers=staff, allow_redirects=False) as response:
        return response.status, await response.text()


async def test_what_staff_wrote_is_there_still_when_it_is_refused(market: Market) -> None:
    member = await market.member()
    staff, shop = await market.staff(["reviews.moderate"]), await market.staff(["reviews.reply"], market.shop_id)
    made = [await review(market, member, text=f"第 {number} 条") for number in range(21)]
    await market.run("UPDATE remarks SET reports = 1")
    last = f"/backoffice/reviews/queue/{made[-1]}"
    status, page = await post(market, last, staff, state="hidden", reason="长" * 201, show="reported", page="2")
    assert (status, "第 20 条" in page, "第 0 条" in page) == (422, True, False), "the page that it was sent from"
    assert f'value="{"长" * 201}"' in page
    assert "最多 200 个字" in page
    status, page = await post(market, last, staff, state="hidden", reason="辱骂", show="reported", page="2")
    assert status == 303
    status, page = await post(market, last, staff, state="hidden", reason="也看了", show="reported")
    assert (status, "这条内容的状态已经变了" in page, "也看了" in page) == (422, True, True)
    first = f"/backoffice/reviews/replies/{made[0]}"
    status, page = await post(market, first, shop, text="长" * 501, show="open", page="1")
    assert (status, "长" * 501 in page) == (422, True), "it stands on another page by now"
    await ask(market, "POST", f"/api/v1/backoffice/remarks/{made[0]}/reply", shop, {"text": "谢谢"}, 201)
    status, page = await post(market, first, shop, text="写了很久的回复", show="open")
    assert (status, "写了很久的回复" in page, "已经回复过了" in page) == (422, True, True)


async def test_a_shops_desk_shows_what_it_replied(market: Market) -> None:
    member, shop = await market.member(), await market.staff(["reviews.reply"], market.shop_id)
    made = await review(market, member, 1, "差")
    await ask(market, "POST", f"/api/v1/backoffice/remarks/{made}/reply", shop, {"text": "抱歉，已经换新"}, 201)
    for show, listed in (("reviews", True), ("bad", True), ("open", False), ("questions", False)):
        async with market.client.get(f"/backoffice/reviews/replies?show={show}", headers=shop) as response:
            assert (response.status, "抱歉，已经换新" in await response.text()) == (200, listed), show
