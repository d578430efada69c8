"""What a product's page gives others: its address, its QR picture, and what other sites show of it."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
import segno

from tests.commerce.catalogue.conftest import Shelf

SOLD_OUT = "XZ-BP-SAND"


def modules(svg: str) -> set[tuple[int, int]]:
    """Return the dark modules of a QR picture, without its quiet zone: lines of width 1 along its path."""
    root = ElementTree.fromstring(svg)
    [path] = [one for one in root.iter() if one.tag.endswith("path") and "stroke" in one.attrib]
    found, x, y = set(), 0.0, 0.0
    for command, arguments in re.findall(r"([Mmh])([-\d. ]+)", path.attrib["d"]):
        values = [float(value) for value in re.findall(r"-?[\d.]+", arguments)]
        if command == "h":
            found |= {(int(x) + step - 4, int(y) - 4) for step in range(int(values[0]))}
            x += values[0]
        else:
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
    return found


@pytest.fixture
async def sold_out(shelf: Shelf) -> tuple[int, int]:
    """A product and a SKU of it of which nothing is left."""
    return await shelf.product("backpack"), await shelf.sku(SOLD_OUT)


async def test_the_address_shared_is_that_of_the_chosen_sku(shelf: Shelf, sold_out: tuple[int, int]) -> None:
    product_id, sku_id = sold_out
    url = f"{shelf.app.settings.base_url}/products/{product_id}?sku={sku_id}"
    page = await shelf.page(f"/products/{product_id}?sku={sku_id}")
    assert f'data-url="{url}"' in page
    assert f'src="/products/{product_id}/qr?sku={sku_id}"' in page
    async with shelf.client.get(f"/products/{product_id}/qr?sku={sku_id}") as answer:
        assert (answer.status, answer.content_type) == (200, "image/svg+xml")
        drawn = modules(await answer.text())
    expected = segno.make(url, error="m", micro=False).matrix
    assert drawn == {(x, y) for y, row in enumerate(expected) for x, module in enumerate(row) if module}


async def test_what_is_not_on_the_shelf_has_no_picture(shelf: Shelf, sold_out: tuple[int, int]) -> None:
    product_id, sku_id = sold_out
    other = await shelf.product("bottle")
    for path in (f"{other}/qr?sku={sku_id}", "999999/qr", f"{product_id}/qr?sku=99999999", f"{product_id}/qr?sku=x"):
        async with shelf.client.get(f"/products/{path}") as answer:
            assert answer.status in (404, 422), path
    await shelf.change("UPDATE products SET status = 'off' WHERE id = $1", product_id)
    for path in (f"{product_id}/qr?sku={sku_id}", f"{product_id}/qr"):
        async with shelf.client.get(f"/products/{path}") as answer:
            assert answer.status == 404, path


async def test_what_others_show_of_a_product_is_true(shelf: Shelf, sold_out: tuple[int, int]) -> None:
    product_id, sku_id = sold_out
    await shelf.change("UPDATE products SET subtitle = '包 \" <b>' WHERE id = $1", product_id)
    page = await shelf.page(f"/products/{product_id}?sku={sku_id}")
    told = dict(re.findall(r'<meta property="([^"]+)" content="([^"]*)">', page))
    base = shelf.app.settings.base_url
    assert told["og:type"] == "product"
    assert told["og:url"] == f"{base}/products/{product_id}"
    assert told["og:image"].startswith(f"{base}/media/")
    assert (told["product:price:amount"], told["product:availability"]) == ("219.00", "out of stock")
    assert told["og:description"] == "包 &#34; &lt;b&gt;"
    [data] = re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page)
    offers = {offer["sku"]: offer["availability"].rpartition("/")[2] for offer in json.loads(data)["offers"]}
    assert SOLD_OUT in offers
    assert set(offers.values()) == {"OutOfStock"}, "what no sale sells cannot be had, however much lies there"


async def test_what_is_sold_out_may_be_chosen_and_waited_for(shelf: Shelf, sold_out: tuple[int, int]) -> None:
    product_id, sku_id = sold_out
    there = await shelf.page(f"/products/{product_id}")
    assert f'href="/products/{product_id}?sku={sku_id}"' in there
    assert 'action="/restock"' not in there
    gone = await shelf.page(f"/products/{product_id}?sku={sku_id}")
    assert gone.count(f'name="on" value="{sku_id}"') == 2, "beside the stock, and where the SKU is chosen"
    assert "暂时缺货" in gone
