"""How search plugs in."""

from __future__ import annotations

from commerce.catalogue import DemoSteps
from commerce.members.belongings import Belongings
from commerce.search import api, backoffice, belonging_store, demo_step, feed, pages
from commerce.search.demo import load
from commerce.search.feed import Follower
from commerce.search.hot import Searches, tidy
from commerce.search.suggest import Suggester
from commerce.staff import Tile, Tiles
from server.application import Application
from server.jobs import Schedule


def setup(app: Application) -> None:
    """Register search."""
    follower = Follower(app.database)
    app.provide(Follower, follower)
    app.lifespan(follower.following, "web")
    searches = Searches(app.database, app.settings.secret)
    app.provide(Searches, searches)
    app.provide(Suggester, Suggester())
    app.lifespan(searches.counting, "web")
    app.part("header", "search/suggest.html")
    app.schedule(Schedule(name="search.tidy", every=3600, run=tidy))
    app.schedule(Schedule(name="search.feed", every=0.4, run=feed.work))
    app.resource(DemoSteps).add(demo_step.STEP)
    app.command(load.COMMAND)
    app.resource(Belongings).add(belonging_store.BELONGING)
    app.add(api.routes, pages.routes, backoffice.routes)
    app.resource(Tiles).add(
        Tile(
            title="搜索",
            text="同义词和热搜",
            href=backoffice.DESK,
            icon="search",
            permission=backoffice.MANAGE,
        )
    )
