"""How favourites and footprints plug in."""

from __future__ import annotations

from commerce.catalogue import DemoSteps, ProductBlock, ProductBlocks, Slot
from commerce.catalogue.types import ProductChanged, ProductPut
from commerce.favourites import (
    api,
    belonging_store,
    demo,
    drops,
    footprint_store,
    pages,
    restock,
    restock_api,
    restock_pages,
    restock_store,
    store,
    trail,
)
from commerce.members.belongings import Belongings
from commerce.members.centre import Centre, Entry
from commerce.messages import Messages
from server.application import Application
from server.database import Connection
from server.jobs import Schedule


def setup(app: Application) -> None:
    """Register favourites: hearts on products, lists, price drops, reminders, and the trail of what was looked at."""
    app.provide(trail.Trail, trail.Trail(app.database))
    app.resource(Messages).kind(drops.DROPPED, restock.BACK)
    app.add(api.favourites, api.footprints, pages.routes, restock_api.routes, restock_pages.routes)
    app.job(drops.JOB)
    app.job(restock.JOB)
    app.subscribe(ProductChanged, "favourites.changed", drops.changed)
    app.subscribe(ProductPut, "favourites.put", drops.changed)
    app.subscribe(ProductChanged, "restock.changed", restock.changed)
    app.subscribe(ProductPut, "restock.put", restock.changed)
    app.schedule(restock.LOOK)
    app.schedule(restock.TIDY)
    app.schedule(Schedule(name="favourites.tidy", every=3600, run=trail.tidy))
    app.lifespan(trail.lifespan, "web")
    app.part("header", "favourites/hearts.html")
    app.part("card", "favourites/card.html")
    blocks = app.resource(ProductBlocks)
    blocks.add(
        ProductBlock(
            name="heart",
            position=10,
            slot=Slot.MARK,
            template="favourites/heart.html",
            values=pages.heart,
            others=((Slot.INSTEAD, "favourites/instead.html"),),
        )
    )
    blocks.add(
        ProductBlock(
            name="restock",
            position=10,
            slot=Slot.STOCK,
            template="favourites/remind.html",
            values=restock_pages.beside,
        )
    )
    blocks.add(ProductBlock(name="trail", position=90, slot=Slot.BELOW, template="", values=trail.noticed))
    app.resource(Belongings).add(belonging_store.BELONGING)
    centre = app.resource(Centre)
    centre.entry(Entry(position=20, title="我的收藏", href=pages.LIST, icon="heart", count=store.count))
    centre.entry(Entry(position=25, title="到货提醒", href=restock_pages.LIST, icon="box", count=restock_store.count))
    centre.entry(Entry(position=30, title="足迹", href=pages.TRAIL, icon="eye", count=_footprints))
    app.resource(DemoSteps).add(demo.STEP)


async def _footprints(connection: Connection, member_id: int) -> int:
    return await footprint_store.count(connection, member_id, trail.DAYS, trail.MOST)
