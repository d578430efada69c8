"""Reviews and questions on pages: what stands there, what search engines are told, what forms do."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from commerce.reviews import belonging_store
from tests.commerce.orders.market import Market, Member
from tests.commerce.reviews.test_moderation import decide
from tests.commerce.reviews.test_questions import buyer, question
from tests.commerce.reviews.test_reviews import ask, line_of, review, summary

HOSTILE = '<script>alert(1)</script>\n<img src=x onerror=alert(2)> "{{ 7*7 }}" [a](javascript:1)'


async def page(
    market: Market, path: str, member: Member | None = None, status: int = 200, **data: str | list[str]
) -> tuple[str, str]:
    """Open a page, or post a form to it, following redirects; returns where it led and the text."""
    headers = {"Cookie": f"lf_member={member.token}"} if member is not None else {}
    if not data:
        answer = await market.client.get(path, headers=headers)
    else:
        token = market.app.sessions.csrf(member.token) if member is not None else ""
        fields = [("csrf_token", token)]
        for name, value in data.items():
            fields += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        answer = await market.client.post(path, data=fields, headers=headers)
    text = await answer.text()
    assert answer.status == status, (answer.status, text[:2000])
    return answer.url.path_qs, text


async def staff_page(market: Market, path: str, staff: dict[str, str], status: int = 200, **data: str) -> str:
    """The same for staff."""
    token = staff["Authorization"].removeprefix("Bearer ")
    headers = {"Cookie": f"lf_staff={token}"}
    if data:
        form = {"csrf_token": market.app.sessions.csrf(token), **data}
        answer = await market.client.post(path, data=form, headers=headers)
    else:
        answer = await market.client.get(path, headers=headers)
    text = await answer.text()
    assert answer.status == status, (answer.status, text[:2000])
    return text


def told(text: str) -> Any:
    """Return what search engines are told."""
    found = re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return msgspec.json.decode(found[1])


async def test_search_engines_are_told_what_the_page_shows(market: Market) -> None:
    path = f"/products/{market.product_id}"
    _, text = await page(market, path)
    assert "aggregateRating" not in told(text)
    assert "还没有评价" in text
    member = await market.member()
    for rating in (5, 5, 4, 2):
        await review(market, member, rating)
    for who in (None, member):
        _, text = await page(market, path, who)
        rating = told(text)["aggregateRating"]
        assert (rating["ratingValue"], rating["reviewCount"]) == ("4.0", 4)
        assert "<b>4.0</b> <span>4 条评价</span>" in text
        assert re.findall(r'<meter min="0" max="4" value="(\d)"', text) == ["2", "1", "0", "1", "0"]
        assert "好评率 75%" in text


async def test_a_kept_page_is_as_true_as_a_new_one(market: Market) -> None:
    path, staff = f"/products/{market.product_id}", await market.staff(["reviews.moderate"])
    member, voter = await market.member(), await market.member()
    await page(market, path)
    review_id = await review(market, member, text="手感很好")
    assert "手感很好" in (await page(market, path))[1]
    await ask(market, "PUT", f"/api/v1/remarks/{review_id}/vote", voter)
    assert re.search(r"有用 1", (await page(market, path))[1])
    await market.run("UPDATE members SET nickname = '改了名' WHERE id = $1", member.id)
    assert "改了名" in (await page(market, path))[1]
    await decide(market, staff, review_id, "hidden", "广告")
    assert "手感很好" not in (await page(market, path))[1]


async def test_texts_stay_texts(market: Market) -> None:
    member, asker = await market.member(), await buyer(market)
    await market.run("UPDATE members SET nickname = '<b>x</b>' WHERE id = $1", member.id)
    review_id = await review(market, member, text=HOSTILE)
    await ask(market, "POST", f"/api/v1/me/reviews/{review_id}/follow-up", member, {"text": HOSTILE})
    question_id = await question(market, asker, HOSTILE)
    staff = await market.staff(["reviews.reply", "reviews.moderate"])
    await staff_page(market, f"/backoffice/reviews/replies/{review_id}", staff, text=HOSTILE)
    base = f"/products/{market.product_id}"
    pages = [base, f"{base}/reviews", f"{base}/questions", f"/questions/{question_id}"]
    shown = [(await page(market, path, asker))[1] for path in pages]
    shown += [(await page(market, path, member))[1] for path in ("/me/reviews?show=written",)]
    shown += [await staff_page(market, "/backoffice/reviews/replies?show=questions", staff)]
    for text in shown:
        assert "&lt;script&gt;alert(1)&lt;/script&gt;\n&lt;img" in text, "escaped, its line break kept"
        assert "<script>alert(1)" not in text
        assert "<img src=x" not in text
        assert "<b>x</b>" not in text
        assert "49" not in re.findall(r'"(\d\d)"', text)


async def test_a_review_is_written_by_a_form(market: Market) -> None:
    member = await market.member()
    line_id = await line_of(market, member)
    _, text = await page(market, "/me/reviews", member)
    path = f"/me/order-lines/{line_id}/review"
    assert f'href="{path}"' in text
    assert "待评价" in text
    order_no = await market.value("SELECT order_no FROM orders")
    for shown in (f"/orders/{order_no}", "/orders?status=completed"):
        assert f'href="{path}">写评价' in (await page(market, shown, member))[1]
    _, text = await page(market, "/me", member)
    assert re.search(r'href="/me/reviews">.*?待评价<b class="count">1</b>', text)
    assert "checked" not in (await page(market, path, member))[1].partition("stars-in")[2].partition("</fieldset>")[0]
    _, text = await page(market, path, member, 422, text="没打分")
    assert [part in text for part in ("点星打分", ">没打分</textarea>")] == [True, True]
    _, text = await page(market, path, member, 422, rating="5", text="长" * 1001)
    assert "最多 1000 个字" in text
    _, text = await page(market, path, member, 422, rating="5", pictures=["/media/u/x.webp", "y"])
    assert "图片不在了" in text
    where, text = await page(market, path, member, rating="4", text="一\r\n二", anonymous="1")
    assert where == "/me/reviews?show=written&done=shown"
    assert "一\n二" in text
    for shown in (f"/orders/{order_no}", "/orders?status=completed"):
        text = (await page(market, shown, member))[1]
        assert (order_no in text, "写评价" in text) == (True, False), "nothing is left to review"
    await line_of(market, member, status="pending_receipt")
    await line_of(market, member, days=400)  # too long ago
    assert "写评价</a>" not in (await page(market, "/orders", member))[1]
    two = await line_of(market, member)
    await market.run(
        """
        INSERT INTO order_lines (order_id, sku_id, product_id, title, unit_price, quantity, amount)
        SELECT order_id, sku_id, product_id, title, 1, 1, 1 FROM order_lines WHERE id = $1
        """,
        two,
    )
    assert 'href="/me/reviews">写评价' in (await page(market, "/orders", member))[1], "to choose from"
    where, _ = await page(market, path, member, rating="1", text="再来")
    assert where == "/me/reviews?show=written&done=twice"
    review_id = await market.value("SELECT id FROM remarks")
    where, text = await page(market, f"/me/reviews/{review_id}/follow-up", member, text="还不错")
    assert "当天追评" in text
    where, _ = await page(market, f"/me/remarks/{review_id}/remove", member, yes="1")
    assert (where, (await summary(market))["count"]) == ("/me/reviews?show=written", 0)


async def test_questions_are_asked_and_answered_by_forms(market: Market) -> None:
    asker, one = await market.member(), await buyer(market)
    path = f"/products/{market.product_id}/questions"
    assert "登录后提问" in (await page(market, path))[1]
    _, text = await page(market, path, asker, 422, text=" ")
    assert "必填" in text
    where, text = await page(market, path, asker, text="会漏水吗")
    assert (where, "问出去了" in text, "会漏水吗" in text) == (f"{path}?done=shown", True, True)
    question_id = await market.value("SELECT id FROM remarks")
    _, text = await page(market, f"/questions/{question_id}/answers", asker, 422, text="我不知道")
    assert "买过并收到这件商品的人才能回答" in text
    where, text = await page(market, f"/questions/{question_id}/answers", one, text="不漏")
    assert (where, "不漏" in text, "买过" in text) == (f"/questions/{question_id}?done=shown", True, True)
    _, text = await page(market, "/me/questions", asker)
    assert "会漏水吗" in text
    _, text = await page(market, "/me/questions?show=answers", one)
    assert "不漏" in text


async def test_voting_and_reporting_without_a_script(market: Market) -> None:
    writer, member = await market.member(), await market.member()
    review_id = await review(market, writer)
    base = f"/products/{market.product_id}/reviews"
    where, text = await page(market, f"/remarks/{review_id}/vote", member, on="1", back=base)
    assert (where, 'aria-pressed="true"' in text) == (base, True)
    where, _ = await page(market, f"/remarks/{review_id}/vote", member, on="", back="//evil.example")
    assert where == "/"
    assert await market.value("SELECT useful FROM remarks") == 0
    path = f"/remarks/{review_id}/report"
    _, text = await page(market, path, member, 422, back=base)
    assert "选一个原因" in text
    _, text = await page(market, path, member, 422, reason="other", back=base)
    assert "必填" in text
    _, text = await page(market, path, member, reason="abuse", back=base)
    assert "收到了" in text
    _, text = await page(market, path, member, 422, reason="abuse", back=base)
    assert "你已经举报过了" in text


async def test_the_queue_is_worked_off_by_forms(market: Market) -> None:
    member, staff = await market.member(), await market.staff(["reviews.moderate"])
    text = await staff_page(market, "/backoffice/reviews/words", staff, words="坏词，更坏")
    assert ">坏词<" in text
    review_id = await review(market, member, text="坏词")
    text = await staff_page(market, "/backoffice/reviews", staff)
    assert "遇到敏感词 坏词" in text
    path = f"/backoffice/reviews/queue/{review_id}"
    assert "必填" in await staff_page(market, path, staff, 422, state="hidden", reason=" ")
    await staff_page(market, path, staff, 422, state="removed", reason="x")
    text = await staff_page(market, path, staff, state="hidden", reason="骂人")
    assert ("没有要处理的" in text, "已隐藏，作者会收到原因" in text) == (True, True)
    assert "骂人" in await staff_page(market, "/backoffice/reviews?show=decided", staff)
    _, text = await page(market, "/me/reviews?show=written", member)
    assert [part in text for part in ("没有展示", "骂人")] == [True, True]
    assert await market.value("SELECT array_agg(kind ORDER BY id) FROM staff_audit") == [
        "words_watched",
        "remark_decided",
    ]


async def test_a_list_costs_as_many_statements_however_long(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    member = await market.member()
    path = f"/products/{market.product_id}/reviews"

    async def cost() -> int:
        ran: list[str] = []
        fetch = type(await _raw(market)).fetch

        async def counted(self: Any, query: str, *args: Any, **more: Any) -> Any:
            if "remark" in query:
                ran.append(query)
            return await fetch(self, query, *args, **more)

        with monkeypatch.context() as patch:
            patch.setattr(type(await _raw(market)), "fetch", counted)
            await page(market, path, member)
        return len(ran)

    first = await review(market, member)
    await ask(market, "POST", f"/api/v1/me/reviews/{first}/follow-up", member, {"text": "好"})
    few = await cost()
    assert few >= 3
    for _ in range(8):
        more = await review(market, member)
        await ask(market, "POST", f"/api/v1/me/reviews/{more}/follow-up", member, {"text": "好"})
    assert await cost() == few


async def _raw(market: Market) -> Any:
    async with market.app.database.connection() as connection:
        return getattr(connection, "_con", connection)


async def test_accounts_that_merge_bring_their_words_along(market: Market) -> None:
    keeper, other, third = await market.member(), await market.member(), await market.member()
    mine, his, thirds = await review(market, keeper), await review(market, other), await review(market, third)
    for who, remark_id in ((keeper, his), (other, mine), (keeper, thirds), (other, thirds), (third, his)):
        await ask(market, "PUT", f"/api/v1/remarks/{remark_id}/vote", who)
    for who in (keeper, other):
        await ask(market, "POST", f"/api/v1/remarks/{thirds}/report", who, {"reason": "false"})
    for _ in range(2):
        async with market.app.database.transaction() as connection:
            await belonging_store.move(connection, keeper.id, other.id)
    votes = await market.value("SELECT array_agg(useful ORDER BY id) FROM remarks")
    counted = await market.value(
        "SELECT array_agg((SELECT count(*)::integer FROM remark_votes AS v WHERE v.remark_id = r.id) ORDER BY id) "
        "FROM remarks AS r"
    )
    assert votes == counted == [0, 1, 1]
    assert await market.value("SELECT reports FROM remarks WHERE id = $1", thirds) == 1
    assert await market.value("SELECT count(*) FROM remarks WHERE member_id = $1", keeper.id) == 2


async def test_what_a_former_member_said_stays_without_a_name(market: Market) -> None:
    member, other = await market.member(), await buyer(market)
    review_id, others = await review(market, member, text="留着"), await review(market, other)
    await ask(market, "PUT", f"/api/v1/remarks/{others}/vote", member)
    await ask(market, "POST", f"/api/v1/remarks/{others}/report", member, {"reason": "false"})
    async with market.app.database.transaction() as connection:
        kept = await belonging_store.tell(connection, member.id)
        await belonging_store.erase(connection, member.id)
    assert [len(kept[name]) for name in ("reviews", "review_votes", "review_reports")] == [1, 1, 1]
    assert (await summary(market))["count"] == 2
    listed = await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews?sort=newest")
    assert [(one["text"], one["author"]) for one in listed["items"]][-1] == ("留着", "已注销用户")
    assert await market.value("SELECT useful + reports FROM remarks WHERE id = $1", others) == 0
    await ask(market, "DELETE", f"/api/v1/me/remarks/{review_id}", member, status=404)
