"""The tree of categories, and the list of shops: what is there is shown, and however much there is, only a part."""

from __future__ import annotations

import re

import pytest
from yarl import URL

from commerce.search import pages, tree
from tests.commerce.search.conftest import Mall


def rail(page: str) -> list[str]:
    """Return the top categories that a page offers, those before and after its part left out."""
    found = re.search(r'<nav class="tops".*?</nav>', page, re.S)
    assert found is not None
    return re.findall(
        r'href="/categories\?c=([^"]+)"(?: aria-current="true")?>(?:<svg[^>]*><use[^>]*/></svg>)?<span>', found[0]
    )


def tiles(page: str) -> dict[str, str]:
    """Return the pictures by category that a page shows."""
    return dict(re.findall(r'<li><a href="/categories/([^"]+)"><img src="([^"]+)"', page))


async def test_one_walks_from_the_top_to_what_there_is(mall: Mall, monkeypatch: pytest.MonkeyPatch) -> None:
    facets = (await mall.get("/api/v1/products"))["facets"]["categories"]
    tops = [one["slug"] for one in facets if one["parent"] is None]
    await mall.change("UPDATE products SET pictures = jsonb_build_array('/media/demo/p' || id || '.svg')")
    await mall.change("INSERT INTO categories (slug, name) VALUES ('bare', '空的')")
    assert set(rail(await mall.page("/categories"))) == set(tops), "what has nothing is no way to anything"
    under = {top: [one for one in facets if one["parent"] == top] for top in tops}
    top, kinds = next((one, some) for one, some in under.items() if len(some) > 1)
    best = await mall.value(
        """
        SELECT p.pictures ->> 0 FROM products AS p JOIN categories AS c ON c.id = p.category_id
        WHERE c.slug = $1 AND p.status = 'on' ORDER BY p.sales DESC, p.created_at DESC, p.id LIMIT 1
        """,
        kinds[0]["slug"],
    )
    page = await mall.page(f"/categories?c={kinds[0]['slug']}")
    assert re.search(rf'href="/categories\?c={top}" aria-current="true"', page), "one of those under it stands for it"
    assert set(tiles(page)) == {one["slug"] for one in kinds}
    assert tiles(page)[kinds[0]["slug"]] == best
    [count] = [one["count"] for one in facets if one["slug"] == top]
    assert f'<a href="/categories/{top}">全部 {count} 件' in page
    found = await mall.get("/api/v1/products", params={"category": top})
    brands = re.findall(rf'href="/categories/{top}\?brand=([^"]+)">[^<]+<small>(\d+)</small>', page)
    assert brands == [(one["slug"], str(one["count"])) for one in found["facets"]["brands"][: tree.BRANDS]]
    assert 'lang="en"' in await mall.page("/categories", headers={"Accept-Language": "en"})

    monkeypatch.setattr(tree, "TOPS", 2)
    monkeypatch.setattr(tree, "KINDS", 1)
    seen, at = list[str](), "/categories"
    while True:
        page = await mall.page(at)
        assert len(rail(page)) <= 2
        assert len(tiles(page)) <= 1
        seen += rail(page)
        after = re.search(r'<a href="([^"]+)">(?:(?!</a>).)*后面的</a>\s*<a href="/products">', page, re.S)
        if after is None:
            break
        at = after[1]
    assert set(seen) == set(tops)

    monkeypatch.setattr(pages, "SHOPS", 1)
    page, shops = await mall.page("/shops"), list[str]()
    while True:
        shops += re.findall(r'class="panel shop" href="/shops/([^"]+)"', page)
        more = re.search(r'href="(/shops\?after=\d+)" rel="next"', page)
        if more is None:
            break
        page = await mall.page(more[1])
    assert len(shops) == await mall.value("SELECT count(DISTINCT shop_id) FROM products WHERE status = 'on'")

    async with mall.client.get("/categories?brand=x&sort=newest", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (301, "/products?brand=x&sort=newest")
    # What was asked goes along as it was written.
    for asked in ("q=C%23x", "q=a%0d%0aX:1", "q=a+b"):
        async with mall.client.get(URL(f"/categories?{asked}", encoded=True), allow_redirects=False) as response:
            assert response.status == 301
            assert response.headers["Location"].lower() == f"/products?{asked}".lower()
    await mall.change("INSERT INTO old_slugs SELECT 'category', 'older', id FROM categories WHERE slug = $1", top)
    async with mall.client.get("/categories?c=older", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (301, f"/categories?c={top}")


async def test_an_empty_shop_says_so_everywhere(mall: Mall) -> None:
    await mall.change("UPDATE products SET status = 'off'")
    for path, said in (
        ("/", "我是商家，去上架"),
        ("/categories", "还没有上架的商品"),
        ("/products", "这里还没有商品"),
        ("/shops", "还没有开张的店铺"),
        ("/search?q=杯", "开店的人正在备货"),
    ):
        page = await mall.page(path)
        assert said in page, path
        assert "全部 0 件" not in page
        assert 'class="sortbar"' not in page, "there is nothing to sort"
