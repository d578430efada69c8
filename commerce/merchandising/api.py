"""Products over JSON, for the people who keep them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from commerce.catalogue.types import Status
from commerce.catalogue.words import cleaned
from commerce.merchandising import listing_store, store
from commerce.merchandising.editor import who
from commerce.merchandising.listing import Filter
from commerce.merchandising.save import current, save, told_since
from commerce.merchandising.types import LONG, MANAGE, PLAIN, VIEW, Goods, Item, PriceChange, Stale
from server.clock import wire
from server.errors import Invalid
from server.http import Body, Call, Id, Instant, Kind, Listing, Paging, Routes, StaffWith, View
from server.http.routes import Key

routes = Routes("back office: products", realm=Kind.STAFF)
API = "/api/v1/backoffice/products"
Text = Annotated[str, Meta(max_length=200, pattern=PLAIN)]
_TAKEN_OVER = (
    *("title", "subtitle", "slug", "description", "tags", "parameters", "pictures", "alts", "video", "spec_names"),
)
Fen = Annotated[int, Meta(ge=1, le=100_000_000_000)]


class SkuBody(Body, frozen=True, kw_only=True):
    """A SKU as it is wanted; with the `id` of one of the product's, that one is changed and what is left out stays.

    Prices are fen; `on_hand` is what was counted.
    """

    id: Id | None = None
    code: Annotated[str, Meta(min_length=1, max_length=40, pattern=PLAIN)]
    specs: dict[Text, Text] | UnsetType = UNSET
    price: Fen
    list_price: Fen | UnsetType | None = UNSET
    on_hand: Annotated[int, Meta(ge=0, le=1_000_000_000)] | UnsetType = UNSET
    picture: Text | UnsetType = UNSET
    status: Status | UnsetType = UNSET


class ProductBody(Body, frozen=True, kw_only=True):
    """A product that is to be added. `attributes` are texts by the attribute's id, `alts` by the picture's address.

    `video` is the address that its upload gave.
    """

    shop_id: Id
    category_id: Id
    brand_id: Id | None = None
    title: Annotated[str, Meta(min_length=1, max_length=120, pattern=PLAIN)]
    subtitle: Annotated[str, Meta(max_length=160, pattern=PLAIN)] = ""
    slug: Annotated[str, Meta(max_length=80, pattern=PLAIN)] = ""
    description: Annotated[str, Meta(max_length=20_000, pattern=LONG)] = ""
    tags: list[Text] = field(default_factory=list)
    parameters: list[tuple[Text, Text]] = field(default_factory=list)
    attributes: dict[Id, list[Text]] = field(default_factory=dict)
    pictures: list[Text] = field(default_factory=list)
    alts: dict[Text, Text] = field(default_factory=dict)
    video: Text = ""
    spec_names: list[Text] = field(default_factory=list)
    status: Status = Status.OFF
    skus: Annotated[list[SkuBody], Meta(min_length=1, max_length=200)]


class ProductPatch(Body, frozen=True, kw_only=True):
    """What to change of a product; what is left out stays. SKUs that `skus` leaves out go off the shelf.

    `version` is that of the product that was read: when it is another by now, nothing is changed.
    """

    version: Annotated[int, Meta(ge=1, le=10**15)] | UnsetType = UNSET
    category_id: Id | UnsetType = UNSET
    brand_id: Id | UnsetType | None = UNSET
    title: Annotated[str, Meta(min_length=1, max_length=120, pattern=PLAIN)] | UnsetType = UNSET
    subtitle: Annotated[str, Meta(max_length=160, pattern=PLAIN)] | UnsetType = UNSET
    slug: Annotated[str, Meta(min_length=1, max_length=80, pattern=PLAIN)] | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=20_000, pattern=LONG)] | UnsetType = UNSET
    tags: list[Text] | UnsetType = UNSET
    parameters: list[tuple[Text, Text]] | UnsetType = UNSET
    attributes: dict[Id, list[Text]] | UnsetType = UNSET
    pictures: list[Text] | UnsetType = UNSET
    alts: dict[Text, Text] | UnsetType = UNSET
    video: Text | UnsetType = UNSET
    spec_names: list[Text] | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    skus: Annotated[list[SkuBody], Meta(min_length=1, max_length=200)] | UnsetType = UNSET


class SkuFull(View, frozen=True, kw_only=True):
    """A SKU as it is kept. Prices are fen."""

    id: Id
    code: str
    specs: dict[str, str]
    price: int
    list_price: int | None
    on_hand: int
    picture: str
    status: Status


class ProductFull(View, frozen=True, kw_only=True):
    """A product as it is kept, with everything that can be changed of it."""

    id: Id
    version: int
    shop_id: Id
    category_id: Id
    brand_id: Id | None
    slug: str
    title: str
    subtitle: str
    description: str
    tags: list[str]
    parameters: list[tuple[str, str]]
    attributes: dict[Id, list[str]]
    pictures: list[str]
    alts: dict[str, str]
    video: str
    spec_names: list[str]
    status: Status
    skus: list[SkuFull]


class ListQuery(Paging, frozen=True, kw_only=True):
    """What to list."""

    q: Text = ""
    status: Literal["", "on", "off"] = ""


class ListedView(View, frozen=True, kw_only=True):
    """A product as the back office lists it; prices of its SKUs in fen, stock summed over them."""

    id: Id
    title: str
    image: str
    status: Status
    shop: str
    category: str
    price: int | None
    skus: int
    on_hand: int
    allocated: int
    free: int
    sales: int


class PriceChangeView(View, frozen=True, kw_only=True):
    """What was charged for a SKU before and after; fen. `price_before` is null for its first price."""

    sku_id: Id
    price_before: int | None
    price_after: int
    list_price_before: int | None
    list_price_after: int | None
    ref: str
    actor: str
    at: Instant


@routes.get(API, StaffWith(VIEW))
async def list_for_staff(call: Call, query: ListQuery) -> Listing[ListedView]:
    """List the products of one's shops, on the shelf or not."""
    asked = Filter(shops=call.staff.shops, q=cleaned(query.q), status=Status(query.status) if query.status else None)
    async with call.database.connection() as connection:
        rows, total = await listing_store.listed(connection, asked, query.offset, query.size)
    items = [
        ListedView(
            id=str(row.id),
            title=row.title,
            image=row.picture,
            status=row.status,
            shop=row.shop,
            category=row.category,
            price=row.price,
            skus=row.skus,
            on_hand=row.on_hand,
            allocated=row.allocated,
            free=row.free,
            sales=row.sales,
        )
        for row in rows
    ]
    return Listing(items=items, total=total, page=query.page, size=query.size)


