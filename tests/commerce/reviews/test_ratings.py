"""Ratings on the cards of products: in lists and on pages that are kept for guests, true at every moment."""

from __future__ import annotations

from tests.commerce.orders.market import Market
from tests.commerce.reviews.test_reviews import ask, review


async def shown(market: Market, path: str = "/") -> str:
    """Return how the first card on a page is rated, as it is read aloud; empty for no rating."""
    async with market.client.get(path) as response:
        page = await response.text()
        assert response.status == 200
    card = page[page.index('<article class="card') :]
    card = card[: card.index("</article>")]
    return card.partition('<span class="unseen">评分 ')[2].partition("</span>")[0]


async def test_a_card_says_what_reviews_come_to(market: Market) -> None:
    assert await shown(market) == await shown(market, "/categories/c") == ""
    member = await market.member()
    first = await review(market, member, rating=5)
    assert await shown(market) == "5.0，评价数 1"
    for stars in (4, 2):
        await review(market, member, rating=stars)
    assert await shown(market) == await shown(market, "/categories/c") == "3.7，评价数 3"
    [item] = (await ask(market, "GET", "/api/v1/products"))["items"]
    assert (item["rating"], item["reviews"]) == ("3.7", 3)
    staff = await market.staff(["reviews.moderate"])
    decision = f"/api/v1/backoffice/remarks/queue/{first}/decision"
    await ask(market, "POST", decision, staff, {"state": "hidden", "reason": "不实"})
    assert await shown(market) == "3.0，评价数 2"
    await ask(market, "POST", decision, staff, {"state": "shown"})
    assert await shown(market) == "3.7，评价数 3"


async def test_a_waiting_review_rates_nothing(market: Market) -> None:
    await market.run("INSERT INTO watched_words (word) VALUES ('刷单')")
    made = await review(market, await market.member(), rating=1, text="刷单")
    assert await shown(market) == ""
    staff = await market.staff(["reviews.moderate"])
    await ask(market, "POST", f"/api/v1/backoffice/remarks/queue/{made}/decision", staff, {"state": "shown"})
    assert await shown(market) == "1.0，评价数 1"
