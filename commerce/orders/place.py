"""Place an order of one shop's goods: prices and names frozen, units taken from the SKUs' stock."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from commerce import catalogue, stock
from commerce.members import AddressSnapshot
from commerce.orders import store
from commerce.orders.types import NewLine, NotOnSale, Order, OutOfStock
from server.database import Connection
from server.errors import Invalid
from server.numbers import new_number


class Wanted(msgspec.Struct, frozen=True):
    """So many units of a SKU."""

    sku_id: int
    quantity: int


async def place(
    connection: Connection,
    member_id: int,
    wanted: Sequence[Wanted],
    address: AddressSnapshot,
    *,
    note: str = "",
    pay_within: float = 1800.0,
) -> Order:
    """Place an order of ``wanted``, to be paid within ``pay_within`` seconds, in the caller's transaction.

    Locks the SKUs' stock in order of id. Raises Invalid for nothing, doubles or goods of several shops, NotOnSale,
    OutOfStock; the caller must then roll back.
    """
    if not wanted or len({one.sku_id for one in wanted}) != len(wanted) or any(one.quantity < 1 for one in wanted):
        raise Invalid("lines")
    infos = await catalogue.sku_infos(connection, [one.sku_id for one in wanted])
    if any(one.sku_id not in infos or not infos[one.sku_id].on_sale for one in wanted):
        raise NotOnSale
    if len({info.shop_id for info in infos.values()}) != 1:
        raise Invalid("lines", "一个订单只能有一家店的商品")
    order_no = new_number()
    for one in sorted(wanted, key=lambda one: one.sku_id):
        if not await stock.allocate(connection, one.sku_id, one.quantity, f"order:{order_no}", f"member:{member_id}"):
            raise OutOfStock(details={"sku_id": str(one.sku_id)})
    lines = [
        NewLine(
            sku_id=one.sku_id,
            product_id=infos[one.sku_id].product_id,
            title=infos[one.sku_id].title,
            specs=infos[one.sku_id].specs,
            picture=infos[one.sku_id].picture,
            unit_price=infos[one.sku_id].price,
            list_price=infos[one.sku_id].list_price,
            quantity=one.quantity,
            amount=infos[one.sku_id].price * one.quantity,
        )
        for one in wanted
    ]
    shop_id = infos[wanted[0].sku_id].shop_id
    frozen = msgspec.to_builtins(address)
    order_id = await store.insert(connection, order_no, member_id, shop_id, frozen, note, pay_within, lines)
    order = await store.by_id(connection, order_id)
    assert order is not None
    return order
