"""The operator's page: synonyms work within a second, hidden words are offered to nobody."""

from __future__ import annotations

import re

import pytest

from commerce.search.history_store import ENOUGH
from commerce.search.hot import Searches
from commerce.staff.demo import create_staff
from server.http.session import Kind
from tests.commerce.search.conftest import Mall

DESK = "/backoffice/search"


@pytest.fixture
async def headers(mall: Mall) -> dict[str, str]:
    """Headers of staff who may do everything."""
    async with mall.app.database.transaction() as connection:
        await create_staff(connection, {"admin": "a password of tests"}, [])
        staff_id = await connection.fetchval("SELECT id FROM staff WHERE account = 'admin'")
        issued = await mall.app.sessions.issue(connection, Kind.STAFF, staff_id, "127.0.0.1", "test")
    return {"Authorization": f"Bearer {issued.token}"}


async def send(mall: Mall, path: str, headers: dict[str, str], **form: str) -> int:
    """Send a form and return the status."""
    async with mall.client.post(path, data=form, headers=headers, allow_redirects=False) as response:
        return response.status


async def test_synonyms_are_kept_by_an_operator(mall: Mall, headers: dict[str, str]) -> None:
    assert await mall.titles(q="喝水神器") == []
    assert await send(mall, f"{DESK}/synonyms", headers, words="喝水神器，保温杯") == 303
    assert set(await mall.titles(q="喝水神器")) == set(await mall.titles(q="保温杯")) != set()
    page = await mall.page(DESK, headers=headers)
    assert "喝水神器" in page
    made = re.search(rf"{DESK}/synonyms/(\d+)/remove", page)
    assert made is not None
    assert await send(mall, f"{DESK}/synonyms/{made[1]}/remove", headers) == 303
    assert await mall.titles(q="喝水神器") == []
    assert await send(mall, f"{DESK}/synonyms/{made[1]}/remove", headers) == 404
    for words in ("", "只有一个", "一，" + "长" * 31, "，".join(map(str, range(13)))):
        assert await send(mall, f"{DESK}/synonyms", headers, words=words) == 422, words


async def test_what_an_operator_hides_is_not_hot(mall: Mall, headers: dict[str, str]) -> None:
    for q in ("雨伞", "毛巾"):
        for at in range(ENOUGH):
            mall.app.resource(Searches).heard(f"member:{at}", q)
    await mall.app.resource(Searches).flush()
    hot = "/api/v1/search/hot"
    assert set((await mall.get(hot))["items"]) == {"雨伞", "毛巾"}
    assert await send(mall, f"{DESK}/hot", headers, words="毛巾", hidden="1") == 303
    assert (await mall.get(hot))["items"] == ["雨伞"]
    assert "毛巾" in await mall.page(DESK, headers=headers)
    assert await send(mall, f"{DESK}/hot", headers, words="毛巾", hidden="0") == 303
    assert set((await mall.get(hot))["items"]) == {"雨伞", "毛巾"}


async def test_an_operator_picks_what_is_offered_first(mall: Mall, headers: dict[str, str]) -> None:
    hot, picks = "/api/v1/search/hot", f"{DESK}/picks"
    assert await send(mall, picks, headers, words="登机箱，保温杯、 登机箱 , 雨伞") == 303
    assert await mall.get(hot) == {"items": [], "picked": ["登机箱", "保温杯", "雨伞"]}
    for path in ("/search", "/search?q=量子瓜子"):
        page = await mall.page(path)
        assert page.index(">登机箱<") < page.index(">保温杯<"), path
        assert "大家在搜<" not in page, path
    for at in range(ENOUGH):
        mall.app.resource(Searches).heard(f"member:{at}", "保温杯")
    await mall.app.resource(Searches).flush()
    assert await mall.get(hot) == {"items": ["保温杯"], "picked": ["登机箱", "雨伞"]}
    for wrong in ("，".join(map(str, range(21))), "长" * 31):
        async with mall.client.post(picks, data={"words": wrong}, headers=headers) as response:
            assert response.status == 422
            assert wrong in await response.text()
    for _ in range(2):  # pressed twice, it was done once
        assert await send(mall, picks, headers, words="") == 303
        assert await send(mall, f"{DESK}/hot", headers, words="保温杯", hidden="1") == 303
    assert await mall.get(hot) == {"items": [], "picked": []}
    async with mall.app.database.connection() as connection:
        told = await connection.fetch("SELECT before, after FROM staff_audit WHERE kind = 'hot_words_changed'")
    assert len(told) == 3
    assert all(one["before"] != one["after"] for one in told)
