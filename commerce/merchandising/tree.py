"""Categories and attributes: added, renamed, moved, merged, removed; old addresses lead on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from commerce.catalogue.types import AttributeKind, ProductChanged
from commerce.merchandising import store, tree_store
from commerce.merchandising.check import SLUG
from commerce.merchandising.save import Who, slug_of
from commerce.merchandising.tree_store import Node
from commerce.merchandising.types import Described
from commerce.staff import On, audit
from server.database import Connection
from server.errors import Conflict, Invalid, NotFound
from server.events import publish_all
from server.seen import hold_state, state_of

CATALOGUE = "catalogue.manage"
MOST_VALUES = 200
MOST_DEPTH = 3


class StillUsed(Conflict):
    """Something lies in it."""

    code, message = "still_used", "里面还有商品或下级，先移走或合并"


class Tree:
    """All categories, to be asked about their shape."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = {node.id: node for node in nodes}

    def node(self, category_id: int) -> Node:
        """Return a category. Raises NotFound."""
        if category_id not in self.nodes:
            raise NotFound
        return self.nodes[category_id]

    def under(self, parent_id: int | None) -> list[Node]:
        """Return the categories right under one (None: at the top), in their order."""
        return [node for node in self.nodes.values() if node.parent_id == parent_id]

    def path(self, category_id: int) -> list[Node]:
        """Return the categories from the top down to one."""
        found: list[Node] = []
        at: int | None = category_id
        while at is not None:
            found.insert(0, self.nodes[at])
            at = self.nodes[at].parent_id
        return found

    def rows(self, parent_id: int | None = None, depth: int = 0) -> list[tuple[Node, int]]:
        """Return the tree line by line with each one's depth."""
        made: list[tuple[Node, int]] = []
        for node in self.under(parent_id):
            made += [(node, depth), *self.rows(node.id, depth + 1)]
        return made

    def height(self, category_id: int) -> int:
        """Return how many levels a category is with those under it."""
        return 1 + max((self.height(node.id) for node in self.under(category_id)), default=0)


async def tree(connection: Connection) -> Tree:
    """Return the categories."""
    return Tree(await tree_store.nodes(connection))


async def add_category(connection: Connection, parent_id: int | None, name: str, icon: str, who: Who) -> int:
    """Add a category and return its id. Raises Invalid, StillUsed where products lie in what would be above it."""
    await tree_store.alone(connection)
    whole = await tree(connection)
    if parent_id is not None:
        if parent_id not in whole.nodes:
            raise Invalid("parent_id", "没有这个分类")
        _hold_parent(whole, whole.node(parent_id), 1)
    _hold_name(whole, parent_id, name, 0)
    category_id = await tree_store.add_category(connection, parent_id, slug_of(name), name, icon)
    await note(connection, who, "category_added", category_id, None, {"name": name, "parent_id": parent_id})
    return category_id


async def change_category(
    connection: Connection,
    category_id: int,
    name: str,
    slug: str,
    icon: str,
    parent_id: int | None,
    who: Who,
    seen: str = "",
) -> None:
    """Rename a category or move it under another one; its old address leads to it.

    ``seen`` is its ``category_state`` to the caller. Raises Invalid, StillUsed, ChangedMeanwhile.
    """
    await tree_store.alone(connection)
    whole = await tree(connection)
    node = whole.node(category_id)
    before = _category_told(node)
    hold_state(seen, before)
    _hold_name(whole, parent_id, name, category_id)
    if not SLUG.fullmatch(slug) or len(slug) > 60:
        raise Invalid("slug", "只用小写字母、数字和连字符")
    if await tree_store.slug_taken(connection, "category", slug, category_id):
        raise Invalid("slug", "别的分类在用这个地址")
    if parent_id != node.parent_id:
        if parent_id is not None:
            if category_id in {above.id for above in whole.path(whole.node(parent_id).id)}:
                raise Invalid("parent_id", "不能移到自己下面")
            _hold_parent(whole, whole.node(parent_id), whole.height(category_id))
        sisters = [sister.id for sister in whole.under(parent_id)]
        await tree_store.place(connection, parent_id, [*sisters, category_id])
    if slug != node.slug:
        await tree_store.forget(connection, "category", slug)
        await tree_store.remember(connection, "category", node.slug, category_id)
    await tree_store.write_category(connection, category_id, slug, name, icon)
    after = {"name": name, "slug": slug, "icon": icon, "parent_id": parent_id}
    if before != after:
        await note(connection, who, "category_changed", category_id, before, after)


