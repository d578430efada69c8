"""Lists as people see them: personal and why, popular where nothing is known, without what does not belong."""

from __future__ import annotations

import html
import re

from commerce.behaviour import Log
from commerce.recommendations import belonging_store
from commerce.recommendations.run import run, tidy
from commerce.recommendations.serve import SIZE
from server.application import Application
from tests.commerce.behaviour.browsing import Browser
from tests.commerce.orders.market import Market
from tests.commerce.recommendations.crowd import BASE, guess, ids, looked, saw, stocked


async def test_what_one_saw_leads_to_what_others_saw_with_it_and_says_so(market: Market, shelf: list[int]) -> None:
    member = await market.member()
    assert (await guess(market, member))["basis"] == "popular"
    await saw(market, member, shelf[0])
    found = await guess(market, member)
    assert found["basis"] == "personal"
    assert ids(found)[0] in shelf[:2]
    why = {int(one["product_id"]): one["because"] for one in found["items"]}
    assert why[shelf[1]] is None, "another kind of thing, which four people looked at too: no reason to name"
    await market.run(
        "UPDATE categories SET parent_id = (SELECT category_id FROM products WHERE id = $1) WHERE slug = 'own-' || $2",
        shelf[0],
        str(shelf[1]),
    )
    found = await guess(market, member)
    why = {int(one["product_id"]): one["because"] for one in found["items"]}
    assert why[shelf[1]] == {"deed": "viewed", "product_id": str(shelf[0]), "title": "商品 1"}
    assert why[shelf[4]] is None, "what everybody looks at fills up the rest"
    await market.run("UPDATE products SET sales = 3 WHERE id = $1", shelf[4])
    page = await (await market.client.get("/recommendations", headers={"Cookie": f"lf_member={member.token}"})).text()
    assert "因为你看过《商品 1》" in page
    assert page.count("<span>大家都在买</span>") == 1, "what was sold, and nothing else"
    assert page.count("<span>不妨看看</span>") == 4


async def test_who_switched_it_off_sees_what_everybody_does_and_reads_so(market: Market, shelf: list[int]) -> None:
    member = await market.member()
    await saw(market, member, shelf[0])
    await market.call("PUT", "/api/v1/privacy", member, {"personalised": False})
    found = await guess(market, member)
    assert found["basis"] == "off"
    assert not any(one["because"] for one in found["items"])
    assert ids(found) == ids(await guess(market, None))
    page = await (await market.client.get("/recommendations", headers={"Cookie": f"lf_member={member.token}"})).text()
    assert "个性化已关闭" in page
    await market.call("PUT", "/api/v1/privacy", member, {"personalised": True})
    assert (await guess(market, member))["basis"] == "personal"


async def test_a_visitor_who_agreed_has_a_list_of_their_own_until_they_take_it_back(
    market: Market, shelf: list[int]
) -> None:
    browser, stranger = await Browser(market).agreed(), Browser(market)
    await browser.open(f"/products/{shelf[2]}")
    await market.app.resource(Log).flush()
    assert "<span>你看过这件</span>" in await browser.open("/")
    for other in (stranger, await Browser(market).agreed()):
        assert "<span>你看过这件" not in await other.open("/"), "a page of one's own is kept for nobody else"
    assert (await browser.post(f"{BASE}/dismissals", {"product_id": str(shelf[5])}))[0] == 200
    await browser.send("/privacy", {"choice": "necessary", "back": "/"})
    await tidy(market.app)
    assert await market.value("SELECT count(*) FROM recommendation_dismissals") == 0
    assert "你看过这件" not in await browser.open("/")


