"""Words as people type them, and what is offered to them."""

from __future__ import annotations

from typing import Any

import pytest

from commerce.search import analysis
from commerce.search.feed import Follower
from commerce.search.history_store import ENOUGH
from commerce.search.hot import Searches
from commerce.search.lexicon import _one_slip
from server.http.session import Kind
from tests.commerce.search.conftest import Mall

LIST = "/api/v1/products"


@pytest.fixture
async def member(mall: Mall) -> dict[str, str]:
    """Headers of a member."""
    async with mall.app.database.transaction() as connection:
        member_id = await connection.fetchval(
            "INSERT INTO members (phone, nickname) VALUES ('13800138000', '小林') RETURNING id"
        )
        issued = await mall.app.sessions.issue(connection, Kind.MEMBER, member_id, "127.0.0.1", "test")
    return {"Authorization": f"Bearer {issued.token}"}


async def test_many_ways_lead_to_the_same(mall: Mall) -> None:
    wanted = set(await mall.titles(q="保温杯"))
    assert wanted
    for q in ("baowenbei", "BAOWENBEI", "bao wen bei", "bwb", "保温坏", "保温杯 ", "ｂｗｂ"):
        assert set(await mall.titles(q=q)) == wanted, q


async def test_a_correction_is_told(mall: Mall) -> None:
    found = await mall.get(LIST, params={"q": "保温坏"})
    assert found["corrected"] == "保温杯"
    assert (await mall.get(LIST, params={"q": "保温杯"}))["corrected"] == ""
    page = await mall.page("/search?q=保温坏")
    assert "没有找到“保温坏”" in page
    assert 'href="/search?q=%E4%BF%9D%E6%B8%A9%E6%9D%AF"' in page


async def test_what_finds_nothing_leads_on(mall: Mall) -> None:
    page = await mall.page("/search?q=量子 保温杯")
    assert "少写一个词就有" in page
    assert 'href="/search?q=%E4%BF%9D%E6%B8%A9%E6%9D%AF"' in page
    assert "大家在买" in page
    assert page.count('<article class="card">') > 4


async def test_synonyms_are_found_until_they_are_none(mall: Mall) -> None:
    await mall.change("UPDATE products SET title = '黑胶晴天遮阳罩' WHERE id = (SELECT min(id) FROM products)")
    assert await mall.titles(q="太阳罩子") == []
    await mall.change("INSERT INTO search_synonyms (words) VALUES ('{太阳罩子,遮阳罩}')")
    assert await mall.titles(q="太阳罩子") == ["黑胶晴天遮阳罩"]
    await mall.change("DELETE FROM search_synonyms WHERE '太阳罩子' = ANY (words)")
    assert await mall.titles(q="太阳罩子") == []


async def test_suggestions_follow_what_is_typed(mall: Mall) -> None:
    async def texts(q: str) -> list[str]:
        found = await mall.get("/api/v1/search/suggestions", params={"q": q})
        assert found["q"] == q.strip()
        for one in found["items"]:
            assert one["count"] == (await mall.get(LIST, params={"q": one["text"]}))["total"] > 0
        return [one["text"] for one in found["items"]]

    for q in ("保温", "baowen", "bwb", "BaoWen", "baowenb", "baowenbei", "保温杯"):
        assert (await texts(q))[0] == "保温杯", q
    assert "登机箱" in await texts("djx")  # nothing but a word that means the same says so
    assert any(text.startswith("保温杯 ") for text in await texts("保温杯"))
    assert await texts("") == await texts("%") == await texts("没有这种") == []
    async with mall.client.get("/api/v1/search/suggestions", params={"q": "x" * 101}) as response:
        assert response.status == 422


async def test_what_one_product_is_called_is_offered(mall: Mall) -> None:
    await mall.change("UPDATE products SET title = '山行竹节茶漏 QX-907' WHERE id = (SELECT min(id) FROM products)")
    assert await mall.titles(q="茶漏") == ["山行竹节茶漏 QX-907"]
    for q in ("竹节", "zhujie", "山行竹节茶漏", "qx-907"):
        found = (await mall.get("/api/v1/search/suggestions", params={"q": q}))["items"]
        assert {"text": "山行竹节茶漏 QX-907", "count": 1} in found, q
    assert (await mall.get("/api/v1/search/suggestions", params={"q": "zhuj"}))["items"][0]["text"] == "竹节"