def category_state(node: Node) -> str:
    """Return what tells a category as it is from what it was or will be."""
    return state_of(_category_told(node))


def attribute_state(one: Described) -> str:
    """Return what tells an attribute as it is from what it was or will be."""
    return state_of(_attribute_told(one))


async def step_category(connection: Connection, category_id: int, before_id: int | None, step: int, who: Who) -> None:
    """Put a category before a sister of it, or ``step`` places on. Raises NotFound, Invalid."""
    await tree_store.alone(connection)
    whole = await tree(connection)
    node = whole.node(category_id)
    sisters = [sister.id for sister in whole.under(node.parent_id)]
    was = sisters.index(category_id)
    sisters.remove(category_id)
    if before_id is not None:
        if before_id not in sisters:
            raise Invalid("before", "只能在同一级里换位")
        sisters.insert(sisters.index(before_id), category_id)
    else:
        sisters.insert(max(0, min(len(sisters), was + step)), category_id)
    await tree_store.place(connection, node.parent_id, sisters)
    await note(connection, who, "category_moved", category_id, was, sisters.index(category_id))


async def merge_category(connection: Connection, category_id: int, into: int, who: Who) -> int:
    """Give a category's products and attributes to another of the lowest level, and remove it; its address leads there.

    Returns how many products that moved. Raises Invalid, StillUsed.
    """
    await tree_store.alone(connection)
    whole = await tree(connection)
    node, target = whole.node(category_id), whole.node(into)
    if category_id == into:
        raise Invalid("into", "选另一个分类")
    if node.children or target.children:
        raise StillUsed
    await tree_store.merge_attributes(connection, category_id, into)
    moved = await tree_store.move_products(connection, "category_id", category_id, into)
    await told(connection, moved, "category_id", category_id, into, who)
    await tree_store.redirect(connection, "category", category_id, into)
    await tree_store.remember(connection, "category", node.slug, into)
    await tree_store.remove_category(connection, category_id)
    await note(connection, who, "category_merged", category_id, node.name, {"into": into, "products": len(moved)})
    return len(moved)


async def remove_category(connection: Connection, category_id: int, who: Who) -> None:
    """Remove a category that nothing lies in. Raises StillUsed."""
    await tree_store.alone(connection)
    node = (await tree(connection)).node(category_id)
    if node.products or node.children:
        raise StillUsed
    await tree_store.remove_category(connection, category_id)
    await note(connection, who, "category_removed", category_id, node.name, None)


async def save_attribute(
    connection: Connection,
    category_id: int,
    attribute_id: int | None,
    *,
    name: str,
    kind: AttributeKind,
    unit: str,
    filterable: bool,
    values: Sequence[str],
    who: Who,
    seen: str = "",
) -> list[str]:
    """Add an attribute to a category (None) or change one of its own.

    A value in the place of one that is gone, in a list as long as before, is that one renamed. Returns the values that
    stay because products have chosen them. ``seen`` is its ``attribute_state`` to the caller. Raises Invalid, NotFound,
    ChangedMeanwhile.
    """
    await tree_store.alone(connection)
    (await tree(connection)).node(category_id)
    known = await store.attributes(connection, category_id)
    before = next((one for one in known if one.id == attribute_id and one.category_id == category_id), None)
    if attribute_id is not None and before is None:
        raise NotFound
    was = None if before is None else _attribute_told(before)
    hold_state(seen, was or {})
    if not 0 < len(name) <= 20:
        raise Invalid("name", "名称 1 到 20 个字")
    if any(one.name == name and one.id != attribute_id for one in known):
        raise Invalid("name", "这个分类或它的上级已有同名属性")
    kind = before.kind if before is not None else kind
    if len(unit) > 10:
        raise Invalid("unit", "写得太长")
    if kind is AttributeKind.CHOICE and not 0 < len(values) <= MOST_VALUES:
        raise Invalid("values", "选项 1 到 200 个")
    if any(len(value) > 40 for value in values):
        raise Invalid("values", "写得太长")
    if before is None:
        made = await tree_store.add_attribute(connection, category_id, name, kind, unit, filterable)
    else:
        made = before.id
        await tree_store.write_attribute(connection, made, name, unit, filterable)
    kept = []
    if kind is AttributeKind.CHOICE:
        kept = await tree_store.write_values(connection, made, values, _renamed(before, values))
    after = {"name": name, "unit": unit, "filterable": filterable, "values": list(values)}
    await note(connection, who, "attribute_saved", made, was, after)
    return kept