@routes.post(API, StaffWith(MANAGE), status=201, key=Key.REQUIRED, most=1_000_000)
async def create_product(call: Call, body: ProductBody) -> ProductFull:
    """Add a product; it is off the shelf unless told otherwise."""
    wanted = Goods(
        shop_id=int(body.shop_id),
        category_id=int(body.category_id),
        brand_id=None if body.brand_id is None else int(body.brand_id),
        title=body.title.strip(),
        subtitle=body.subtitle.strip(),
        slug=body.slug,
        description=body.description,
        tags=body.tags,
        parameters=body.parameters,
        attributes=_attributes(body.attributes),
        pictures=body.pictures,
        alts=body.alts,
        video=body.video,
        spec_names=body.spec_names,
        status=body.status,
        skus=[_item(sku, {}) for sku in body.skus],
    )
    async with call.transaction() as connection:
        saved = await save(connection, None, wanted, who(call))
    return full(saved.goods)


@routes.get(f"{API}/{{product_id}}", StaffWith(VIEW))
async def get_product(call: Call, product_id: int) -> ProductFull:
    """Return a product with everything that can be changed of it."""
    async with call.database.connection() as connection:
        return full(await current(connection, product_id, call.staff.shops))


@routes.patch(f"{API}/{{product_id}}", StaffWith(MANAGE), most=1_000_000, errors=(Stale,))
async def patch_product(call: Call, product_id: int, body: ProductPatch) -> ProductFull:
    """Change a product, or put it on or off the shelf."""
    async with call.transaction() as connection:
        before = await current(connection, product_id, call.staff.shops)
        if body.version is not UNSET and body.version != before.version:
            raise Stale(details=await told_since(connection, product_id, body.version))
        saved = await save(connection, before, _changed(before, body), who(call))
    return full(saved.goods)


