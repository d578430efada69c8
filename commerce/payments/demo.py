"""Orders of the demo's members, in every state, with their payments, stock and books."""

from __future__ import annotations

import random
from datetime import timedelta

import msgspec

from commerce import members, orders
from commerce.catalogue import DemoStep
from commerce.catalogue.demo_steps import DemoRun
from commerce.members.store import member_by_phone
from commerce.orders import SYSTEM, Actor, ActorKind, Carrier, Order, OrderStatus, Parcel, Wanted
from commerce.payments import demo_store
from commerce.payments.capture import take
from commerce.payments.provider import Providers
from commerce.payments.start import begin
from commerce.payments.types import Trade, TradeState
from server.clock import now
from server.database import Connection

_DAY = timedelta(days=1)
_UNPAID_FOR = 86_400.0


class Story(msgspec.Struct, frozen=True):
    """How far an order has come, how long ago it was placed, and of how many goods."""

    status: OrderStatus
    age: timedelta
    lines: int = 1


_FIRST = (
    Story(OrderStatus.COMPLETED, 21 * _DAY, 2),
    Story(OrderStatus.CANCELLED, 9 * _DAY),
    Story(OrderStatus.COMPLETED, 6 * _DAY),
    Story(OrderStatus.PENDING_RECEIPT, 2 * _DAY, 3),
    Story(OrderStatus.PENDING_SHIPMENT, timedelta(hours=5), 2),
)
_OTHERS = (
    Story(OrderStatus.COMPLETED, 12 * _DAY),
    Story(OrderStatus.PENDING_RECEIPT, 3 * _DAY),
    Story(OrderStatus.PENDING_SHIPMENT, timedelta(hours=9)),
    Story(OrderStatus.CANCELLED, 4 * _DAY),
)
"""The first member has one of each, each of the others two of these."""
_SETS = (
    "kettle tumbler backpack towels umbrella",
    "laptop mouse keyboard monitor headphones earbuds",
    "phone charger watch power-bank tablet",
    "tea-set tea-tin bowls knife rice-cooker dutch-oven",
    "hiking-boot trekking-poles rain-jacket hiking-pack headlamp",
    "tent sleeping-bag camp-lantern camp-chair cookset suitcase",
    "kettle tumbler desk-lamp basket duvet",
    "laptop mouse keyboard camera projector bookshelf-speakers",
    "phone charger fold-phone speaker headphones",
    "tea-set tea-tin tea-box coffee-beans honey dress toy-car strawberries lipstick",
    "hiking-boot trekking-poles shoe yoga-mat cap",
)
"""What each of the others ordered at once of one shop, by the slugs of the demo's products; the first ones of a set
go together."""
_LOVED = Story(OrderStatus.COMPLETED, 15 * _DAY, 3)
"""What everybody bought of the first shop: goods of which many may speak."""


async def add_orders(run: DemoRun) -> None:
    """Give each demo member a past once, and the first one an order to pay whenever there is none."""
    app = run.app
    async with app.database.connection() as connection:
        shelves = list((await demo_store.skus_by_shop(connection)).values())
        found = [await member_by_phone(connection, account.login) for account in run.members]
    buyers = [member.id for member in found if member is not None]
    if not shelves or not app.resource(Providers).all():
        return
    chance = random.Random(7)  # the same past for every demo
    wanted: list[tuple[int, Story, list[int]]] = []
    async with app.database.connection() as connection:
        for at, member_id in enumerate(buyers):
            if not await demo_store.has_orders(connection, member_id):
                wanted += await _past(connection, chance, at, member_id, shelves)
        if buyers and not await demo_store.has_orders(connection, buyers[0], OrderStatus.PENDING_PAYMENT):
            wanted.append((buyers[0], Story(OrderStatus.PENDING_PAYMENT, timedelta()), shelves[0][0][:1]))
    # The oldest first, as orders come: lists go by the order's number, and have to agree with the time they show.
    made = 0
    for member_id, story, goods in sorted(wanted, key=lambda one: one[1].age, reverse=True):
        made += await _tell(run, member_id, story, goods)
    run.say(f"  {made} orders")


