"""How the log of behaviour plugs in."""

from __future__ import annotations

from commerce.behaviour import api, belonging_store, log, pages
from commerce.behaviour.choose import come_in
from commerce.members.belongings import Belongings
from commerce.members.centre import Centre, Entry
from commerce.members.doors import Doors
from server.application import Application
from server.jobs import Schedule
from server.observe import Metrics


def setup(app: Application) -> None:
    """Register the log, the banner that asks for consent, and the page of privacy."""
    kept = log.Log(app.database)
    app.provide(log.Log, kept)
    app.lifespan(log.lifespan, "web")
    app.add(api.routes, pages.routes)
    app.accompany("consent", pages.consent)
    app.part("foot", "behaviour/foot.html")
    app.schedule(Schedule(name="behaviour.prune", every=3600, run=log.prune, timeout=600))
    app.resource(Belongings).add(belonging_store.BELONGING)
    app.resource(Doors).step(come_in)
    app.resource(Centre).entry(Entry(position=80, title="隐私", href=pages.PRIVACY, icon="shield"))
    metrics = app.resource(Metrics)
    metrics.counter(
        "behaviour_events", "Behaviour events, by what became of them.", lambda: dict(kept.counts), ("outcome",)
    )
    metrics.gauge("behaviour_waiting", "Behaviour events that wait to be written.", lambda: float(kept.waiting))
