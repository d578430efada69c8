"""Pages for shoppers: what they say agrees with the data, in both languages, with and without scripts."""

from __future__ import annotations

import html as markup
import json
import re
from typing import Any

import jinja2
import pytest
from playwright.async_api import expect

from commerce import stock
from commerce.catalogue import HomeBlock, HomeBlocks, Product, ProductBlock, ProductBlocks, media
from commerce.catalogue.blocks import Slot
from commerce.catalogue.markdown import html
from server.http import Call
from server.settings import Settings
from tests.commerce.catalogue.conftest import Shelf

PAGES = ("/", "/categories", "/products", "/categories/bottles", "/search?q=保温杯", "/search", "/shops/lingfeng")


def offers(page: str) -> dict[str, Any]:
    """Return the structured data of a product page."""
    found = re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page, re.S)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def shown(page: str) -> str:
    """Return the price that a product page shows, as digits."""
    figures = re.search(r'id="figures".*?</div>', page, re.S)
    assert figures is not None
    price = re.sub(r"<s .*?</s>", "", figures[0])
    return "".join(re.findall(r"[\d.]", re.sub(r"<[^>]+>|id=.*?>", "", price)))


async def test_pages_open_in_both_languages(shelf: Shelf) -> None:
    for path in (*PAGES, f"/products/{await shelf.product('bottle')}"):
        chinese = await shelf.page(path)
        assert 'lang="zh-CN"' in chinese
        english = await shelf.page(path, headers={"Accept-Language": "en-GB,en;q=0.9"})
        assert 'lang="en"' in english
        assert english != chinese
        for page in (chinese, english):
            assert page.count("<h1") == 1, path
            assert "{{" not in page
            assert "style=" not in page


async def test_what_is_not_there_is_not_found(client: Any) -> None:
    for path in (
        "/categories?c=no-such",
        "/products/0",
        "/products/999999999999999999",
        "/products/-1",
        "/products/1e3",
        "/products/1'",
        "/categories/no-such",
        "/categories/%00",
        "/categories/..%2f..%2f",
        "/shops/no-such",
        "/shops/%ff",
    ):
        async with client.get(path, headers={"Accept": "text/html"}) as response:
            assert response.status == 404, path
            assert "text/html" in response.headers["Content-Type"]


async def test_a_list_page_refuses_nonsense_and_ignores_strangers(shelf: Shelf) -> None:
    for query in (
        "low=x",
        "high=1.234",
        "low=" + "9" * 40,
        "sort=best",
        "page=0",
        "page=x",
        "page=" + "9" * 30,
        "brand=%00",
    ):
        async with shelf.client.get(f"/products?{query}") as response:
            assert response.status == 422, query
    for query in ("utm_source=x", "low=&high=&brand=&sort=", "low=%C2%A550", "page=900", "sku=x"):
        await shelf.page(f"/products?{query}")


async def test_filters_are_links_and_a_form(shelf: Shelf) -> None:
    page = await shelf.page("/categories/outdoor?brand=taye&brand=xingzhi&low=100&high=500&in_stock=1&sort=price_asc")
    found = await shelf.get(
        "/api/v1/products",
        params={
            "category": "outdoor",
            "brand": "taye,xingzhi",
            "price_min": "10000",
            "price_max": "50000",
            "in_stock": "1",
            "sort": "price_asc",
        },
    )
    assert [f"/products/{item['id']}" for item in found["items"]] == re.findall(
        r'<article class="card"><a href="(/products/\d+)"', page
    )
    links = [markup.unescape(link) for link in re.findall(r'class="chip" aria-current="true" href="([^"]+)"', page)]
    assert "/categories/outdoor?brand=xingzhi&low=100&high=500&in_stock=1&sort=price_asc" in links
    assert "/categories/outdoor?brand=taye&brand=xingzhi&in_stock=1&sort=price_asc" in links
    assert "/categories/outdoor?brand=taye&brand=xingzhi&low=100&high=500&sort=price_asc" in links
    assert page.count(" checked>") == 3


async def test_an_empty_result_says_what_to_do(shelf: Shelf) -> None:
    assert "没有找到“量子冰箱”" in await shelf.page("/search?q=量子冰箱")
    assert "清除筛选" in await shelf.page("/categories/bottles?low=90000")
    assert "回到第一页" in await shelf.page("/categories/bottles?page=9")


