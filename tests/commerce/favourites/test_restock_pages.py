"""Waiting for what is sold out, on the pages."""

from __future__ import annotations

from tests.commerce.favourites.waiting import WAITING, restocked, sell_out, tell, wait_for
from tests.commerce.orders.market import Market


def token(page: str) -> str:
    """Return the CSRF token of a page."""
    return page.partition('name="csrf-token" content="')[2].partition('"')[0]


async def test_a_guest_logs_in_and_comes_back_waiting(market: Market) -> None:
    await sell_out(market)
    path = f"/products/{market.product_id}?sku={market.sku_id}"
    first = await (await market.client.get(path)).text()
    assert f'name="on" value="{market.sku_id}" aria-pressed="false"' in first
    answer = await market.client.post("/restock", data={"csrf_token": token(first), "on": str(market.sku_id)})
    assert answer.url.path_qs == "/login?next=/me/restock"
    csrf = token(await answer.text())
    await market.run("INSERT INTO members (phone, nickname) VALUES ('13811112222', '新来的')")
    await market.client.post("/login/code", data={"csrf_token": csrf, "account": "13811112222", "by": "code"})
    inbox = await market.client.get("/sandbox/inbox?to=13811112222", headers={"Accept": "application/json"})
    code = (await inbox.json())[0]["code"]
    form = {"csrf_token": csrf, "account": "13811112222", "code": code, "by": "code", "next": "/me/restock"}
    answer = await market.client.post("/login", data=form)
    assert answer.url.path_qs == path
    page = await answer.text()
    assert f'name="off" value="{market.sku_id}" aria-pressed="true"' in page
    assert await market.value(WAITING) == 1
    answer = await market.client.get("/me/restock")
    assert answer.url.path_qs == "/me/restock", "the wish is granted once"
    assert "等待到货" in await answer.text()
    answer = await market.client.post("/restock", data={"csrf_token": token(page), "off": str(market.sku_id)})
    assert answer.url.path_qs == path
    assert await market.value(WAITING) == 0


async def test_a_forged_wish_is_not_granted(market: Market) -> None:
    member = await market.member()
    for wish in ("x", "-1", "9" * 30, str(market.sku_id + 999)):
        headers = {"Cookie": f"lf_member={member.token}; lf_await={wish}"}
        answer = await market.client.get("/me/restock", headers=headers)
        assert (answer.status, answer.url.path_qs) == (200, "/me/restock"), wish
    headers = {"Cookie": f"lf_member={member.token}; lf_await={market.sku_id}"}
    answer = await market.client.get("/me/restock", headers=headers, allow_redirects=False)
    assert answer.headers["Location"] == f"/products/{market.product_id}?sku={market.sku_id}", "it is there already"
    assert await market.value(WAITING) == 0


async def test_the_list_says_how_it_stands(market: Market) -> None:
    member = await market.member()
    headers = {"Cookie": f"lf_member={member.token}"}

    async def page() -> str:
        return await (await market.client.get("/me/restock", headers=headers)).text()

    assert "没有在等的商品" in await page()
    await sell_out(market)
    await wait_for(market, member)
    assert "等待到货" in await page()
    await restocked(market)
    await tell(market)
    assert "到货了" in await page()
    await sell_out(market)
    text = await page()
    assert "又卖完了" in text
    assert "再提醒我" in text
    form = {"csrf_token": token(text), "on": str(market.sku_id)}
    await market.client.post("/restock", data=form, headers=headers)
    assert "等待到货" in await page()
    await market.run("UPDATE products SET status = 'off'")
    text = await page()
    assert "已下架" in text
    form = {"csrf_token": token(text), "off": str(market.sku_id)}
    await market.client.post("/me/restock/remove", data=form, headers=headers)
    assert "没有在等的商品" in await page()
    favourites = await market.client.get("/me/favourites", headers=headers)
    assert "到货提醒 0" in await favourites.text()
