"""Plan a sale: draft it, publish it, pause, resume and end it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import structlog

from commerce import stock
from commerce.catalogue import SkuInfo, sku
from commerce.staff import On, audit, differing
from flashsale.gate import Change, Gate, GateUnavailable
from flashsale.seckill import store
from flashsale.seckill.problems import IllegalMove, NotDraft, StockShort
from flashsale.seckill.rebuild import rebuild, stock_ref, terms_of
from flashsale.seckill.states import may_become
from flashsale.seckill.types import Item, ItemState
from flashsale.seckill.views import ItemChange, NewItem
from server.application import Application
from server.clock import now
from server.database import Connection
from server.errors import Invalid, NotFound
from server.http.session import Identity

log = structlog.get_logger("plan")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
NOT_SYNCED = "Redis 在应答前没有落盘（appendfsync 不是 always），断电会丢失尚未写入数据库的排队结果"
NOT_OPEN = "Redis 暂时不可用，恢复后自动生效"


def own(item: Item | None, staff: Identity) -> Item:
    """Return the sale if it is of a shop that ``staff`` work for. Raises NotFound."""
    if item is None or (staff.shops is not None and item.shop_id not in staff.shops):
        raise NotFound
    return item


async def create(connection: Connection, body: NewItem, staff: Identity) -> Item:
    """Add a draft. Raises NotFound for a SKU of another shop, Invalid with the field at fault."""
    info = await sku(connection, int(body.sku_id))
    if info is None:
        raise Invalid("sku_id", "没有这个商品规格")
    if staff.shops is not None and info.shop_id not in staff.shops:
        raise NotFound
    if not info.on_sale:
        raise Invalid("sku_id", "商品已下架")
    values = msgspec.structs.asdict(body) | {"sku_id": info.sku_id}
    values["title"] = values["title"].strip()
    await _check(connection, values, info)
    made = await store.insert_item(
        connection,
        values
        | {
            "shop_id": info.shop_id,
            "product_id": info.product_id,
            "specs": info.specs,
            "picture": info.picture,
            "list_price": info.price,
            "created_by": staff.id,
        },
    )
    await audit(
        connection,
        staff.id or None,
        "sale_drafted",
        On("sale", made.id, made.title),
        shop_id=made.shop_id,
        before={},
        after=msgspec.structs.asdict(body),
    )
    return made


async def change(connection: Connection, item_id: int, body: ItemChange, staff: Identity) -> Item:
    """Change a draft. Raises NotFound, NotDraft, Invalid with the field at fault."""
    item = own(await store.lock_item(connection, item_id), staff)
    if item.state is not ItemState.DRAFT:
        raise NotDraft
    changes = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not msgspec.UNSET}
    if not changes:
        return item
    info = await sku(connection, item.sku_id)
    assert info is not None
    await _check(connection, msgspec.structs.asdict(item) | changes, info)
    # The price was held against what the SKU costs now, so that is what it is shown beside.
    changed = await store.update_draft(connection, item_id, changes | {"list_price": info.price})
    assert changed is not None
    before, after = differing({name: getattr(item, name) for name in changes}, changes)
    on = On("sale", item.id, item.title)
    await audit(connection, staff.id or None, "sale_changed", on, shop_id=item.shop_id, before=before, after=after)
    return changed


async def faults(connection: Connection, values: Mapping[str, Any], staff: Identity) -> list[Invalid]:
    """Return everything that forbids a plan of ``staff``, one fault a field, for a form that shows them together.

    ``values`` are those that could be read; what depends on a missing one is not judged.
    """
    found: list[Invalid] = []
    info = None
    if "sku_id" in values:
        info = await sku(connection, int(values["sku_id"]))
        if info is None or (staff.shops is not None and info.shop_id not in staff.shops):
            info = None
            found.append(Invalid("sku_id", "没有这个商品规格"))
        elif not info.on_sale:
            found.append(Invalid("sku_id", "商品已下架"))
    return [*found, *await _wrong(connection, values, info)]


async def _check(connection: Connection, values: Mapping[str, Any], info: SkuInfo) -> None:
    for fault in await _wrong(connection, values, info):
        raise fault


async def _wrong(connection: Connection, values: Mapping[str, Any], info: SkuInfo | None) -> list[Invalid]:
    """Return what is wrong with the values that are there; prices and stock are held against ``info``."""
    found: list[Invalid] = []
    title, price, quantity = values.get("title"), values.get("price"), values.get("quantity")
    if title is not None and (not title.strip() or _CONTROL.search(title)):
        found.append(Invalid("title", "请填写活动标题"))
    if info is not None and price is not None and price >= info.price:
        found.append(Invalid("price", "抢购价须低于商品现价"))
    limit = values.get("limit_per_member")
    if limit is not None and quantity is not None and limit > quantity:
        found.append(Invalid("limit_per_member", "每人限购不能多于活动数量"))
    starts_at, ends_at = values.get("starts_at"), values.get("ends_at")
    odd = [field for field in ("starts_at", "ends_at") if field in values and not _sane(values[field])]
    found += [Invalid(field, "时间不对") for field in odd]
    if "ends_at" not in odd and ends_at is not None:
        if "starts_at" not in odd and starts_at is not None and ends_at <= starts_at:
            found.append(Invalid("ends_at", "结束时间须晚于开始时间"))
        elif ends_at <= now():
            found.append(Invalid("ends_at", "结束时间已过"))
    if info is not None and quantity is not None:
        free = (await stock.free(connection, [info.sku_id]))[info.sku_id]
        if quantity > free:
            found.append(Invalid("quantity", "超过可用库存，还剩 {free} 件", free=free))
    return found


def _sane(moment: datetime) -> bool:
    return 2000 <= moment.year <= 2100


async def publish(app: Application, item_id: int, staff: Identity) -> list[str]:
    """Move the units out of the SKU's free stock, publish, and open the gate; return warnings in zh_CN.

    Again: no harm. Raises NotFound, IllegalMove, StockShort, Invalid. Locks the item, then the SKU's stock.
    """
    async with app.database.transaction() as connection:
        item = own(await store.lock_item(connection, item_id), staff)
        if item.state is not ItemState.PUBLISHED:
            if item.state is not ItemState.DRAFT:
                raise IllegalMove
            info = await sku(connection, item.sku_id)
            if info is None or not info.on_sale:
                raise Invalid("sku_id", "商品已下架")
            if item.price >= info.price:
                raise Invalid("price", "抢购价须低于商品现价")
            if item.ends_at <= now():
                raise Invalid("ends_at", "结束时间已过")
            actor = f"staff:{staff.id}"
            if not await stock.allocate(connection, item.sku_id, item.quantity, stock_ref(item.id), actor):
                raise StockShort(free=(await stock.free(connection, [item.sku_id]))[item.sku_id])
            await store.set_allocated(connection, item.id, item.quantity)
            await store.set_state(connection, item.id, ItemState.PUBLISHED, ItemState.DRAFT)
            await _moved(connection, item, ItemState.PUBLISHED, staff)
    return await _open(app, item_id)


async def _moved(connection: Connection, item: Item, target: ItemState, staff: Identity) -> None:
    on = On("sale", item.id, item.title)
    before, after = {"status": item.state}, {"status": target}
    await audit(connection, staff.id or None, "sale_moved", on, shop_id=item.shop_id, before=before, after=after)


async def _open(app: Application, item_id: int) -> list[str]:
    gate = app.resource(Gate)
    try:
        figures = await gate.figures(item_id)
        if figures is None:
            await rebuild(app, item_id)
        return [NOT_SYNCED] if await gate.syncs_before_answering() is False else []
    except GateUnavailable as error:
        log.warning("published while Redis is away", item=item_id, error=error.reason)
        return [NOT_OPEN]


async def move(app: Application, item_id: int, staff: Identity, target: ItemState) -> list[str]:
    """Pause, resume (PUBLISHED) or end a published sale; return warnings in zh_CN. Again: no harm.

    Raises NotFound, IllegalMove. Ending gives back to the SKU what the sale has not given away.
    """
    async with app.database.transaction() as connection:
        item = own(await store.lock_item(connection, item_id), staff)
        if item.state is not target:
            if item.state is ItemState.DRAFT or not may_become(item.state, target):
                raise IllegalMove
            moved = await store.set_state(connection, item_id, target, item.state)
            assert moved is not None
            await _moved(connection, item, target, staff)
            item = moved
    if item.archived_at is not None:
        return []
    try:
        # First shut the door, then count what is left behind it.
        if await app.resource(Gate).change(item_id, terms_of(item)) is Change.MISSING or target is ItemState.ENDED:
            await rebuild(app, item_id)
    except GateUnavailable as error:
        log.warning("moved while Redis is away", item=item_id, state=target.value, error=error.reason)
        return [NOT_OPEN]
    return []
