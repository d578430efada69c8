"""What lists count, against the same counted one product at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.catalogue.types import Attribute, AttributeKind, Brand, Category
from commerce.search.index import Index
from commerce.search.narrowing import one_span_each
from commerce.search.shared import Shared, ShopName, Value
from commerce.search.types import Entry, Facets, Sort, Wish

CATEGORIES = [
    Category(id=at, parent_id=parent, slug=f"c{at}", name=f"类{at}", icon="", position=at)
    for at, parent in ((1, None), (2, 1), (3, 1), (4, 3), (5, None), (6, 5))
]
BRANDS = [Brand(id=at, slug=f"b{at}", name=f"牌{at}") for at in (1, 2, 3)]
TAGS = ["新", "热", "惠"]
ATTRIBUTES = [
    Attribute(id=1, category_id=1, name="色", kind=AttributeKind.CHOICE, unit="", position=0, filterable=True),
    Attribute(id=2, category_id=3, name="量", kind=AttributeKind.NUMBER, unit="L", position=1, filterable=True),
    Attribute(id=3, category_id=5, name="材", kind=AttributeKind.CHOICE, unit="", position=2, filterable=False),
]
VALUES = [Value(id=at, attribute_id=of, value=f"值{at}", position=at) for at, of in ((1, 1), (2, 1), (3, 3), (4, 3))]
TOKENS = ["1:1", "1:2", "2:1.5", "2:3", "2:-4", "3:3", "3:4"]
SPANS = ["2:1~2", "2:~1.5", "2:-5~2", "2:2~", "1:~9"]
SHARED = Shared(1, CATEGORIES, BRANDS, [ShopName(id=at, slug=f"s{at}", name="") for at in (1, 2)], ATTRIBUTES, VALUES)
NAMES = {token: SHARED.told(token) for token in [*TOKENS, *SPANS]}

some = st.integers(0, 3)
entries = st.lists(
    st.builds(
        Entry,
        product_id=st.just(0),
        revision=st.just(1),
        shown=st.booleans() | st.just(True),
        shop_id=st.sampled_from([1, 2]),
        category_id=st.sampled_from([one.id for one in CATEGORIES]),
        brand_id=st.none() | st.sampled_from([one.id for one in BRANDS]),
        tags=st.lists(st.sampled_from(TAGS), unique=True),
        attributes=st.lists(st.sampled_from(TOKENS), unique=True, max_size=5),
        price=st.integers(1, 9).map(lambda yuan: yuan * 100),
        dearest=st.just(10_000),
        in_stock=st.booleans(),
        sales=st.integers(0, 3),
        created_at=some.map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)),
        words=st.sampled_from(["\n苹果 苹\n\n\n", "\n苹果 香蕉\n\n\n", "\n香蕉\n苹果\n\n", "\n\n\n\n"]),
    ),
    max_size=60,
)
wishes = st.builds(
    Wish,
    q=st.sampled_from(["", "", "苹果", "香蕉 苹果", "香蕉"]),
    category=st.sampled_from(["", "", "c1", "c3", "c5", "none"]),
    brands=st.lists(st.sampled_from(["b1", "b2", "none"]), unique=True, max_size=2).map(tuple),
    tags=st.lists(st.sampled_from([*TAGS, "none"]), unique=True, max_size=2).map(tuple),
    attributes=st.lists(st.sampled_from([*TOKENS, *SPANS, "9:9"]), unique=True, max_size=3).map(one_span_each),
    shop=st.sampled_from(["", "", "s1", "2", "none"]),
    price_min=st.none() | st.integers(0, 900),
    price_max=st.none() | st.integers(0, 900),
    in_stock=st.booleans(),
    sort=st.none() | st.sampled_from([Sort.SALES, Sort.PRICE_ASC, Sort.PRICE_DESC, Sort.NEWEST]),
)


def holds(entry: Entry, wanted: Collection[str]) -> bool:
    """Return whether a product holds one of these tokens, or a number between those of a span."""
    for token in wanted:
        of, _, value = token.partition(":")
        low, span, high = value.partition("~")
        numbers = [float(one.partition(":")[2]) for one in entry.attributes if one.startswith("2:")]
        inside = any(float(low or -99) <= number <= float(high or 99) for number in numbers)
        if (of == "2" and inside) if span else token in entry.attributes:
            return True
    return False


def questions(wish: Wish) -> dict[str, Callable[[Entry], bool]]:
    """Return each filter that is on as a question to one product."""
    tests: dict[str, Callable[[Entry], bool]] = {}
    if wish.category:
        tests["category"] = lambda e: wish.category in {one.slug for one in SHARED.path(e.category_id)}
    if wish.brands:
        tests["brand"] = lambda e: f"b{e.brand_id}" in wish.brands
    if wish.tags:
        tests["tag"] = lambda e: bool(set(wish.tags) & set(e.tags))
    for of in {token.split(":")[0] for token in wish.attributes}:
        wanted = {token for token in wish.attributes if token.split(":")[0] == of}
        tests[f"attribute {of}"] = partial(holds, wanted=wanted)
    if wish.price_min is not None or wish.price_max is not None:
        low, high = wish.price_min or 0, 10**9 if wish.price_max is None else wish.price_max
        tests["price"] = lambda e: low <= e.price <= high
    if wish.in_stock:
        tests["stock"] = lambda e: e.in_stock
    return tests


def there(entry: Entry, wish: Wish) -> bool:
    """Return whether words and shop, which have no facets, let a product through."""
    words = set(entry.words.split())
    shop = wish.shop in ("", f"s{entry.shop_id}", str(entry.shop_id))
    return entry.shown and shop and all(word in words for word in wish.q.split())


def counted(values: Iterable[str]) -> dict[str, int]:
    """Return how often each value is there."""
    return dict(Counter(values))


def seen(facets: Facets, wish: Wish) -> dict[str, dict[str, int]]:
    """Return the counts of facets; what is only shown because it is chosen is left out."""
    found = {
        "category": {one.slug: one.count for one in facets.categories},
        "brand": {one.slug: one.count for one in facets.brands},
        "tag": {one.slug: one.count for one in facets.tags},
    }
    for attribute in facets.attributes:
        found[f"attribute {attribute.id}"] = {one.slug: one.count for one in attribute.values}
        assert all(one.name == NAMES[one.slug] for one in attribute.values)
    chosen = {*wish.brands, *wish.tags, *wish.attributes}
    return {
        name: {value: count for value, count in counts.items() if count or value not in chosen}
        for name, counts in found.items()
    }


@settings(max_examples=250, deadline=None)
@given(entries, wishes)
def test_facets_are_what_counting_by_hand_gives(made: list[Entry], wish: Wish) -> None:
    index = Index()
    index.shared = SHARED
    products = [
        Entry(**{f: getattr(e, f) for f in e.__struct_fields__} | {"product_id": n}) for n, e in enumerate(made)
    ]
    for product in products:
        index.put(product)
    index.seal()
    hits = index.search(wish, 0, 100)
    tests = questions(wish)
    inside = [product for product in products if there(product, wish)]

    def passing(but: str) -> list[Entry]:
        return [e for e in inside if all(test(e) for name, test in tests.items() if name != but)]

    found = passing("")
    assert set(hits.ids) == {product.product_id for product in found}
    assert hits.total == len(found) == len(hits.ids)
    counts = seen(hits.facets, wish)
    paths = (one.slug for e in passing("category") for one in SHARED.path(e.category_id))
    assert counts.pop("category") == counted(paths)
    assert counts.pop("brand") == counted(f"b{e.brand_id}" for e in passing("brand") if e.brand_id)
    assert counts.pop("tag") == counted(tag for e in passing("tag") for tag in e.tags)
    for name, of in counts.items():
        prefix = name.split()[1] + ":"
        tokens = (token for e in passing(name) for token in e.attributes if token.startswith(prefix))
        spans = {token: sum(holds(e, [token]) for e in passing(name)) for token in wish.attributes if "~" in token}
        mine = {token: count for token, count in spans.items() if count and token.startswith(prefix)}
        assert of == counted(tokens) | mine, name
    for name in tests:
        which = name.partition(" ")[2]
        known = any(NAMES.get(token) for token in wish.attributes if token.partition(":")[0] == which)
        assert (
            not known
            or name in counts
            or not any(name.split()[1] == t.split(":")[0] for e in inside for t in e.attributes)
        )
    assert hits.facets.in_stock == sum(e.in_stock for e in passing("stock"))
    prices = [e.price for e in passing("price")]
    assert (hits.facets.low, hits.facets.high) == (min(prices, default=None), max(prices, default=None))


@settings(max_examples=100, deadline=None)
@given(entries, st.sampled_from([Sort.SALES, Sort.PRICE_ASC, Sort.PRICE_DESC, Sort.NEWEST, None]), st.integers(1, 7))
def test_pages_are_one_order_cut_to_pieces(made: list[Entry], sort: Sort | None, size: int) -> None:
    index = Index()
    index.shared = SHARED
    products = {
        n: Entry(**{f: getattr(e, f) for f in e.__struct_fields__} | {"product_id": n}) for n, e in enumerate(made)
    }
    for product in products.values():
        index.put(product)
    index.seal()
    keys: dict[Sort | None, Callable[[Entry], tuple[float, ...]]] = {
        Sort.SALES: lambda e: (-e.sales,),
        Sort.PRICE_ASC: lambda e: (e.price,),
        Sort.PRICE_DESC: lambda e: (-e.price,),
        Sort.NEWEST: lambda e: (),
        None: lambda e: (-e.in_stock, -e.sales),
    }
    by = keys[sort]
    shown = [e for e in products.values() if e.shown]
    wanted = sorted(shown, key=lambda e: (*by(e), -e.created_at.timestamp(), e.product_id))
    pages = [index.search(Wish(sort=sort), at, size).ids for at in range(0, len(shown) + size, size)]
    assert [product_id for page in pages for product_id in page] == [e.product_id for e in wanted]


@settings(max_examples=60, deadline=None)
@given(entries, entries, wishes)
def test_what_changed_is_as_if_it_had_been_so_from_the_start(old: list[Entry], new: list[Entry], wish: Wish) -> None:
    def numbered(made: list[Entry], first: int) -> list[Entry]:
        return [
            Entry(**{f: getattr(e, f) for f in e.__struct_fields__} | {"product_id": n})
            for n, e in enumerate(made, first)
        ]

    index, other = Index(), Index()
    index.shared = other.shared = SHARED
    for product in numbered(old, 0):
        index.put(product)
    index.seal()
    changed = numbered(new, len(old) // 2)
    for product in changed:
        index.put(product)
    index.lexicon.follow()
    for product in [*numbered(old, 0)[: len(old) // 2], *changed, *numbered(old, 0)[len(old) // 2 + len(new) :]]:
        other.put(product)
    other.seal()
    assert index.search(wish, 0, 30) == other.search(wish, 0, 30)
    index.postings.adopt(index.postings.sealed(), len(index.columns.ids))
    assert index.search(wish, 0, 30) == other.search(wish, 0, 30)
