"""How recommendations plug in."""

from __future__ import annotations

from commerce.behaviour import Log
from commerce.catalogue import DemoSteps, HomeBlock, HomeBlocks, ProductBlock, ProductBlocks, Slot
from commerce.members.belongings import Belongings
from commerce.members.centre import Centre
from commerce.orders.types import OrderChanged
from commerce.recommendations import api, backoffice, belonging_store, command, demo, heard, pages, run, store
from commerce.staff import Tile, Tiles
from server.application import Application
from server.jobs import Schedule


def setup(app: Application) -> None:
    """Register recommendations, and what the log of behaviour hears of the floors below."""
    app.resource(Log).ask_for_products(store.known)
    app.subscribe(OrderChanged, "behaviour.orders", heard.ordered)
    app.add(api.routes, pages.routes, backoffice.routes)
    app.schedule(Schedule(name="recommendations.run", every=300, run=run.work, timeout=600))
    app.schedule(Schedule(name="recommendations.tidy", every=60, run=run.tidy))
    app.command(command.COMPUTE)
    app.command(command.EVALUATE)
    blocks = app.resource(ProductBlocks)
    blocks.add(ProductBlock(name="viewed", position=91, slot=Slot.BELOW, template="", values=heard.viewed))
    blocks.add(
        ProductBlock(
            name="near", position=95, slot=Slot.AFTER, template="recommendations/near.html", values=pages.beside
        )
    )
    app.resource(HomeBlocks).add(
        HomeBlock(name="guess", position=200, template="recommendations/guess.html", values=pages.at_home)
    )
    app.resource(Centre).block("recommendations/guess.html", pages.in_centre)
    app.resource(Belongings).add(belonging_store.BELONGING)
    app.resource(DemoSteps).add(demo.STEP)
    app.resource(Tiles).add(
        Tile(
            title="推荐",
            text="行为、点击率和最近一次计算",
            href=backoffice.DESK,
            icon="heart",
            permission=backoffice.MANAGE,
        )
    )
