"""How the catalogue plugs in."""

from __future__ import annotations

from commerce.catalogue import api, delivery, demo_load, media, pages, share
from commerce.catalogue.blocks import HomeBlocks, ProductBlocks
from commerce.catalogue.demo_steps import DemoSteps
from commerce.catalogue.picture_store import any_picture
from commerce.catalogue.store import shop_names
from commerce.staff import Permission, Shops, Tile, Tiles
from server.application import Application
from server.uploads import Named


def setup(app: Application) -> None:
    """Register the catalogue."""
    app.provide(HomeBlocks, HomeBlocks())
    blocks = ProductBlocks()
    blocks.add(share.BLOCK)
    app.provide(ProductBlocks, blocks)
    steps = DemoSteps()
    steps.add(demo_load.PICTURES)
    steps.add(demo_load.GOODS)
    steps.add(demo_load.PEOPLE)
    steps.add(demo_load.STOCK)
    app.provide(DemoSteps, steps)
    app.resource(Named).add(any_picture)
    app.resource(Shops).told_by(shop_names)
    app.command(demo_load.COMMAND)
    app.schedule(demo_load.REFRESH)
    app.add(api.routes, media.routes, pages.routes, share.routes, delivery.routes)
    app.resource(Tiles).add(
        Tile(
            title="发货承诺",
            text="从哪里发、多久发，写在商品页上",
            href=delivery.DESK,
            icon="truck",
            permission=Permission.PRODUCTS_VIEW,
        )
    )