async def test_what_does_not_belong_is_left_out(market: Market, app: Application, shelf: list[int]) -> None:
    member = await market.member()
    await saw(market, member, *shelf[:5])
    assert set(shelf) <= set(ids(await guess(market, member)))
    await market.run("UPDATE products SET status = 'off' WHERE id = $1", shelf[0])
    await market.run(
        "UPDATE stock SET on_hand = 0 WHERE sku_id IN (SELECT id FROM skus WHERE product_id = $1)", shelf[1]
    )
    order = await market.order(member, status="pending_shipment")
    await market.run("UPDATE order_lines SET product_id = $1 WHERE order_id = $2", shelf[2], order.id)
    answer = await market.call("POST", f"{BASE}/dismissals", member, {"product_id": str(shelf[3])})
    assert await answer.json() == {"product_id": str(shelf[3]), "on": True}
    found = ids(await guess(market, member))
    assert shelf[0] not in found, "off the shelf"
    assert shelf[2] not in found, "just bought"
    assert shelf[3] not in found, "not wanted"
    assert found[-1] == shelf[1], "sold out, and shown at the end as there is little else"
    answer = await market.call("DELETE", f"{BASE}/dismissals/{shelf[3]}", member)
    assert answer.status == 200
    assert shelf[3] in ids(await guess(market, member))
    await market.call("POST", "/api/v1/me/favourites", member, {"product_id": str(shelf[4])})
    await market.run(
        """
        WITH made AS (
            INSERT INTO products (shop_id, category_id, slug, title)
            SELECT shop_id, category_id, 'kept-' || n, '留着的 ' || n
            FROM products, generate_series(1, 50) AS n WHERE id = $1 RETURNING id
        ), long_ago AS (
            UPDATE favourites SET created_at = now() - interval '1 day' WHERE product_id = $1
        )
        INSERT INTO favourites (member_id, product_id, price, created_at)
        SELECT $2, id, 1, now() - interval '1 minute' FROM made
        """,
        shelf[4],
        member.id,
    )
    assert shelf[4] not in ids(await guess(market, member)), "kept, if long ago: that is a list of its own"
    await market.call("PUT", "/api/v1/privacy", member, {"personalised": False})
    assert shelf[4] not in ids(await guess(market, member))
    assert (await market.call("DELETE", f"{BASE}/dismissals/{shelf[3]}", member)).status == 404
    assert (await market.call("POST", f"{BASE}/dismissals", member, {"product_id": "999999"})).status == 404
    assert (await market.call("POST", f"{BASE}/dismissals", None, {"product_id": str(shelf[3])})).status == 401


async def test_pages_of_one_moment_have_nothing_in_common(market: Market, app: Application) -> None:
    made = await stocked(market, SIZE * 2 + 3)
    member = await market.member()
    await looked(market, *made[:5])
    await run(app)
    await saw(market, member, made[0])
    first = await guess(market, member)
    assert first["more"]
    await saw(market, member, made[7], made[8])
    pages = [first] + [await guess(market, member, f"?page={page}&moment={first['moment']}") for page in (2, 3)]
    seen = [one for page in pages for one in ids(page)]
    assert len(seen) == len(set(seen)) >= SIZE * 2 + 3
    assert not pages[-1]["more"]
    for wrong in ("?page=0", "?page=51", "?moment=x", "?moment=99999999999999"):
        assert (await market.call("GET", BASE + wrong, member)).status == 422, wrong
    assert (await guess(market, member, "?moment=9999999999999"))["items"], "the future is now"


async def test_what_is_near_a_product_stands_on_its_page_and_over_json(
    market: Market, app: Application, shelf: list[int]
) -> None:
    for _ in range(2):
        order = await market.order(await market.member(), status="completed")
        await market.run("UPDATE order_lines SET product_id = $1 WHERE order_id = $2", shelf[0], order.id)
        await market.run(
            """
            INSERT INTO order_lines (order_id, sku_id, product_id, title, unit_price, quantity, amount)
            VALUES ($1, 0, $2, '商品 3', 100, 1, 100)
            """,
            order.id,
            shelf[2],
        )
    text = await (await market.client.get(f"/products/{shelf[0]}")).text()
    assert "相关商品" in text
    assert "一起买" not in text
    assert await run(app)
    answer = await market.call("GET", f"/api/v1/products/{shelf[0]}/recommendations")
    body = await answer.json()
    assert [int(one["product_id"]) for one in body["together"]] == [shelf[2]]
    assert shelf[1] in [int(one["product_id"]) for one in body["related"]]
    text = await (await market.client.get(f"/products/{shelf[0]}")).text()
    assert "一起买" in text, "a page that was kept is made anew after a run"
    await market.run("UPDATE products SET status = 'off' WHERE id = $1", shelf[2])
    assert "一起买" not in await (await market.client.get(f"/products/{shelf[0]}")).text()
    assert (await market.call("GET", "/api/v1/products/999999/recommendations")).status == 404