async def test_what_people_type_is_only_text(shelf: Shelf) -> None:
    page = await shelf.page("/search", params={"q": "<script>alert(1)</script>\"'"})
    assert "<script>alert(1)" not in page
    await shelf.change(
        "UPDATE products SET title = $1, subtitle = $1, description = $2 WHERE slug = 'bottle'",
        "</script><script>alert(1)</script>",
        "<script>alert(2)</script> **好** [x](javascript:alert(3)) ![p](https://elsewhere.example/p.png)",
    )
    page = await shelf.page(f"/products/{await shelf.product('bottle')}")
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page
    assert "elsewhere.example" not in page
    assert "<strong>好</strong>" in page
    assert offers(page)["name"] == "</script><script>alert(1)</script>"


def test_markdown_keeps_what_is_text() -> None:
    assert html("- 一\n- 二") == "<ul>\n<li>一</li>\n<li>二</li>\n</ul>\n"
    assert "<td>1</td>" in html("| a |\n|---|\n| 1 |")
    assert 'rel="noopener nofollow ugc"' in html("[x](https://example.com)")
    assert html("![图](/media/demo/a.svg)").count("<img") == 1
    assert "src" not in html("![图](//elsewhere.example/a.svg)")
    assert html("<b onclick=x>生</b>") == "<p>&lt;b onclick=x&gt;生&lt;/b&gt;</p>\n"


async def test_structured_data_agrees_with_the_page(shelf: Shelf) -> None:
    bottle, sku = await shelf.product("bottle"), await shelf.sku("LF-BT-SAND-750")
    for path in (f"/products/{bottle}", f"/products/{bottle}?sku={sku}"):
        page = await shelf.page(path)
        data = offers(page)
        assert shown(page) == data["offers"][0]["price"]
        assert data["offers"][0]["availability"].endswith("/OutOfStock"), "nobody can buy it outside of sales"
        assert "有货" in page
    data = offers(await shelf.page(f"/products/{bottle}?sku={sku}"))
    detail = await shelf.get(f"/api/v1/products/{bottle}")
    prices = {sku["code"]: f"{sku['price'] / 100:.2f}" for sku in detail["skus"]}
    assert {offer["sku"]: offer["price"] for offer in data["offers"]} == prices
    assert data["offers"][0]["sku"] == "LF-BT-SAND-750"
    async with shelf.app.database.transaction() as connection:
        free = (await stock.free(connection, [sku]))[sku]
        assert await stock.allocate(connection, sku, free - 3, "test", "system")
    assert "只剩 3 件" in await shelf.page(f"/products/{bottle}?sku={sku}")
    async with shelf.app.database.transaction() as connection:
        assert await stock.allocate(connection, sku, 3, "test", "system")
    page = await shelf.page(f"/products/{bottle}?sku={sku}")
    assert offers(page)["offers"][0]["availability"].endswith("/OutOfStock")
    assert "暂时缺货" in page
    detail = await shelf.get(f"/api/v1/products/{bottle}")
    assert next(entry for entry in detail["skus"] if entry["id"] == str(sku))["available"] == 0


async def test_a_strange_choice_shows_the_product_as_it_is(shelf: Shelf) -> None:
    bottle = await shelf.product("bottle")
    other = await shelf.sku("XZ-BP-INK")
    plain = shown(await shelf.page(f"/products/{bottle}"))
    for wanted in (str(other), "x", "-1", "0", "9" * 400, "²"):
        assert shown(await shelf.page(f"/products/{bottle}", params={"sku": wanted})) == plain


async def test_blocks_stand_where_features_put_them(shelf: Shelf) -> None:
    async def here(call: Call) -> dict[str, Any]:
        return {"title": "一块", "text": "正文", "href": "/x", "label": "去"}

    async def nowhere(call: Call) -> None:
        return None

    async def bar(call: Call, product: Product) -> dict[str, Any]:
        return {"title": f"关于 {product.title}", "text": "", "href": "/y", "label": "抢"}

    blocks, product_blocks = shelf.app.resource(HomeBlocks), shelf.app.resource(ProductBlocks)
    block = HomeBlock(name="test", position=-1, template="block.html", values=here)
    blocks.add(block)
    blocks.add(HomeBlock(name="silent", position=-2, template="no-such.html", values=nowhere))
    with pytest.raises(ValueError, match="test"):
        blocks.add(block)
    product_blocks.add(ProductBlock(name="test", position=1, slot=Slot.BAR, template="block.html", values=bar))
    for locale in ("zh-CN", "en"):
        environment = shelf.app.pages.environment_for(locale)
        assert environment.loader is not None
        environment.loader = jinja2.ChoiceLoader(
            [environment.loader, jinja2.DictLoader({"block.html": '<a href="{{ data.href }}">{{ data.title }}</a>'})]
        )
    assert '<a href="/x">一块</a>' in await shelf.page("/")
    page = await shelf.page(f"/products/{await shelf.product('bottle')}")
    assert '<a href="/y">关于 凌峰 山行保温杯' in page
    assert 'class="buybar"' in page
    assert 'class="tabbar"' not in page  # the bar of the product takes its place


