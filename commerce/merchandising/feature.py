"""How merchandising plugs in."""

from __future__ import annotations

from commerce.catalogue import DemoSteps
from commerce.merchandising import (
    api,
    batch_run,
    batches,
    brands_api,
    demo,
    editor,
    files,
    levels,
    listing,
    pictures,
    schedule,
    tree_api,
    tree_pages,
    videos,
)
from commerce.merchandising.types import VIEW
from commerce.staff import Tile, Tiles
from server.application import Application


def setup(app: Application) -> None:
    """Register merchandising."""
    app.add(
        api.routes,
        pictures.routes,
        videos.routes,
        listing.routes,
        editor.routes,
        schedule.routes,
        batches.routes,
        files.routes,
        tree_api.routes,
        brands_api.routes,
        tree_pages.routes,
    )
    app.job(batch_run.JOB)
    app.resource(DemoSteps).add(demo.STEP)
    app.schedule(schedule.SCHEDULE)
    app.schedule(levels.SCHEDULE)
    app.schedule(videos.SCHEDULE)
    app.extend_web(videos.SHELF.serve)
    app.resource(Tiles).add(
        Tile(
            title="商品",
            text="价格、库存和上下架",
            href="/backoffice/products",
            icon="box",
            permission=VIEW,
            figures=listing.figures,
        )
    )
