"""Categories and their attributes over JSON, for the people who keep them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, Any

import asyncpg
from msgspec import UNSET, Meta, UnsetType, field

from commerce.catalogue.types import AttributeKind
from commerce.merchandising import store, tree, tree_store
from commerce.merchandising.editor import who
from commerce.merchandising.tree import CATALOGUE, StillUsed
from commerce.merchandising.types import PLAIN, VIEW
from server.database import Connection
from server.errors import NotFound
from server.http import Body, Call, Id, Kind, Routes, StaffWith, View
from server.http.routes import Key
from server.seen import ChangedMeanwhile, Seen

routes = Routes("back office: categories", realm=Kind.STAFF)
CATEGORIES = "/api/v1/backoffice/categories"
_LAST = 1_000_000
Name = Annotated[str, Meta(min_length=1, max_length=40, pattern=PLAIN)]
Slug = Annotated[str, Meta(max_length=60, pattern="^[a-z0-9-]*$")]
Icon = Annotated[str, Meta(pattern="^[a-z-]{0,30}$")]
Unit = Annotated[str, Meta(max_length=10, pattern=PLAIN)]
Value = Annotated[
    str, Meta(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f,，、;；]*$", description="Without commas.")
]
Values = Annotated[list[Value], Meta(max_length=tree.MOST_VALUES)]


class AttributeView(View, frozen=True, kw_only=True):
    """What products of a category are described by; `values` are those of a choice."""

    id: Id
    name: str
    kind: AttributeKind
    unit: str
    filterable: bool
    values: list[str]
    state: str
    """For `seen` of a change."""


class CategoryView(View, frozen=True, kw_only=True):
    """A category; goods lie in those without children."""

    id: Id
    parent_id: Id | None
    slug: str
    name: str
    products: int
    children: int
    state: str
    """For `seen` of a change."""


class CategoryFull(CategoryView, frozen=True, kw_only=True):
    """A category with its attributes, those of the categories above first."""

    attributes: list[AttributeView]


class CategoryBody(Body, frozen=True, kw_only=True):
    """A category that is to be added behind its sisters; without `parent_id` at the top."""

    name: Name
    parent_id: Id | None = None
    icon: Icon = ""


class CategoryPatch(Body, frozen=True, kw_only=True):
    """What to change of a category; what is left out stays. `parent_id` null moves it to the top."""

    name: Name | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    icon: Icon | UnsetType = UNSET
    parent_id: Id | UnsetType | None = UNSET
    seen: Seen = ""


class PlaceBody(Body, frozen=True, kw_only=True):
    """Before which of its sisters a category is put; null puts it last."""

    before: Id | None = None


class IntoBody(Body, frozen=True, kw_only=True):
    """What takes everything over."""

    into: Id


class AttributeBody(Body, frozen=True, kw_only=True):
    """An attribute that is to be added; `unit` is for numbers, `values` are for a choice."""

    name: Name
    kind: AttributeKind
    unit: Unit = ""
    filterable: bool = True
    values: Values = field(default_factory=list)


class AttributePatch(Body, frozen=True, kw_only=True):
    """What to change of an attribute; what is left out stays.

    A value in the place of one that is gone, in a list as long as before, is that one renamed; products keep it.
    """

    name: Name | UnsetType = UNSET
    unit: Unit | UnsetType = UNSET
    filterable: bool | UnsetType = UNSET
    values: Values | UnsetType = UNSET
    seen: Seen = ""


@routes.get(CATEGORIES, StaffWith(VIEW))
async def list_categories(call: Call) -> list[CategoryView]:
    """List the categories, each after the one above it."""
    async with call.database.connection() as connection:
        whole = await tree.tree(connection)
    return [CategoryView(**_node(node)) for node, _ in whole.rows()]


@routes.get(f"{CATEGORIES}/{{category_id}}", StaffWith(VIEW))
async def get_category(call: Call, category_id: int) -> CategoryFull:
    """Return a category with what its products are described by."""
    async with call.database.connection() as connection:
        return await _category(connection, category_id)


@routes.post(CATEGORIES, StaffWith(CATALOGUE), status=201, key=Key.REQUIRED, errors=(StillUsed,))
async def create_category(call: Call, body: CategoryBody) -> CategoryFull:
    """Add a category."""
    parent = None if body.parent_id is None else int(body.parent_id)
    async with call.transaction() as connection:
        made = await tree.add_category(connection, parent, body.name.strip(), body.icon, who(call))
        return await _category(connection, made)


@routes.patch(f"{CATEGORIES}/{{category_id}}", StaffWith(CATALOGUE), errors=(StillUsed, ChangedMeanwhile))
async def patch_category(call: Call, category_id: int, body: CategoryPatch) -> CategoryFull:
    """Rename a category or move it under another one; its old address leads to it."""
    async with call.transaction() as connection, used():
        await tree_store.alone(connection)
        node = (await tree.tree(connection)).node(category_id)
        parent = node.parent_id
        if body.parent_id is not UNSET:
            parent = None if body.parent_id is None else int(body.parent_id)
        await tree.change_category(
            connection,
            category_id,
            node.name if body.name is UNSET else body.name.strip(),
            node.slug if body.slug is UNSET else body.slug,
            node.icon if body.icon is UNSET else body.icon,
            parent,
            who(call),
            body.seen,
        )
        return await _category(connection, category_id)


@routes.post(f"{CATEGORIES}/{{category_id}}/place", StaffWith(CATALOGUE))
async def place_category(call: Call, category_id: int, body: PlaceBody) -> list[CategoryView]:
    """Put a category before one of its sisters, or last; return all categories in their order."""
    before = None if body.before is None else int(body.before)
    async with call.transaction() as connection:
        await tree.step_category(connection, category_id, before, _LAST, who(call))
        return [CategoryView(**_node(node)) for node, _ in (await tree.tree(connection)).rows()]


@routes.post(f"{CATEGORIES}/{{category_id}}/merge", StaffWith(CATALOGUE), key=Key.REQUIRED, errors=(StillUsed,))
async def merge_category(call: Call, category_id: int, body: IntoBody) -> CategoryFull:
    """Give a category's products and attributes to another one and remove it; its address leads there."""
    async with call.transaction() as connection, used():
        await tree.merge_category(connection, category_id, int(body.into), who(call))
        return await _category(connection, int(body.into))


