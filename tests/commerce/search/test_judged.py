"""What two hundred queries find of a fixed corpus, against what is relevant by how the corpus was made.

Recall at 10 of a query is how many of its first ten results are relevant ÷ how many of them could be: the number of
relevant products, at most ten. The figure is the mean over all queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from commerce.search.demo import KINDS, Goods, generate
from commerce.search.demo import load as loading
from commerce.search.feed import Follower
from commerce.search.types import Wish
from server.application import Application

CORPUS = 4000
BAR = 0.9
JUDGED = Path(__file__).with_name("judged.tsv")


def judged() -> Iterator[tuple[str, Callable[[Goods], bool]]]:
    """Yield the queries, each with what says whether a product is relevant."""
    for line in JUDGED.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            query, _, wanted = line.partition("\t")
            yield query, relevant(dict(part.split("=") for part in wanted.split()))


def relevant(wanted: dict[str, str]) -> Callable[[Goods], bool]:
    """Return whether a product is of the kind, of the brand, and has the attributes; any colour that it comes in."""

    def is_it(goods: Goods) -> bool:
        held = {"kind": [goods.kind.slug], "brand": [goods.brand.name]}
        held |= {name: [value] for name, value in goods.values.items()}
        held["颜色"] = [colour for colour, _ in goods.skus]
        return all(set(value.split(",")) & set(held.get(name, [])) for name, value in wanted.items())

    return is_it


def test_there_are_two_hundred_that_say_something() -> None:
    queries = list(judged())
    goods = list(generate(CORPUS))
    assert len(queries) >= 200
    assert len({query for query, _ in queries}) == len(queries)
    kinds = {kind.slug for kind in KINDS}
    for line in JUDGED.read_text(encoding="utf-8").splitlines():
        named = [part.removeprefix("kind=") for part in line.partition("\t")[2].split() if part.startswith("kind=")]
        assert line.startswith("#") or {kind for one in named for kind in one.split(",")} <= kinds, line
    for query, is_it in queries:
        assert 0 < sum(map(is_it, goods)) < CORPUS / 10, query


async def test_recall_at_ten(app: Application) -> None:
    await loading.load(app.database, CORPUS)
    index = await app.resource(Follower).fresh()
    async with app.database.connection() as connection:
        slugs = {row["id"]: row["slug"] for row in await connection.fetch("SELECT id, slug FROM products")}
    by_slug = {goods.slug: goods for goods in generate(CORPUS)}
    recalls: dict[str, float] = {}
    for query, is_it in judged():
        hits = index.search(Wish(q=query), 0, 10)
        found = sum(is_it(by_slug[slugs[product_id]]) for product_id in hits.ids)
        recalls[query] = found / min(10, sum(map(is_it, by_slug.values())))
    mean = sum(recalls.values()) / len(recalls)
    worst = sorted(recalls.items(), key=lambda pair: pair[1])[:20]
    print(f"recall@10 {mean:.3f} over {len(recalls)} queries; worst: {worst}")
    assert mean >= BAR, worst
    assert [query for query, recall in recalls.items() if recall == 0] == []
