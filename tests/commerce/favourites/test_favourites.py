"""Favourites over JSON and as a browser without a script posts them."""

from __future__ import annotations

import re
from typing import Any

from tests.commerce.orders.market import PRICE, Market, Member

BASE = "/api/v1/me/favourites"


async def body(market: Market, method: str, path: str, who: Member, json: Any = None) -> tuple[int, Any]:
    answer = await market.call(method, path, who, json)
    return answer.status, await answer.json() if answer.content_type == "application/json" else None


async def more(market: Market, count: int) -> list[int]:
    """Put more products on the shelf and return their ids."""
    ids = await market.value(
        """
        WITH made AS (
            INSERT INTO products (shop_id, category_id, slug, title, status)
            SELECT shop_id, category_id, 'more-' || n, '商品 ' || n, 'on'
            FROM products, generate_series(1, $2) AS n WHERE id = $1 RETURNING id
        ), priced AS (
            INSERT INTO skus (product_id, code, specs, price) SELECT id, 'M-' || id, '{}', 1000 FROM made
        )
        SELECT array_agg(id ORDER BY id) FROM made
        """,
        market.product_id,
        count,
    )
    return list(ids)


async def test_a_product_is_kept_at_its_price_and_let_go(market: Market) -> None:
    member, other = await market.member(), await market.member()
    wanted = {"product_id": str(market.product_id)}
    assert await body(market, "POST", BASE, member, wanted) == (201, {**wanted, "on": True})
    await market.run("UPDATE skus SET price = 4000")
    assert (await body(market, "POST", BASE, member, wanted))[0] == 201
    _, listed = await body(market, "GET", BASE, member)
    assert listed["total"] == 1
    [kept] = listed["items"]
    assert (kept["price"], kept["kept_price"], kept["saved"], kept["gone"]) == (4000, PRICE, PRICE - 4000, False)
    assert (kept["available"], kept["shop"]) == (100, "凌峰自营")
    assert (await body(market, "GET", BASE, other))[1]["total"] == 0
    path = f"{BASE}/{market.product_id}"
    assert (await body(market, "DELETE", path, other))[0] == 404
    assert await body(market, "DELETE", path, member) == (200, {**wanted, "on": False})
    assert (await body(market, "DELETE", path, member))[0] == 404


async def test_what_is_not_there_cannot_be_kept(market: Market) -> None:
    member = await market.member()
    status, answer = await body(market, "POST", BASE, member, {"product_id": "999999"})
    assert (status, answer["error"]["code"]) == (404, "not_found")
    await market.run("UPDATE products SET status = 'off'")
    assert (await body(market, "POST", BASE, member, {"product_id": str(market.product_id)}))[0] == 404
    assert (await body(market, "POST", BASE, member, {"product_id": "x"}))[0] == 422
    assert (await body(market, "POST", f"{BASE}/remove", member, {"product_ids": []}))[0] == 422


async def test_lists_are_narrowed_to_what_is_cheaper_or_gone(market: Market) -> None:
    member = await market.member()
    cheaper, gone, same = await more(market, 3)
    for product_id in (cheaper, gone, same):
        await body(market, "POST", BASE, member, {"product_id": str(product_id)})
    await market.run("UPDATE skus SET price = 900 WHERE product_id = $1", cheaper)
    await market.run("UPDATE products SET status = 'off' WHERE id = $1", gone)
    for show, ids in (("all", [same, gone, cheaper]), ("cheaper", [cheaper]), ("gone", [gone])):
        _, listed = await body(market, "GET", f"{BASE}?show={show}", member)
        assert ([int(one["product_id"]) for one in listed["items"]], listed["total"]) == (ids, len(ids)), show
    _, listed = await body(market, "GET", f"{BASE}?page=2&size=2", member)
    assert ([int(one["product_id"]) for one in listed["items"]], listed["total"]) == ([cheaper], 3)
    _, among = await body(market, "GET", f"{BASE}/among?ids={gone},{same},{market.product_id}", member)
    assert among == {"product_ids": [str(gone), str(same)]}
    status, removed = await body(market, "POST", f"{BASE}/remove", member, {"product_ids": [str(gone), str(same), "7"]})
    assert (status, removed) == (200, {"removed": 2})


async def test_a_member_keeps_so_many_and_no_more(market: Market) -> None:
    member = await market.member()
    await more(market, 1000)
    await market.run("INSERT INTO favourites (member_id, product_id, price) SELECT $1, id, 1 FROM products "
                     "WHERE slug <> 'p'", member.id)  # fmt: skip
    status, answer = await body(market, "POST", BASE, member, {"product_id": str(market.product_id)})
    assert (status, answer["error"]["code"]) == (409, "too_many_favourites")
    assert await market.value("SELECT count(*) FROM favourites") == 1000


async def page(market: Market, path: str, member: Member | None = None, **data: str) -> tuple[str, str]:
    """Open a page, or post a form to it, following redirects; returns where it led and the text."""
    headers = {"Cookie": f"lf_member={member.token}"} if member is not None else {}
    if not data:
        answer = await market.client.get(path, headers=headers)
    else:
        token = market.app.sessions.csrf(member.token) if member is not None else ""
        answer = await market.client.post(path, data={"csrf_token": token, **data}, headers=headers)
    return answer.url.path_qs, await answer.text()


