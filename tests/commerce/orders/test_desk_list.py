"""Orders as staff look for them: each filter alone and together, within one's shops, page by page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from commerce.orders import seek
from server.clock import day_start, shanghai
from tests.commerce.orders.market import Market, Placed

LIST, API = "/backoffice/orders", "/api/v1/backoffice/orders"


async def numbers(market: Market, staff: dict[str, str], **asked: Any) -> set[str]:
    """Return the numbers of the orders sought, which page and API agree on."""
    path = "?" + urlencode(asked)
    answer = await market.call("GET", API + path, staff)
    assert answer.status == 200, await answer.text()
    found = [one["order_no"] for one in (await answer.json())["items"]]
    page = await market.call("GET", LIST + path, staff)
    text = await page.text()
    assert page.status == 200
    assert all(f"/backoffice/orders/{number}" in text for number in found)
    assert found or "没有符合条件的订单" in text
    assert len(found) == len(set(found))
    return set(found)


async def test_orders_are_found_by_what_staff_know_of_them_and_in_their_shops_alone(market: Market) -> None:
    first, other = await market.member(), await market.member()
    there = await market.value("INSERT INTO shops (slug, name) VALUES ('t', '丹东田间') RETURNING id")
    ours = {status: await market.order(first, status=status) for status in ("pending_payment", "completed")}
    ours["old"] = await market.order(other, status="pending_shipment")
    theirs = await market.order(first, status="completed", shop_id=there)
    await market.run(
        "UPDATE orders SET created_at = $2, paid_at = $2, address = address || $3 WHERE id = $1",
        ours["old"].id,
        day_start().replace(year=2024, month=3, day=1, hour=16),  # 2 March in Shanghai
        {"name": "欧阳询", "phone": "+86 139-0000 0001"},
    )
    lamp = await market.value(
        """
        INSERT INTO products (shop_id, category_id, slug, title)
        SELECT shop_id, category_id, 'lamp', '营地 50%_灯' FROM products LIMIT 1 RETURNING id
        """
    )
    for quantity in (1, 2):  # two lines of one product are one order
        await market.run(
            """
            INSERT INTO order_lines (order_id, sku_id, product_id, title, unit_price, quantity, amount)
            VALUES ($1, $2, $3, '旧名', 1, $4, 1)
            """,
            ours["completed"].id,
            market.sku_id,
            lamp,
            quantity,
        )
    await market.run("UPDATE order_lines SET placed_at = created_at FROM orders AS o WHERE o.id = order_id")
    everywhere = await market.staff(["orders.view", "orders.manage", "members.view"])
    keeper = await market.staff(["orders.view", "orders.manage"], market.shop_id)
    looker = await market.staff(["orders.view"], market.shop_id)
    # Sends orders of the other shop alone, and looks at those of both.
    both = await market.staff(["orders.view"])
    await market.run(
        """
        INSERT INTO staff_roles (staff_id, role_id, shop_id)
        SELECT s.staff_id, k.role_id, $1 FROM staff_roles AS s, staff_roles AS k
        WHERE s.staff_id = (SELECT max(id) FROM staff) AND k.staff_id = (SELECT max(id) - 2 FROM staff)
        """,
        there,
    )
    phone = "13811112222"
    await market.run("UPDATE members SET phone = $2 WHERE id = $1", first.id, phone)
    paying, done, old = (ours[name].order_no for name in ("pending_payment", "completed", "old"))
    mine, foreign = {paying, done, old}, theirs.order_no
    today = f"{shanghai(day_start()):%Y-%m-%d}"
    for asked, expected in (
        ({}, {*mine, foreign}),
        ({"status": "completed"}, {done, foreign}),
        ({"q": f" {done[:9]} {done[9:]} "}, {done}),
        ({"q": foreign}, {foreign}),
        ({"receiver": "欧阳询"}, {old}),
        ({"receiver": "欧阳"}, set()),
        ({"receiver": "139 0000 0001"}, {old}),
        ({"receiver": "13812346021"}, {paying, done, foreign}),
        ({"receiver": "林小满", "status": "pending_payment"}, {paying}),
        ({"title": "保温杯"}, {*mine, foreign}),
        ({"title": "50%_"}, {done}),
        ({"title": "5_%"}, set()),
        ({"title": "保温杯", "receiver": "林小满", "status": "completed", "since": today}, {done, foreign}),
        ({"since": "2024-03-02", "until": "2024-03-02"}, {old}),
        ({"until": "2024-03-01"}, set()),
        ({"since": "2024-03-03"}, {paying, done, foreign}),
        ({"shop": there}, {foreign}),
        ({"shop": there, "status": "pending_shipment"}, set()),
        ({"shop": market.shop_id, "title": "保温杯", "paid": "today"}, {done}),
        ({"paid": "today"}, {done, foreign}),
        ({"member": other.id}, {old}),
    ):
        assert await numbers(market, everywhere, **asked) == expected, asked
        assert await numbers(market, keeper, **asked) == expected - {foreign}, asked
    # Whose phone it is, is the business of who may look for members.
    assert await numbers(market, everywhere, phone=f"+86 {phone[:3]} {phone[3:]}") == {paying, done, foreign}
    assert await numbers(market, everywhere, phone=phone, shop=there) == {foreign}
    assert await numbers(market, everywhere, phone=phone, member=other.id) == set()
    assert await numbers(market, everywhere, phone="13000000000") == set()
    for path in (LIST, API):
        assert (await market.call("GET", f"{path}?phone={phone}", keeper)).status == 403
        assert (await market.call("GET", path, await market.staff(["products.view"]))).status == 403
    # Whom an order goes to, too: what is masked is not to be guessed sign by sign.
    for asked in ({"receiver": "13812346021"}, {"receiver": "林小满"}):
        for path in (LIST, API):
            assert (await market.call("GET", f"{path}?{urlencode(asked | {'q': done})}", looker)).status == 403
        assert await numbers(market, both, **asked) == {foreign}
    text = await (await market.call("GET", LIST, looker)).text()
    assert ('name="receiver"' in text, 'name="title"' in text) == (False, True)
    text = await (await market.call("GET", f"{LIST}?phone={phone}&title=保温杯", everywhere)).text()
    assert f'href="{LIST}?phone={phone}"' in text, "each condition can be taken away"
    assert f"{phone[:3]}****{phone[-4:]}" in text
    assert "买家手机" not in await (await market.call("GET", LIST, keeper)).text()
    shown = (await (await market.call("GET", f"{API}?q={old}", keeper)).json())["items"][0]
    assert (shown["receiver"], shown["shop"], len(shown["lines"])) == ("欧**", "凌峰自营", 1)
    assert "139" not in str(shown["receiver"]) + shown["region"]


async def test_pages_go_on_below_the_last_and_what_is_typed_wrong_is_said_beside_it(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await market.member()
    placed: list[Placed] = [await market.order(member, status="completed") for _ in range(5)]
    await market.run("UPDATE orders SET created_at = '2026-01-01' WHERE id > $1", placed[1].id)  # at one moment
    await market.run("UPDATE orders SET created_at = '2026-02-01' WHERE id <= $1", placed[1].id)
    await market.run("UPDATE order_lines SET placed_at = created_at FROM orders AS o WHERE o.id = order_id")
    staff = await market.staff(["orders.view", "orders.manage", "members.view"])
    newest = [placed[at].order_no for at in (1, 0, 4, 3, 2)]
    for asked in (
        {},
        {"receiver": "林小满"},
        {"member": str(member.id)},
        {"status": "completed", "shop": "1"},
        {"title": "保温杯"},
    ):
        seen: list[str] = []
        below: str | None = ""
        for _ in range(3):
            path = f"{API}?{urlencode(asked | {'size': 2} | ({'before': below} if below else {}))}"
            body = await (await market.call("GET", path, staff)).json()
            seen += [one["order_no"] for one in body["items"]]
            below = body["next"]
        assert (seen, below) == (newest, None), asked
    text = await (await market.call("GET", f"{LIST}?receiver=林小满&size=2", staff)).text()
    assert "更早的" in text
    assert "&amp;size=2&amp;before=" in text

    monkeypatch.setattr(seek, "MOST_PRODUCTS", 0)
    for field, asked_wrong, reason in (
        ("q", {"q": "12 34"}, "订单号是 18 位数字"),
        ("q", {"q": "1" * 61}, "最多 60 个字符"),
        ("receiver", {"receiver": "138"}, "写完整的姓名或电话"),
        ("receiver", {"receiver": "***"}, "写完整的姓名或电话"),
        ("phone", {"phone": "12345"}, "请填写 11 位手机号"),
        ("title", {"title": "保" * 61}, "最多 60 个字符"),
        ("title", {"title": "保温"}, "叫这个的商品太多"),
        ("since", {"since": "2026-02-30"}, "日期不对"),
        ("since", {"since": "0001-01-01"}, "日期不对"),
        ("until", {"until": "9999-12-31"}, "日期不对"),
        ("until", {"since": "2026-02-02", "until": "2026-02-01"}, "不能早于开始的那天"),
    ):
        path = urlencode(asked_wrong | {"status": "completed"})
        answer = await market.call("GET", f"{API}?{path}", staff)
        assert (answer.status, (await answer.json())["error"]["field"]) == (422, field), asked_wrong
        page = await market.call("GET", f"{LIST}?{path}", staff)
        text = await page.text()
        assert (page.status, reason in text, next(iter(asked_wrong.values())) in text) == (422, True, True), asked_wrong
    for path in ("before=1-99999999999999999999", "before=x", "shop=a", "status=lost", "size=0", "q=%00", "paid=never"):
        assert (await market.call("GET", f"{LIST}?{path}", staff)).status in (200, 422), path