async def _past(
    connection: Connection, chance: random.Random, at: int, member_id: int, shelves: list[list[list[int]]]
) -> list[tuple[int, Story, list[int]]]:
    """Return what the member at place ``at`` has ordered: the story and the SKUs of each.

    ``shelves`` are the shops' products, of each its SKUs.
    """
    loved = msgspec.structs.replace(_LOVED, age=_LOVED.age + timedelta(hours=19 * at))
    past = [(loved, [_one_of(skus, at) for skus in shelves[0][: loved.lines]])]
    if at > 0:
        products = await demo_store.skus_of(connection, _SETS[(at - 1) % len(_SETS)].split())
        goods = [_one_of(skus, at) for skus in products]
        past.append((Story(OrderStatus.COMPLETED, (16 + at) * _DAY, len(goods)), goods))
    for place, story in enumerate(_FIRST if at == 0 else chance.sample(_OTHERS, 2)):
        shelf = shelves[(at + place) % len(shelves)]
        past.append((story, [skus[0] for skus in chance.sample(shelf, min(story.lines, len(shelf)))]))
    # What many ordered alike they did not order in one minute.
    later = timedelta(minutes=17 * at)
    return [(member_id, msgspec.structs.replace(story, age=story.age + later), goods) for story, goods in past]


def _one_of(skus: list[int], at: int) -> int:
    """Return which SKU of a product the member at place ``at`` likes: neighbours like another colour and size."""
    return skus[(at * 5 + at // 6) % len(skus)]


async def _tell(run: DemoRun, member_id: int, story: Story, skus: list[int]) -> int:
    app = run.app
    buyer = Actor(ActorKind.MEMBER, member_id)
    async with app.database.transaction() as connection:
        address = await members.default_address(connection, member_id)
        if address is None or not skus:
            return 0
        order = await orders.place(
            connection, member_id, [Wanted(sku_id, 1) for sku_id in skus], address, pay_within=_UNPAID_FOR
        )
        if story.status is OrderStatus.CANCELLED:
            await orders.cancel(app, connection, order.id, "想换一种付款方式", buyer)
    if story.status in (OrderStatus.PENDING_SHIPMENT, OrderStatus.PENDING_RECEIPT, OrderStatus.COMPLETED):
        await _pay(run, order, story)
    async with app.database.transaction() as connection:
        if story.status in (OrderStatus.PENDING_RECEIPT, OrderStatus.COMPLETED):
            await orders.ship_in(connection, order.id, _parcel(order), SYSTEM)
        if story.status is OrderStatus.COMPLETED:
            await orders.complete_in(connection, order.id, buyer)
        if story.age:
            await demo_store.date_back(connection, order.id, now() - story.age, min(story.age / 4, _DAY))
    return 1


def _parcel(order: Order) -> Parcel:
    """Return a parcel like the carriers' own: each order has another, the same at every look."""
    carrier = (Carrier.SF, Carrier.ZTO, Carrier.YTO, Carrier.JD)[order.id % 4]
    return Parcel(carrier, f"{carrier.upper()}{7_300_000_000_000 + order.id}")


async def _pay(run: DemoRun, order: Order, story: Story) -> None:
    async with run.app.database.transaction() as connection:
        begun = await begin(run.app, connection, order.member_id, order.order_no, "alipay")
    paid_at = now() - story.age + timedelta(minutes=3)
    trade_no = f"{paid_at:%Y%m%d}{begun.payment.payment_no}"
    payment = begun.payment
    await take(
        run.app,
        Trade(
            payment_no=payment.payment_no,
            state=TradeState.PAID,
            trade_no=trade_no,
            amount=payment.amount,
            paid_at=paid_at,
        ),
    )


STEP = DemoStep(name="orders", position=60, run=add_orders)
