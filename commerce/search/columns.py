"""Products as columns of numbers: what lists filter, count and sort by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from commerce.search.types import Entry

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Values:
    """Texts with numbers from 1; 0 means none."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.texts: list[str] = [""]

    def number(self, text: str) -> int:
        """Return a text's number, a new one if it is new."""
        known = self.numbers.get(text)
        if known is None:
            known = self.numbers[text] = len(self.texts)
            self.texts.append(text)
        return known


class Columns:
    """One slot a product. A slot is written in place; ``shown`` says whether it is to be found at all."""

    def __init__(self) -> None:
        self.size = 0
        self.slots: dict[int, int] = {}
        self.tag_values, self.attribute_values = Values(), Values()
        self.shop_values, self.category_values, self.brand_values = Values(), Values(), Values()
        room = 1024
        self.ids: Ints = np.zeros(room, np.int64)
        self.shops: Ints = np.zeros(room, np.int64)
        self.categories: Ints = np.zeros(room, np.int64)
        self.brands: Ints = np.zeros(room, np.int64)
        self.prices: Ints = np.zeros(room, np.int64)
        self.sales: Ints = np.zeros(room, np.int64)
        self.created: Ints = np.zeros(room, np.int64)
        self.in_stock: Bools = np.zeros(room, bool)
        self.shown: Bools = np.zeros(room, bool)
        self.tags: Ints = np.zeros((room, 2), np.int64)
        self.attributes: Ints = np.zeros((room, 4), np.int64)

    def put(self, entry: Entry) -> int:
        """Write a product and return its slot."""
        slot = self.slots.get(entry.product_id)
        if slot is None:
            slot = self.size
            if slot == len(self.ids):
                self._grow()
            self.size += 1
            self.slots[entry.product_id] = slot
        self.ids[slot] = entry.product_id
        self.shops[slot] = self.shop_values.number(str(entry.shop_id))
        self.categories[slot] = self.category_values.number(str(entry.category_id))
        self.brands[slot] = self.brand_values.number(str(entry.brand_id)) if entry.brand_id is not None else 0
        self.prices[slot] = entry.price
        self.sales[slot] = entry.sales
        self.created[slot] = int(entry.created_at.timestamp())
        self.in_stock[slot] = entry.in_stock
        self.shown[slot] = entry.shown
        tags = [self.tag_values.number(tag) for tag in dict.fromkeys(entry.tags)]
        held = [self.attribute_values.number(one) for one in dict.fromkeys(entry.attributes)]
        self.tags = _written(self.tags, slot, tags)
        self.attributes = _written(self.attributes, slot, held)
        return slot

    def _grow(self) -> None:
        for name in ("ids", "shops", "categories", "brands", "prices", "sales", "created", "in_stock", "shown"):
            column = getattr(self, name)
            setattr(self, name, np.concatenate([column, np.zeros_like(column)]))
        for name in ("tags", "attributes"):
            table = getattr(self, name)
            setattr(self, name, np.concatenate([table, np.zeros_like(table)]))


def _written(table: Ints, slot: int, values: list[int]) -> Ints:
    """Write a slot's values into a table that gets wider if need be; return the table."""
    if len(values) > table.shape[1]:
        table = np.concatenate([table, np.zeros((len(table), len(values) - table.shape[1]), np.int64)], axis=1)
    table[slot] = 0
    table[slot, : len(values)] = values
    return table