async def test_pictures_are_served_for_ever_and_never_run(shelf: Shelf) -> None:
    home = shelf.app.settings.home
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    address = media.keep(home, "demo", "cup", "svg", drawing)
    assert media.keep(home, "demo", "cup", "svg", drawing) == address
    assert media.keep(home, "demo", "cup", "svg", drawing + b" ") != address
    async with shelf.client.get(address) as response:
        assert response.status == 200
        assert await response.read() == drawing
        headers = response.headers
    assert headers["Content-Type"] == "image/svg+xml"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    async with shelf.client.get(address, headers={"Accept-Encoding": "identity"}) as response:
        assert "Content-Encoding" not in response.headers
    picture = media.keep(home, "demo", "dot", "png", b"\x89PNG")
    async with shelf.client.get(picture) as response:
        assert (response.headers["Content-Type"], await response.read()) == ("image/png", b"\x89PNG")


async def test_no_path_leads_out_of_the_media_folder(client: Any, settings: Settings) -> None:
    (settings.home / "media" / "demo").mkdir(parents=True)
    (settings.home / "secret.svg").write_text("secret")
    (settings.home / "media" / "secret.svg").write_text("secret")
    for path in (
        "/media/demo/..%2fsecret",
        "/media/demo/..%2fsecret.svg",
        "/media/..%2f..%2fetc/passwd.svg",
        "/media/%2e%2e/secret.svg",
        "/media/demo/%2e%2e%2f%2e%2e%2fsecret.svg",
        "/media/demo/none-0123456789.svg",
        "/media/demo/cup.html",
        "/media/demo/cup",
        "/media/demo/",
        "/media/demo/cup.svg%00.png",
        "/media/DEMO/cup.svg",
        "/media/" + "x" * 300 + "/cup.svg",
    ):
        async with client.get(path) as response:
            assert response.status == 404, path


@pytest.mark.parametrize("name", ["../x", "a/b", "", "A", "x" * 200])
def test_a_picture_needs_a_proper_name(tmp_path: Any, name: str) -> None:
    with pytest.raises(ValueError):
        media.keep(tmp_path, "demo", name, "svg", b"")
    with pytest.raises(ValueError):
        media.keep(tmp_path, name, "cup", "svg", b"")
    with pytest.raises(ValueError):
        media.keep(tmp_path, "demo", "cup", "html", b"")


@pytest.mark.browser
async def test_choosing_in_a_real_browser(shelf: Shelf, browser: Any) -> None:
    page = await browser.new_page()
    await page.goto(f"/products/{await shelf.product('bottle')}")
    before = await page.inner_text("#figures")
    await page.evaluate("window.kept = true")
    await page.click("button[popovertarget=sku]")
    await page.click("#matrix a:has-text('750')")
    await expect(page.locator("#chosen")).to_contain_text("750")
    await expect(page.locator("#figures")).not_to_have_text(before, use_inner_text=True)
    assert await page.evaluate("window.kept")  # no reload
    assert await page.is_visible("#sku")  # the sheet stays open
    address = page.url
    assert "sku=" in address
    await page.click("#matrix a:has-text('松')")
    await expect(page.locator("#chosen")).to_contain_text("松")
    green = await page.get_attribute("#sku-head img", "src")
    await page.click("#sku footer button")
    await expect(page.locator(f"#gallery img[src='{green}']")).to_be_in_viewport(ratio=0.9)  # the gallery follows
    await expect(page.locator("#gallery .at")).not_to_have_text(re.compile("^1 / "))
    after = await page.inner_text("#figures")
    await page.reload()
    assert await page.inner_text("#figures") == after


@pytest.mark.browser
async def test_filtering_in_a_real_browser(shelf: Shelf, browser: Any) -> None:
    page = await browser.new_page()
    await page.goto("/categories/outdoor")
    await page.click(".sortbar button")
    await page.check("#brand-taye")
    await page.wait_for_url("**brand=taye*")
    assert await page.is_visible("#facets")
    found = await shelf.get("/api/v1/products", params={"category": "outdoor", "brand": "taye"})
    await expect(page.locator("#results .card")).to_have_count(found["total"])
    assert await page.is_checked("#brand-taye")
    await page.go_back()
    everything = await shelf.get("/api/v1/products", params={"category": "outdoor"})
    await expect(page.locator("#results .card")).to_have_count(everything["total"])
