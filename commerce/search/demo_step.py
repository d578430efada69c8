"""What search adds to the demo: attributes of its products, words that mean the same, words to look for."""

from __future__ import annotations

import re

from commerce.catalogue import DemoRun, DemoStep, demo
from commerce.search import history_store
from commerce.search.demo import content, store

NAMES = ("容量", "内胆", "材质", "面料", "防水", "功率", "连接", "电池", "屏幕", "产地", "等级", "净含量", "适用")
"""Parameters of the demo's products that people narrow lists by, in the order in which they are shown."""
COLOUR = "颜色"
_ASIDE = re.compile(r"\s*（.*?）")


async def add_attributes(run: DemoRun) -> None:
    """Describe the demo's products by attributes: their colours, and parameters that their kind is chosen by."""
    tops = {category.slug: category.parent or category.slug for category in demo.CATEGORIES}
    held: dict[tuple[str, str], dict[str, list[str]]] = {}
    for product in demo.PRODUCTS:
        for name, value in product.parameters:
            if name in NAMES:
                texts = held.setdefault((product.category, name), {})
                texts.setdefault(_ASIDE.sub("", value), []).append(product.slug)
        for sku in product.skus:
            for name, value in sku.specs:
                if name in (COLOUR, "容量"):
                    category = tops[product.category] if name == COLOUR else product.category
                    slugs = held.setdefault((category, name), {}).setdefault(value, [])
                    if product.slug not in slugs:
                        slugs.append(product.slug)
    async with run.app.database.transaction() as connection:
        await store.add_synonyms(connection, content.SYNONYMS)
        if not await history_store.picks(connection):
            await history_store.pick(connection, content.PICKS)
        for (category, name), values in held.items():
            await store.describe(connection, category, name, NAMES.index(name) if name in NAMES else len(NAMES), values)
    run.say(f"  {len(held)} attributes")


STEP = DemoStep(name="attributes", position=25, run=add_attributes)
