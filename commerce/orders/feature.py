"""How orders plug in."""

from __future__ import annotations

from commerce.members import Centre, MemberDesk
from commerce.members.belongings import Belongings
from commerce.messages import Messages
from commerce.orders import api, backoffice, belonging_store, desk_api, desk_list, jobs, letters, pages, store
from commerce.orders.events import count_sales, tell_member
from commerce.orders.invitations import Invitations
from commerce.orders.refunds import Refunds
from commerce.orders.sources import Sources
from commerce.orders.tills import Tills
from commerce.orders.types import OrderChanged, OrderTold
from commerce.staff import Tile, Tiles
from realtime import Hub, Lane, Says
from server.application import Application


def setup(app: Application) -> None:
    """Register orders: routes, expiry, receipt, the push to members, and the faces that other features fill."""
    app.provide(Sources, Sources())
    app.provide(Tills, Tills())
    app.provide(Refunds, Refunds())
    app.provide(Invitations, Invitations())
    app.add(api.routes, desk_api.routes, pages.routes, desk_list.routes, backoffice.routes)
    app.schedule(jobs.EXPIRE)
    app.schedule(jobs.EXPIRE_ASKING)
    app.schedule(jobs.RECEIVE)
    app.resource(Centre).count_orders(store.counts_of_member)
    app.resource(MemberDesk).block("orders/desk_member.html", backoffice.of_member)
    app.resource(Belongings).add(belonging_store.BELONGING)
    app.resource(Tiles).add(
        Tile(
            title="订单",
            text="各状态的订单、经过和收货地址",
            href="/backoffice/orders",
            icon="doc",
            permission="orders.view",
            figures=backoffice.figures,
        )
    )
    app.resource(Hub).says("/member", Says("order", OrderTold, Lane.RELIABLE))
    app.subscribe(OrderChanged, "orders.tell_member", tell_member)
    app.subscribe(OrderChanged, "orders.count_sales", count_sales)
    app.subscribe(OrderChanged, "orders.write", letters.write)
    app.resource(Messages).kind(*letters.KINDS)