@routes.delete(f"{CATEGORIES}/{{category_id}}", StaffWith(CATALOGUE), status=204, errors=(StillUsed,))
async def delete_category(call: Call, category_id: int) -> None:
    """Remove a category that nothing lies in."""
    async with call.transaction() as connection, used():
        await tree.remove_category(connection, category_id, who(call))


@routes.post(f"{CATEGORIES}/{{category_id}}/attributes", StaffWith(CATALOGUE), status=201, key=Key.REQUIRED)
async def create_attribute(call: Call, category_id: int, body: AttributeBody) -> CategoryFull:
    """Add an attribute to a category."""
    async with call.transaction() as connection:
        await tree.save_attribute(
            connection,
            category_id,
            None,
            name=body.name.strip(),
            kind=body.kind,
            unit=body.unit.strip(),
            filterable=body.filterable,
            values=_values(body.values),
            who=who(call),
        )
        return await _category(connection, category_id)


@routes.patch(
    f"{CATEGORIES}/{{category_id}}/attributes/{{attribute_id}}", StaffWith(CATALOGUE), errors=(ChangedMeanwhile,)
)
async def patch_attribute(call: Call, category_id: int, attribute_id: int, body: AttributePatch) -> CategoryFull:
    """Change one of a category's own attributes; values that products have stay, whatever `values` says."""
    async with call.transaction() as connection:
        await tree_store.alone(connection)
        described = await store.attributes(connection, category_id)
        one = next((one for one in described if (one.id, one.category_id) == (attribute_id, category_id)), None)
        if one is None:
            raise NotFound
        await tree.save_attribute(
            connection,
            category_id,
            attribute_id,
            name=one.name if body.name is UNSET else body.name.strip(),
            kind=one.kind,
            unit=one.unit if body.unit is UNSET else body.unit.strip(),
            filterable=one.filterable if body.filterable is UNSET else body.filterable,
            values=one.values if body.values is UNSET else _values(body.values),
            who=who(call),
            seen=body.seen,
        )
        return await _category(connection, category_id)


@routes.delete(
    f"{CATEGORIES}/{{category_id}}/attributes/{{attribute_id}}", StaffWith(CATALOGUE), status=204, errors=(StillUsed,)
)
async def delete_attribute(call: Call, category_id: int, attribute_id: int) -> None:
    """Remove one of a category's own attributes that no product has."""
    async with call.transaction() as connection, used():
        await tree.remove_attribute(connection, category_id, attribute_id, who(call))


@contextlib.asynccontextmanager
async def used() -> AsyncIterator[None]:
    """Tell of a product that came into a thing at the moment it was removed as of one that lay in it."""
    try:
        yield
    except asyncpg.ForeignKeyViolationError:
        raise StillUsed from None


async def _category(connection: Connection, category_id: int) -> CategoryFull:
    node = (await tree.tree(connection)).node(category_id)
    attributes = [
        AttributeView(
            id=str(one.id),
            name=one.name,
            kind=one.kind,
            unit=one.unit,
            filterable=one.filterable,
            values=one.values,
            state=tree.attribute_state(one),
        )
        for one in await store.attributes(connection, category_id)
    ]
    return CategoryFull(**_node(node), attributes=attributes)


def _node(node: tree_store.Node) -> dict[str, Any]:
    return {
        "id": str(node.id),
        "parent_id": None if node.parent_id is None else str(node.parent_id),
        "slug": node.slug,
        "name": node.name,
        "products": node.products,
        "children": node.children,
        "state": tree.category_state(node),
    }


def _values(given: list[str]) -> list[str]:
    return list(dict.fromkeys(value.strip() for value in given if value.strip()))