async def remove_attribute(connection: Connection, category_id: int, attribute_id: int, who: Who) -> None:
    """Remove one of a category's own attributes that no product has. Raises NotFound, StillUsed."""
    await tree_store.alone(connection)
    known = await store.attributes(connection, category_id)
    one = next((one for one in known if one.id == attribute_id and one.category_id == category_id), None)
    if one is None:
        raise NotFound
    if not await tree_store.remove_attribute(connection, attribute_id):
        raise StillUsed
    await note(connection, who, "attribute_removed", attribute_id, one.name, None)


async def step_attribute(connection: Connection, category_id: int, attribute_id: int, step: int, who: Who) -> None:
    """Put one of a category's own attributes ``step`` places on. Raises NotFound."""
    await tree_store.alone(connection)
    names = {
        one.id: one.name for one in await store.attributes(connection, category_id) if one.category_id == category_id
    }
    own = list(names)
    if attribute_id not in own:
        raise NotFound
    was = own.index(attribute_id)
    own.remove(attribute_id)
    own.insert(max(0, min(len(own), was + step)), attribute_id)
    await tree_store.order_attributes(connection, own)
    before, after = ({"name": names[attribute_id], "place": at + 1} for at in (was, own.index(attribute_id)))
    await note(connection, who, "attribute_moved", attribute_id, before, after)


def _category_told(node: Node) -> dict[str, Any]:
    return {"name": node.name, "slug": node.slug, "icon": node.icon, "parent_id": node.parent_id}


def _attribute_told(one: Described) -> dict[str, Any]:
    return {"name": one.name, "unit": one.unit, "filterable": one.filterable, "values": one.values}


def _renamed(before: Described | None, values: Sequence[str]) -> list[tuple[str, str]]:
    if before is None or len(before.values) != len(values):
        return []
    pairs = zip(before.values, values, strict=True)
    return [(old, new) for old, new in pairs if old not in values and new not in before.values]


def _hold_name(whole: Tree, parent_id: int | None, name: str, own: int) -> None:
    if not 0 < len(name) <= 20:
        raise Invalid("name", "名称 1 到 20 个字")
    if any(node.name == name and node.id != own for node in whole.under(parent_id)):
        raise Invalid("name", "同一级已有这个分类")


def _hold_parent(whole: Tree, parent: Node, height: int) -> None:
    if parent.products:
        raise StillUsed
    if len(whole.path(parent.id)) + height > MOST_DEPTH:
        raise Invalid("parent_id", "最多三级")


async def told(
    connection: Connection, product_ids: Sequence[int], column: str, from_id: int, to_id: int, who: Who
) -> None:
    """Write down and tell that products were given from one category or brand (``column``) to another."""
    await tree_store.note_moved(connection, product_ids, who.staff_id, f"merge:{from_id}", column, from_id, to_id)
    told = [ProductChanged(product_id=one, what=(column,), staff_id=who.staff_id) for one in product_ids]
    await publish_all(connection, told)


async def note(connection: Connection, who: Who, kind: str, target: int, before: Any, after: Any) -> None:
    """Write into the log of staff what was done to a category, brand or attribute, as ``kind`` says."""
    thing = kind.partition("_")[0]
    named = next((one["name"] for one in (before, after) if isinstance(one, dict) and "name" in one), "")
    name = before if isinstance(before, str) else named
    await audit(
        connection,
        who.staff_id,
        kind,
        On(thing, target, name),
        before={} if before is None else before,
        after={} if after is None else after,
    )
