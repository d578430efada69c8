"""The demo's content and pictures: complete, believable, every product with a picture of its own."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from commerce.catalogue.demo import BRANDS, CATEGORIES, MEMBERS, PRODUCTS, SALES, SHOPS, Product
from commerce.catalogue.demo.pictures import SHAPES, draw_all

SKUS = {sku.code: sku for product in PRODUCTS for sku in product.skus}
SOLD_OUT = "XZ-BP-SAND"
OWNER = {sku.code: product for product in PRODUCTS for sku in product.skus}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return draw_all(tmp_path_factory.mktemp("pictures"))


def test_three_shops_sell_sixty_products_of_known_brands_and_categories() -> None:
    assert len(SHOPS) == 3
    assert len(PRODUCTS) == len({product.slug for product in PRODUCTS}) == 60
    leaves = {category.slug for category in CATEGORIES if category.parent}
    tops = {category.slug for category in CATEGORIES if not category.parent}
    assert {category.parent for category in CATEGORIES if category.parent} == tops
    assert {product.category for product in PRODUCTS} == leaves
    assert {product.brand for product in PRODUCTS} == {brand.slug for brand in BRANDS}
    assert {product.shop for product in PRODUCTS} == {shop.slug for shop in SHOPS}


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.slug)
def test_a_product_is_complete(product: Product) -> None:
    assert 8 <= len(product.title) <= 60
    assert product.subtitle
    assert len(product.description) >= 25
    assert len(product.parameters) >= 3
    names = [tuple(name for name, _ in sku.specs) for sku in product.skus]
    assert len(set(names)) == 1, "every SKU has the same axes"
    assert len({sku.specs for sku in product.skus}) == len(product.skus)
    for sku in product.skus:
        assert 0 < sku.price <= sku.list_price <= 2 * sku.price
        assert sku.price % 10 == 0
        assert sku.stock > 0 or sku.code == SOLD_OUT
        assert sku.picture in product.pictures
        if product.shop == "lingfeng":
            assert sku.stock >= 6_000 or sku.code == SOLD_OUT, "flash sales of the demo take thousands of units"


def test_codes_are_unique() -> None:
    assert len(SKUS) == sum(len(product.skus) for product in PRODUCTS)
    assert all(re.fullmatch(r"[A-Z0-9-]{4,24}", code) for code in SKUS)


def test_flash_sales_are_cheaper_and_in_stock() -> None:
    assert len(SALES) == len({sale.sku for sale in SALES}) == 12
    for sale in SALES:
        sku = SKUS[sale.sku]
        assert OWNER[sale.sku].shop == "lingfeng"
        assert 0 < sale.price < sku.price
        assert 0 < sale.limit <= sale.quantity <= sku.stock


def test_members_live_somewhere() -> None:
    assert len(MEMBERS) == len({member.phone for member in MEMBERS}) == 12
    for member in MEMBERS:
        assert re.fullmatch(r"1[3-9]\d{9}", member.phone)
        assert member.addresses
        for address in member.addresses:
            assert re.fullmatch(r"[1-9]\d{5}", address.code)
            assert address.street
            assert address.district


def test_every_picture_that_is_named_is_drawn(drawn: dict[str, Path]) -> None:
    named = {name for product in PRODUCTS for name in product.pictures}
    named |= {shop.logo for shop in SHOPS} | {member.avatar for member in MEMBERS}
    assert named <= set(drawn)
    assert set(SHAPES) == {product.slug for product in PRODUCTS}


def test_no_two_pictures_are_the_same(drawn: dict[str, Path]) -> None:
    same = Counter(path.read_text() for path in drawn.values())
    assert max(same.values()) == 1
    shared = Counter(name for product in PRODUCTS for name in set(product.pictures))
    assert max(shared.values()) == 1


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.slug)
def test_a_colour_wears_the_tone_of_its_code(product: Product) -> None:
    tones = SHAPES[product.slug][1]
    for sku in product.skus:
        if len({each.picture for each in product.skus}) == 1:
            assert sku.picture == product.slug
            continue
        tone = tones[0] if sku.picture == product.slug else sku.picture.removeprefix(f"{product.slug}-")
        assert tone in tones
        assert f"-{tone.upper()}" in sku.code


def test_pictures_are_safe_well_formed_and_the_same_each_time(drawn: dict[str, Path], tmp_path: Path) -> None:
    again = draw_all(tmp_path)
    for name, path in drawn.items():
        text = path.read_text()
        assert text == again[name].read_text()
        root = ElementTree.fromstring(text)
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert not tags & {"script", "style", "foreignObject", "image", "a"}
        assert "style=" not in text
        assert not re.search(r"\son\w+=", text)
        ids = {element.attrib["id"] for element in root.iter() if "id" in element.attrib}
        assert set(re.findall(r"url\(#([\w-]+)\)", text)) <= ids, f"{name} paints with something that is not there"
        assert path.stat().st_size < 40_000
