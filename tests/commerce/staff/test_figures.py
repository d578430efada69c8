"""The back office's first page: figures of what somebody may see, each of which is what its list counts."""

from __future__ import annotations

import re

from commerce.orders.move import mark_paid_in
from server.clock import day_start, now
from tests.commerce.orders.market import Market

_FIGURE = re.compile(
    r'<li><a href="([^"]+)"( class="due")?><span>([^<]+)</span><b>(.*?)</b>(?:<small>([^<]*)</small>)?'
)


async def figures(
    market: Market, permissions: list[str], shop_id: int | None = None
) -> dict[str, tuple[str, str, str]]:
    """Return by label: the figure, what stands beside it, and its list's address."""
    staff = await market.staff(permissions, shop_id)
    response = await market.call("GET", "/backoffice", staff)
    text = await response.text()
    assert response.status == 200
    found = {}
    for href, _, label, value, beside in _FIGURE.findall(text):
        assert (await market.call("GET", href.replace("&amp;", "&"), staff)).status == 200, href
        found[label] = (re.sub("<[^>]+>", "", value), beside, href)
    return found


async def test_figures_are_those_of_ones_shops_and_rights(market: Market) -> None:
    member = await market.member()
    orders = [await market.order(member) for _ in range(3)]
    for order in orders[:2]:
        async with market.app.database.transaction() as connection:
            assert await mark_paid_in(connection, order.id, order.amount, now())
    # Paid a second before the day began, it is yesterday's money.
    await market.run("UPDATE orders SET paid_at = $2 WHERE id = $1", orders[1].id, day_start().replace(year=2020))
    seen = await figures(market, ["*"])
    assert list(seen)[:2] == ["待发货", "失败的退款"], "the same order whichever feature comes first"
    assert seen["待发货"] == ("2", "", "/backoffice/orders?status=pending_shipment")
    paid, beside, href = seen["今日支付"]
    assert (paid, beside) == (f"¥{orders[0].amount / 100:.2f}", "1 单")
    staff = await market.staff(["orders.view"])
    listed = await (await market.call("GET", href, staff)).text()
    assert orders[0].order_no in listed
    assert orders[1].order_no not in listed
    joined, _, href = seen["今日新会员"]
    assert joined == "1"
    await market.run("INSERT INTO members (phone, nickname, created_at) VALUES ('13911112222', '老会员', '2020-01-01')")
    listed = await (await market.call("GET", href, await market.staff(["members.view"]))).text()
    assert ("老会员" in listed, listed.count("<tr>")) == (False, 2)  # the head, and who came today
    assert {
        "失败的退款",
        "在途的退款",
        "快卖完的商品",
        "待审核的评价",
        "待回复的评价和提问",
        "进行中的秒杀",
        "待开始的秒杀",
    } <= seen.keys()
    assert (await figures(market, ["orders.view"], market.shop_id)).keys() == {"待发货", "今日支付"}
    assert (await figures(market, ["orders.view"], market.shop_id + 1))["待发货"][0] == "0"


async def test_who_has_no_figures_is_shown_the_doors(market: Market) -> None:
    staff = await market.staff(["ledger.view"])
    text = await (await market.call("GET", "/backoffice", staff)).text()
    assert 'class="figures"' not in text
    assert '<nav class="doors"' in text