@routes.get(f"{API}/{{product_id}}/prices", StaffWith(VIEW))
async def get_prices(call: Call, product_id: int, query: Paging) -> list[PriceChangeView]:
    """Return what was charged for a product's SKUs, the last change first."""
    async with call.database.connection() as connection:
        goods = await current(connection, product_id, call.staff.shops)
        ids = [item.id for item in goods.skus if item.id is not None]
        rows = await store.price_changes(connection, ids, query.size, query.offset)
    return [_price_change(row) for row in rows]


def full(goods: Goods) -> ProductFull:
    """Return a product as clients get it."""
    return ProductFull(
        id=str(goods.id),
        version=goods.version,
        shop_id=str(goods.shop_id),
        category_id=str(goods.category_id),
        brand_id=None if goods.brand_id is None else str(goods.brand_id),
        slug=goods.slug,
        title=goods.title,
        subtitle=goods.subtitle,
        description=goods.description,
        tags=goods.tags,
        parameters=goods.parameters,
        attributes={str(attribute_id): texts for attribute_id, texts in goods.attributes.items()},
        pictures=goods.pictures,
        alts=goods.alts,
        video=goods.video,
        spec_names=goods.spec_names,
        status=goods.status,
        skus=[
            SkuFull(
                id=str(item.id),
                code=item.code,
                specs=item.specs,
                price=item.price,
                list_price=item.list_price,
                on_hand=item.on_hand,
                picture=item.picture,
                status=item.status,
            )
            for item in goods.skus
        ],
    )


def _changed(before: Goods, body: ProductPatch) -> Goods:
    changes = {name: value for name in _TAKEN_OVER if (value := getattr(body, name)) is not UNSET}
    if body.status is not UNSET:
        changes["status"] = body.status
    if body.category_id is not UNSET:
        changes["category_id"] = int(body.category_id)
    if body.brand_id is not UNSET:
        changes["brand_id"] = None if body.brand_id is None else int(body.brand_id)
    if body.attributes is not UNSET:
        changes["attributes"] = _attributes(body.attributes)
    if body.skus is not UNSET:
        known = {item.id: item for item in before.skus if item.id is not None}
        changes["skus"] = [_item(sku, known) for sku in body.skus]
    return msgspec.structs.replace(before, **changes)


def _item(body: SkuBody, known: dict[int, Item]) -> Item:
    changes = {
        name: value
        for name in ("specs", "list_price", "on_hand", "picture", "status")
        if (value := getattr(body, name)) is not UNSET
    }
    if body.id is None:
        return Item(code=body.code, price=body.price, **({"specs": {}} | changes))
    if int(body.id) not in known:
        raise Invalid("skus", "没有这个规格")
    return msgspec.structs.replace(known[int(body.id)], code=body.code, price=body.price, **changes)


def _attributes(given: dict[str, list[str]]) -> dict[int, list[str]]:
    return {int(attribute_id): texts for attribute_id, texts in given.items() if texts}


def _price_change(row: PriceChange) -> PriceChangeView:
    return PriceChangeView(
        sku_id=str(row.sku_id),
        price_before=row.price_before,
        price_after=row.price_after,
        list_price_before=row.list_price_before,
        list_price_after=row.list_price_after,
        ref=row.ref,
        actor=row.actor,
        at=wire(row.at),
    )