async def test_a_heart_is_a_form_that_leads_back(market: Market) -> None:
    member, path = await market.member(), f"/products/{market.product_id}"
    _, text = await page(market, path, member)
    assert re.search(r'<button class="button small heart" form="favour" name="on"[^>]*aria-pressed="false"', text)
    where, text = await page(market, "/favourites", member, on=str(market.product_id), back=path)
    assert where == path
    assert re.search(r'<button class="button small heart" form="favour" name="off"[^>]*aria-pressed="true"', text)
    _, text = await page(market, "/me/favourites", member)
    assert "山行保温杯" in text
    where, _ = await page(market, "/favourites", member, off=str(market.product_id), back="//evil.example")
    assert where == "/"
    assert "还没有收藏" in (await page(market, "/me/favourites", member))[1]


async def test_cards_have_hearts(market: Market) -> None:
    _, text = await page(market, "/")
    assert f'class="heart" form="favour" name="on" value="{market.product_id}"' in text
    assert 'id="favour" method="post" action="/favourites"' in text


async def test_a_guest_logs_in_and_comes_back_with_it_done(market: Market) -> None:
    path = f"/products/{market.product_id}"
    first = await (await market.client.get(path)).text()
    token = re.search(r'name="csrf-token" content="([^"]+)"', first)
    assert token is not None
    form = {"csrf_token": token[1], "on": str(market.product_id), "back": f"{path}?sku={market.sku_id}"}
    answer = await market.client.post("/favourites", data=form)
    assert answer.url.path_qs == "/login?next=/me/favourites"
    await market.run("INSERT INTO members (phone, nickname) VALUES ('13811112222', '新来的')")
    text = await answer.text()
    token = re.search(r'name="csrf-token" content="([^"]+)"', text)
    assert token is not None
    await market.client.post("/login/code", data={"csrf_token": token[1], "account": "13811112222", "by": "code"})
    inbox = await market.client.get("/sandbox/inbox?to=13811112222", headers={"Accept": "application/json"})
    code = (await inbox.json())[0]["code"]
    form = {"csrf_token": token[1], "account": "13811112222", "code": code, "by": "code", "next": "/me/favourites"}
    answer = await market.client.post("/login", data=form)
    assert answer.url.path_qs == f"{path}?sku={market.sku_id}"
    assert 'aria-pressed="true"' in await answer.text()
    answer = await market.client.get("/me/favourites")
    assert answer.url.path_qs == "/me/favourites", "the wish is granted once"


async def test_a_forged_wish_is_not_granted(market: Market) -> None:
    member = await market.member()
    for wish in ("x|/", "7", "|", "9" * 30, f"{market.product_id + 999}|/"):
        headers = {"Cookie": f"lf_member={member.token}; lf_wish={wish}"}
        answer = await market.client.get("/me/favourites", headers=headers)
        assert (answer.status, answer.url.path_qs) == (200, "/me/favourites"), wish
    headers = {"Cookie": f"lf_member={member.token}; lf_wish={market.product_id}|//evil.example"}
    answer = await market.client.get("/me/favourites", headers=headers, allow_redirects=False)
    assert answer.headers["Location"] == "/me/favourites"
    answer = await market.client.post("/favourites", data={"on": str(market.product_id)})
    assert answer.status == 403, "a form without its token"


async def test_several_are_removed_at_once_and_gone_ones_told(market: Market) -> None:
    member = await market.member()
    ids = await more(market, 3)
    for product_id in ids:
        await body(market, "POST", BASE, member, {"product_id": str(product_id)})
    await market.run("UPDATE products SET status = 'off' WHERE id = $1", ids[0])
    await market.run("UPDATE skus SET price = 550 WHERE product_id = $1", ids[1])
    _, text = await page(market, "/me/favourites", member)
    assert text.count("已失效") == 1
    assert "比收藏时降 ¥4.50" in text
    assert f'href="/products/{ids[0]}"' not in text
    token = market.app.sessions.csrf(member.token)
    fields = [("csrf_token", token), ("product_id", str(ids[0])), ("product_id", str(ids[1])), ("show", "all")]
    answer = await market.client.post(
        "/me/favourites/remove", data=fields, headers={"Cookie": f"lf_member={member.token}"}
    )
    assert answer.url.path_qs == "/me/favourites"
    assert await market.value("SELECT array_agg(product_id) FROM favourites") == [ids[2]]
    assert "没有降价的收藏" in (await page(market, "/me/favourites?show=cheaper", member))[1]


async def test_the_member_centre_counts(market: Market) -> None:
    member = await market.member()
    await body(market, "POST", BASE, member, {"product_id": str(market.product_id)})
    _, text = await page(market, "/me", member)
    assert re.search(r'<a href="/me/favourites"><b>1</b>我的收藏</a>', text)
    assert 'href="/me/footprints"' in text
    assert 'href="/me/messages"' in text
