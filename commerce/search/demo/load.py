"""`lingfeng demo products N`: put made-up products into the catalogue, with stock, and into the search table."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import msgspec

from commerce import stock
from commerce.search import feed
from commerce.search.demo import content, store
from commerce.search.demo.generate import BRANDS, KINDS, SEED, SHOPS, generate
from commerce.search.demo.types import Goods
from server.application import Application, Command
from server.database import Connection, Database
from server.settings import Environment

MOST = 1_000_000
BATCH = 2500
_UNITS = 500
COLOUR = "颜色"


class _Ground(msgspec.Struct, frozen=True):
    """Ids of what products refer to."""

    shops: list[int]
    categories: dict[str, int]
    brands: dict[str, int]
    attributes: dict[tuple[str, str], tuple[int, dict[str, int]]]
    pictures: dict[str, list[str]]


async def load(database: Database, count: int, say: Callable[[str], None] = lambda _: None, seed: int = SEED) -> int:
    """Add ``count`` products and make their rows in the search table; return how many were new."""
    async with database.transaction() as connection:
        ground = await _ground(connection)
    made, new, began = iter(generate(count, seed)), 0, time.monotonic()
    while batch := list(islice(made, BATCH)):
        async with database.transaction() as connection:
            new += await _add(connection, batch, ground)
        if new and new % 10_000 < BATCH:
            say(f"  {new} products, {time.monotonic() - began:.0f} s")
    async with database.connection() as connection:
        await store.settle(connection)
    await feed.rest(database)
    async with database.connection() as connection:
        await store.settle(connection)
    return new


async def _ground(connection: Connection) -> _Ground:
    shops = await store.add_shops(
        connection, [(f"g-shop-{at}", f"{BRANDS[at * 2 % len(BRANDS)].name}旗舰店") for at in range(SHOPS)]
    )
    tops = [("", f"g-{group}", name) for group, name in content.GROUPS.items()]
    leaves = [(f"g-{kind.group}", f"g-{kind.slug}", kind.name) for kind in KINDS]
    categories = await store.add_categories(connection, [*tops, *leaves])
    attributes = {}
    for kind in KINDS:
        category_id = categories[f"g-{kind.slug}"]
        for at, one in enumerate(kind.qualities):
            made = await store.add_attribute(connection, category_id, one.name, one.unit, at, one.values)
            attributes[kind.slug, one.name] = made
    for group in content.GROUPS:
        if group not in content.COLOURLESS:
            made = await store.add_attribute(connection, categories[f"g-{group}"], COLOUR, "", 9, content.COLOURS)
            attributes |= {(kind.slug, COLOUR): made for kind in KINDS if kind.group == group}
    await store.add_synonyms(connection, content.SYNONYMS)
    return _Ground(
        shops=[shops[f"g-shop-{at}"] for at in range(SHOPS)],
        categories=categories,
        brands=await store.add_brands(connection, BRANDS),
        attributes=attributes,
        pictures=await store.pictures(connection, [kind.face for kind in KINDS]),
    )


async def _add(connection: Connection, batch: Sequence[Goods], ground: _Ground) -> int:
    ids = await store.add_products(connection, [_product(goods, ground) for goods in batch])
    new = [goods for goods in batch if goods.slug in ids]
    skus = await store.add_skus(
        connection,
        [
            {
                "product_id": ids[goods.slug],
                "code": f"{goods.slug}-{at}",
                "specs": {COLOUR: colour} if colour else {},
                "position": at,
                "price": price,
                "list_price": goods.list_price,
            }
            for goods in new
            for at, (colour, price) in enumerate(goods.skus)
        ],
    )
    await store.add_product_attributes(
        connection, [row for goods in new for row in _attributes(goods, ids[goods.slug], ground)]
    )
    units = {
        skus[f"{goods.slug}-{at}"]: _UNITS + goods.sales % 500
        for goods in new
        if goods.in_stock
        for at in range(len(goods.skus))
    }
    await stock.receive_first(connection, dict(sorted(units.items())), "demo", "system")
    return len(new)


def _product(goods: Goods, ground: _Ground) -> dict[str, Any]:
    units = {quality.name: quality.unit for quality in goods.kind.qualities}
    return {
        "shop_id": ground.shops[goods.shop],
        "category_id": ground.categories[f"g-{goods.kind.slug}"],
        "brand_id": ground.brands[goods.brand.slug],
        "slug": goods.slug,
        "title": goods.title,
        "subtitle": goods.subtitle,
        "parameters": [["品牌", goods.brand.name], ["型号", goods.model]]
        + [[name, f"{value}{units.get(name, '')}"] for name, value in goods.values.items()],
        "pictures": ground.pictures.get(goods.kind.face, []),
        "tags": list(goods.tags),
        "spec_names": [COLOUR] if goods.skus[0][0] else [],
        "sales": goods.sales,
        "age_hours": goods.age_hours,
    }


def _attributes(goods: Goods, product_id: int, ground: _Ground) -> list[dict[str, Any]]:
    rows = []
    for name, value in goods.values.items():
        attribute_id, values = ground.attributes[goods.kind.slug, name]
        number = None if values else value
        rows.append(
            {
                "product_id": product_id,
                "attribute_id": attribute_id,
                "value_id": values.get(value),
                "number": number,
            }
        )
    return rows


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("count", type=int, metavar="N", help="how many products")
    parser.add_argument("--seed", type=int, default=SEED, help=f"another one makes other products (default: {SEED})")


async def run(app: Application, arguments: argparse.Namespace) -> int:
    """Run ``lingfeng demo products``."""
    if app.settings.environment is Environment.PRODUCTION:
        sys.stderr.write("made-up products do not belong into production\n")
        return 2
    if not 1 <= arguments.count <= MOST:
        sys.stderr.write(f"say a number between 1 and {MOST}\n")
        return 2
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    new = await load(app.database, arguments.count, say, arguments.seed)
    say(f"{new} products made up and to be found, in {time.monotonic() - began:.1f} s")
    return 0


COMMAND = Command(
    path=("demo", "products"),
    help="make up products by the thousand (development only)",
    description="Make up N products with brands, attributes and stock, to try lists and searches at size.",
    run=run,
    arguments=_arguments,
)
