"""The tree of categories as people walk it: the top ones, and what is under one of them, each with a picture.

What has nothing on the shelf is left out. However many categories there are, a page shows a bounded part of them, the
part that holds what was chosen, with ways to the parts beside it; and it takes two statements at most.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from commerce.catalogue import shared
from commerce.catalogue.types import Category
from commerce.search.browse import fresh
from commerce.search.index import Index
from commerce.search.types import Facet, Wish
from server.errors import NotFound
from server.http import Call

TOPS, KINDS, UNDER, BRANDS = 60, 40, 12, 12
"""How many are shown at once: top categories, those under one, those under these, brands."""
_BESIDE = 8
"""Names under each other top category, where the screen is wide."""
_LEAVES = 10
"""Categories whose goods are looked at for the picture of one above them."""
T = TypeVar("T")


class Part(msgspec.Struct, Generic[T], frozen=True):
    """Some of a list, and what leads to the parts before and after."""

    items: list[T]
    before: T | None = None
    after: T | None = None


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """A category with a picture of what it has, empty where none has one."""

    category: Category
    picture: str


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Tiles under one heading, none for those that stand alone; ``more`` says that it has others."""

    head: Category | None
    tiles: list[Tile]
    more: bool = False


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows: the top categories, and of ``top`` all that is under it.

    ``count`` is how many products ``top`` has, ``others`` are further top categories with a few of those under them.
    """

    tops: Part[Category]
    top: Category
    count: int
    kinds: Part[Category]
    groups: list[Group]
    brands: list[Facet]
    others: list[tuple[Category, list[Category]]]


def part(items: Sequence[T], chosen: T | None, most: int) -> Part[T]:
    """Return that part of ``items`` that holds ``chosen``, the first one for None."""
    at = items.index(chosen) // most * most if chosen in items else 0
    after = items[at + most] if at + most < len(items) else None
    return Part(list(items[at : at + most]), items[at - 1] if at else None, after)


async def tree(call: Call, slug: str = "") -> Tree | None:
    """Return the tree at a category, at its first top category without one; None while nothing is on the shelf.

    Raises NotFound for a category that there is not, Unavailable (browse.py).
    """
    index, categories = await fresh(call), await shared.categories(call)
    path = path_to(categories, slug)
    if slug and not path:
        raise NotFound
    facets = index.search(Wish(category=path[0].slug if path else ""), 0, 1).facets
    counts = {facet.slug: facet.count for facet in facets.categories}
    walked = {one.id for one in path}
    under: dict[int | None, list[Category]] = {}
    for one in categories:
        # Who followed an old link finds the category, even if it is empty by now.
        if counts.get(one.slug) or one.id in walked:
            under.setdefault(one.parent_id, []).append(one)
    tops = under.get(None, [])
    if not tops:
        return None
    top = path[0] if path else tops[0]
    kinds = part(under.get(top.id, []), path[1] if len(path) > 1 else None, KINDS)
    shown = part(tops, top, TOPS)
    return Tree(
        tops=shown,
        top=top,
        count=counts.get(top.slug, 0),
        kinds=kinds,
        groups=await _groups(call, kinds.items, lambda one: under.get(one.id, [])),
        brands=(facets.brands if path else _brands(index, top))[:BRANDS],
        others=[(one, under.get(one.id, [])[:_BESIDE]) for one in shown.items if one != top],
    )


def path_to(categories: Sequence[Category], slug: str) -> list[Category]:
    """Return the categories from the top down to the one called so; empty if there is none."""
    by_id = {one.id: one for one in categories}
    path = [one for one in categories if one.slug == slug]
    while path and (above := by_id.get(path[0].parent_id or 0)) is not None and above not in path:
        path.insert(0, above)
    return path


def _brands(index: Index, top: Category) -> list[Facet]:
    return index.search(Wish(category=top.slug), 0, 1).facets.brands


async def _groups(call: Call, kinds: list[Category], under: Callable[[Category], list[Category]]) -> list[Group]:
    """Return those that stand alone, then each that has others under it with them, with a picture each."""
    alone = [one for one in kinds if not under(one)]
    parted: list[tuple[Category | None, list[Category], bool]] = [(None, alone, False)] if alone else []
    parted += [(one, under(one)[:UNDER], len(under(one)) > UNDER) for one in kinds if under(one)]
    wanted = [(one.id, leaf) for _, some, _ in parted for one in some for leaf in _leaves(one, under)]
    pictures = await shared.faces(call, wanted)
    return [
        Group(head=head, tiles=[Tile(category=one, picture=pictures.get(one.id, "")) for one in some], more=more)
        for head, some, more in parted
    ]


def _leaves(top: Category, under: Callable[[Category], list[Category]]) -> list[int]:
    """Return the ids of a category and some of those under it, the nearest first."""
    found = [top]
    for one in found:  # it grows on the way
        if len(found) >= _LEAVES:
            break
        found += under(one)
    return [one.id for one in found[:_LEAVES]]