async def test_hot_is_what_many_found(mall: Mall, member: dict[str, str]) -> None:
    hot = "/api/v1/search/hot"
    assert await mall.get(hot) == {"items": [], "picked": []}
    searches = mall.app.resource(Searches)
    for _ in range(3):
        await mall.page("/search?q=雨伞")  # one visitor counts once
        await mall.page("/search?q=量子冰箱")  # what finds nothing is not offered to others
    await mall.page("/search?q=毛巾")
    await mall.get(LIST, params={"q": "毛巾"}, headers=member)
    await searches.flush()
    assert (await mall.get(hot))["items"] == []  # so far it is the business of those two
    assert "大家在搜</h2>" not in await mall.page("/search")
    searches.heard("guest:192.0.2.1", "毛巾")
    for at in range(1, 3):
        searches.heard(f"guest:192.0.2.{at}", "雨伞")
    searches.heard("guest:192.0.2.3", "毛巾")
    await searches.flush()
    assert (await mall.get(hot))["items"] == ["毛巾", "雨伞"]
    page = await mall.page("/search")
    assert page.index(">毛巾<") < page.index(">雨伞<")
    assert await mall.value("SELECT sum(searches) FROM search_counts") == 7
    assert await mall.value("SELECT max(cardinality(visitors)) FROM search_counts") == ENOUGH


async def test_a_visitor_of_every_day_is_one(mall: Mall) -> None:
    searches = Searches(mall.app.database, mall.app.settings.secret)
    for day in range(4):
        await mall.change("UPDATE search_counts SET day = day - 1")
        Searches.heard(again := Searches(mall.app.database, mall.app.settings.secret), "member:7", "雨伞")
        await again.flush()
        assert await mall.value("SELECT count(*) FROM search_counts") == day + 1
    assert (await searches.offered()).hot == []


async def test_past_searches_are_ones_own_and_go_when_told(mall: Mall, member: dict[str, str]) -> None:
    path = "/api/v1/search/history"
    for q in ("雨伞", "毛巾", "雨伞"):
        await mall.get(LIST, params={"q": q}, headers=member)
    await mall.get(LIST, params={"q": "茶叶"})  # a guest's
    assert (await mall.get(path, headers=member))["items"] == ["雨伞", "毛巾"]
    for at in range(25):
        await mall.get(LIST, params={"q": f"保温杯 {at}"}, headers=member)
    kept = (await mall.get(path, headers=member))["items"]
    assert (len(kept), kept[0]) == (20, "保温杯 24")
    for q, headers in (("雨伞", {"Lf-Count": "1"}), ("毛巾", {})):  # what is only counted is no search
        async with mall.client.get("/search", params={"q": q}, headers={**member, **headers}) as response:
            assert response.status == 200
    assert (await mall.get(path, headers=member))["items"][:2] == ["毛巾", "保温杯 24"]
    async with mall.client.delete(path, headers=member) as response:
        assert response.status == 204
    assert (await mall.get(path, headers=member))["items"] == []
    async with mall.client.get(path) as response:
        assert response.status == 401


async def test_nonsense_is_refused_by_name(mall: Mall) -> None:
    for attr in ("x", "1", "1:", ":1", "1:2:3", "1:~", "01:1", "1:1e3", "9" * 30 + ":1"):
        async with mall.client.get(LIST, params={"attr": attr}) as response:
            assert response.status == 422, attr
            assert (await response.json())["error"]["field"] == "attr"
        async with mall.client.get("/products", params={"attr": attr}) as response:
            assert response.status == 422, attr
    for q in ("%", "'; DROP TABLE skus", "\\", "()", "&|!", "😀", "a" * 100, "杯" * 100, "1 " * 50):
        await mall.get(LIST, params={"q": q})
        await mall.get("/api/v1/search/suggestions", params={"q": q})


def test_words_are_cut_alike_on_both_sides() -> None:
    assert analysis.plain("５００ ML　Ｔ恤") == "500ml t恤"
    assert analysis.runs("500ml保温杯 type-c 4.5cm") == ["500ml", "保温杯", "type-c", "4.5cm"]
    assert analysis.words("Mate60 保温杯") == ["mate60", "mate", "60", "保温", "保温杯"]
    lines = analysis.lines(
        {"names": "手机壳\n星弧", "title": "星弧 保护套", "above": "手机数码", "about": "黑色", "rest": "旗舰店"}
    )
    weights = analysis.weighed(lines)
    assert (weights["手机壳"], weights["手机"]) == (10, 1)  # a part of a name says less than the name
    assert "数码" not in weights
    assert "手机数码" in weights


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("保温杯", "保温坏", True),
        ("iphone", "ipone", True),
        ("ipone", "iphone", True),
        ("abcd", "abdc", True),
        ("abcd", "abcd", True),
        ("abcd", "badc", False),
        ("abc", "abcde", False),
        ("abcd", "axyd", False),
    ],
)
def test_a_slip_is_one_character(one: str, other: str, near: bool) -> None:
    assert _one_slip(one, other) is near


async def test_many_changes_leave_the_words_in_order(mall: Mall) -> None:
    follower = mall.app.resource(Follower)
    before = {q: await mall.titles(q=q) for q in ("保温杯", "手机", "黑色")}
    await mall.change("UPDATE products SET description = 'x' || id")  # every row's words are made again
    await follower.fresh()
    assert {q: await mall.titles(q=q) for q in before} == before
    await follower.index.settle()
    assert {q: await mall.titles(q=q) for q in before} == before
    found: Any = await mall.get(LIST, params={"q": "保温杯", "sort": "price_asc"})
    assert found["total"] == len(before["保温杯"])
