"""How search plugs in."""

from __future__ import annotations

from commerce.search import api, feed, pages
from commerce.search.feed import Follower
from server.application import Application
from server.jobs import Schedule


def setup(app: Application) -> None:
    """Register search."""
    follower = Follower(app.database)
    app.provide(Follower, follower)
    app.lifespan(follower.following, "web")
    app.schedule(Schedule(name="search.feed", every=0.4, run=feed.work))
    app.add(api.routes, pages.routes)
