"""What the demo's buyers say, ask and show: of the very product, and no two alike."""

from __future__ import annotations

from collections import Counter

from PIL import Image

from commerce.catalogue import demo
from commerce.reviews.demo import ASKED, TOLD
from commerce.reviews.demo.photos import FOLDER, PHOTOS


def test_every_product_has_questions_of_its_own_and_reviews_that_fit_what_can_be_bought() -> None:
    goods = {product.slug: product for product in demo.PRODUCTS}
    assert set(TOLD) == set(ASKED) == set(goods)
    asked = Counter(one.text for each in ASKED.values() for one in each)
    by_category = Counter(product.category for product in demo.PRODUCTS for _ in ASKED[product.slug])
    assert min(map(len, ASKED.values())) >= 2
    assert max(asked.values()) <= 2, asked.most_common(3)
    assert min(by_category.values()) >= 4, by_category
    assert all(one.shop or one.buyers for each in ASKED.values() for one in each)
    said = Counter(told.text for each in TOLD.values() for told in each if told.text)
    assert max(said.values()) == 1, said.most_common(3)
    assert [(slug, told.spec) for slug, each in TOLD.items() for told in each if told.film] == [("bottle", "墨")]
    for slug, each in TOLD.items():
        specs = {value for sku in goods[slug].skus for _, value in sku.specs}
        assert {told.spec for told in each} <= {"", *specs}, slug
        assert all(photo.startswith(f"{slug}-") for told in each for photo in told.photos), slug


def test_every_photo_is_there_with_its_thumbnail_and_shown_once() -> None:
    shown = [photo for each in TOLD.values() for told in each for photo in told.photos]
    assert sorted(shown) == sorted(PHOTOS)
    files = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert set(files) == {f"{name}{ending}.webp" for name in PHOTOS for ending in ("", "-160")}
    assert len(set(files.values())) == len(files)
    assert sum(map(len, files.values())) < 1_500_000
    with Image.open(FOLDER / f"{shown[0]}.webp") as photo, Image.open(FOLDER / f"{shown[0]}-160.webp") as small:
        assert max(small.size) == 160
        assert abs(photo.width / photo.height - small.width / small.height) < 0.02
