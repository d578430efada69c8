"""Where shops ship from and how soon: said by their own staff, shown on their products' pages, written down."""

from __future__ import annotations

from typing import Any

import pytest

from commerce import stock
from tests.commerce.catalogue.conftest import Shelf

BASE = "/api/v1/backoffice/delivery"
Headers = dict[str, dict[str, str]]


async def put(shelf: Shelf, headers: dict[str, str], shop_id: int, body: dict[str, Any]) -> tuple[int, Any]:
    async with shelf.client.put(f"{BASE}/{shop_id}", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def rows(shelf: Shelf) -> list[tuple[Any, ...]]:
    async with shelf.app.database.connection() as connection:
        found = await connection.fetch(
            "SELECT shop_id, object_id, before, after FROM staff_audit WHERE kind = 'delivery_changed' ORDER BY id"
        )
    return [tuple(row) for row in found]


async def test_a_promise_is_shown_and_written_down(shelf: Shelf, staff: Headers) -> None:
    path = f"/products/{await shelf.product('bottle')}"
    assert "浙江杭州 · 24 小时内发货" in await shelf.page(path)
    status, saved = await put(shelf, staff["admin"], 1, {"ships_from": "  江苏  苏州 ", "ships_within": 48})
    assert (status, saved) == (
        200,
        {"shop_id": "1", "shop": "凌峰自营", "ships_from": "江苏 苏州", "ships_within": 48},
    )
    assert "江苏 苏州 · 48 小时内发货" in await shelf.page(path)
    assert (await shelf.get(f"/api/v1{path}"))["ships"] == {"origin": "江苏 苏州", "within_hours": 48}
    await put(shelf, staff["admin"], 1, {"ships_from": "江苏 苏州", "ships_within": 168})
    assert "7 天内发货" in await shelf.page(path)
    await put(shelf, staff["admin"], 1, {"ships_from": "江苏 苏州", "ships_within": 168})
    assert await rows(shelf) == [
        (
            1,
            "1",
            {"ships_from": "浙江杭州", "ships_within": 24},
            {"ships_from": "江苏 苏州", "ships_within": 48},
        ),
        (1, "1", {"ships_within": 48}, {"ships_within": 168}),
    ], "what is the same again is no deed"
    await put(shelf, staff["admin"], 1, {})
    page = await shelf.page(path)
    assert "内发货" not in page
    assert 'class="ships"' not in page
    assert (await shelf.get(f"/api/v1{path}"))["ships"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"ships_within": 0}, "ships_within"),
        ({"ships_within": 721}, "ships_within"),
        ({"ships_within": "48"}, "ships_within"),
        ({"ships_from": "远" * 21}, "ships_from"),
    ],
)
async def test_what_makes_no_promise_is_refused(shelf: Shelf, staff: Headers, body: dict[str, Any], field: str) -> None:
    status, answer = await put(shelf, staff["admin"], 1, body)
    assert (status, answer["error"]["field"]) == (422, field)
    assert await rows(shelf) == []


async def test_staff_promise_for_their_own_shop_alone(shelf: Shelf, staff: Headers) -> None:
    assert (await put(shelf, staff["shop2"], 1, {"ships_within": 1}))[0] == 404
    assert (await put(shelf, staff["shop2"], 2, {"ships_within": 72}))[0] == 200
    assert (await put(shelf, staff["finance"], 2, {"ships_within": 1}))[0] == 403
    assert (await put(shelf, staff["admin"], 999, {"ships_within": 1}))[0] == 404
    listed = await shelf.get(BASE, headers=staff["shop2"])
    assert [(one["shop_id"], one["ships_within"]) for one in listed] == [("2", 72)]
    assert len(await shelf.get(BASE, headers=staff["admin"])) == 3


async def test_nothing_is_promised_of_what_is_not_there(shelf: Shelf) -> None:
    product_id, sku_id = await shelf.product("bottle"), await shelf.sku("LF-BT-INK-500")
    async with shelf.app.database.transaction() as connection:
        free = (await stock.free(connection, [sku_id]))[sku_id]
        await stock.correct(connection, sku_id, -free, "test", "system")
    page = await shelf.page(f"/products/{product_id}?sku={sku_id}")
    assert "浙江杭州 · 补货后发货" in page
    assert "小时内发货" not in page
    assert "24 小时内发货" in await shelf.page(f"/products/{product_id}?sku={await shelf.sku('LF-BT-INK-350')}")


async def test_the_form_keeps_what_was_wrong(shelf: Shelf, staff: Headers) -> None:
    token = staff["shop2"]["Authorization"].removeprefix("Bearer ")
    cookies = {"Cookie": f"lf_staff={token}"}
    page = await shelf.page("/backoffice/delivery", headers=cookies)
    assert "回声数码" in page
    assert "凌峰自营" not in page
    csrf = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    for hours, status in (("两天", 422), ("0", 422), ("24", 303), ("", 303)):
        form = {"csrf_token": csrf, "ships_from": "湖北武汉", "ships_within": hours}
        async with shelf.client.post(
            "/backoffice/delivery/2", data=form, headers=cookies, allow_redirects=False
        ) as answer:
            assert answer.status == status
            if status == 422:
                text = await answer.text()
                assert "写 1 到 720 之间的整数" in text
                assert f'value="{hours}"' in text
    assert [after for *_, after in await rows(shelf)][-1] == {"ships_within": None}
