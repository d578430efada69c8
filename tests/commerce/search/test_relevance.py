"""What searches find of the demo's own products: what is called so, first and alone; no database needed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from commerce.catalogue import demo
from commerce.catalogue.types import Category
from commerce.search import analysis
from commerce.search.demo import content
from commerce.search.index import Index
from commerce.search.shared import Shared
from commerce.search.types import Entry, Synonyms, Wish

FOUND = {
    "被子": "duvet",
    "被芯": "duvet",
    "棉被": "duvet",
    "duvet": "duvet",
    "笔记本": "laptop",
    "笔记本电脑": "laptop",
    "笔电": "laptop",
    "laptop": "laptop",
    "Laptops": "laptop",
    "灯": "camp-lantern headlamp desk-lamp",
    "lamp": "camp-lantern headlamp desk-lamp",
    "台灯": "desk-lamp",
    "耳机": "headphones earbuds",
    "headphones": "headphones earbuds",
    "bottle": "bottle wide-flask tumbler",
    "water bottles": "bottle wide-flask tumbler",
    "thermos": "bottle",
    "水杯": "bottle wide-flask tumbler",
    "行李箱": "suitcase",
    "登机箱": "suitcase",
    "suitcase": "suitcase",
    "手机": "phone fold-phone",
    "power bank": "power-bank",
    "30w power bank": "power-bank",
    "橙子": "oranges",
    "tent": "tent",
}


@pytest.fixture(scope="module")
def shop() -> Index:
    """The demo's products as lists know them."""
    index = Index()
    categories = {
        one.slug: Category(id=at, parent_id=None, slug=one.slug, name=one.name, icon="", position=at)
        for at, one in enumerate(demo.CATEGORIES, 1)
    }
    above = {one.slug: categories[one.parent].name for one in demo.CATEGORIES if one.parent}
    brands = {brand.slug: brand.name for brand in demo.BRANDS}
    groups = [Synonyms(id=at, words=list(group)) for at, group in enumerate(content.SYNONYMS)]
    index.shared = Shared(1, list(categories.values()), synonyms=groups)
    for at, product in enumerate(demo.PRODUCTS):
        kind = categories[product.category]
        told = [f"{name} {value}" for name, value in product.parameters]
        words = analysis.lines(
            {
                "names": f"{kind.name}\n{brands[product.brand]}",
                "title": product.title,
                "above": above.get(product.category, ""),
                "about": " ".join(value for sku in product.skus for _, value in sku.specs),
                "rest": " ".join([product.subtitle, *told, product.description]),
            }
        )
        entry = Entry(
            product_id=at,
            revision=at + 1,
            shown=True,
            shop_id=1,
            category_id=kind.id,
            brand_id=None,
            tags=[],
            attributes=[],
            price=100,
            dearest=100,
            in_stock=True,
            sales=0,
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            words=words,
        )
        index.put(entry)
    index.seal()
    return index


@pytest.mark.parametrize("query", FOUND)
def test_what_is_called_so_is_found_alone(shop: Index, query: str) -> None:
    hits = shop.search(Wish(q=query), 0, 20)
    assert {demo.PRODUCTS[product_id].slug for product_id in hits.ids} == set(FOUND[query].split())
    assert shop.finds(query) == hits.total == len(hits.ids)
    assert hits.corrected == ""


def test_what_only_mentions_the_words_is_found_where_nothing_is_called_so(shop: Index) -> None:
    found = [demo.PRODUCTS[product_id].slug for product_id in shop.search(Wish(q="冰球"), 0, 20).ids]
    assert found == ["wide-flask"]


def test_groups_that_share_a_word_stay_apart() -> None:
    groups = [["背包", "backpack"], ["登山包", "Backpack"], ["箱子", "boxes"]]
    shared = Shared(1, synonyms=[Synonyms(id=at, words=group) for at, group in enumerate(groups)])
    assert shared.like("backpacks") == ("背包", "登山包")
    assert shared.like("登山包") == ("backpack",)
    assert shared.like("box") == ("箱子",)
    assert shared.like("dress") == ()
