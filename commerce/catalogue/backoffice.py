"""Products for the people who keep them: list, one product, on and off the shelf."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from commerce import stock
from commerce.catalogue import store, words
from commerce.catalogue.types import ProductPut, Status
from server.errors import Invalid, NotFound
from server.events import publish
from server.http import Body, Call, Id, Kind, Paging, Routes, StaffWith, View
from server.http.pages import Page, Redirect

VIEW, MANAGE = "products.view", "products.manage"
SIZE = 20
SHORT = 20
"""A product with at most so many free units is running short."""
_MOVEMENTS = 20

routes = Routes("back office: products", realm=Kind.STAFF)


class ProductPatch(Body, frozen=True, kw_only=True):
    """What to change of a product."""

    status: Status


class ProductStatus(View, frozen=True, kw_only=True):
    """A product's state."""

    id: Id
    status: Status


class ListQuery(Paging, frozen=True, kw_only=True):
    """What to list."""

    q: str = ""
    status: str = ""


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


class ListedPage(View, frozen=True, kw_only=True):
    """One page of products."""

    items: list[ListedView]
    total: int
    page: int
    size: int


@routes.get("/api/v1/backoffice/products", StaffWith(VIEW))
async def list_for_staff(call: Call, query: ListQuery) -> ListedPage:
    """List the products of one's shops, on the shelf or not."""
    if query.status and query.status not in set(Status):
        raise Invalid("status", "没有这种状态")
    async with call.database.connection() as connection:
        rows, total = await store.listed(
            connection,
            shops=call.staff.shops,
            pattern=_pattern(query.q),
            status=Status(query.status) if query.status else None,
            short=None,
            offset=query.offset,
            size=query.size,
        )
    return ListedPage(
        items=[
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
        ],
        total=total,
        page=query.page,
        size=query.size,
    )


@routes.patch("/api/v1/backoffice/products/{product_id}", StaffWith(MANAGE))
async def patch_product(call: Call, product_id: int, body: ProductPatch) -> ProductStatus:
    """Put a product on or off the shelf."""
    await put(call, product_id, body.status)
    return ProductStatus(id=str(product_id), status=body.status)


async def put(call: Call, product_id: int, status: Status) -> None:
    """Put a product of one's shops on or off the shelf; again is no change. Locks the product. Raises NotFound."""
    async with call.transaction() as connection:
        before = await store.lock_status(connection, product_id, call.staff.shops)
        if before is None:
            raise NotFound
        if before is not status:
            await store.set_status(connection, product_id, status)
            await publish(connection, ProductPut(product_id=product_id, status=status, staff_id=call.staff.id))


@routes.page("/backoffice/products", StaffWith(VIEW))
async def products_page(call: Call) -> Page:
    """List products with their stock."""
    query = call.request.query
    words_, tab, page = words.cleaned(query.get("q", "")), query.get("show", ""), query.get("page", "1")
    if tab not in ("", "on", "off", "short") or not (
        page.isascii() and page.isdigit() and len(page) <= 6 and 1 <= int(page) <= 10_000
    ):
        raise NotFound
    at = int(page)
    async with call.database.connection() as connection:
        counts = await store.counts(connection, call.staff.shops)
        rows, total = await store.listed(
            connection,
            shops=call.staff.shops,
            pattern=_pattern(words_),
            status=Status(tab) if tab in ("on", "off") else Status.ON if tab == "short" else None,
            short=SHORT if tab == "short" else None,
            offset=(at - 1) * SIZE,
            size=SIZE,
        )

    def address(**changes: Any) -> str:
        wanted = {"q": words_, "show": tab, "page": 1} | changes
        pairs = {name: value for name, value in wanted.items() if value and (name, value) != ("page", 1)}
        return "/backoffice/products" + (f"?{urlencode(pairs)}" if pairs else "")

    values = {
        "rows": rows,
        "total": total,
        "q": words_,
        "tab": tab,
        "page": at,
        "pages": -(-total // SIZE),
        "counts": counts,
        "address": address,
        "short": SHORT,
    }
    return Page("catalogue/backoffice_list.html", values)


@routes.page("/backoffice/products/{product_id}", StaffWith(VIEW))
async def product_page(call: Call, product_id: int) -> Page:
    """Show a product with the stock of its SKUs and how it came about."""
    async with call.database.connection() as connection:
        product = await store.product(connection, product_id, shops=call.staff.shops, off_shelf=True)
        if product is None:
            raise NotFound
        trail = await store.category_path(connection, product.category_id)
        ids = [sku.id for sku in product.skus]
        levels = {level.sku_id: level for level in await stock.levels(connection, ids)}
        moves = await stock.movements(connection, ids, _MOVEMENTS)
    values = {
        "product": product,
        "trail": trail,
        "levels": levels,
        "moves": moves,
        "codes": {sku.id: sku.code for sku in product.skus},
        "may": call.staff.may(MANAGE),
        "kinds": list(stock.Kind),
    }
    return Page("catalogue/backoffice_product.html", values)


@routes.page("/backoffice/products/{product_id}/status", StaffWith(MANAGE), method="POST")
async def put_by_form(call: Call, product_id: int) -> Redirect:
    """Put a product on or off the shelf and show it again."""
    form = await call.form(ProductPatch)
    await put(call, product_id, form.status)
    return Redirect(f"/backoffice/products/{product_id}")


def _pattern(text: str) -> str:
    text = words.cleaned(text)
    return words.pattern(text) if text else ""
