"""What products share, as every process holds it: categories, brands, shops, attributes and synonyms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from commerce.catalogue.types import Attribute, AttributeKind, Brand, Category
from commerce.search.analysis import plain, stem
from commerce.search.narrowing import within
from commerce.search.types import Synonyms


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A value that may be chosen for an attribute."""

    id: int
    attribute_id: int
    value: str
    position: int


class ShopName(msgspec.Struct, frozen=True, kw_only=True):
    """A shop, as lists are narrowed to it."""

    id: int
    slug: str
    name: str


class Shared:
    """As of one revision; never changed, only replaced."""

    def __init__(
        self,
        revision: int,
        categories: Sequence[Category] = (),
        brands: Sequence[Brand] = (),
        shops: Sequence[ShopName] = (),
        attributes: Sequence[Attribute] = (),
        values: Sequence[Value] = (),
        synonyms: Sequence[Synonyms] = (),
    ) -> None:
        self.revision = revision
        self.categories = {one.id: one for one in categories}
        self.by_slug = {one.slug: one for one in categories}
        self.ordered = sorted(categories, key=lambda one: (one.position, one.slug))
        self._paths: dict[int, list[Category]] = {}
        self._under: dict[int, list[int]] = {}
        for one in categories:
            if one.parent_id is not None:
                self._under.setdefault(one.parent_id, []).append(one.id)
        self.brands = {one.id: one for one in brands}
        self.brands_by_slug = {one.slug: one for one in brands}
        self.shops = {name: one.id for one in shops for name in (str(one.id), one.slug)}
        self.shop_names = {one.id: one for one in shops}
        self.attributes = {one.id: one for one in attributes}
        self.values = {one.id: one for one in values}
        # By their stems (analysis.py): who writes of bottles means a bottle.
        self.synonyms: dict[str, tuple[str, ...]] = {}
        for group in synonyms:
            words = [plain(word).strip() for word in group.words]
            for word in words:
                others = (other for other in words if other != word)
                self.synonyms[stem(word)] = tuple(dict.fromkeys((*self.synonyms.get(stem(word), ()), *others)))

    @property
    def alike(self) -> set[str]:
        """Return all words that mean the same as others."""
        return {word for words in self.synonyms.values() for word in words}

    def like(self, word: str) -> tuple[str, ...]:
        """Return what means the same as a plain word, or as several words of English."""
        return self.synonyms.get(stem(word), ())

    def path(self, category_id: int) -> list[Category]:
        """Return the categories from ``category_id`` up to the top; a circle, which nothing makes, would end."""
        known = self._paths.get(category_id)
        if known is not None:
            return known
        found: list[Category] = []
        at: int | None = category_id
        while at is not None and at in self.categories and len(found) < 10:
            found.append(self.categories[at])
            at = found[-1].parent_id
        self._paths[category_id] = found
        return found

    def branch(self, category_id: int) -> set[int]:
        """Return a category and all under it."""
        found, row = set[int](), [category_id]
        while row:
            found.update(row)
            row = [under for one in row for under in self._under.get(one, ()) if under not in found]
        return found

    def told(self, token: str) -> str:
        """Return what people read for an attribute's value as ``ID:VALUE``; empty if it is unknown."""
        attribute_id, _, value = token.partition(":")
        attribute = self.attributes.get(int(attribute_id)) if _small(attribute_id) else None
        if attribute is None:
            return ""
        if attribute.kind is AttributeKind.NUMBER:
            low, span, high = value.partition("~")
            shown = value if not span else f"{low} – {high}" if low and high else f"≥ {low}" if low else f"≤ {high}"
            return f"{shown} {attribute.unit}".strip()
        known = self.values.get(int(value)) if _small(value) else None
        return known.value if known is not None and known.attribute_id == attribute.id else ""

    def meant(self, tokens: Iterable[str], held: Iterable[str]) -> list[str]:
        """Return the tokens with what products hold (``held``) in the place of spans; a choice has none."""
        found: list[str] = []
        for token in tokens:
            if "~" not in token:
                found.append(token)
                continue
            attribute = self.attributes.get(int(token.partition(":")[0]))
            if attribute is not None and attribute.kind is AttributeKind.NUMBER:
                found += within(token, held)
        return found

    def place(self, token: str) -> tuple[float, str]:
        """Return what the values of one attribute are sorted by."""
        value = token.partition(":")[2]
        known = self.values.get(int(value)) if _small(value) else None
        attribute = self.attributes.get(int(token.partition(":")[0]))
        if attribute is not None and attribute.kind is AttributeKind.NUMBER:
            return float(value.partition("~")[0] or value.partition("~")[2]), value
        return (known.position if known is not None else 0), value


def _small(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def by_attribute(tokens: Iterable[str]) -> dict[str, list[str]]:
    """Return tokens ``ID:VALUE`` by their attribute's id."""
    found: dict[str, list[str]] = {}
    for token in tokens:
        found.setdefault(token.partition(":")[0], []).append(token)
    return found
