"""Lists and searches answered in process, from columns of numbers and postings of words.

A list is one pass: every filter that is on says which products it lets through, and a product counts how many filters
turn it away. None: it is listed, and counted in every facet. Exactly one: it is counted in the facet of that filter
alone, because there the filter itself does not hold. So each count is what choosing the value would give.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from commerce.search import analysis
from commerce.search.columns import Bools, Columns, Ints, Values
from commerce.search.lexicon import Lexicon
from commerce.search.plan import Clause, Plan, corrections, plan
from commerce.search.postings import Postings
from commerce.search.shared import Shared, by_attribute
from commerce.search.types import AttributeFacet, CategoryFacet, Entry, Facet, Facets, Hits, Sort, Wish

Floats = npt.NDArray[np.float32]
LONGEST_FACET = 40
"""Values of one attribute that are shown."""
_FULL = float(analysis.WEIGHTS[0] + analysis.WEIGHTS[1])
_SALES, _STOCK = 1.2, 6.0
_WORTH_SHOWING = 0.28
"""Of how well the best product matches: what only mentions the words in its small print is left out beside those that
are called so, or a list by price would begin with it."""
_DEAREST = 2**62


class Index:
    """All products on the shelf. Not for several threads at once."""

    def __init__(self) -> None:
        self.shared = Shared(-1)
        self.columns = Columns()
        self.postings = Postings()
        self.lexicon = Lexicon(self.postings)
        self.revision = 0
        self._words: dict[int, int] = {}

    def put(self, entry: Entry) -> None:
        """Take in a product as it is now."""
        slot = self.columns.put(entry)
        self.revision = max(self.revision, entry.revision)
        stamp = hash(entry.words)
        if self._words.get(slot) != stamp:
            self._words[slot] = stamp
            self.postings.put(slot, analysis.weighed(entry.words))

    def seal(self) -> None:
        """Put the words in order after the first filling; seconds for many products. Nothing may be read meanwhile."""
        self.postings.adopt(self.postings.sealed(), len(self.columns.ids))
        self.lexicon.follow()

    @property
    def unsettled(self) -> bool:
        """Return whether so much has changed that reading gets slow."""
        return self.postings.changed > max(2000, self.columns.size // 20)

    async def settle(self) -> None:
        """Put the words in order again, in a thread. Nothing may be put meanwhile; searches go on."""
        sealed = await asyncio.to_thread(self.postings.sealed)
        self.postings.adopt(sealed, len(self.columns.ids))

    def search(self, wish: Wish, offset: int, size: int) -> Hits:
        """Return one page of what matches; words that find nothing are tried corrected."""
        if not wish.q:
            return self._list(wish, None, offset, size)
        asked = plan(wish.q, self.lexicon, self.shared)
        hits = self._list(wish, asked, offset, size)
        if hits.total or not asked.units or self._finds(asked):
            return hits
        for meant in corrections(wish.q, self.lexicon, asked.missing):
            other = plan(meant, self.lexicon, self.shared)
            if self._finds(other):
                return msgspec.structs.replace(self._list(wish, other, offset, size), corrected=meant)
        return hits

    def finds(self, text: str) -> int:
        """Return how many products the words find, whatever the filters."""
        made = plan(text, self.lexicon, self.shared)
        return int(np.count_nonzero(self._matches(made)[0] > 0)) if self._finds(made) else 0

    def best(self, text: str, most: int) -> list[int]:
        """Return the ids of the products that the words fit best, as they are typed; in no case corrected."""
        made = plan(text, self.lexicon, self.shared)
        return self._list(Wish(q=text), made, 0, most).ids if self._finds(made) else []

    def without_some(self, text: str, most: int = 4) -> list[tuple[str, int]]:
        """Return ``text`` with one of its words left out each time, where that finds something, and how much."""
        units = plan(text, self.lexicon, self.shared).units
        if not 1 < len(units) <= 8:
            return []
        fewer = [" ".join(units[:at] + units[at + 1 :]) for at in range(len(units))]
        found = [(shorter, count) for shorter in dict.fromkeys(fewer) if (count := self.finds(shorter))]
        return sorted(found, key=lambda pair: pair[1])[:most]

    def _finds(self, made: Plan) -> bool:
        return bool(made.clauses) and not made.missing and bool((self._matches(made)[0] > 0).any())

    def _matches(self, made: Plan) -> tuple[Floats, Bools]:
        """Return how well each slot matches (0: not at all), and which slots are shown."""
        size = self.columns.size
        shown = self.columns.shown[:size]
        total = np.zeros(size, np.float32)
        if made.missing or not made.clauses:
            return total, shown
        fits: Bools = shown.copy()
        worth = 0.0
        for clause in made.clauses:
            score = self._score(clause, size)
            found = score > 0
            fits &= found
            rarity = math.log1p(size / (1 + int(np.count_nonzero(found))))
            score *= np.float32(rarity)
            total += score
            worth += rarity
        total *= np.float32(100 / (_FULL * max(worth, 1e-9)))
        total[~fits] = 0
        if size:
            total[total < total.max() * _WORTH_SHOWING] = 0
        return total, shown

    def _score(self, clause: Clause, size: int) -> Floats:
        score = np.zeros(size, np.float32)
        for numbers, factor in clause:
            slots, weights = self.postings.find(numbers[0])
            values = weights.astype(np.float32)
            for at, number in enumerate(numbers[1:], 1):
                sums = np.zeros(size, np.float32)
                sums[slots] = values
                slots, weights = self.postings.find(number)
                before = sums[slots]
                both = before > 0
                values = (before[both] * np.float32(at) + weights[both].astype(np.float32)) / np.float32(at + 1)
                slots = slots[both]
            score[slots] = np.maximum(score[slots], np.minimum(values, _FULL) * np.float32(factor))
        return score

    def _list(self, wish: Wish, asked: Plan | None, offset: int, size: int) -> Hits:
        columns, shared = self.columns, self.shared
        within: Any = slice(0, columns.size)
        rank: Floats | None = None
        if asked is not None:
            matches, _ = self._matches(asked)
            within = np.flatnonzero(matches)
            rank = matches[within]
        elif not columns.shown[: columns.size].all():
            within = np.flatnonzero(columns.shown[: columns.size])
        if wish.shop:
            shop = columns.shop_values.numbers.get(str(shared.shops.get(wish.shop, -1)), -1)
            mine = columns.shops[within] == shop
            within = np.arange(columns.size)[within][mine]
            rank = rank[mine] if rank is not None else None
        lets = self._filters(wish, within)
        count = len(columns.ids[within]) if not isinstance(within, slice) else columns.size
        fails = np.zeros(count, np.uint8)
        for passes in lets.values():
            fails += ~passes
        chosen: Bools = np.equal(fails, 0)

        def open_to(name: str) -> Bools:
            """Return what every filter but one lets through."""
            if name not in lets:
                return chosen
            others: Bools = np.equal(fails, ~lets[name])
            return others

        found = np.flatnonzero(chosen)
        ids = self._page(found, within, rank, wish.order, offset, size)
        return Hits(ids=ids, total=len(found), facets=self._facets(wish, within, open_to, lets))

    def _filters(self, wish: Wish, within: Any) -> dict[str, Bools]:
        """Return what each filter that is on lets through."""
        columns, shared = self.columns, self.shared
        lets: dict[str, Bools] = {}
        if wish.category:
            top = shared.by_slug.get(wish.category)
            branch = shared.branch(top.id) if top is not None else set()
            lets["category"] = _among(columns.categories[within], columns.category_values, map(str, branch))
        if wish.brands:
            known = (str(shared.brands_by_slug[slug].id) for slug in wish.brands if slug in shared.brands_by_slug)
            lets["brand"] = _among(columns.brands[within], columns.brand_values, known)
        if wish.tags:
            lets["tag"] = np.logical_or.reduce(_among(columns.tags[within], columns.tag_values, wish.tags), axis=1)
        for attribute_id, tokens in by_attribute(wish.attributes).items():
            meant = shared.meant(tokens, columns.attribute_values.texts)
            held = _among(columns.attributes[within], columns.attribute_values, meant)
            lets[f"attribute {attribute_id}"] = np.logical_or.reduce(held, axis=1)
        if wish.price_min is not None or wish.price_max is not None:
            prices = columns.prices[within]
            low = wish.price_min if wish.price_min is not None else 0
            high = wish.price_max if wish.price_max is not None else _DEAREST
            lets["price"] = np.logical_and(prices >= low, prices <= high)
        if wish.in_stock:
            lets["stock"] = columns.in_stock[within]
        return lets

    def _page(self, found: Ints, within: Any, rank: Floats | None, order: Sort, offset: int, size: int) -> list[int]:
        """Return the ids of one page in their order; the newer and then the smaller id comes first among equals."""
        columns = self.columns
        slots: Ints = found if isinstance(within, slice) else within[found]
        created = columns.created[slots]
        key: npt.NDArray[Any]
        match order:
            case Sort.PRICE_ASC:
                key = -columns.prices[slots]
            case Sort.PRICE_DESC:
                key = columns.prices[slots]
            case Sort.SALES:
                key = columns.sales[slots]
            case Sort.NEWEST:
                key = created
            case Sort.RELEVANCE if rank is None:
                key = columns.sales[slots] + (columns.in_stock[slots].astype(np.int64) << 40)
            case _:
                assert rank is not None
                key = rank[found] + _SALES * np.log1p(columns.sales[slots]) + _STOCK * columns.in_stock[slots]
        last = offset + size
        if len(key) > 4 * last:
            edge = np.partition(key, len(key) - last)[len(key) - last]
            best = np.flatnonzero(key >= edge)
            slots, key, created = slots[best], key[best], created[best]
        sorted_ = np.lexsort((columns.ids[slots], -created, -key))[offset:last]
        return [int(one) for one in columns.ids[slots[sorted_]]]

    def _facets(self, wish: Wish, within: Any, open_to: Any, lets: dict[str, Bools]) -> Facets:
        columns, shared = self.columns, self.shared
        leaves = _counted(columns.categories[within], open_to("category"), columns.category_values)
        sums: dict[int, int] = {}
        for category_id, count in leaves.items():
            for above in shared.path(int(category_id)):
                sums[above.id] = sums.get(above.id, 0) + count
        categories = [
            CategoryFacet(
                slug=one.slug,
                name=one.name,
                count=sums[one.id],
                parent=shared.categories[one.parent_id].slug if one.parent_id in shared.categories else None,
            )
            for one in shared.ordered
            if one.id in sums
        ]
        of_brand = _counted(columns.brands[within], open_to("brand"), columns.brand_values)
        of_tag = _counted(columns.tags[within], open_to("tag"), columns.tag_values)
        # What is chosen stays to be seen and unchosen, also where nothing has it any more.
        of_tag |= {tag: 0 for tag in wish.tags if tag not in of_tag}
        for slug in wish.brands:
            if slug in shared.brands_by_slug:
                of_brand.setdefault(str(shared.brands_by_slug[slug].id), 0)
        brands = [
            Facet(slug=brand.slug, name=brand.name, count=count)
            for brand_id, count in of_brand.items()
            if (brand := shared.brands.get(int(brand_id))) is not None
        ]
        tags = [Facet(slug=tag, name=tag, count=count) for tag, count in of_tag.items()]
        prices = columns.prices[within][open_to("price")]
        return Facets(
            categories=categories,
            brands=sorted(brands, key=_most_first),
            tags=sorted(tags, key=_most_first),
            attributes=self._attributes(wish, within, open_to, lets, leaves),
            in_stock=int(np.count_nonzero(columns.in_stock[within] & open_to("stock"))),
            low=int(prices.min()) if len(prices) else None,
            high=int(prices.max()) if len(prices) else None,
        )

    def _attributes(
        self, wish: Wish, within: Any, open_to: Any, lets: dict[str, Bools], leaves: dict[str, int]
    ) -> list[AttributeFacet]:
        """Return the attributes of the category chosen, or of the one that most of the products lie in."""
        columns, shared = self.columns, self.shared
        chosen = shared.by_slug.get(wish.category)
        path = {one.id for one in shared.path(chosen.id)} if chosen is not None else set()
        inside = {k: n for k, n in leaves.items() if chosen is None or chosen.id in {c.id for c in shared.path(int(k))}}
        main = max(inside, key=lambda leaf: inside[leaf], default="")
        if main and 2 * inside[main] > sum(inside.values()):
            path |= {one.id for one in shared.path(int(main))}
        shown = {
            str(one.id): one
            for one in shared.attributes.values()
            if (one.filterable and one.category_id in path) or f"attribute {one.id}" in lets
        }
        if not shown:
            return []
        table = columns.attributes[within]
        everywhere = _counted(table, open_to(""), columns.attribute_values)
        facets = []
        for attribute_id, one in sorted(shown.items(), key=lambda pair: (pair[1].position, pair[1].id)):
            name = f"attribute {attribute_id}"
            rows = open_to(name)
            counts = _counted(table, rows, columns.attribute_values) if name in lets else everywhere
            for span in (token for token in wish.attributes if "~" in token and token.startswith(f"{attribute_id}:")):
                meant = shared.meant([span], columns.attribute_values.texts)
                held = np.logical_or.reduce(_among(table, columns.attribute_values, meant), axis=1)
                counts = {**counts, span: int(np.count_nonzero(held & rows))}
            mine = [
                token
                for token in dict.fromkeys((*counts, *wish.attributes))
                if token.partition(":")[0] == attribute_id and shared.told(token)
            ]
            kept = sorted(mine, key=lambda token: (token not in wish.attributes, -counts.get(token, 0)))
            values = [
                Facet(slug=token, name=shared.told(token), count=counts.get(token, 0))
                for token in sorted(kept[:LONGEST_FACET], key=shared.place)
            ]
            if values:
                facets.append(AttributeFacet(id=attribute_id, name=one.name, kind=one.kind, values=values))
        return facets


def _among(column: Ints, values: Values, wanted: Iterable[str]) -> Bools:
    """Return where a column has one of the values wanted; values that no product has are nowhere."""
    lookup = np.zeros(len(values.texts), bool)
    for text in wanted:
        if number := values.numbers.get(text):
            lookup[number] = True
    found: Bools = lookup[column]
    return found


def _counted(column: Ints, rows: Bools, values: Values) -> dict[str, int]:
    """Return how many of the rows have each value, those that none has left out."""
    counts = np.bincount(column[rows].ravel(), minlength=len(values.texts))
    return {values.texts[at]: int(counts[at]) for at in np.flatnonzero(counts) if at}


def _most_first(facet: Facet) -> tuple[int, str]:
    return -facet.count, facet.slug
