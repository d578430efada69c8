"""What a file may name: products, categories, brands and shops that are there, and what is said of others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Self

import msgspec

from commerce.merchandising.sheet_store import Owned
from commerce.merchandising.types import Choices

NONE = ("无", "none")
"""What is written for no brand."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is there already: products by SKU's code and by slug, those of other shops too; one's own by id.

    ``leaves``, ``brands`` and ``shops`` are what a file may name, by their names in lower case; ``inner`` are the names
    of categories that have others under them.
    """

    by_code: dict[str, int]
    by_slug: dict[str, int]
    own: dict[int, Owned]
    leaves: dict[str, list[int]]
    inner: frozenset[str]
    brands: dict[str, int]
    shops: dict[str, int]

    @classmethod
    def of(cls, by_code: dict[str, int], by_slug: dict[str, int], own: dict[int, Owned], choices: Choices) -> Self:
        """Return it with the names of what there is to choose from; a category by its whole name and its last part."""
        leaves: dict[str, list[int]] = {}
        for leaf, name in choices.leaves():
            for called in {name, name.rpartition(" / ")[2]}:
                leaves.setdefault(called, []).append(leaf)
        brands = {brand.name.casefold(): brand.id for brand in choices.brands}
        shops = {shop.name.casefold(): shop.id for shop in choices.shops}
        above = {one.parent_id for one in choices.categories}
        trails = [choices.trail(one.id) for one in choices.categories if one.id in above]
        inner = {called for trail in trails for called in (trail[-1].name, " / ".join(part.name for part in trail))}
        return cls(
            by_code=by_code,
            by_slug=by_slug,
            own=own,
            leaves=leaves,
            inner=frozenset(inner),
            brands=brands,
            shops=shops,
        )


def trail(category: str) -> str:
    """Return a category's whole name as it is known, however its parts were parted."""
    return " / ".join(part.strip() for part in re.split("[/>]", category))


def unknown(cells: Mapping[str, str], known: Known) -> Iterable[tuple[str, str]]:
    """Yield the columns of a line that name what there is not, each with the reason."""
    if "category" in cells:
        called = trail(cells["category"])
        found = known.leaves.get(called, [])
        if len(found) > 1:
            yield "category", "有几个分类叫这个名字，请写全：家居 / 水杯"
        elif not found:
            yield "category", "请选择最下一级分类" if called in known.inner else "没有这个分类"
    if "brand" in cells and cells["brand"].casefold() not in (*NONE, *known.brands):
        yield "brand", "没有这个品牌"
    if "shop" in cells and cells["shop"].casefold() not in known.shops:
        yield "shop", "没有这个店铺，或不归你管"


def shop_of(name: str, known: Known) -> int | None:
    """Return the shop that a file names, or the only one there is."""
    if not name and len(known.shops) == 1:
        return next(iter(known.shops.values()))
    return known.shops.get(name.casefold())
