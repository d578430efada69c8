"""The made-up products: the same for the same seed, believable, and never in production."""

from __future__ import annotations

from argparse import Namespace
from itertools import islice

import msgspec
import pytest

from commerce.search import analysis, feed, feed_store
from commerce.search.demo import BRANDS, KINDS, generate
from commerce.search.demo import load as loading
from server.application import Application, build
from server.settings import Environment, Settings
from tests.commerce.search.conftest import COUNT, Mall


def test_the_same_seed_makes_the_same_products() -> None:
    made = list(generate(300, seed=7))
    assert made == list(generate(300, seed=7)) == list(islice(generate(5000, seed=7), 300))
    assert [goods.title for goods in made] != [goods.title for goods in generate(300, seed=8)]


def test_products_are_what_they_say() -> None:
    made = list(generate(3000))
    assert len({goods.slug for goods in made}) == len(made)
    assert {goods.kind.slug for goods in made} == {kind.slug for kind in KINDS}
    assert len({brand.slug for brand in BRANDS}) == len(BRANDS)
    assert len({goods.title for goods in made}) > 0.99 * len(made)
    for goods in made:
        low, high = goods.kind.prices
        assert low - 2 <= goods.skus[0][1] / 100 <= high + 1, goods
        assert goods.brand.name in goods.title
        assert any(noun in goods.title for noun in goods.kind.nouns)
        assert goods.brand.group == goods.kind.group
        assert set(goods.values) - {"颜色"} == {quality.name for quality in goods.kind.qualities}


async def test_another_run_adds_nothing_twice(mall: Mall) -> None:
    assert await loading.load(mall.app.database, COUNT) == 0
    assert await loading.load(mall.app.database, COUNT + 10) == 10
    assert await mall.value("SELECT count(*) FROM search_products WHERE shown") == COUNT + 10


async def test_production_gets_none(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    app: Application = build(msgspec.structs.replace(settings, environment=Environment.PRODUCTION))
    assert await loading.run(app, Namespace(count=1, seed=1)) == 2
    assert "production" in capsys.readouterr().err
    await app.database.close()


async def test_another_way_of_making_words_makes_all_rows_anew(mall: Mall) -> None:
    await feed.work(mall.app)  # knows its way from here on
    await mall.change("UPDATE search_products SET words = E'\\n\\n\\n\\n', digest = ''")
    async with mall.app.database.transaction() as connection:
        assert not await feed_store.mark_outdated(connection, analysis.WAY)
        await connection.execute("UPDATE search_shared SET way = 'older'")
    await feed.work(mall.app)
    assert await mall.value("SELECT count(*) FROM search_products WHERE words LIKE '%保温杯%'") > 0
    assert await mall.value("SELECT way FROM search_shared") == analysis.WAY