async def test_staff_see_what_happens_and_how_lists_are_clicked(market: Market, app: Application) -> None:
    staff = await market.staff(["catalogue.manage"])
    answer = await market.call("GET", "/backoffice/recommendations", staff)
    assert "还没有算过" in await answer.text()
    made = await stocked(market, 4)
    browser = await Browser(market).agreed()
    await browser.open("/")
    await browser.post(
        "/api/v1/behaviour/events",
        {
            "clicks": [
                {"product_id": str(made[0]), "source": "recommendation", "position": 1, "shown_as": "guess"},
                {"product_id": str(made[1]), "source": "search", "position": 1},
            ],
            "shown": [{"shown_as": "guess", "product_ids": [str(one) for one in made]}],
        },
    )
    await market.app.resource(Log).flush()
    await run(app)
    text = await (await market.call("GET", "/backoffice/recommendations", staff)).text()
    text = re.sub(r' data-label="[^"]*"|</?b>', "", text)
    assert '<td>猜你喜欢</td><td class="number">4</td><td class="number">1</td><td class="number">25.0%</td>' in text
    assert '<td>买了又买</td><td class="number">0</td><td class="number">0</td><td class="number">–</td>' in text
    assert "5 件商品里 0 件有来自行为的邻居" in text


async def test_a_guest_finds_nothing_twice_on_the_home_page(market: Market, app: Application) -> None:
    made = await stocked(market, 45)
    await looked(market, *made[:30], people=2)
    assert await run(app)
    text = await Browser(market).open("/")
    cards = [int(one) for one in re.findall('href="/products/([0-9]+)"', text)]
    assert len(cards) == len(set(cards)) == 30, "twenty that sell or are new, and ten that others like"
    onward = re.search(r'href="(/recommendations\?[^"]+)" data-more', text)
    while onward is not None:
        text = await Browser(market).open(html.unescape(onward[1]).replace("?", "/more?"))
        cards += [int(one) for one in re.findall('href="/products/([0-9]+)"', text)]
        onward = re.search(r'href="(/recommendations\?[^"]+)" data-next', text)
    assert len(cards) == len(set(cards))
    assert set(made) <= set(cards), "all there is comes, once"


async def test_what_is_sold_out_stands_nowhere_where_others_are_there(market: Market, app: Application) -> None:
    made = await stocked(market, SIZE * 2 + 2)
    await looked(market, *made[:SIZE])
    assert await run(app)
    await market.run(
        "UPDATE stock SET on_hand = 0 WHERE sku_id IN (SELECT id FROM skus WHERE product_id = ANY ($1::bigint[]))",
        made[: SIZE + 2],
    )
    found = await guess(market, None)
    assert len(ids(found)) == SIZE
    assert not set(ids(found)) & set(made[: SIZE + 2])


async def test_what_a_visitor_sent_away_stays_away_after_the_log_in(market: Market, shelf: list[int]) -> None:
    member = await market.member()
    browser = await Browser(market).agreed()
    await browser.open("/recommendations")
    assert (await browser.post(f"{BASE}/dismissals", {"product_id": str(shelf[1])}))[0] == 200
    await saw(market, member, shelf[0])
    browser.member = member
    assert f"/products/{shelf[1]}" not in re.sub("(?s)<footer.*", "", await browser.open("/recommendations"))
    assert (await browser.post(f"{BASE}/dismissals", {"product_id": str(shelf[1])}))[0] == 200, "said again"


async def test_what_is_not_on_the_shelf_is_named_to_nobody(market: Market, app: Application, shelf: list[int]) -> None:
    member = await market.member()
    await market.run("UPDATE products SET status = 'off', title = '明年的新品' WHERE id = $1", shelf[0])
    answer = await market.call("POST", f"{BASE}/dismissals", member, {"product_id": str(shelf[0])})
    assert answer.status == 404
    async with app.database.connection() as connection:
        told = await belonging_store.tell(connection, member.id)
    assert "明年的新品" not in str(told)
